//! Whether a planned write still rests on what is stored. Pure.

use crate::model::ChangeCause;
use crate::store::passes::plan::RowWrite;
use crate::store::passes::rows::{LockedRow, kind_of};

/// What becomes of one planned write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Judgement {
    /// It is written.
    Write,
    /// Somebody else made, bound or removed the row since *open* read it.
    Moved,
    /// Its workload went meanwhile.
    Ownerless,
    /// It would make or bind a row of a project: that is its deployer's to do.
    NotOurs,
}

/// Whether the container that a write takes out of a row can still leave that one: it is bound there, and nothing of a
/// deployer is in it.
pub(in crate::store) fn can_be_left(write: &RowWrite, stored: Option<&LockedRow>) -> bool {
    let planned = write.binding.container_id.as_ref().map(AsRef::as_ref);
    stored.is_some_and(|stored| {
        stored.container_id.as_deref() == planned
            && !stored.bears_deployers_column
            && kind_of(&stored.workload_kind).binding_is_ours()
    })
}

/// Judges a write by the row as it is under the transaction's lock.
pub(in crate::store) fn judge(write: &RowWrite, stored: Option<&LockedRow>, owner_exists: bool) -> Judgement {
    match (&write.expected, stored) {
        (None, Some(_)) | (Some(_), None) => Judgement::Moved,
        (None, None) if !write.binding.workload_kind.binding_is_ours() => Judgement::NotOurs,
        (None, None) if !owner_exists => Judgement::Ownerless,
        (None, None) => Judgement::Write,
        (Some(expected), Some(stored)) => judge_known(write, expected.as_ref().map(AsRef::as_ref), stored),
    }
}

fn judge_known(write: &RowWrite, expected: Option<&str>, stored: &LockedRow) -> Judgement {
    let planned = write.binding.container_id.as_ref().map(AsRef::as_ref);
    if stored.container_id.as_deref() != expected {
        return Judgement::Moved;
    }
    if (planned != expected || write.removes()) && !kind_of(&stored.workload_kind).binding_is_ours() {
        return Judgement::NotOurs;
    }
    // A deployer wrote into it since: then it stays, and its container too.
    if (write.removes() || write.leaves.is_some()) && stored.bears_deployers_column {
        return Judgement::Moved;
    }
    // Only recording what a deployer wrote must neither undo what it wrote since, nor tell again what a claim told since.
    let is_told = stored.recorded_state.as_deref() == Some(&stored.state);
    if write.cause == ChangeCause::Deployer && (is_told || stored.state != write.observed.state.as_str()) {
        return Judgement::Moved;
    }
    Judgement::Write
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Binding, ContainerId, ContainerState, Differences, Observed, RowId, WorkloadId, WorkloadKind};
    use crate::store::passes::rows::{AttendedColumns, ExaminedColumns};

    fn write(kind: WorkloadKind, expected: Option<Option<&str>>, planned: Option<&str>) -> RowWrite {
        RowWrite {
            id: RowId::new("w:r"),
            expected: expected.map(|bound| bound.map(ContainerId::from)),
            binding: Binding {
                workload_id: WorkloadId::new("w"),
                workload_kind: kind,
                role: "r".into(),
                container_id: planned.map(ContainerId::from),
            },
            observed: Observed::unseen(ContainerState::Running),
            details_owed: false,
            state_after: None,
            at: crate::model::Timestamp::default(),
            is_silent: false,
            cause: ChangeCause::Observed,
            foreign_state: None,
            from_state: None,
            leaves: None,
            crash: None,
            differences: Differences::new(),
        }
    }

    fn stored(kind: WorkloadKind, container: Option<&str>) -> LockedRow {
        LockedRow {
            id: "w:r".into(),
            workload_kind: kind.as_str().into(),
            container_id: container.map(Into::into),
            state: "created".into(),
            recorded_state: None,
            seen_container_id: None,
            bears_deployers_column: false,
            examined: ExaminedColumns::default(),
            attended: AttendedColumns::default(),
        }
    }

    #[test]
    fn a_write_holds_only_as_long_as_its_binding_does() {
        use WorkloadKind::{Project, Stack};
        let a = Some("a");
        for (write, stored, expected) in [
            (write(Stack, None, a), None, Judgement::Write),
            (write(Stack, None, a), Some(stored(Stack, a)), Judgement::Moved),
            (write(Stack, Some(a), a), None, Judgement::Moved),
            (write(Stack, Some(a), a), Some(stored(Stack, a)), Judgement::Write),
            (write(Stack, Some(a), Some("b")), Some(stored(Stack, a)), Judgement::Write),
            (write(Stack, Some(a), a), Some(stored(Stack, Some("b"))), Judgement::Moved),
            (write(Stack, Some(None), a), Some(stored(Stack, a)), Judgement::Moved),
            (write(Project, Some(a), a), Some(stored(Project, a)), Judgement::Write),
            (write(Project, Some(a), Some("b")), Some(stored(Project, a)), Judgement::NotOurs),
            (write(Project, Some(a), a), Some(stored(Project, None)), Judgement::Moved),
            (write(Project, None, a), None, Judgement::NotOurs),
        ] {
            assert_eq!(judge(&write, stored.as_ref(), true), expected, "{write:?}");
        }
    }

    #[test]
    fn what_a_deployer_wrote_meanwhile_keeps_a_row_from_going_and_from_being_left() {
        let (bare, a) = (stored(WorkloadKind::Stack, Some("a")), Some("a"));
        let written = LockedRow { bears_deployers_column: true, ..stored(WorkloadKind::Stack, Some("a")) };
        let mut goes = write(WorkloadKind::Stack, Some(a), a);
        goes.observed.state = ContainerState::Forgotten;
        assert_eq!(judge(&goes, Some(&bare), true), Judgement::Write);
        assert_eq!(judge(&goes, Some(&written), true), Judgement::Moved);
        assert_eq!(judge(&goes, Some(&stored(WorkloadKind::Project, a)), true), Judgement::NotOurs);
        let moves = RowWrite { leaves: Some(RowId::new("w:r:2")), ..write(WorkloadKind::Stack, Some(Some("old")), a) };
        assert!(can_be_left(&moves, Some(&bare)));
        for kept in [None, Some(&written), Some(&stored(WorkloadKind::Stack, Some("b")))] {
            assert!(!can_be_left(&moves, kept), "{:?}", kept.map(|kept| &kept.container_id));
        }
        let target = LockedRow { bears_deployers_column: true, ..stored(WorkloadKind::Stack, Some("old")) };
        assert_eq!(judge(&moves, Some(&target), true), Judgement::Moved, "its columns are of another container");
    }

    #[test]
    fn a_new_row_needs_its_owner() {
        assert_eq!(judge(&write(WorkloadKind::Site, None, Some("a")), None, false), Judgement::Ownerless);
    }

    #[test]
    fn recording_a_deployers_state_never_undoes_a_later_one() {
        let mut write = write(WorkloadKind::Project, Some(None), None);
        write.cause = ChangeCause::Deployer;
        write.observed.state = ContainerState::Failed;
        assert_eq!(judge(&write, Some(&stored(WorkloadKind::Project, None)), true), Judgement::Moved);
        write.observed.state = ContainerState::Created;
        assert_eq!(judge(&write, Some(&stored(WorkloadKind::Project, None)), true), Judgement::Write);
        let told = LockedRow { recorded_state: Some("created".into()), ..stored(WorkloadKind::Project, None) };
        assert_eq!(judge(&write, Some(&told), true), Judgement::Moved, "a claim has told it");
    }
}
