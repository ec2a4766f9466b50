//! What a pass reads first: the host's line and its rows, from one snapshot.

use std::collections::BTreeSet;
use std::sync::Arc;

use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::model::{ContainerId, HostName, LedgerRow, RowId, RowKeys, WorkloadId};
use crate::store::db::each_backend;
use crate::store::open::{KeptRows, Store};
use crate::store::passes::rows::LedgerRecord;
use crate::store::registry::hosts::HostLine;
use crate::store::schema::{containers, hosts};
use crate::store::{NewBinding, Opened, StoreError};

/// Rows that meet a condition. Read on the concrete connection: through the common one each of 10,000 rows costs twice
/// as much.
macro_rules! ledger_rows {
    ($db:expr, $condition:expr) => {
        each_backend!($db, connection => containers::table
            .filter($condition)
            .select(LedgerRecord::as_select())
            .load_iter::<LedgerRecord, diesel::connection::DefaultLoadingMode>(connection)?
            .map(|record| record.map(LedgerRow::from))
            .collect::<QueryResult<Vec<LedgerRow>>>())
    };
}

impl Store {
    /// Reads the host's line and its rows. `snapshot_began` is called as soon as nothing that is committed later can
    /// be among them: the daemon is asked after it. A host without a line reads as a new one.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn open_pass(&mut self, host: &HostName, snapshot_began: impl FnOnce()) -> Result<Opened, StoreError> {
        let kept = self.kept_rows();
        let (opened, version) = self.snapshot("read the host's rows", |db| {
            let line = hosts::table.find(host.as_str()).select(HostLine::as_select()).first(db).optional()?;
            let version = db.version()?;
            snapshot_began();
            let unchanged = kept.filter(|kept| kept.host == *host && Some(kept.version) == version);
            let rows = match unchanged {
                Some(kept) => kept.rows,
                None => Arc::new(ledger_rows!(db, containers::host.eq(host.as_str()))?),
            };
            let host_record = line.unwrap_or_else(|| HostLine::unknown(host)).into();
            Ok((Opened { host: host_record, rows }, version))
        })?;
        if let Some(version) = version {
            self.keep_rows(KeptRows { host: host.clone(), version, rows: Arc::clone(&opened.rows) });
        }
        Ok(opened)
    }

    /// Reads the host's line and the rows that are bound to one of these containers, missing ones too, from one
    /// snapshot, as [`Self::open_pass`] does.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn open_containers(
        &mut self,
        host: &HostName,
        bound_to: &BTreeSet<ContainerId>,
        snapshot_began: impl FnOnce(),
    ) -> Result<Opened, StoreError> {
        self.snapshot("read the rows of some containers", |db| {
            let line = hosts::table.find(host.as_str()).select(HostLine::as_select()).first(db).optional()?;
            snapshot_began();
            let bound_to: Vec<&str> = bound_to.iter().map(AsRef::as_ref).collect();
            let mut rows = Vec::new();
            for chunk in bound_to.chunks(KEYS_PER_STATEMENT) {
                rows.extend(ledger_rows!(
                    db,
                    containers::host.eq(host.as_str()).and(containers::container_id.eq_any(chunk))
                )?);
            }
            let host_record = line.unwrap_or_else(|| HostLine::unknown(host)).into();
            Ok(Opened { host: host_record, rows: Arc::new(rows) })
        })
    }

    /// The rows of the host with these ids or owners, in the order of their ids; one that does not exist is left out.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn read_rows(&mut self, host: &HostName, keys: &RowKeys) -> Result<Vec<LedgerRow>, StoreError> {
        self.snapshot("read some rows", |db| {
            let ids: Vec<&str> = keys.rows.iter().map(RowId::as_str).collect();
            let owners: Vec<&str> = keys.workloads.iter().map(WorkloadId::as_str).collect();
            let mut rows = Vec::with_capacity(ids.len());
            for chunk in ids.chunks(KEYS_PER_STATEMENT) {
                rows.extend(ledger_rows!(db, containers::host.eq(host.as_str()).and(containers::id.eq_any(chunk)))?);
            }
            for chunk in owners.chunks(KEYS_PER_STATEMENT) {
                let of_owners = containers::workload_id.eq_any(chunk);
                rows.extend(ledger_rows!(db, containers::host.eq(host.as_str()).and(of_owners))?);
            }
            rows.sort_unstable_by(|a, b| a.id.cmp(&b.id));
            rows.dedup_by(|a, b| a.id == b.id);
            Ok(rows)
        })
    }

    /// Bound rows of the host whose observed columns describe another container, or none: somebody bound them and no
    /// pass has looked yet. An index holds them alone.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn new_bindings(&mut self, host: &HostName) -> Result<Vec<NewBinding>, StoreError> {
        self.read("look for new bindings", |db| {
            let found: Vec<UnseenRow> = diesel::sql_query(UNSEEN_ROWS).bind::<Text, _>(host.as_str()).load(db)?;
            Ok(found.into_iter().map(|row| (RowId::new(row.id), ContainerId::new(row.container_id))).collect())
        })
    }
}

/// Names the condition of the partial index word for word: only then do the planners use it.
pub(in crate::store) const UNSEEN_ROWS: &str = "SELECT id, container_id FROM containers WHERE host = $1 \
     AND CASE WHEN container_id IS NULL OR seen_container_id = container_id THEN 0 ELSE 1 END = 1";

#[derive(QueryableByName)]
struct UnseenRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    container_id: String,
}

/// Keys in one statement, far below what either database binds.
const KEYS_PER_STATEMENT: usize = 1_000;
