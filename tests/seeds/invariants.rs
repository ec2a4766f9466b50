//! What must hold after every step, whatever was done and whatever failed. Each is a function of its own.

use std::collections::{BTreeMap, BTreeSet};

use dockledger::model::{Completeness, ContainerId, FailureKind, PassOutcome, PassReport};
use dockledger::simulation::{Answered, LedgerEvent};

use super::ledger::{Picture, Row, Told};
use super::registry::{Columns, Registry};

/// What was broken, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) invariant: &'static str,
    pub(crate) what: String,
}

pub(crate) type Checked = Result<(), Violation>;

pub(crate) fn broken(invariant: &'static str, what: impl Into<String>) -> Violation {
    Violation { invariant, what: what.into() }
}

/// What the history alone says of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Replayed {
    pub(crate) state: String,
    pub(crate) container: Option<String>,
}

pub(crate) type Replay = BTreeMap<(String, String), Replayed>;

/// I1: what went missing, or went with its row, is gone, and what was taken from is gone or was not up. `is_moved`: another
/// row has got the container in the same pass.
pub(crate) fn nothing_is_missing_or_taken_that_is_there(
    change: &Told,
    is_moved: bool,
    before: Option<&Replayed>,
    home: &BTreeSet<ContainerId>,
    answered: &Answered,
) -> Checked {
    let former = before.and_then(|before| before.container.as_deref()).map(ContainerId::from);
    let is_told_gone = |id: &ContainerId| answered.denied.contains(id) && answered.gone_elsewhere.contains(id);
    let says_gone = match change.to_state.as_str() {
        "missing" => matches!(change.cause.as_str(), "missing" | "removed" | "scaled"),
        "forgotten" => change.cause == "scaled" && !is_moved,
        _ => false,
    };
    if says_gone
        && let Some(id) = change.container_id.as_deref().map(ContainerId::from)
        && home.contains(&id)
        && !is_told_gone(&id)
    {
        return Err(broken("I1", format!("{change:?} and its container is there")));
    }
    if change.cause == "rebound"
        && let Some(id) = former
        && home.contains(&id)
        && !answered.down.contains(&id)
        && !is_told_gone(&id)
    {
        return Err(broken("I1", format!("{change:?} took the row from {}, which is there and up", id.short())));
    }
    Ok(())
}

/// I1: only a complete listing sweeps, and only one of the whole host moves the moment of the last complete pass.
pub(crate) fn only_a_complete_listing_sweeps_or_stamps(events: &[LedgerEvent]) -> Checked {
    for event in events {
        let LedgerEvent::Committed(pass) = event else { continue };
        let is_complete = pass.completeness == Completeness::Complete;
        let may_sweep = pass.missing == 0 || is_complete;
        let may_stamp = !pass.stamps_complete || (is_complete && pass.scope.is_whole());
        if !may_sweep || !may_stamp {
            return Err(broken("I1", format!("{pass:?}")));
        }
    }
    Ok(())
}

/// A row that moved while the pass ran is left out.
pub(crate) fn a_row_that_moved_is_left_out(events: &[LedgerEvent]) -> Checked {
    for event in events {
        if let LedgerEvent::Committed(pass) = event
            && !pass.overwritten.is_empty()
        {
            return Err(broken("moved rows", format!("{pass:?}")));
        }
    }
    Ok(())
}

/// I2: a deployer's columns hold what he wrote last.
pub(crate) fn the_deployers_columns_are_his(picture: &Picture, registry: &Registry) -> Checked {
    for row in picture.local() {
        let stored: Columns =
            [&row.subdomain, &row.proxy_route_id, &row.npm_proxy_id, &row.image_tag, &row.stage_id].map(Clone::clone);
        let written = registry.columns.get(&row.id).cloned().unwrap_or_default();
        if stored != written {
            return Err(broken("I2", format!("row {} has {stored:?}, and {written:?} was written", row.id)));
        }
    }
    Ok(())
}

/// I3: no row is lost but by scaling, no container is bound twice, and rows of projects are made by their deployer alone.
pub(crate) fn no_row_is_lost_doubled_or_invented(before: &Picture, after: &Picture, registry: &Registry) -> Checked {
    let new = &after.changes[before.changes.len()..];
    let is_scaled = |row: &Row| {
        let mut of_row = new.iter().filter(|change| change.row_id == row.id && change.cause == "scaled");
        row.workload_kind == "stack" && of_row.any(|change| change.to_state == "forgotten")
    };
    for row in before.local() {
        if after.row(&row.id).is_none() && !registry.removed.contains(&row.id) && !is_scaled(row) {
            return Err(broken("I3", format!("row {} is lost", row.id)));
        }
        let written = registry.columns.get(&row.id).is_some_and(|columns| columns.iter().any(Option::is_some));
        if after.row(&row.id).is_none() && written {
            return Err(broken("I2", format!("row {} went with what the deployer wrote into it", row.id)));
        }
    }
    let mut bound = BTreeSet::new();
    for row in after.local() {
        if row.workload_kind == "project" && !registry.claimed.contains(&row.id) {
            return Err(broken("I3", format!("nobody claimed {row:?}")));
        }
        if row.container_id.as_ref().is_some_and(|container| !bound.insert(container.clone())) {
            return Err(broken("I3", format!("the container of row {} is bound twice", row.id)));
        }
    }
    Ok(())
}

