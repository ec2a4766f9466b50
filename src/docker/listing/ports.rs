//! The ports of a container as one stable text. Pure.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::IpAddr;

use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};

use crate::docker::scalar::Scalar;
use crate::docker::text::bounded;
use crate::model::Ports;

/// Longest text; a range of hundreds of published ports is cut after a whole entry.
const MAX_PORTS_BYTES: usize = 2048;

/// Longest address and protocol that is kept of one entry.
const MAX_WORD_BYTES: usize = 64;

/// One port. The order is the order in the text: published ones first, by their port on the host.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Port {
    unpublished: bool,
    public: u16,
    private: u16,
    protocol: Box<str>,
    address: Box<str>,
}

#[derive(Deserialize)]
struct RawPort<'a> {
    #[serde(rename = "IP", borrow, default)]
    address: Scalar<'a>,
    #[serde(rename = "PrivatePort", borrow, default)]
    private: Scalar<'a>,
    #[serde(rename = "PublicPort", borrow, default)]
    public: Scalar<'a>,
    #[serde(rename = "Type", borrow, default)]
    protocol: Scalar<'a>,
}

/// The `Ports` field: an array, or `null`.
#[derive(Debug, Default)]
pub(super) struct PortsField(pub(super) Ports);

impl<'de> Deserialize<'de> for PortsField {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PortsVisitor)
    }
}

struct PortsVisitor;

impl<'de> Visitor<'de> for PortsVisitor {
    type Value = PortsField;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an array of ports")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(PortsField::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut ports = Vec::new();
        while let Some(raw) = seq.next_element::<RawPort<'de>>()? {
            ports.push(port(&raw).ok_or_else(|| serde::de::Error::custom("a port is no number below 65536"))?);
        }
        Ok(PortsField(stable(ports)))
    }
}

/// The `NetworkSettings.Ports` of an inspect, from which the daemon makes the field of its list: by port and protocol
/// (`80/tcp`), where it is published; or `null`.
#[derive(Debug, Default)]
pub(super) struct BindingsField(pub(super) Ports);

impl<'de> Deserialize<'de> for BindingsField {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let by_port: Option<BTreeMap<String, Option<Vec<RawBinding>>>> = Deserialize::deserialize(deserializer)?;
        let mut ports = Vec::new();
        for (key, bindings) in by_port.into_iter().flatten() {
            let bindings = bindings.unwrap_or_default();
            let bound = bindings.iter().map(|binding| (&*binding.address, &*binding.port));
            for (address, public) in bound.chain(bindings.is_empty().then_some(("", ""))) {
                let port = bound_port(&key, address, public);
                ports.push(port.ok_or_else(|| serde::de::Error::custom("a port is no number below 65536"))?);
            }
        }
        Ok(Self(stable(ports)))
    }
}

#[derive(Deserialize)]
struct RawBinding {
    #[serde(rename = "HostIp", default)]
    address: String,
    #[serde(rename = "HostPort", default)]
    port: String,
}

fn bound_port(key: &str, address: &str, public: &str) -> Option<Port> {
    let (private, protocol) = key.split_once('/').unwrap_or((key, "tcp"));
    let raw = RawPort {
        address: Scalar::Text(address.into()),
        private: Scalar::Integer(private.parse().ok()?),
        public: if public.is_empty() { Scalar::Null } else { Scalar::Integer(public.parse().ok()?) },
        protocol: Scalar::Text(protocol.into()),
    };
    port(&raw)
}

fn port(raw: &RawPort<'_>) -> Option<Port> {
    let public = number(&raw.public)?;
    Some(Port {
        unpublished: public == 0,
        public,
        private: number(&raw.private)?,
        protocol: bounded(raw.protocol.text().unwrap_or("tcp"), MAX_WORD_BYTES),
        // Where nothing is published the address says nothing; left out, twins fall together.
        address: if public == 0 { "".into() } else { address(raw.address.text().unwrap_or("")) },
    })
}

fn number(value: &Scalar<'_>) -> Option<u16> {
    match value {
        Scalar::Null => Some(0),
        other => u16::try_from(other.integer()?).ok(),
    }
}

/// Version 6 addresses stand in brackets, so that the port can be told from them.
fn address(text: &str) -> Box<str> {
    match text.parse() {
        Ok(IpAddr::V6(address)) => format!("[{address}]").into(),
        _ => bounded(text, MAX_WORD_BYTES),
    }
}

