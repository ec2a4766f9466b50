//! The whole ledger: the built program and the embedded tree, against simulated and real daemons.

mod attention;
mod deployer;
mod embedding;
mod events;
mod faults;
mod instances;
pub(crate) mod ledger;
mod logs;
mod moments;
mod real_daemon;
mod refusals;
mod scaling;
mod steady;
mod supervision;
mod two_ledgers;
