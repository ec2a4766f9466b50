//! The hosts of the ledger: how fresh each is, who writes it, and what operators do with them; and their passes.

use diesel::prelude::*;

use crate::model::{HostName, HostRecord, HostStatus, LeaseRecord, PassId, PassRecord, Timestamp};
use crate::store::changes::Revisions;
use crate::store::db::Db;
use crate::store::db::fault::Fault;
use crate::store::lease::locked_line;
use crate::store::open::Store;
use crate::store::registry::forget::{DeletedRow, deleted_rows, forget, tell_forgotten};
use crate::store::schema::{audit, changes, containers, foreign_writes, host_freshness, hosts, notifications, passes};
use crate::store::{RegistryError, StoreError};

/// Lines of hosts, each with how far its rows can be trusted at the moment of the question.
macro_rules! as_of_now {
    () => {
        hosts::table
            .inner_join(host_freshness::table.on(host_freshness::name.eq(hosts::name)))
            .select((HostLine::as_select(), host_freshness::status))
    };
}

impl Store {
    /// Every host, by name, and how far its rows can be trusted now.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn hosts(&mut self) -> Result<Vec<HostRecord>, StoreError> {
        self.read("list the hosts", |db| {
            let found: Vec<(HostLine, Option<String>)> = as_of_now!().order(hosts::name).load(db)?;
            Ok(found.into_iter().map(trusted_now).collect())
        })
    }

    /// One host.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`] if the ledger has no such host.
    pub fn host(&mut self, name: &HostName) -> Result<HostRecord, StoreError> {
        self.read("read the host", |db| {
            let found = as_of_now!().filter(hosts::name.eq(name.as_str())).first(db).optional()?;
            Ok(trusted_now(found.ok_or_else(|| unknown(name))?))
        })
    }

    /// Forgets which daemon the host had: the next one that answers is taken on trust, also if another host has it.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`] if the ledger has no such host.
    pub fn confirm_host(&mut self, name: &HostName) -> Result<(), StoreError> {
        self.write("confirm the host's daemon", |db| {
            let trust = (hosts::engine_identity.eq(None::<String>), hosts::identity_confirmed.eq(true));
            let confirmed = diesel::update(hosts::table.find(name.as_str())).set(trust).execute(db)?;
            if confirmed == 0 { Err(unknown(name).into()) } else { Ok(()) }
        })
    }

    /// Gives a host another name, with its rows and its history.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`], [`RegistryError::Taken`] if `new` has rows or had a complete pass,
    /// [`RegistryError::Invalid`], [`StoreError::LeaseHeld`] while a living process writes either host.
    pub fn rename_host(&mut self, old: &HostName, new: &HostName) -> Result<(), StoreError> {
        self.write("rename the host", |db| {
            crate::store::registry::require_name("host name", new.as_str())?;
            require_idle(db, old)?;
            make_way(db, new)?;
            let (old, new) = (old.as_str(), new.as_str());
            diesel::update(hosts::table.find(old)).set(hosts::name.eq(new)).execute(db)?;
            diesel::update(containers::table.filter(containers::host.eq(old)))
                .set(containers::host.eq(new))
                .execute(db)?;
            diesel::update(passes::table.filter(passes::host.eq(old))).set(passes::host.eq(new)).execute(db)?;
            diesel::update(changes::table.filter(changes::host.eq(old))).set(changes::host.eq(new)).execute(db)?;
            diesel::update(foreign_writes::table.filter(foreign_writes::host.eq(old)))
                .set(foreign_writes::host.eq(new))
                .execute(db)?;
            diesel::update(audit::table.filter(audit::host.eq(old))).set(audit::host.eq(new)).execute(db)?;
            // Of a start under the new name that was refused.
            diesel::delete(notifications::table.filter(notifications::host.eq(new))).execute(db)?;
            diesel::update(notifications::table.filter(notifications::host.eq(old)))
                .set(notifications::host.eq(new))
                .execute(db)?;
            Ok(())
        })
    }

    /// Removes a host, its rows (each with its change) and its passes. Returns how many rows went.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`], [`StoreError::LeaseHeld`] while a living process writes the host.
    pub fn forget_host(&mut self, name: &HostName) -> Result<usize, StoreError> {
        self.write("forget the host", |db| {
            require_idle(db, name)?;
            let pruned_to: i64 = hosts::table.find(name.as_str()).select(hosts::changes_pruned_to).first(db)?;
            let rows: Vec<DeletedRow> = deleted_rows!(db, containers::host.eq(name.as_str()))?;
            forget(db, &rows)?;
            diesel::delete(foreign_writes::table.filter(foreign_writes::host.eq(name.as_str()))).execute(db)?;
            diesel::delete(passes::table.filter(passes::host.eq(name.as_str()))).execute(db)?;
            diesel::delete(notifications::table.filter(notifications::host.eq(name.as_str()))).execute(db)?;
            diesel::delete(hosts::table.find(name.as_str())).execute(db)?;
            tell_forgotten(db, &rows)?;
            Revisions::prune_to(db, pruned_to)?;
            Ok(rows.len())
        })
    }

    /// The last passes, newest first. Whole passes by tick that changed nothing are counted in the host's line only.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn passes(&mut self, host: Option<&HostName>, limit: usize) -> Result<Vec<PassRecord>, StoreError> {
        self.passes_before(None, host, limit)
    }

    /// As [`Self::passes`], those before one of them.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn passes_before(
        &mut self,
        before: Option<(Timestamp, &PassId)>,
        host: Option<&HostName>,
        limit: usize,
    ) -> Result<Vec<PassRecord>, StoreError> {
        self.read("list the passes", |db| {
            let mut query = passes::table
                .select(PassLine::as_select())
                .order((passes::started_at.desc(), passes::pass_id.desc()))
                .limit(i64::try_from(limit).unwrap_or(i64::MAX))
                .into_boxed();
            if let Some(host) = host {
                query = query.filter(passes::host.eq(host.as_str()));
            }
            if let Some((at, pass)) = before {
                let earlier = passes::started_at.eq(at).and(passes::pass_id.lt(pass.as_str()));
                query = query.filter(passes::started_at.lt(at).or(earlier));
            }
            let lines: Vec<PassLine> = query.load(db)?;
            Ok(lines.into_iter().map(PassRecord::from).collect())
        })
    }
}

