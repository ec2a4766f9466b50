//! A range of addresses: one address, or a network.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressRange {
    address: IpAddr,
    prefix: u8,
}

impl AddressRange {
    /// Reads `10.1.2.3`, `10.0.0.0/8`, `::1` or `fd00::/8`; anything else is `None`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address.parse::<IpAddr>().ok()?, Some(prefix.parse::<u8>().ok()?)),
            None => (text.parse::<IpAddr>().ok()?, None),
        };
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(longest);
        (prefix <= longest).then_some(Self { address, prefix })
    }

    /// Whether the address is in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(ours), IpAddr::V4(other)) => self.agree_on(32, bits_of_v4(ours), bits_of_v4(other)),
            (IpAddr::V6(ours), IpAddr::V6(other)) => self.agree_on(128, bits_of_v6(ours), bits_of_v6(other)),
            _ => false,
        }
    }

    fn agree_on(&self, bits: u32, ours: u128, other: u128) -> bool {
        let differing = (ours ^ other).checked_shr(bits - u32::from(self.prefix));
        differing.is_none_or(|differing| differing == 0)
    }
}

fn bits_of_v4(address: Ipv4Addr) -> u128 {
    u128::from(u32::from(address))
}

fn bits_of_v6(address: Ipv6Addr) -> u128 {
    u128::from(address)
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_holds_what_begins_alike() {
        for (range, address, expected) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "127.0.0.2", false),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("0.0.0.0/0", "::1", false),
            ("::/0", "fe80::1", true),
            ("fd00::/8", "fd12::1", true),
            ("fd00::/8", "fe12::1", false),
        ] {
            let range = AddressRange::parse(range).expect(range);
            assert_eq!(range.contains(address.parse().expect(address)), expected, "{range} {address}");
        }
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in ["", "10", "10.0.0.0/33", "::/129", "example.org", "10.0.0.0/", "10.0.0.0/-1"] {
            assert_eq!(AddressRange::parse(text), None, "{text}");
        }
    }
}
