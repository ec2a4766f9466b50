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

/// A list of objects in place of the text.
pub(super) fn serialize_ports<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(ports(text))
}

/// Null in place of 0.
pub(super) fn serialize_port<S: Serializer>(port: &i32, serializer: S) -> Result<S::Ok, S::Error> {
    Some(port).filter(|port| **port != 0).serialize(serializer)
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
    fn each_way_to_write_a_port_is_read() {
        let text = "127.0.0.1:53->53/udp, [::]:8080->80/tcp, 8443->443/tcp, 9000/tcp, …";
        assert_eq!(told(text), "127.0.0.1 53 53 udp; :: 8080 80 tcp; - 8443 443 tcp; - - 9000 tcp");
        for none in ["", "…", "x", "x->y/tcp", "1:2:3", "80", "99999->80/tcp"] {
            assert_eq!(told(none), "", "{none}");
        }
    }
}
