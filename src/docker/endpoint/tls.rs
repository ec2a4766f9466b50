//! A daemon that is spoken to over TLS, and the files that this takes. Pure.

use std::path::PathBuf;

/// A daemon that is spoken to over TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsEndpoint {
    /// Name or address, version 6 without brackets.
    pub(in crate::docker) host: String,
    /// The port.
    pub(in crate::docker) port: u16,
    /// What the certificates are.
    pub(in crate::docker) files: TlsFiles,
}

/// The certificates and the key; read anew when they change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The directory that they are in, or would be.
    pub(in crate::docker) directory: PathBuf,
    /// The authorities that the daemon's certificate may be signed by; without, those of this machine.
    pub(in crate::docker) ca: Option<PathBuf>,
    /// Our certificate and its key.
    pub(in crate::docker) client: Option<(PathBuf, PathBuf)>,
    /// Whether the daemon's certificate is checked.
    pub(in crate::docker) verify: bool,
    /// What asked for TLS, in words.
    pub(in crate::docker) asked_by: String,
}

impl TlsFiles {
    /// The files, and whether the daemon's certificate is checked.
    #[cfg(feature = "http")]
    pub(super) fn named(&self) -> String {
        let ca =
            self.ca.as_ref().map_or_else(|| "this machine's authorities".into(), |path| path.display().to_string());
        let client = self.client.as_ref().map_or_else(
            || "no certificate".to_owned(),
            |(certificate, key)| format!("{} with {}", certificate.display(), key.display()),
        );
        format!("{ca}, {client}, the daemon's {}", if self.verify { "checked" } else { "not checked" })
    }

    /// How the daemon is reached, for people.
    pub(super) fn remark(&self) -> String {
        let checked = match (&self.ca, self.verify) {
            (_, false) => "its certificate is not checked".to_owned(),
            (Some(ca), true) => format!("its certificate is checked against {}", ca.display()),
            (None, true) => "its certificate is checked against this machine's authorities".to_owned(),
        };
        let own = match &self.client {
            Some((certificate, _)) => format!("ours is {}", certificate.display()),
            None => "we have none of our own".to_owned(),
        };
        format!("TLS, asked for by {}; {checked}; {own}", self.asked_by)
    }
}
