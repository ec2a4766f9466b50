//! `src/store/schema.rs` says of each table and view what the migrated databases say of them. Both are read: the file as text,
//! the databases by their catalogues.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::database::{TestDatabase, on_both_backends};

const SCHEMA: &str = include_str!("../../../src/store/schema.rs");
const MOMENT: &str = "UtcTimestamp";

/// Integers of SQLite are 64 bits wide by any name, so their columns kept it when PostgreSQL's were made wider.
const WIDENED: [&str; 2] = ["changes.exit_code", "containers.exit_code"];

/// What `table!` says of one table or view.
struct Declared {
    key: Vec<String>,
    /// By name, the type without its path.
    columns: BTreeMap<String, String>,
}

/// What a catalogue says of a column.
struct Found {
    table: String,
    column: String,
    /// As the database spells it; SQLite knows none for what a view computes.
    spelling: String,
    is_nullable: bool,
    /// From 1 within the primary key, 0 beside it.
    place_in_key: usize,
    is_of_view: bool,
}

/// The blocks of `schema.rs`; whatever this does not understand is a failure.
fn declared() -> BTreeMap<String, Declared> {
    SCHEMA.split("table! {\n").skip(1).map(table_of).collect()
}

fn table_of(block: &str) -> (String, Declared) {
    let (table, _) = block.split_once("\n}\n").expect("the end of a table");
    let mut lines = table.lines().map(str::trim).filter(|line| !line.starts_with("//") && *line != "}");
    let head = lines.next().expect("a name");
    let (name, key) = head.strip_suffix(") {").and_then(|head| head.split_once(" (")).expect("`name (key, …) {`");
    let columns = lines.map(|line| {
        let (column, declared) = line.strip_suffix(',').and_then(|line| line.split_once(" -> ")).expect(line);
        (column.to_owned(), without_path(declared))
    });
    let key = key.split(", ").map(str::to_owned).collect();
    (name.to_owned(), Declared { key, columns: columns.collect() })
}

fn without_path(declared: &str) -> String {
    match declared.rsplit_once("::") {
        Some((path, name)) if path.starts_with("Nullable<") => format!("Nullable<{name}"),
        Some((_, name)) => name.to_owned(),
        None => declared.to_owned(),
    }
}

const OF_SQLITE: &str = "SELECT m.name || '|' || c.name || '|' || c.type || '|' || (1 - c.\"notnull\") || '|' || c.pk \
         || '|' || (m.type = 'view') AS line \
     FROM sqlite_schema m, pragma_table_xinfo(m.name) c \
     WHERE m.type IN ('table', 'view') AND m.name NOT GLOB 'sqlite_*'";

const OF_POSTGRES: &str = "SELECT concat_ws('|', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), \
         (NOT a.attnotnull)::int, COALESCE(array_position(i.indkey::int2[], a.attnum) + 1, 0), (c.relkind = 'v')::int) AS line \
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
     LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary \
     WHERE c.relnamespace = 'dockledger'::regnamespace AND c.relkind IN ('r', 'v', 'm', 'p')";

fn found(database: &TestDatabase) -> Vec<Found> {
    let lines = database.deployer().query(if database.is_sqlite() { OF_SQLITE } else { OF_POSTGRES });
    let columns = lines.iter().map(|line| {
        let [table, column, spelling, nullable, place, view] = line.split('|').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        Found {
            table: table.to_owned(),
            column: column.to_owned(),
            spelling: spelling.to_lowercase(),
            is_nullable: nullable == "1",
            place_in_key: place.parse().expect("a number"),
            is_of_view: view == "1",
        }
    });
    columns.filter(|found| found.table != "dockledger_migrations").collect()
}

