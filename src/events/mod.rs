//! The daemon's event stream: where to look between ticks.
//!
//! ```text
//! actor       the stream's lives, and the batches of invalidation that TickActor gets
//! reader      drains one stream into what is gathered, and waits for nobody
//! gathered    what the reader leaves and the actor takes                     (pure)
//! dirty       where to look: these containers, or everything                 (pure)
//! cursor      where to resume, and which events were seen                    (pure)
//! rechecks      what was told is looked at again                               (pure)
//! requests    what ended because somebody asked for it                       (pure)
//! starts      which containers flap                                          (pure)
//! batches     one batch on its way, and again what no pass looked at         (pure)
//! reopening   when a lost stream is opened again                             (pure)
//! ```
//!
//! Comes in: the stream, and TickActor's word that a pass has looked. Goes out: invalidation, kept until that word; the state of
//! the stream. Never: a wait for the ledger, memory or mailboxes that grow with the number of events, a row.

mod actor;
mod batches;
mod cursor;
mod dirty;
mod gathered;
mod healths;
mod message;
mod reader;
mod rechecks;
mod reopening;
mod requests;
mod starts;
#[cfg(test)]
mod tests;

pub(crate) use actor::{EventsActor, EventsArgs, STREAM_GRACE};
pub use message::{EventsMessage, Loss, StreamNews};
