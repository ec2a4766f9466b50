//! Values as they are typed.

use std::time::Duration;

use crate::config::parse_duration;
use crate::model::{
    AuditAction, AuditOutcome, ChangeKind, ContainerId, HealthCondition, RowOrder, Timestamp, WorkloadKind,
};

pub(super) fn parse_length(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|_| "a whole number and its unit: ms, s, min, h or d, as in 30s or 5min".into())
}

pub(super) fn parse_kind(text: &str) -> Result<WorkloadKind, String> {
    WorkloadKind::parse(text).ok_or_else(|| "allowed is project, stack or site".into())
}

pub(super) fn parse_health(text: &str) -> Result<HealthCondition, String> {
    HealthCondition::parse(text).ok_or_else(|| "allowed is starting, healthy, unhealthy or none".into())
}

pub(super) fn parse_order(text: &str) -> Result<RowOrder, String> {
    RowOrder::parse(text).ok_or_else(|| "allowed is attention, name, workload, state, since or id".into())
}

pub(super) fn parse_action(text: &str) -> Result<AuditAction, String> {
    AuditAction::parse(text).ok_or_else(|| allowed(AuditAction::ALL))
}

pub(super) fn parse_outcome(text: &str) -> Result<AuditOutcome, String> {
    AuditOutcome::parse(text).ok_or_else(|| allowed(AuditOutcome::ALL))
}

fn allowed<T: std::fmt::Display>(words: &[T]) -> String {
    format!("allowed is {}", words.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
}

pub(super) fn parse_change_kind(text: &str) -> Result<ChangeKind, String> {
    ChangeKind::parse(text).ok_or_else(|| format!("allowed is {}", ChangeKind::words().join(", ")))
}

/// A moment, or how long ago it was.
pub(super) fn parse_moment(text: &str) -> Result<Timestamp, String> {
    let ago = || parse_duration(text).ok().map(|age| Timestamp::now().minus(age));
    Timestamp::parse(text)
        .or_else(ago)
        .ok_or_else(|| "allowed is an age like 8h, or a moment like 2026-01-31T12:00:00Z".into())
}

pub(super) fn parse_called(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("a row's id, or a container's name, is not empty".into()) } else { Ok(text.to_owned()) }
}

/// A container's id as a flag gave it: whole, or to be resolved by the daemon.
pub(crate) fn full_id(text: &str) -> Option<ContainerId> {
    ContainerId::is_full(text).then(|| ContainerId::new(text))
}
