//! What passes write, and what DispatchActor reads for them.
//!
//! Comes in: plans and details. Goes out: rows, reports, the differences that the history tells. Never: a deployer's column.

pub(super) mod commit;
pub(super) mod details;
pub(super) mod foreign;
pub(super) mod judge;
pub(super) mod pass;
pub(super) mod plan;
pub(super) mod prune;
pub(super) mod rows;
pub(super) mod staged;
pub(super) mod upserts;
pub(super) mod write;
