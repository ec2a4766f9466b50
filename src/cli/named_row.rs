//! A row as people call it: by its id, by its container's name, or by the begin of the container's id.

use super::exit::{Exit, Failure};
use super::output::UNBOUNDED;
use super::table::Table;
use crate::model::{ContainerId, HostName, StoredRow};
use crate::store::{RowFilter, Store};

/// Fewer digits could as well be a short name that nobody has (`db`, `ad`).
const FEWEST_DIGITS: usize = 4;

/// The one row that is meant.
///
/// # Errors
///
/// No row is called so, or several are: then each is told.
pub(super) fn find_row(store: &mut Store, called: &str, host: Option<&HostName>) -> Result<StoredRow, Failure> {
    let rows = store.rows(&RowFilter { host: host.cloned(), ..RowFilter::default() })?;
    let found = matching(&rows, called);
    match found.as_slice() {
        [row] => Ok((*row).clone()),
        [] => Err(unknown(called, host)),
        several => Err(ambiguous(called, several)),
    }
}

/// The rows that may be meant: those with this id, or else this name, or else a container whose id begins so.
pub(super) fn matching<'a>(rows: &'a [StoredRow], called: &str) -> Vec<&'a StoredRow> {
    let by = |is_it: &dyn Fn(&StoredRow) -> bool| rows.iter().filter(|row| is_it(row)).collect::<Vec<_>>();
    let digits = called.len() >= FEWEST_DIGITS && called.bytes().all(|byte| byte.is_ascii_hexdigit());
    let begin = called.to_ascii_lowercase();
    let begins_so = |id: &ContainerId| digits && id.as_str().starts_with(&begin);
    [
        by(&|row| row.id.as_str() == called),
        by(&|row| *row.observed.name == *called),
        by(&|row| row.binding.container_id.as_ref().is_some_and(begins_so)),
    ]
    .into_iter()
    .find(|found| !found.is_empty())
    .unwrap_or_default()
}

fn unknown(called: &str, host: Option<&HostName>) -> Failure {
    let place = host.map_or_else(|| "in the ledger".to_owned(), |host| format!("of host {host}"));
    let sentence = format!(
        "there is no row {called:?} {place}: no row has this id, and no row's container has this name or an id that begins so; \
         `dockledger ps` lists those that exist"
    );
    Failure::new(Exit::Failed, sentence)
}

/// Each candidate with what tells it from the others.
pub(super) fn ambiguous(called: &str, rows: &[&StoredRow]) -> Failure {
    let mut table = Table::new(&["ROW", "NAME", "STATE", "HOST", "CONTAINER"]);
    for row in rows {
        table.row(vec![
            row.id.to_string(),
            row.observed.name.to_string(),
            row.observed.state.to_string(),
            row.host.to_string(),
            row.binding.container_id.as_ref().map_or_else(|| "-".into(), |id| id.short().to_owned()),
        ]);
    }
    let sentence = format!(
        "{} rows are called {called:?}; give the id of one, or --host:\n{}",
        rows.len(),
        table.render(UNBOUNDED)
    );
    Failure::new(Exit::Failed, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::ps::tests::row;
    use crate::model::RowId;

    fn called(id: &str, name: &str, container: &str) -> StoredRow {
        let mut row = row();
        row.id = RowId::new(id);
        row.observed.name = name.into();
        row.binding.container_id = Some(ContainerId::new(container));
        row
    }

    #[test]
    fn a_row_is_called_by_its_id_before_a_name_and_by_a_name_before_the_begin_of_a_container_id() {
        let rows = [
            called("w:web", "shop-web-1", "dbdb00"),
            called("shop-web-1", "other", "beef01"),
            called("w:db", "db", "beef02"),
            called("w:old", "other", "c0ffee"),
        ];
        for (text, expected) in [
            ("w:web", &["w:web"] as &[_]),
            ("shop-web-1", &["shop-web-1"]),
            ("other", &["shop-web-1", "w:old"]),
            ("db", &["w:db"]),
            ("dbdb", &["w:web"]),
            ("DBDB00", &["w:web"]),
            ("beef", &["shop-web-1", "w:db"]),
            ("c0f", &[]),
            ("", &[]),
        ] {
            let found: Vec<_> = matching(&rows, text).into_iter().map(|row| row.id.as_str()).collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn what_is_ambiguous_is_told_with_every_candidate() {
        let rows = [called("w:1", "web", "aa"), called("w:2", "web", "bb")];
        let told = ambiguous("web", &matching(&rows, "web"));
        assert_eq!(told.exit(), Exit::Failed);
        let told = told.to_string();
        assert!(
            told.starts_with("2 rows are called \"web\"") && told.contains("\n  w:1 ") && told.contains("\n  w:2 "),
            "{told}"
        );
    }
}
