//! `changes`: the history of the rows.

mod event_reader;
mod follow;

use super::arguments::ChangesArguments;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::output::Output;
use super::table::Table;
use crate::model::{Change, ContainerState, Revision};
use crate::store::ChangesPage;

pub(super) fn execute(arguments: &ChangesArguments, context: &Context) -> Result<Exit, Failure> {
    if arguments.follow {
        return follow::execute(arguments, context);
    }
    let config = context.config()?;
    let since = arguments.since.map(Revision);
    let limit = usize::try_from(arguments.limit).expect("the grammar bounds it far below");
    let page = context.read(&config)?.changes(since, context.host_filter(), limit)?;
    refuse_gap(since, &page)?;
    let output = Output::of_this_process(arguments.printing.json);
    output.answer(&page.changes, || text(&page.changes, output.width))?;
    Ok(Exit::Fine)
}

/// A reader that asks for more than is kept has missed changes: it must not go on as if it had not.
fn refuse_gap(since: Option<Revision>, page: &ChangesPage) -> Result<(), Failure> {
    let (Some(since), true) = (since, page.lagged) else { return Ok(()) };
    let sentence = format!(
        "the changes after revision {} are not kept any more, the oldest kept one is {}; start again from the \
         rows themselves (`dockledger ps --json`), then go on with --since {}",
        since.0, page.oldest.0, page.latest.0
    );
    Err(Failure::new(Exit::Failed, sentence))
}

fn text(changes: &[Change], width: usize) -> String {
    if changes.is_empty() {
        return "No change.\n".into();
    }
    let mut table = Table::new(&["REVISION", "AT", "HOST", "ROW", "CHANGE", "CAUSE", "CONTAINER"]);
    for change in changes {
        table.row(vec![
            change.revision.0.to_string(),
            change.at.to_string(),
            change.host.to_string(),
            change.row_id.to_string(),
            step(change),
            change.cause.to_string(),
            change.container_id.as_ref().map_or_else(|| "-".into(), |id| id.short().to_owned()),
        ]);
    }
    table.render(width)
}

/// One change in a line of its own.
pub(super) fn sentence(change: &Change) -> String {
    let row = crate::telling::escape(change.row_id.as_str()).into_owned();
    format!("{}  {row}  {}  {}\n", change.at, crate::telling::escape(&step(change)), change.cause)
}

/// `running → stopped (137)`
pub(super) fn step(change: &Change) -> String {
    let after = match (&change.to_state, change.exit_code) {
        (state @ (ContainerState::Stopped | ContainerState::Restarting), Some(code)) => format!("{state} ({code})"),
        (state, _) => state.to_string(),
    };
    match &change.from_state {
        Some(before) if *before != change.to_state => format!("{before} → {after}"),
        Some(_) => after,
        None => format!("new → {after}"),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::model::{ChangeCause, HostName, RowId, Timestamp};

    pub(crate) fn change(from: Option<&str>, to: &str, exit_code: Option<i64>) -> Change {
        Change {
            revision: Revision(7),
            at: Timestamp::from_millis(0),
            host: HostName::new("local"),
            row_id: RowId::new("w:web"),
            container_id: None,
            workload_id: None,
            from_state: from.map(ContainerState::parse),
            to_state: ContainerState::parse(to),
            exit_code,
            cause: ChangeCause::Observed,
            workload_kind: None,
            workload_name: None,
            role: None,
            name: None,
            differences: Default::default(),
            pass_id: None,
        }
    }

    #[test]
    fn a_change_says_from_where_to_where() {
        assert_eq!(step(&change(Some("running"), "stopped", Some(137))), "running → stopped (137)");
        assert_eq!(step(&change(None, "running", None)), "new → running");
        assert_eq!(step(&change(Some("running"), "running", None)), "running");
    }

    #[test]
    fn a_reader_below_the_oldest_kept_revision_is_told_so() {
        let page = ChangesPage { changes: Vec::new(), oldest: Revision(40), latest: Revision(70), lagged: true };
        let failure = refuse_gap(Some(Revision(3)), &page).expect_err("a gap");
        assert!(failure.to_string().contains("--since 70"), "{failure}");
        assert!(refuse_gap(None, &page).is_ok());
        assert!(refuse_gap(Some(Revision(3)), &ChangesPage { lagged: false, ..page }).is_ok());
    }
}
