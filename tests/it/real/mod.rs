//! Real faults of real parts: a daemon of the test's own that is frozen, killed, started again and stormed, and what the
//! ledger does meanwhile; what many restarts leave behind; what a signal ends.
//!
//! Few rounds, short ones, run with the other tests. `DOCKLEDGER_REAL_ROUNDS=20` asks for so many of each, as long as they
//! really are, and then the time that a recovery takes is held against its bound, too.

mod attention;
mod case;
mod containerd;
mod engines;
mod freezes;
mod health;
mod podman;
mod recovery;
mod relay;
mod resources;
mod restarts;
mod signals;
mod socket;
mod storm;
mod watch;
mod ways;
