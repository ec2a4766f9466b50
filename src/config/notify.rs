//! Who is told what happens, and of what.

use std::fmt;
use std::time::Duration;

use hyper::Uri;

use super::AddressRange;
use crate::model::NotifyEvent;

/// Who is told, and of what; nobody by default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotifyConfig {
    /// Where each notification is posted to.
    pub url: Option<ReceiverUrl>,
    /// The file of the secret that signs them; its user alone may read it.
    pub secret_file: Option<String>,
    /// A file of certificates (PEM) that the receiver's may be signed by, beside those of the machine.
    pub ca_file: Option<String>,
    /// Addresses of this machine and of private networks that may be told, and where plain HTTP may be spoken to.
    pub allowed_addresses: Vec<AddressRange>,
    /// A program, and its arguments, that gets each notification on its standard input. There is no shell.
    pub command: Vec<String>,
    /// Of what they are told.
    pub events: Vec<NotifyEvent>,
    /// For how long the host must not be fresh before that is told. 1 min: a daemon that is restarted is back by then.
    pub stale_after: Duration,
    /// How old something may be that is told; it is tried until then. 3 days: a weekend without anybody who looks.
    pub give_up_after: Duration,
}

impl Default for NotifyConfig {
    fn default() -> Self {
        Self {
            url: None,
            secret_file: None,
            ca_file: None,
            allowed_addresses: Vec::new(),
            command: Vec::new(),
            events: NotifyEvent::ALL.iter().copied().filter(|event| event.happens()).collect(),
            stale_after: Duration::from_secs(60),
            give_up_after: Duration::from_secs(3 * 24 * 60 * 60),
        }
    }
}

/// An address over HTTP or HTTPS. Its path is shown nowhere: with many receivers it is a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct ReceiverUrl {
    /// Whether it is spoken to over TLS.
    pub is_https: bool,
    /// The name or address, an IPv6 address without its brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// What is asked for there.
    pub path: String,
}

impl ReceiverUrl {
    /// Reads `https://HOST[:PORT]/PATH` or `http://…`; anything else is `None`, a name and a password too.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let is_https = match uri.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let authority = uri.authority()?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        let has_port = authority.as_str().len() > authority.host().len();
        if authority.as_str().contains('@') || host.is_empty() || has_port != uri.port_u16().is_some() {
            return None;
        }
        let port = uri.port_u16().unwrap_or(if is_https { 443 } else { 80 });
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Some(Self { is_https, host: host.to_owned(), port, path })
    }

    /// What stands in the header `Host`.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let usual = if self.is_https { 443 } else { 80 };
        if self.port == usual { host } else { format!("{host}:{}", self.port) }
    }
}

impl fmt::Display for ReceiverUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_https { "https" } else { "http" };
        write!(f, "{scheme}://{}/…", self.authority())
    }
}

impl fmt::Debug for ReceiverUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReceiverUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_its_path() {
        for (text, shown, port) in [
            ("https://hooks.example.org/services/T0/SECRET?key=SECRET", "https://hooks.example.org/…", 443),
            ("http://[::1]:8080", "http://[::1]:8080/…", 8080),
            ("https://10.0.0.1:443/SECRET", "https://10.0.0.1/…", 443),
        ] {
            let url = ReceiverUrl::parse(text).expect(text);
            assert_eq!((url.to_string().as_str(), url.port), (shown, port));
            assert!(!format!("{url:?}").contains("SECRET"));
        }
    }

    #[test]
    fn what_is_no_receiver_is_refused() {
        for text in
            ["", "example.org", "ftp://x/", "https://", "https://a:b@x/", "https://x:99999/", "/x", "https:///x"]
        {
            assert_eq!(ReceiverUrl::parse(text), None, "{text}");
        }
    }
}
