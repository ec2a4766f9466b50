//! The effective configuration, and where each value came from.
//!
//! Comes in: the flags, the environment, the configuration file. Goes out: one checked [`Settings`], or an error that
//! names the key, the value, its source and what is allowed. Never: a write, a key or a variable that is quietly ignored.

mod control;
mod error;
mod file;
mod keys;
mod load;
mod origin;
mod surroundings;
mod trust;
mod unknown;

pub(crate) use error::SettingsError;
pub(crate) use keys::{KEYS, Key};
pub(crate) use load::{Flags, Settings, default_database, load};
pub(crate) use origin::Origin;
pub(crate) use surroundings::Surroundings;
pub(crate) use trust::{TrustError, check_database_place, sqlite_path};
