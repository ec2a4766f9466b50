//! Who may do what.
//!
//! ```text
//! guard      what every request is judged by; made once for all lives of HttpActor
//! caller     who asks, and what he may do
//! access     the layers that ask for it
//! identify   the layer that tells who asks
//! names      which `Host` and which `Origin` are ours                  (pure)
//! tokens     the file of tokens, and a fresh token
//! kept_tokens what an operator does to that file
//! sessions   who has logged in
//! ```
//!
//! Comes in: a request's head and the peer of its connection. Goes out: a [`Caller`] in its extensions, or a problem.
//! Never: a token in a log or an answer, a caller where there is doubt.

mod access;
mod caller;
mod guard;
mod identify;
#[cfg(feature = "cli")]
mod kept_tokens;
mod names;
mod sessions;
mod tokens;

pub(super) use access::{
    is_somebody_looking, require_admin, require_deploy, require_deploy_of_projects, require_read,
    require_read_of_projects,
};
pub(super) use caller::{Access, Caller};
pub(super) use guard::COOKIE as SESSION_COOKIE;
pub(crate) use guard::Guard;
pub use guard::GuardError;
pub(super) use identify::identify;
#[cfg(feature = "cli")]
pub(crate) use kept_tokens::{KnownToken, known, revoke};
pub(super) use sessions::LIFE;
pub use tokens::TokensError;
#[cfg(feature = "cli")]
pub(crate) use tokens::{fresh, line, scope};
