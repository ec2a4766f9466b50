//! Which changes are asked for, and whether they are all there.

use crate::cli::arguments::ChangesArguments;
use crate::cli::context::Context;
use crate::cli::exit::{Exit, Failure};
use crate::model::{ChangeFilter, Revision};
use crate::store::ChangesPage;

pub(super) fn filter(arguments: &ChangesArguments, context: &Context) -> ChangeFilter {
    ChangeFilter {
        host: context.host_filter().cloned(),
        workload: arguments.workload.clone(),
        workloads: None,
        container: arguments.container.clone(),
        kinds: arguments.kind.clone(),
        from: arguments.from,
        to: arguments.to,
        ..ChangeFilter::default()
    }
}

/// A reader that asks for more than is kept has missed changes: it must not go on as if it had not.
pub(super) fn refuse_gap(since: Option<Revision>, page: &ChangesPage) -> Result<(), Failure> {
    let (Some(since), true) = (since, page.lagged) else { return Ok(()) };
    let sentence = format!(
        "the changes after revision {} are not kept any more, the oldest kept one is {}; start again from the \
         rows themselves (`dockledger ps --json`), then go on with --since {}",
        since.0, page.oldest.0, page.latest.0
    );
    Err(Failure::new(Exit::Failed, sentence))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_below_the_oldest_kept_revision_is_told_so() {
        let page = ChangesPage { changes: Vec::new(), oldest: Revision(40), latest: Revision(70), lagged: true };
        let failure = refuse_gap(Some(Revision(3)), &page).expect_err("a gap");
        assert!(failure.to_string().contains("--since 70"), "{failure}");
        assert!(refuse_gap(None, &page).is_ok());
        assert!(refuse_gap(Some(Revision(3)), &ChangesPage { lagged: false, ..page }).is_ok());
    }
}
