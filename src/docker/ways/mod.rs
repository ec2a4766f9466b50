//! The ways to a daemon: what carries bytes there and back.
//!
//! ```text
//! stream     a connection, whatever it goes by
//! socket     a unix socket; usual: of the usual ones the first that can be connected
//! tcp        TCP, that notices a peer which vanished
//! tls        TLS over it: the files, what can be wrong with a certificate
//! ssh        a process `ssh` for each connection; ssh_state: what they share; keeper: none outlives us
//! fault      what was wrong on the way, in words
//! ```
//!
//! Comes in: an endpoint. Goes out: a stream, or an error of I/O that may carry a [`fault::WayFault`]. Never: a request,
//! a deadline of a call.

pub(super) mod fault;
mod keeper;
pub(super) mod shared;
pub(super) mod socket;
pub(super) mod ssh;
pub(super) mod ssh_state;
mod ssh_words;
pub(super) mod stream;
pub(super) mod tcp;
pub(super) mod tls;
mod tls_words;
mod usual;
