//! Who is at the other end of a connection.

use std::net::SocketAddr;

/// In the extensions of each request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    /// A process of our own user or of root: nobody else can open the control socket.
    Control,
    /// Whoever reaches the address.
    Tcp(SocketAddr),
}
