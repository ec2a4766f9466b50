//! The ports of a row as programs read them: the ledger keeps them as one text.

use serde::{Serialize, Serializer};

/// One port of a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
pub struct Port {
    /// The address of the host that it is published on, without brackets; null where it is not published, or the daemon does not
    /// say.
    pub ip: Option<String>,
    /// The port of the host; null where it is not published.
    pub public: Option<u16>,
    /// The port of the container.
    pub private: u16,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: String,
}

/// The ports of a text like `127.0.0.1:8080->80/tcp, [::]:8080->80/tcp, 443/tcp`, in its order. What is no port, as the mark behind
/// a list that was cut, is left out.
pub fn ports(text: &str) -> impl Iterator<Item = Port> {
    text.split(", ").filter_map(port)
}

fn port(entry: &str) -> Option<Port> {
    let (published, within) = match entry.split_once("->") {
        Some((published, within)) => (Some(published), within),
        None => (None, entry),
    };
    let (private, protocol) = within.split_once('/')?;
    let (ip, public) = match published.map(|published| published.rsplit_once(':').unwrap_or(("", published))) {
        Some((ip, public)) => (Some(ip.trim_matches(['[', ']'])), Some(public.parse().ok()?)),
        None => (None, None),
    };
    let ip = ip.filter(|ip| !ip.is_empty()).map(str::to_owned);
    Some(Port { ip, public, private: private.parse().ok()?, protocol: protocol.to_owned() })
}

/// The lowest port of the host that is published for TCP: where a proxy sends to. What is published for UDP takes no request.
pub fn lowest_tcp_port(text: &str) -> Option<u16> {
    ports(text).filter(|port| port.protocol == "tcp").filter_map(|port| port.public).min()
}

/// What JSON has of a row's ports, where the ledger has a number and a text.
#[derive(Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
pub(super) struct PortsTold {
    /// The lowest TCP port that is published on the host; null without one.
    port: Option<u16>,
    /// All ports, published ones first, in a stable order.
    ports: Vec<Port>,
}

/// Both fields of the text alone.
pub(super) fn serialize_ports<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    PortsTold { port: lowest_tcp_port(text), ports: ports(text).collect() }.serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let told = ports(text).map(|port| {
            let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".into());
            let public = or_dash(port.public.map(|public| public.to_string()));
            format!("{} {public} {} {}", or_dash(port.ip), port.private, port.protocol)
        });
        told.collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn a_proxy_sends_to_the_lowest_published_tcp_port() {
        for (text, port) in [
            ("127.0.0.1:53->53/udp, 0.0.0.0:8080->80/tcp, [::]:8080->80/tcp, 0.0.0.0:9443->443/tcp", Some(8080)),
            ("0.0.0.0:53->53/udp, 80/tcp", None),
            ("80/tcp", None),
            ("", None),
        ] {
            assert_eq!(lowest_tcp_port(text), port, "{text}");
        }
    }

    #[test]
    fn each_way_to_write_a_port_is_read() {
        let text = "127.0.0.1:53->53/udp, [::]:8080->80/tcp, 8443->443/tcp, 9000/tcp, …";
        assert_eq!(told(text), "127.0.0.1 53 53 udp; :: 8080 80 tcp; - 8443 443 tcp; - - 9000 tcp");
        for none in ["", "…", "x", "x->y/tcp", "1:2:3", "80", "99999->80/tcp"] {
            assert_eq!(told(none), "", "{none}");
        }
    }
}
