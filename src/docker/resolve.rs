//! Finds the container that somebody means by a name or the begin of an id. Pure.

use super::error::DaemonError;
use super::text::escaped;
use crate::model::{ContainerId, Listing};

/// Why a text names no container.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ResolveError {
    /// No container has that name or id.
    #[error("there is no container with the name or id {0:?}; see `docker ps -a`")]
    Unknown(String),
    /// It is the begin of several ids.
    #[error("{text:?} is the begin of {count} container ids; give more of it, or the container's name")]
    Ambiguous {
        /// The text.
        text: String,
        /// How many ids begin so.
        count: usize,
    },
    /// The daemon could not be asked.
    #[error(transparent)]
    Daemon(#[from] DaemonError),
}

/// A full id, else an exact name, else the begin of exactly one id: the order of Docker's own client.
pub(super) fn resolve_among(listing: &Listing, text: &str) -> Result<ContainerId, ResolveError> {
    let ids = || {
        let listed = listing.containers.iter().map(|container| &container.id);
        listed.chain(listing.quarantined.iter().map(|quarantined| &quarantined.container_id))
    };
    if let Some(id) = ids().find(|id| id.as_str() == text) {
        return Ok(id.clone());
    }
    let name = text.strip_prefix('/').unwrap_or(text);
    if let Some(named) = listing.containers.iter().find(|container| !name.is_empty() && &*container.name == name) {
        return Ok(named.id.clone());
    }
    let mut beginning = ids().filter(|id| !text.is_empty() && id.as_str().starts_with(text));
    match (beginning.next(), beginning.count()) {
        (Some(id), 0) => Ok(id.clone()),
        (Some(_), others) => Err(ResolveError::Ambiguous { text: escaped(text, 100), count: others + 1 }),
        (None, _) => Err(ResolveError::Unknown(escaped(text, 100))),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::config::Config;
    use crate::docker::labels::LabelReader;
    use crate::docker::listing::ListingReader;

    fn listing() -> Listing {
        let entry = |id: &str, rest: &str| format!(r#"{{"Id":"{id:0<64}",{rest}}}"#);
        let body = [
            entry("abc1", r#""Names":["/web"],"State":"running""#),
            entry("abc2", r#""Names":["/abc1"],"State":"running""#),
            entry("fed", r#""Names":7"#),
        ];
        let mut reader = ListingReader::new(Arc::new(LabelReader::new(&Config::new("x"))));
        reader.feed(format!("[{}]", body.join(",")).as_bytes()).unwrap();
        reader.finish().unwrap()
    }

    // B24, B26, B27
    #[test]
    fn a_full_id_comes_before_a_name_and_a_name_before_the_begin_of_an_id() {
        let listing = listing();
        let full = format!("{:0<64}", "abc1");
        for (text, expected) in [
            (full.as_str(), "abc1"),
            ("web", "abc1"),
            ("/web", "abc1"),
            ("abc1", "abc2"),
            ("abc10", "abc1"),
            ("f", "fed"),
        ] {
            let found = resolve_among(&listing, text).unwrap();
            assert_eq!(found.as_str(), format!("{expected:0<64}"), "{text}");
        }
        assert!(matches!(resolve_among(&listing, "abc"), Err(ResolveError::Ambiguous { count: 2, .. })));
        for text in ["", "/", "ABC1", "we", "../web", "web/json", "%2f"] {
            assert!(matches!(resolve_among(&listing, text), Err(ResolveError::Unknown(_))), "{text}");
        }
    }
}
