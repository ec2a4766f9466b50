//! What people ask of the schema: to bring it up, where it stands, and what other users of the database need.

use super::StoreError;
use super::db::fault::Fault;
use super::db::location::Location;
use super::db::migrate::{APPLIED, OURS, applied};
use super::db::{Access, Terms, quoted};
use super::open::{OpenMode, Store, connected};
use crate::config::Config;

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