/// The daemon gives ports in a random order; sorted, the same ports are the same text in every pass.
fn stable(mut ports: Vec<Port>) -> Ports {
    ports.sort_unstable();
    ports.dedup();
    let lowest = ports.first().map_or(0, |first| i32::from(first.public));
    let mut text = String::new();
    for (n, port) in ports.iter().enumerate() {
        let before = text.len();
        append(&mut text, port);
        if text.len() > MAX_PORTS_BYTES {
            text.truncate(before);
            // Behind a range of UDP ports there may be the one that a proxy sends to.
            let is_served = |port: &&Port| !port.unpublished && &*port.protocol == "tcp";
            let served = ports.iter().position(|port| is_served(&port)).filter(|at| *at >= n);
            if let Some(port) = served.and_then(|at| ports.get(at)) {
                append(&mut text, port);
            }
            text.push_str(", …");
            break;
        }
    }
    Ports { lowest, text: text.into() }
}

fn append(text: &mut String, port: &Port) {
    let Port { unpublished, public, private, protocol, address } = port;
    let separator = if text.is_empty() { "" } else { ", " };
    let written = match (unpublished, &**address) {
        (true, _) => write!(text, "{separator}{private}/{protocol}"),
        (false, "") => write!(text, "{separator}{public}->{private}/{protocol}"),
        (false, address) => write!(text, "{separator}{address}:{public}->{private}/{protocol}"),
    };
    written.expect("a String takes whatever is written");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Ports, serde_json::Error> {
        serde_json::from_str::<PortsField>(json).map(|field| field.0)
    }

    fn ports(lowest: i32, text: &str) -> Ports {
        Ports { lowest, text: text.into() }
    }

    #[test]
    fn the_lowest_published_port_and_all_of_them_in_a_stable_order() {
        let http = r#"{"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8080,"Type":"tcp"}"#;
        let http6 = r#"{"IP":"::","PrivatePort":80,"PublicPort":8080,"Type":"tcp"}"#;
        let dns = r#"{"IP":"127.0.0.1","PrivatePort":53,"PublicPort":53,"Type":"udp"}"#;
        let inner = r#"{"PrivatePort":443,"Type":"tcp"}"#;
        let expected = ports(53, "127.0.0.1:53->53/udp, 0.0.0.0:8080->80/tcp, [::]:8080->80/tcp, 443/tcp");
        assert_eq!(read(&format!("[{http},{inner},{dns},{http6}]")).unwrap(), expected);
        assert_eq!(read(&format!("[{http6},{http},{http},{dns},{inner}]")).unwrap(), expected);
        assert_eq!(read(&format!("[{inner}]")).unwrap(), ports(0, "443/tcp"));
    }

    // B50
    #[test]
    fn null_and_empty_are_no_ports_and_null_fields_are_absent() {
        assert_eq!(read("null").unwrap(), Ports::default());
        assert_eq!(read("[]").unwrap(), Ports::default());
        assert_eq!(
            read(r#"[{"IP":null,"PrivatePort":80,"PublicPort":8080,"Type":null}]"#).unwrap(),
            ports(8080, "8080->80/tcp")
        );
    }

    #[test]
    fn what_is_no_port_is_an_error() {
        for json in
            ["7", "{}", "[7]", r#"[{"PrivatePort":"80"}]"#, r#"[{"PrivatePort":70000}]"#, r#"[{"PrivatePort":-1}]"#]
        {
            assert!(read(json).is_err(), "{json}");
        }
    }

    #[test]
    fn a_thousand_ports_are_cut_after_a_whole_one() {
        let many: Vec<String> = (1000..3000)
            .map(|n| format!(r#"{{"IP":"0.0.0.0","PrivatePort":{n},"PublicPort":{n},"Type":"tcp"}}"#))
            .collect();
        let read = read(&format!("[{}]", many.join(","))).unwrap();
        assert_eq!(read.lowest, 1000);
        assert!(read.text.len() <= MAX_PORTS_BYTES + 5 && read.text.ends_with("/tcp, …"));
    }

    #[test]
    fn a_cut_leaves_the_lowest_tcp_port_behind_a_range_of_others() {
        let published = |port: u16, protocol: &str| {
            format!(r#"{{"IP":"0.0.0.0","PrivatePort":{port},"PublicPort":{port},"Type":"{protocol}"}}"#)
        };
        let media = (1000..1500).map(|port| published(port, "udp"));
        let all: Vec<String> = media.chain([published(8443, "tcp"), published(8080, "tcp")]).collect();
        let read = read(&format!("[{}]", all.join(","))).unwrap();
        assert_eq!(read.lowest, 1000);
        assert!(read.text.ends_with("/udp, 0.0.0.0:8080->8080/tcp, …"), "{}", read.text);
        assert_eq!(crate::model::lowest_tcp_port(&read.text), Some(8080));
    }
}
