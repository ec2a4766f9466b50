//! Under which names we are reached. A page from elsewhere whose name was made to point to us (DNS rebinding) asks under
//! that name, and is refused.

use std::net::{IpAddr, SocketAddr};

use axum::http::uri::{Authority, Uri};
use axum::http::{HeaderMap, HeaderName, header};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The names that are ours.
#[derive(Debug)]
pub(super) struct Names {
    listen: IpAddr,
    /// Beside those that go by themselves: a name, or a name and a port.
    allowed: Vec<String>,
}

/// A name and its port, as a head gives them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Site {
    host: String,
    port: Option<u16>,
}

/// Why a request's head is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Foreign {
    /// It says in no way, or in several, under which name it reached us.
    Nameless,
    /// The name is not ours.
    Host(String),
    /// A page of another site sent it.
    Origin,
}

impl Names {
    pub(super) fn new(listen: SocketAddr, allowed: &[String]) -> Self {
        Self { listen: listen.ip(), allowed: allowed.iter().map(|name| as_asked(name)).collect() }
    }

    /// Refuses a request that came under a foreign name.
    pub(super) fn check_host(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Foreign> {
        let site = asked_site(uri, headers).ok_or(Foreign::Nameless)?;
        if self.is_ours(&site) { Ok(()) } else { Err(Foreign::Host(site.host)) }
    }

    /// Refuses a request that a page of another site made a browser send. Programs say nothing of a site.
    pub(super) fn check_origin(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Foreign> {
        if let Some(site) = headers.get(SEC_FETCH_SITE) {
            // The browser's own word, which no page can change.
            return if site == "same-origin" || site == "none" { Ok(()) } else { Err(Foreign::Origin) };
        }
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let Some(origin) = origins.next() else { return Ok(()) };
        let origin = origin.to_str().ok().and_then(Site::of_origin).filter(|_| origins.next().is_none());
        let origin = origin.ok_or(Foreign::Origin)?;
        let is_same = asked_site(uri, headers).is_some_and(|asked| asked == origin);
        if is_same || self.is_allowed(&origin) { Ok(()) } else { Err(Foreign::Origin) }
    }

    fn is_ours(&self, site: &Site) -> bool {
        if site.host == "localhost" || self.is_allowed(site) {
            return true;
        }
        // No name can be made to point to us where none was asked: an address is asked for by whoever means it.
        let address = site.host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        address.is_ok_and(|asked| asked.is_loopback() || asked == self.listen || self.listen.is_unspecified())
    }

    fn is_allowed(&self, site: &Site) -> bool {
        let with_port = site.port.map(|port| format!("{}:{port}", site.host));
        self.allowed.iter().any(|allowed| *allowed == site.host || Some(allowed) == with_port.as_ref())
    }
}

/// A configured name as a request's is compared: browsers leave the default ports out.
fn as_asked(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix(":443").or_else(|| name.strip_suffix(":80")).unwrap_or(&name);
    name.trim_end_matches('.').to_owned()
}

/// The site that a request names: its target's, where it has one, and else its only `Host`.
fn asked_site(uri: &Uri, headers: &HeaderMap) -> Option<Site> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next()?.to_str().ok()?;
    if hosts.next().is_some() {
        return None;
    }
    match uri.authority() {
        Some(authority) => Site::of(authority, None),
        None => Site::of(&host.parse().ok()?, None),
    }
}

impl Site {
    fn of(authority: &Authority, default_port: Option<u16>) -> Option<Self> {
        if authority.as_str().contains('@') {
            return None;
        }
        let host = authority.host().trim_end_matches('.').to_ascii_lowercase();
        // A default port is the same site said or not said.
        let port = authority.port_u16().filter(|port| Some(*port) != default_port && *port != 80 && *port != 443);
        (!host.is_empty()).then_some(Self { host, port })
    }

    fn of_origin(origin: &str) -> Option<Self> {
        let uri: Uri = origin.parse().ok()?;
        Self::of(uri.authority()?, None)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn names(listen: &str, allowed: &[&str]) -> Names {
        let allowed: Vec<String> = allowed.iter().map(|name| (*name).to_owned()).collect();
        Names::new(listen.parse().expect("an address"), &allowed)
    }

    fn headers(given: &[(&str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&str, &str)| {
            (HeaderName::try_from(*name).expect("a name"), HeaderValue::try_from(*value).expect("a value"))
        };
        given.iter().map(pair).collect()
    }

    fn is_ours(names: &Names, host: &str) -> bool {
        names.check_host(&Uri::from_static("/x"), &headers(&[("host", host)])).is_ok()
    }

    // B29
    #[test]
    fn only_names_that_are_ours_are_served() {
        let local = names("127.0.0.1:7878", &["ledger.example.org", "proxy:8443", "tls.example:443"]);
        for host in [
            "localhost",
            "LocalHost:1",
            "127.0.0.1:7878",
            "[::1]:7878",
            "ledger.example.org.",
            "proxy:8443",
            "tls.example",
        ] {
            assert!(is_ours(&local, host), "{host}");
        }
        for host in
            ["evil.example", "localhost.evil.example", "10.0.0.7:7878", "proxy", "proxy:80", "a@localhost", "", "é"]
        {
            assert!(!is_ours(&local, host), "{host}");
        }
        let everywhere = names("0.0.0.0:7878", &[]);
        assert!(is_ours(&everywhere, "10.0.0.7:7878") && !is_ours(&everywhere, "evil.example"));
        let one = names("10.0.0.7:7878", &[]);
        assert!(is_ours(&one, "10.0.0.7:7878") && !is_ours(&one, "10.0.0.8:7878"));
    }

    #[test]
    fn a_request_under_two_names_or_none_is_refused() {
        let local = names("127.0.0.1:7878", &[]);
        let path = Uri::from_static("/x");
        assert_eq!(local.check_host(&path, &headers(&[])), Err(Foreign::Nameless));
        let two = headers(&[("host", "localhost"), ("host", "evil.example")]);
        assert_eq!(local.check_host(&path, &two), Err(Foreign::Nameless));
        let whole = Uri::from_static("http://evil.example/x");
        let asked = local.check_host(&whole, &headers(&[("host", "localhost")]));
        assert_eq!(asked, Err(Foreign::Host("evil.example".into())), "the target counts where it names a site");
    }

    // B30
    #[test]
    fn what_a_page_of_another_site_sends_is_refused() {
        let names = names("127.0.0.1:7878", &["ledger.example.org"]);
        let check = |given: &[(&str, &str)]| {
            let mut given = given.to_vec();
            given.push(("host", "localhost:7878"));
            names.check_origin(&Uri::from_static("/x"), &headers(&given)).is_ok()
        };
        for own in [
            &[][..],
            &[("origin", "http://localhost:7878")],
            &[("origin", "https://ledger.example.org")],
            &[("sec-fetch-site", "same-origin"), ("origin", "https://behind.a.proxy")],
            &[("sec-fetch-site", "none")],
        ] {
            assert!(check(own), "{own:?}");
        }
        for foreign in [
            &[("origin", "http://evil.example")][..],
            &[("origin", "http://localhost:3000")],
            &[("origin", "http://127.0.0.1:7878")],
            &[("origin", "null")],
            &[("origin", "http://localhost:7878"), ("origin", "http://evil.example")],
            &[("sec-fetch-site", "cross-site"), ("origin", "http://localhost:7878")],
            &[("sec-fetch-site", "same-site")],
        ] {
            assert!(!check(foreign), "{foreign:?}");
        }
    }
}
