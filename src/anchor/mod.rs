//! What stands for the ledger in a host application's tree.
//!
//! Comes in: the host's supervisor, and the end of the ledger. Goes out: an ordered stop of the ledger when the anchor
//! ends by whatever; the anchor's own end, failure or not, when the ledger ends. Never: a call to the daemon or the store.
//!
//! ractor kills the children of an actor that ends, without their `post_stop`. A ledger that hung in the host's tree
//! itself would end in the middle of its work then, with its lease kept and its callers left alone. So it hangs free, and
//! this actor, which has nothing to lose, hangs in the tree.

mod actor;

pub(crate) use actor::anchor;
