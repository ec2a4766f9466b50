//! The numbers of `docs/FAULTS.md` that only the whole program can hold: what somebody with the daemon's socket, the
//! daemon itself or a setting does to it, and that the document says the truth about its tests.

mod catalogue;
mod daemon;
mod hostile;
mod labels;
mod memory;
mod names;
mod owners;
mod real_daemon;
mod replies;
mod settings;
mod tables;
