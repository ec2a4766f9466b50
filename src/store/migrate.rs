//! The schema: brings it up, tells where it stands, and says what other users of the database need.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::StoreError;
use super::db::{Access, Db, Session, Terms, quoted};
use super::fault::Fault;
use super::location::Location;
use super::open::{OpenMode, Store, connected};
use crate::config::Config;

/// Where we keep what was applied. Not the query layer's own table: a deployer that shares the database may use that.
const APPLIED: &str = "dockledger_migrations";

/// Every table and view that our migrations make.
const OURS: [&str; 17] = [
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

impl Store {
    /// Creates the database if need be, and applies what is lacking. Returns the names of what was applied.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn migrate_up(config: &Config) -> Result<Vec<String>, StoreError> {
        let before = Self::migration_status(config).unwrap_or_default();
        let known = Self::open(config, OpenMode::Write)?.read("name the migrations", |db| Ok(db.migrations()))?;
        Ok(known.into_iter().filter(|name| !before.iter().any(|(had, applied)| had == name && *applied)).collect())
    }

    /// Every migration that this program knows, and whether it is applied. Creates nothing.
    ///
    /// # Errors
    /// [`StoreError::Unopened`] or [`StoreError::Query`].
    pub fn migration_status(config: &Config) -> Result<Vec<(String, bool)>, StoreError> {
        let location = Location::of(config)?;
        if matches!(&location, Location::Sqlite(path) if !path.exists()) {
            let cause = "there is no such file; `dockledger migrate up` makes it".to_owned();
            return Err(StoreError::Unopened { url: location.to_string(), cause });
        }
        let mut session = connected(&location, &Terms::of(config, Access::Read))?;
        let applied = session
            .read(applied)
            .map_err(|error: diesel::result::Error| Fault::from(error).into_error("read the migrations", &location))?;
        Ok(session.migrations().into_iter().map(|name| (name.clone(), applied.contains(&name))).collect())
    }

    /// The SQL that gives `role` what a deployer needs, its own columns alone, and `reader` what reading needs.
    ///
    /// # Errors
    /// [`StoreError::Query`] for SQLite, which has no roles.
    pub fn grants_sql(config: &Config, role: &str, reader: Option<&str>) -> Result<String, StoreError> {
        let location = Location::of(config)?;
        if matches!(location, Location::Sqlite(_)) {
            let cause = "SQLite has no roles: whoever may write the file may write every column".to_owned();
            return Err(StoreError::Query { attempt: "write grants", url: location.to_string(), cause });
        }
        let schema = quoted(&config.database_schema);
        let mut sql = reading_grants(&schema, &quoted(role));
        sql.push_str(&deploying_grants(&schema, &quoted(role)));
        if let Some(reader) = reader {
            sql.push_str(&reading_grants(&schema, &quoted(reader)));
        }
        Ok(sql)
    }
}

/// Applies what is lacking, in one transaction.
pub(super) fn up(session: &mut Session, location: &Location) -> Result<Vec<String>, Fault> {
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
pub(super) fn require_ours(session: &mut Session, location: &Location) -> Result<(), Fault> {
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
fn applied(db: &mut Db) -> QueryResult<Vec<String>> {
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

fn reading_grants(schema: &str, role: &str) -> String {
    // The secrets of workloads are nobody's, and who ordered what is the administrator's.
    let tables = OURS.iter().filter(|table| !matches!(**table, "workloads" | "audit"));
    let tables: Vec<_> = tables.map(|table| format!("{schema}.{table}")).collect();
    format!(
        "GRANT USAGE ON SCHEMA {schema} TO {role};\n\
         GRANT SELECT ON {} TO {role};\n\
         GRANT SELECT (id, kind, ref_id, name, created_at) ON {schema}.workloads TO {role};\n\
         GRANT SELECT ON {schema}.{APPLIED} TO {role};\n",
        tables.join(", ")
    )
}

/// A deployer's columns of `containers`: the binding, its own facts, and what whoever writes a row writes.
fn deploying_grants(schema: &str, role: &str) -> String {
    const MADE: &str = "host, id, workload_id, workload_kind, role, container_id, state, subdomain, proxy_route_id, \
                        npm_proxy_id, image_tag, stage_id, created_at, updated_at";
    const CHANGED: &str =
        "role, container_id, state, subdomain, proxy_route_id, npm_proxy_id, image_tag, stage_id, updated_at";
    format!(
        "GRANT INSERT ({MADE}) ON {schema}.containers TO {role};\n\
         GRANT UPDATE ({CHANGED}) ON {schema}.containers TO {role};\n"
    )
}
