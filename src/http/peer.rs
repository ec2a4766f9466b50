//! Who is at the other end of a connection, and how many connections each may have.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// In the extensions of each request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    /// A process of our own user or of root: nobody else can open the control socket.
    Control,
    /// Whoever reaches the address.
    Tcp(SocketAddr),
}

/// Connections of one address; a browser opens six. Those of loopback are not counted: a proxy's clients all come from
/// there.
const MOST_OF_ONE_PEER: usize = 128;

/// The open connections of each address.
#[derive(Clone, Debug, Default)]
pub(super) struct Peers(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// The place of one connection, free again when dropped.
#[derive(Debug)]
pub(super) struct Place(Option<(Peers, IpAddr)>);

impl Peers {
    /// `None` if this peer has too many already.
    pub(super) fn admit(&self, peer: Peer) -> Option<Place> {
        let address = match peer {
            Peer::Tcp(address) => address.ip().to_canonical(),
            Peer::Control => return Some(Place(None)),
        };
        if address.is_loopback() {
            return Some(Place(None));
        }
        let mut open = self.lock();
        let count = open.entry(address).or_default();
        if *count >= MOST_OF_ONE_PEER {
            return None;
        }
        *count += 1;
        Some(Place(Some((self.clone(), address))))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        // No panic leaves a count half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((peers, address)) = self.0.take() else { return };
        let mut open = peers.lock();
        if let Some(count) = open.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(address: &str) -> Peer {
        Peer::Tcp(address.parse().expect("an address"))
    }

    #[test]
    fn one_peer_takes_not_all_places() {
        let peers = Peers::default();
        let mut places: Vec<Place> = (0..200).map_while(|_| peers.admit(tcp("203.0.113.1:9"))).collect();
        assert_eq!(places.len(), MOST_OF_ONE_PEER);
        assert!(peers.admit(tcp("203.0.113.2:9")).is_some() && peers.admit(Peer::Control).is_some());
        assert!((0..200).all(|_| peers.admit(tcp("127.0.0.1:9")).is_some()));
        places.pop();
        assert!(peers.admit(tcp("203.0.113.1:9")).is_some(), "a place is free again");
        drop(places);
        assert!(peers.lock().is_empty(), "nobody is remembered");
    }
}