/// I5: revisions grow in the order of commits, and each change goes on from the one before.
pub(crate) fn the_history_goes_on(change: &Told, last: i64, before: Option<&Replayed>) -> Checked {
    if change.revision <= last {
        return Err(broken("I5", format!("{change:?} came after revision {last}")));
    }
    let from = before.map(|before| before.state.as_str());
    let is_continued = change.from_state.as_deref() == from || change.cause == "forgotten";
    if is_continued { Ok(()) } else { Err(broken("I5", format!("{change:?} follows {before:?}"))) }
}

/// I5: the history, replayed, gives the states of the rows, and the counter knows the last revision.
pub(crate) fn replayed_changes_give_the_rows(picture: &Picture, replay: &Replay) -> Checked {
    for row in picture.local() {
        let told = replay.get(&(row.host.clone(), row.id.clone())).map(|replayed| replayed.state.as_str());
        if told != row.recorded_state.as_deref() {
            return Err(broken(
                "I5",
                format!("the history leaves {} {told:?}, the row says {:?}", row.id, row.recorded_state),
            ));
        }
    }
    let last = picture.changes.last().map_or(0, |change| change.revision);
    if last > picture.host.counter {
        return Err(broken("I5", format!("the last revision is {last}, the counter says {}", picture.host.counter)));
    }
    Ok(())
}

/// I7: whoever took the lease last is the only one who writes.
pub(crate) fn one_generation_writes(events: &[LedgerEvent], generation: &mut i64) -> Checked {
    for event in events {
        match event {
            LedgerEvent::Acquired(taken) if taken > generation => *generation = *taken,
            LedgerEvent::Committed(pass) if pass.generation == *generation => {}
            LedgerEvent::DetailsPaid(by) if by == generation => {}
            other => return Err(broken("I7", format!("{other:?} under generation {generation}"))),
        }
    }
    Ok(())
}

/// I4, I8: what a report says of its pass is what the history has of it. `is_rerun`: an actor of the pass died meanwhile, so
/// that the pass may have run twice, the second time with less to do.
pub(crate) fn a_report_is_true(report: &PassReport, picture: &Picture, is_rerun: bool) -> Checked {
    let of_pass: Vec<&Told> =
        picture.changes.iter().filter(|change| change.pass_id.as_deref() == Some(report.pass_id.as_str())).collect();
    let rows: BTreeSet<&str> = of_pass.iter().map(|change| change.row_id.as_str()).collect();
    let count = |cause: &str| of_pass.iter().filter(|change| change.cause == cause).count();
    let written = report.inserted + report.updated + report.scaled;
    let told = (report.inserted, report.missing, report.returned, report.rebound, written);
    // Of what was missing before, `removed` tells only that nobody has to look any more.
    let is_removal = |change: &&&Told| change.cause == "removed" && change.from_state.as_deref() != Some("missing");
    let missing = count("missing") + of_pass.iter().filter(is_removal).count();
    let kept = (count("inserted"), missing, count("returned"), count("rebound"), rows.len());
    let untrue = |why: &str| {
        Err(broken("I4/I8", format!("{why}: told {told:?}, kept {kept:?}, {:?} {:?}", report.outcome, report.error)))
    };
    match report.outcome {
        PassOutcome::Committed | PassOutcome::Partial | PassOutcome::Degraded if is_rerun => {
            if kept.4 < told.4 {
                untrue("more was told than is kept")
            } else {
                Ok(())
            }
        }
        PassOutcome::Committed | PassOutcome::Partial | PassOutcome::Degraded => {
            if told == kept {
                Ok(())
            } else {
                untrue("another number of rows was told")
            }
        }
        PassOutcome::Failed | PassOutcome::WrongDaemon => {
            let is_unknown = report.error.as_ref().is_some_and(|error| error.message.contains("not known"));
            if is_unknown || is_rerun || rows.is_empty() { Ok(()) } else { untrue("a pass that failed wrote") }
        }
    }
}

/// I8: nobody gives up while only the surroundings fail.
pub(crate) fn a_failure_is_of_the_surroundings(report: &PassReport) -> Checked {
    match &report.error {
        Some(error) if matches!(error.kind, FailureKind::Stopping | FailureKind::LeaseLost) => {
            Err(broken("I8", format!("a caller was told: {error}")))
        }
        _ => Ok(()),
    }
}

/// I9: a pass that finds nothing new writes no row.
pub(crate) fn a_steady_pass_writes_no_row(before: &Picture, after: &Picture) -> Checked {
    let written: Vec<&Row> = after.local().filter(|row| before.row(&row.id) != Some(*row)).collect();
    if written.is_empty() && before.changes.len() == after.changes.len() {
        return Ok(());
    }
    let was: Vec<_> = written.iter().map(|row| before.row(&row.id)).collect();
    Err(broken("I9", format!("{written:?} was {was:?}")))
}

/// I11: rows of another host are as they were made.
pub(crate) fn other_hosts_are_left_alone(before: &Picture, after: &Picture) -> Checked {
    for (key, row) in before.rows.iter().filter(|(_, row)| row.host != "local") {
        if after.rows.get(key) != Some(row) {
            return Err(broken("I11", format!("{row:?} became {:?}", after.rows.get(key))));
        }
    }
    let foreign = after.changes.iter().skip(before.changes.len()).find(|change| change.host != "local");
    foreign.map_or(Ok(()), |change| Err(broken("I11", format!("{change:?}"))))
}