/// How far the rows of every host can be trusted now, in one text: what readers see may be another as soon as it is
/// another, though nothing was committed.
#[cfg(feature = "http")]
pub(in crate::store) fn freshness_text(db: &mut Db) -> QueryResult<String> {
    let statuses: Vec<(String, Option<String>)> = host_freshness::table
        .order(host_freshness::name)
        .select((host_freshness::name, host_freshness::status))
        .load(db)?;
    Ok(format!("{statuses:?}"))
}

fn trusted_now((line, status): (HostLine, Option<String>)) -> HostRecord {
    let status = status.as_deref().and_then(HostStatus::parse);
    HostRecord { status, ..HostRecord::from(line) }
}

fn unknown(name: &HostName) -> RegistryError {
    RegistryError::Unknown { kind: "host", name: name.to_string() }
}

/// Removes a host that never had a complete pass and has no rows: a start that was refused under a new name leaves one,
/// and is told to rename the old host to it.
fn make_way(db: &mut Db, name: &HostName) -> Result<(), Fault> {
    let taken = || RegistryError::Taken { kind: "host", what: "host name", name: name.to_string() };
    let rows: i64 = containers::table.filter(containers::host.eq(name.as_str())).count().get_result(db)?;
    let line = hosts::table.find(name.as_str()).select(hosts::last_complete_pass_at).first(db).optional()?;
    match line {
        None if rows == 0 => Ok(()),
        Some(None::<Timestamp>) if rows == 0 => {
            require_idle(db, name)?;
            diesel::delete(passes::table.filter(passes::host.eq(name.as_str()))).execute(db)?;
            diesel::delete(hosts::table.find(name.as_str())).execute(db)?;
            Ok(())
        }
        _ => Err(taken().into()),
    }
}