/// The types that `schema.rs` may give a column that is spelled so.
fn types_of(found: &Found, is_sqlite: bool) -> &'static [&'static str] {
    let name = format!("{}.{}", found.table, found.column);
    match found.spelling.as_str() {
        "text" => &["Text"],
        "boolean" => &["Bool"],
        // A moment is milliseconds there; which of them are moments, PostgreSQL says.
        "bigint" if is_sqlite => &["BigInt", MOMENT],
        "bigint" => &["BigInt"],
        "timestamp with time zone" => &[MOMENT],
        // The view has what its table has.
        "integer" if is_sqlite && WIDENED.contains(&name.replace("_view.", ".").as_str()) => &["BigInt"],
        // Numbered by SQLite, which counts in 64 bits.
        "integer" if is_sqlite && name == "foreign_writes.seq" => &["BigInt"],
        "integer" => &["Integer"],
        // Computed by a view; PostgreSQL says which.
        "" if is_sqlite && found.is_of_view => &["Text", MOMENT],
        _ => &[],
    }
}

/// Each way in which the two part, in words.
fn differences(database: &TestDatabase) -> BTreeSet<String> {
    let (mut declared, found) = (declared(), found(database));
    let mut keys: BTreeMap<&str, Vec<(usize, &str)>> = BTreeMap::new();
    let mut differences = BTreeSet::new();
    for column in &found {
        let name = format!("{}.{}", column.table, column.column);
        if column.place_in_key > 0 {
            keys.entry(&column.table).or_default().push((column.place_in_key, &column.column));
        }
        match declared.get_mut(&column.table).and_then(|table| table.columns.remove(&column.column)) {
            None => drop(differences.insert(format!("{name}: not in schema.rs"))),
            Some(declared) => differences.extend(difference(&name, &declared, column, database.is_sqlite())),
        }
    }
    for (table, Declared { key, columns }) in declared {
        differences.extend(columns.keys().map(|column| format!("{table}.{column}: not in the database")));
        if let Some(mut found) = keys.remove(table.as_str()) {
            found.sort_unstable();
            if !key.iter().eq(found.iter().map(|(_, column)| column)) {
                differences.insert(format!("{table}: the key is {key:?} in schema.rs, {found:?} in the database"));
            }
        } else if found.iter().any(|column| column.table == table && !column.is_of_view) {
            differences.insert(format!("{table}: no key in the database"));
        }
    }
    differences
}

fn difference(name: &str, declared: &str, found: &Found, is_sqlite: bool) -> Option<String> {
    let inner = declared.strip_prefix("Nullable<").and_then(|rest| rest.strip_suffix('>'));
    // No catalogue knows whether a view's column can be NULL.
    let as_null = found.is_of_view || inner.is_some() == found.is_nullable;
    if as_null && types_of(found, is_sqlite).contains(&inner.unwrap_or(declared)) {
        return None;
    }
    let null = if found.is_nullable { "" } else { " NOT NULL" };
    Some(format!("{name}: {declared} in schema.rs, {}{null} in the database", found.spelling))
}

on_both_backends! {
    fn schema_says_what_the_migrated_database_says(database: &TestDatabase) {
        database.open();
        assert_eq!(differences(database), BTreeSet::new());
    }

    fn what_stands_on_one_side_alone_or_is_of_another_kind_is_named(database: &TestDatabase) {
        database.open();
        database.execute(
            "ALTER TABLE containers ADD COLUMN added TEXT;
             ALTER TABLE hosts DROP COLUMN refusals;
             ALTER TABLE audit DROP COLUMN error; ALTER TABLE audit ADD COLUMN error BOOLEAN;
             ALTER TABLE passes DROP COLUMN error; ALTER TABLE passes ADD COLUMN error TEXT NOT NULL DEFAULT '';
             CREATE TABLE made (id TEXT NOT NULL PRIMARY KEY);
             DROP TABLE notifications; CREATE TABLE notifications (host TEXT NOT NULL, name TEXT NOT NULL,
                 revision BIGINT NOT NULL, stale_since BIGINT, stale_is_told BOOLEAN NOT NULL, PRIMARY KEY (name, host))",
        );
        let mut expected = vec![
            "audit.error: Nullable<Text> in schema.rs, boolean in the database",
            "containers.added: not in schema.rs",
            "hosts.refusals: not in the database",
            "made.id: not in schema.rs",
            r#"notifications: the key is ["host", "name"] in schema.rs, [(1, "name"), (2, "host")] in the database"#,
            "passes.error: Nullable<Text> in schema.rs, text NOT NULL in the database",
        ];
        if !database.is_sqlite() {
            let moment = "notifications.stale_since: Nullable<UtcTimestamp> in schema.rs, bigint in the database";
            expected.push(moment);
        }
        assert_eq!(differences(database), expected.into_iter().map(str::to_owned).collect());
    }
}

