//! What waits and what ran: timers, chance for backoffs, the end of a task.
//!
//! Comes in: durations and tasks. Goes out: a message to come, a wait, a value. Never: the name of another room.

#[cfg(test)]
mod ear;
mod jitter;
mod joined;
mod timer;

#[cfg(test)]
pub(crate) use ear::ear;
pub(crate) use jitter::Jitter;
pub(crate) use joined::joined;
#[cfg(feature = "http")]
pub(crate) use joined::panic_text;
pub(crate) use timer::Timer;