/// Locks the host's line; refuses while somebody writes the host.
fn require_idle(db: &mut Db, name: &HostName) -> Result<(), Fault> {
    let line = locked_line(db, name).optional()?.ok_or_else(|| unknown(name))?;
    let now = db.now()?;
    if line.living_holder(now).is_some() { Err(line.held_by_another(name).into()) } else { Ok(()) }
}

/// As the column's own default.
const DEFAULT_INTERVAL_MS: i64 = 30_000;

#[derive(Queryable, Selectable)]
#[diesel(table_name = hosts)]
pub(in crate::store) struct HostLine {
    name: String,
    endpoint: Option<String>,
    engine: Option<String>,
    engine_version: Option<String>,
    engine_identity: Option<String>,
    identity_confirmed: bool,
    last_complete_pass_at: Option<Timestamp>,
    last_pass_id: Option<String>,
    status: Option<String>,
    last_error: Option<String>,
    unchanged_passes: i64,
    interval_ms: i64,
    lease_holder: Option<String>,
    lease_generation: i64,
    lease_expires_at: Option<Timestamp>,
    refusals: Option<String>,
}

impl HostLine {
    /// A host that no process has written yet.
    pub(in crate::store) fn unknown(name: &HostName) -> Self {
        Self {
            name: name.to_string(),
            endpoint: None,
            engine: None,
            engine_version: None,
            engine_identity: None,
            identity_confirmed: false,
            last_complete_pass_at: None,
            last_pass_id: None,
            status: None,
            last_error: None,
            unchanged_passes: 0,
            interval_ms: DEFAULT_INTERVAL_MS,
            lease_holder: None,
            lease_generation: 0,
            lease_expires_at: None,
            refusals: None,
        }
    }
}

impl From<HostLine> for HostRecord {
    fn from(line: HostLine) -> Self {
        Self {
            name: line.name.into(),
            endpoint: line.endpoint,
            engine: line.engine,
            engine_version: line.engine_version,
            engine_identity: line.engine_identity,
            identity_confirmed: line.identity_confirmed,
            last_complete_pass_at: line.last_complete_pass_at,
            last_pass_id: line.last_pass_id.map(Into::into),
            status: line.status.as_deref().and_then(HostStatus::parse),
            last_pass_status: line.status.as_deref().and_then(HostStatus::parse),
            last_error: line.last_error,
            unchanged_passes: line.unchanged_passes,
            interval_ms: line.interval_ms,
            // What a later version writes otherwise is what the next pass finds out again.
            refusals: line.refusals.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default(),
            lease: LeaseRecord {
                holder: line.lease_holder,
                generation: line.lease_generation,
                expires_at: line.lease_expires_at,
            },
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = passes)]
struct PassLine {
    pass_id: String,
    host: String,
    trigger: String,
    scope: String,
    completeness: String,
    outcome: String,
    started_at: Timestamp,
    duration_ms: i64,
    list_ms: i64,
    listed: i32,
    inserted: i32,
    updated: i32,
    missing: i32,
    returned: i32,
    error: Option<String>,
}

impl From<PassLine> for PassRecord {
    fn from(line: PassLine) -> Self {
        Self {
            pass_id: line.pass_id.into(),
            host: line.host.into(),
            trigger: line.trigger,
            scope: line.scope,
            completeness: line.completeness,
            outcome: line.outcome,
            started_at: line.started_at,
            duration_ms: line.duration_ms,
            list_ms: line.list_ms,
            listed: line.listed,
            inserted: line.inserted,
            updated: line.updated,
            missing: line.missing,
            returned: line.returned,
            error: line.error,
        }
    }
}
