//! Which addresses may be told. Pure.
//!
//! Whoever names a receiver may not be whoever runs this machine, and a name may point anywhere: so nothing on this
//! machine or in a private network is told unless the operator allows its address, and plain HTTP is spoken only there.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::config::AddressRange;

/// Why an address is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It has a special use: of this machine, of a private network, of nobody.
    Special(IpAddr),
    /// It would be told in the clear.
    Plain(IpAddr),
    /// There is no address.
    None,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Special(address) => write!(
                f,
                "its address {address} is of this machine, of a private network or of no use; if that is meant, list it in \
                 notify.allowed_addresses"
            ),
            Self::Plain(address) => write!(
                f,
                "it would be told in the clear; use https, or list its address {address} in notify.allowed_addresses"
            ),
            Self::None => f.write_str("its name has no address"),
        }
    }
}

/// The addresses of a receiver that may be told, in their order; else why the first may not.
pub(super) fn permitted(
    found: &[SocketAddr],
    allowed: &[AddressRange],
    is_https: bool,
) -> Result<Vec<SocketAddr>, Refusal> {
    let verdicts: Vec<_> = found.iter().map(|address| (address, verdict(address.ip(), allowed, is_https))).collect();
    let told: Vec<SocketAddr> =
        verdicts.iter().filter(|(_, verdict)| verdict.is_ok()).map(|(address, _)| **address).collect();
    if !told.is_empty() {
        return Ok(told);
    }
    Err(verdicts.into_iter().find_map(|(_, verdict)| verdict.err()).unwrap_or(Refusal::None))
}

fn verdict(address: IpAddr, allowed: &[AddressRange], is_https: bool) -> Result<(), Refusal> {
    let meant = embedded(address);
    if allowed.iter().any(|range| range.contains(meant)) {
        Ok(())
    } else if is_special(meant) {
        Err(Refusal::Special(meant))
    } else if !is_https {
        Err(Refusal::Plain(meant))
    } else {
        Ok(())
    }
}

/// The IPv4 address that an IPv6 address stands for, where it stands for one: `::ffff:127.0.0.1` is the loopback too.
fn embedded(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    let octets = v6.octets();
    let at =
        |from: usize| IpAddr::V4(Ipv4Addr::new(octets[from], octets[from + 1], octets[from + 2], octets[from + 3]));
    match v6.segments() {
        // Mapped, translated (RFC 2765), and NAT64.
        [0, 0, 0, 0, 0, 0xffff, ..] | [0, 0, 0, 0, 0xffff, 0, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => at(12),
        // Compatible, but for `::` and `::1`.
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 || low > 1 => at(12),
        // 6to4.
        [0x2002, ..] => at(2),
        _ => address,
    }
}

fn is_special(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_special_v4(address),
        IpAddr::V6(address) => is_special_v6(address),
    }
}

/// After the registry of special-purpose addresses.
fn is_special_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b))
}

fn is_special_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    // Only 2000::/3 is of the whole Internet, without Teredo, benchmarking, documentation and their like.
    first & 0xe000 != 0x2000 || (first == 0x2001 && (second < 0x200 || second == 0xdb8)) || first == 0x3fff
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(address: &str, allowed: &[&str], is_https: bool) -> Result<(), Refusal> {
        let allowed: Vec<_> = allowed.iter().map(|range| AddressRange::parse(range).expect("a range")).collect();
        verdict(address.parse().expect(address), &allowed, is_https)
    }

    /// B38: in whatever way it is written.
    #[test]
    fn b38_addresses_of_the_machine_and_of_private_networks_are_refused() {
        for address in [
            "127.0.0.1",
            "127.255.0.9",
            "0.0.0.0",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:7f00:1",
            "::ffff:169.254.169.254",
            "::ffff:0:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd12:3456::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "100::1",
            "3fff::1",
            "4000::1",
        ] {
            assert!(matches!(of(address, &[], true), Err(Refusal::Special(_))), "{address}");
        }
    }

    #[test]
    fn addresses_of_the_internet_are_told_over_tls_alone() {
        for address in ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "2002:808:808::"] {
            assert_eq!(of(address, &[], true), Ok(()), "{address}");
            assert!(matches!(of(address, &[], false), Err(Refusal::Plain(_))), "{address}");
            assert_eq!(of(address, &["0.0.0.0/0", "::/0"], false), Ok(()), "{address}");
        }
    }

    #[test]
    fn what_is_allowed_is_told_in_whatever_way_it_is_written() {
        for (address, allowed, told) in [
            ("127.0.0.1", "127.0.0.1", true),
            ("::ffff:127.0.0.1", "127.0.0.0/8", true),
            ("127.0.0.2", "127.0.0.1", false),
            ("169.254.169.254", "127.0.0.0/8", false),
            ("fd00::1", "fd00::/8", true),
            ("::1", "127.0.0.0/8", false),
        ] {
            assert_eq!(of(address, &[allowed], false).is_ok(), told, "{address} with {allowed}");
        }
    }

    #[test]
    fn of_many_addresses_those_that_may_be_told_are() {
        let found: Vec<SocketAddr> =
            ["127.0.0.1:443", "8.8.8.8:443"].iter().map(|address| address.parse().expect("an address")).collect();
        assert_eq!(permitted(&found, &[], true), Ok(vec![found[1]]));
        assert_eq!(permitted(&found[..1], &[], true), Err(Refusal::Special(found[0].ip())));
        assert_eq!(permitted(&[], &[], true), Err(Refusal::None));
    }
}
