//! TCP. A peer that vanished without a word (a machine that lost power, a firewall that forgot the connection) answers
//! nothing for ever: the system asks whether it is there, and gives it up.

use std::io;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

/// Silence before the peer's system is asked whether the connection is there. A daemon that is frozen does not matter: its
/// system answers.
const ASKED_AFTER: Duration = Duration::from_secs(10);

/// Between two questions.
const ASKED_EVERY: Duration = Duration::from_secs(5);

/// Unanswered questions that end the connection, half a minute after its last sign of life.
const ASKED_TIMES: u32 = 4;

/// So long may what was sent wait to be acknowledged; the system's own bound is a quarter of an hour.
const UNACKNOWLEDGED_FOR: Duration = Duration::from_secs(30);

/// For one address to accept. The system's own bound is two minutes, with ever longer gaps between its tries, in which a
/// machine that is back would not be found.
const CONNECT_DEADLINE: Duration = Duration::from_secs(5);

/// Connects the first of a host's addresses that accepts.
pub(super) async fn connect(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut failed = None;
    for address in lookup_host((host, port)).await? {
        match timeout(CONNECT_DEADLINE, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                watch_over(&stream)?;
                return Ok(stream);
            }
            Ok(Err(error)) => failed = Some(error),
            Err(_) => {
                let words = format!("{address} did not accept a connection within {CONNECT_DEADLINE:?}");
                failed = Some(io::Error::new(io::ErrorKind::TimedOut, words));
            }
        }
    }
    Err(failed.unwrap_or_else(|| io::Error::other("its name has no address")))
}

fn watch_over(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    let keepalive = TcpKeepalive::new().with_time(ASKED_AFTER).with_interval(ASKED_EVERY).with_retries(ASKED_TIMES);
    socket.set_tcp_keepalive(&keepalive)?;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED_FOR))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn the_system_asks_whether_the_peer_is_there() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = connect("127.0.0.1", listener.local_addr().unwrap().port()).await.unwrap();
        let socket = SockRef::from(&stream);
        assert!(socket.keepalive().unwrap() && socket.tcp_nodelay().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), ASKED_AFTER);
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), ASKED_EVERY);
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), ASKED_TIMES);
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(UNACKNOWLEDGED_FOR));
    }
}
