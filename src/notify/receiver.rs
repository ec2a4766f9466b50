//! What a receiver is to whoever tells it, and why it could not be told.

use std::fmt::Debug;
use std::time::Duration;

use super::address::Refusal;
use crate::model::{BoxFuture, Notification};

/// Takes notifications, one at a time.
pub(super) trait Receiver: Debug + Send + Sync {
    /// Tells it; returns when it has taken the notification, within a bound of its own.
    fn tell<'a>(&'a self, notification: &'a Notification) -> BoxFuture<'a, Result<(), TellError>>;

    #[cfg(feature = "cli")]
    /// Whether it could be told, as far as that shows without a word to it; what is there, for people.
    fn examine(&self) -> BoxFuture<'_, Result<String, TellError>>;
}

/// Why a receiver was not told, or did not say that it was. No text of it holds a secret or the path of a URL.
#[derive(Debug, thiserror::Error)]
pub(super) enum TellError {
    /// The secret cannot be read.
    #[error("cannot read the secret {path}: {cause}")]
    Secret {
        /// The file.
        path: String,
        /// Why, and the cure.
        cause: String,
    },
    /// No certificate can be checked.
    #[error("cannot read the certificates that the receiver's is checked against: {0}")]
    Certificates(String),
    /// The name has no address.
    #[error("cannot find the address of {host}: {cause}")]
    Unresolved {
        /// The name.
        host: String,
        /// The system's words.
        cause: String,
    },
    /// No address of it may be told.
    #[error("{host} is not told: {refusal}")]
    NotAllowed {
        /// The name.
        host: String,
        /// Why.
        refusal: Refusal,
    },
    /// It did not take the connection, or broke it.
    #[error("cannot reach {url}: {cause}")]
    Unreached {
        /// Without its path.
        url: String,
        /// The system's words.
        cause: String,
    },
    /// It did not answer in time.
    #[error("{url} did not answer within {bound:?}")]
    Overdue {
        /// Without its path.
        url: String,
        /// How long it was waited for.
        bound: Duration,
    },
    /// It sent its caller elsewhere.
    #[error("{url} answered {status}, a redirect: none is followed; give its final address as notify.url")]
    Redirected {
        /// Without its path.
        url: String,
        /// The status.
        status: u16,
    },
    /// It did not take it.
    #[error("{url} answered {status}")]
    Refused {
        /// Without its path.
        url: String,
        /// The status.
        status: u16,
    },
    /// A fault of our own.
    #[error("telling it panicked: {0}")]
    Panicked(String),
    /// The program failed.
    #[error("{program} {ending}")]
    Program {
        /// Its path.
        program: String,
        /// How it ended, or why it did not begin.
        ending: String,
    },
}
