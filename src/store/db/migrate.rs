//! The schema: brings it up, tells where it stands, and says what other users of the database need.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::store::StoreError;
use crate::store::db::fault::Fault;
use crate::store::db::location::Location;
use crate::store::db::{Db, Session};

/// Where we keep what was applied. Not the query layer's own table: a deployer that shares the database may use that.
pub(in crate::store) const APPLIED: &str = "dockledger_migrations";

/// Every table and view that our migrations make.
pub(in crate::store) const OURS: [&str; 17] = [
    "projects",
    "stages",
    "stage_former_names",
    "stacks",
    "stack_adopted_names",
    "static_sites",
    "workloads",
    "containers",
    "hosts",
    "passes",
    "revision_counter",
    "changes",
    "notifications",
    "foreign_writes",
    "audit",
    "containers_view",
    "host_freshness",
];

/// Applies what is lacking, in one transaction.
pub(in crate::store) fn up(session: &mut Session, location: &Location) -> Result<Vec<String>, Fault> {
    // The usual start finds nothing to do and takes no lock.
    let known = session.migrations();
    if session.read(|db| Ok::<_, Fault>(lacking(&known, &applied(db)?, location)?.is_empty()))? {
        return Ok(Vec::new());
    }
    let schema = session.schema().to_owned();
    session.write(|db| {
        db.prepare_migrations(&schema)?;
        let applied = applied(db)?;
        let lacking = lacking(&db.migrations(), &applied, location)?;
        if applied.is_empty() {
            refuse_foreign_tables(db, location)?;
            db.batch_execute(&format!("CREATE TABLE IF NOT EXISTS {APPLIED} (name TEXT NOT NULL PRIMARY KEY)"))?;
        }
        for name in &lacking {
            db.migrate(name)?;
            diesel::sql_query(format!("INSERT INTO {APPLIED} (name) VALUES ($1)")).bind::<Text, _>(name).execute(db)?;
        }
        Ok(lacking)
    })
}

/// Refuses a database whose schema is another than this program's.
pub(in crate::store) fn require_ours(session: &mut Session, location: &Location) -> Result<(), Fault> {
    let known = session.migrations();
    let applied = session.read(applied)?;
    let lacking = lacking(&known, &applied, location)?;
    let Some(needed) = known.last().filter(|_| !lacking.is_empty()) else { return Ok(()) };
    let (found, cure) = match applied.last() {
        None => ("no ledger".to_owned(), "run `dockledger migrate up`, `dockledger run` or `dockledger once`"),
        Some(last) => (format!("the schema {last}"), "run `dockledger migrate up`"),
    };
    Err(StoreError::WrongSchema { url: location.to_string(), found, needed: format!("the schema {needed}"), cure }
        .into())
}

/// Those of `known` that are not applied. A schema that a newer program made is refused.
fn lacking(known: &[String], applied: &[String], location: &Location) -> Result<Vec<String>, StoreError> {
    if let Some(newer) = applied.iter().find(|name| !known.contains(name)) {
        return Err(StoreError::WrongSchema {
            url: location.to_string(),
            found: format!("the schema {newer}"),
            needed: format!("the schema {}", known.last().map_or("", String::as_str)),
            cure: "a newer dockledger made it: use that one",
        });
    }
    Ok(known.iter().filter(|name| !applied.contains(name)).cloned().collect())
}

fn refuse_foreign_tables(db: &mut Db, location: &Location) -> Result<(), Fault> {
    let there = db.relations()?;
    match OURS.iter().find(|ours| there.iter().any(|name| name.eq_ignore_ascii_case(ours))) {
        Some(table) => Err(StoreError::ForeignTable { url: location.to_string(), table: (*table).to_owned() }.into()),
        None => Ok(()),
    }
}

/// The names of what is applied, in order; none if there is no ledger.
pub(in crate::store) fn applied(db: &mut Db) -> QueryResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct Applied {
        #[diesel(sql_type = Text)]
        name: String,
    }
    if !db.relations()?.iter().any(|name| name == APPLIED) {
        return Ok(Vec::new());
    }
    let rows: Vec<Applied> = diesel::sql_query(format!("SELECT name FROM {APPLIED} ORDER BY name")).load(db)?;
    Ok(rows.into_iter().map(|row| row.name).collect())
}
