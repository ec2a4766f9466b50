//! The report of a pass that never ran, or that left no report of its own.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    Completeness, FailureKind, HostName, PassFailure, PassId, PassOutcome, PassReport, Scope, Timestamp, Trigger,
};

/// A report that says only why there is no other.
pub(crate) fn failed_report(host: &HostName, kind: FailureKind, message: &str) -> PassReport {
    PassReport {
        pass_id: PassId::fresh(),
        host: host.clone(),
        trigger: Trigger::Request,
        scope: Scope::Host,
        completeness: Completeness::Failed,
        outcome: PassOutcome::Failed,
        started_at: Timestamp::now(),
        duration_ms: 0,
        list_ms: 0,
        list_bytes: 0,
        commit_ms: 0,
        list_tries: 0,
        listed: 0,
        assigned: 0,
        unassigned: BTreeMap::new(),
        inserted: 0,
        updated: 0,
        unchanged: 0,
        missing: 0,
        returned: 0,
        rebound: 0,
        scaled: 0,
        moved: 0,
        unverified: 0,
        refused: 0,
        quarantined: Vec::new(),
        unreadable: Vec::new(),
        hanging: Vec::new(),
        disputed: Vec::new(),
        doubt: None,
        warnings: Vec::new(),
        revision: None,
        error: Some(PassFailure { kind, message: message.to_owned() }),
        unassigned_containers: Vec::new(),
        seen_assigned: BTreeSet::new(),
        moved_rows: Vec::new(),
    }
}
