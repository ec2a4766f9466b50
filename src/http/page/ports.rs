//! The ports of a row as they are shown: short, and a link where the browser can reach them.

/// One port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Port {
    /// `8080→80`, `443`.
    pub(super) text: String,
    /// Of one that is published on an address that the browser reaches: the number on the host and the link.
    pub(super) link: Option<(u16, String)>,
}

/// A row's ports. Links lead to `reached_by`, the name by which the
/// browser reached this machine; `None` where it would not be the row's machine.
pub(super) fn ports(text: &str, reached_by: Option<&str>) -> Vec<Port> {
    let mut shown: Vec<Port> = Vec::new();
    for entry in text.split(", ").filter(|entry| !entry.is_empty()) {
        let port = port(entry, reached_by);
        match shown.iter_mut().find(|known| known.text == port.text) {
            // IPv4 and IPv6 publish the same port twice.
            Some(known) => known.link = known.link.take().or(port.link),
            None => shown.push(port),
        }
    }
    shown
}

fn port(entry: &str, reached_by: Option<&str>) -> Port {
    let short = |port: &str| port.strip_suffix("/tcp").unwrap_or(port).to_owned();
    let Some((published, within)) = entry.split_once("->") else {
        return Port { text: short(entry), link: None };
    };
    let (address, host_port) = published.rsplit_once(':').unwrap_or(("", published));
    let text = format!("{host_port}→{}", short(within));
    let is_reached = within.ends_with("/tcp") && is_reached(address, reached_by);
    let number = host_port.parse::<u16>().ok().filter(|_| is_reached);
    let link = number.zip(reached_by).map(|(number, name)| (number, format!("http://{name}:{number}/")));
    Port { text, link }
}

/// Whether what is published on the address is reached by the name: everything on all addresses is.
fn is_reached(address: &str, reached_by: Option<&str>) -> bool {
    let is_loopback = |name: &str| name == "localhost" || name == "[::1]" || name.starts_with("127.");
    match address {
        "0.0.0.0" | "[::]" | "::" | "" => reached_by.is_some(),
        address if is_loopback(address) => reached_by.is_some_and(is_loopback),
        address => reached_by == Some(address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, reached_by: Option<&str>) -> String {
        let texts: Vec<String> = ports(text, reached_by)
            .into_iter()
            .map(|port| port.text + &port.link.map(|(_, link)| format!(" {link}")).unwrap_or_default())
            .collect();
        texts.join(" | ")
    }

    #[test]
    fn a_port_is_a_link_where_the_browser_reaches_it() {
        let reached = Some("box.example");
        for (text, reached_by, expected) in [
            ("0.0.0.0:8080->80/tcp", reached, "8080→80 http://box.example:8080/"),
            ("0.0.0.0:8080->80/tcp, [::]:8080->80/tcp", reached, "8080→80 http://box.example:8080/"),
            ("127.0.0.1:8080->80/tcp", reached, "8080→80"),
            ("127.0.0.1:8080->80/tcp", Some("127.0.0.1"), "8080→80 http://127.0.0.1:8080/"),
            ("0.0.0.0:53->53/udp", reached, "53→53/udp"),
            ("443/tcp", reached, "443"),
            ("0.0.0.0:8080->80/tcp", None, "8080→80"),
            ("", reached, ""),
            ("1/tcp, 2/tcp, 3/tcp, 4/tcp, 5/tcp", None, "1 | 2 | 3 | 4 | 5"),
            ("0.0.0.0:99999->80/tcp", reached, "99999→80"),
        ] {
            assert_eq!(shown(text, reached_by), expected, "{text}");
        }
    }
}