/// Since no catalogue says whether a view's column can be NULL.
#[test]
fn a_view_declares_each_column_of_its_table_as_the_table_does() {
    let declared = declared();
    let (view, table) = (&declared["containers_view"].columns, &declared["containers"].columns);
    let shared: Vec<_> = view.iter().filter(|(column, _)| table.contains_key(*column)).collect();
    assert!(shared.len() > 30, "{}", shared.len());
    for (column, declared) in shared {
        assert_eq!(declared, &table[column], "{column}");
    }
}

const INDEXES_OF_SQLITE: &str = "SELECT m.name || '|' || CASE l.origin WHEN 'c' THEN l.name ELSE '' END || '|' || l.\"unique\" \
         || '|' || l.partial || '|' || (SELECT group_concat(name) FROM (SELECT name FROM pragma_index_info(l.name) ORDER BY seqno)) \
         AS line \
     FROM sqlite_schema m, pragma_index_list(m.name) l WHERE m.type = 'table' AND l.origin <> 'pk' \
     UNION ALL SELECT m.name || '.' || f.\"from\" || ' of ' || f.\"table\" || ', ' || f.on_delete \
     FROM sqlite_schema m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'";

const INDEXES_OF_POSTGRES: &str = "SELECT concat_ws('|', t.relname, CASE WHEN k.oid IS NULL THEN i.relname ELSE '' END, \
         x.indisunique::int, (x.indpred IS NOT NULL)::int, \
         (SELECT string_agg(a.attname, ',' ORDER BY u.place) FROM unnest(x.indkey::int2[]) WITH ORDINALITY u (number, place) \
             JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = u.number)) AS line \
     FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid \
     LEFT JOIN pg_constraint k ON k.conindid = x.indexrelid AND k.contype = 'u' \
     WHERE t.relnamespace = 'dockledger'::regnamespace AND NOT x.indisprimary \
     UNION ALL SELECT t.relname || '.' || a.attname || ' of ' || o.relname || ', ' \
         || CASE k.confdeltype WHEN 'a' THEN 'NO ACTION' WHEN 'c' THEN 'CASCADE' ELSE k.confdeltype::text END \
     FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid JOIN pg_class o ON o.oid = k.confrelid \
     JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.conkey[1] \
     WHERE k.contype = 'f' AND t.relnamespace = 'dockledger'::regnamespace";

#[test]
fn both_trees_make_the_same_indexes_and_references() {
    let Some(postgres) = TestDatabase::postgres("both_trees_make_the_same_indexes_and_references") else { return };
    let sqlite = TestDatabase::sqlite();
    let [of_sqlite, of_postgres] =
        [(&sqlite, INDEXES_OF_SQLITE), (&postgres, INDEXES_OF_POSTGRES)].map(|(database, sql)| {
            database.open();
            database.deployer().query(sql).into_iter().collect::<BTreeSet<_>>()
        });
    assert_eq!(of_sqlite, of_postgres);
    for known in ["containers|containers_bound|1|1|host,container_id", "stages.project_id of projects, CASCADE"] {
        assert!(of_sqlite.contains(known), "{known}: {of_sqlite:?}");
    }
}
