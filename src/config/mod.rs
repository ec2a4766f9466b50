//! Every key of the configuration: its unit, its default and the reason for it.
//!
//! ```text
//! whole             all of it                       check, debug, of_a_pass    what is said of it
//! http, notify      how it is served, who is told   labels, ignore, flapping, retention    parts of it
//! database, address, postgres_parameters, base_path, range, duration    values as they are written
//! ```
//!
//! Comes in: values that [`crate::cli`] has read from the file, the environment and the flags, or that an embedding
//! application sets itself. Goes out: one [`Config`], checked by [`Config::check`]. Never: a file, an environment
//! variable.

mod address;
mod base_path;
mod check;
mod database;
mod debug;
mod duration;
mod flapping;
mod http;
mod ignore;
mod labels;
mod notify;
#[cfg(feature = "http")]
mod of_a_pass;
mod postgres_parameters;
mod range;
mod retention;
mod whole;

pub(crate) use address::passwords_in;
pub use address::without_password;
#[cfg(feature = "cli")]
pub(crate) use base_path::ALLOWED as ALLOWED_BASE_PATHS;
pub use base_path::BasePath;
pub use check::{ConfigError, clamp_interval};
pub(crate) use database::{DatabaseAddress, database_without_password};
pub use duration::{DurationError, duration_text, parse_duration};
pub use flapping::Flapping;
pub use http::{ActionsConfig, ClaimsConfig, HttpConfig};
pub use ignore::IgnoreEntry;
pub use labels::{ImageLabels, LabelNames};
pub use notify::{NotifyConfig, ReceiverUrl};
pub use range::AddressRange;
pub use retention::Retention;
pub use whole::Config;
