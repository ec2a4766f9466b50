//! The ledger over HTTP: what is asked over a socket and answered by the whole tree.

mod changes;
