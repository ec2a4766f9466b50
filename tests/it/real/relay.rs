//! Hands everything on between the ledger and a daemon, and calls back in the middle of a list.

use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream as StdTcpStream};
use std::os::fd::AsFd as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use socket2::{Domain, Socket, Type};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use crate::support::dockerd::TLS_PORT;

/// So much of the answer has been handed on at the call: more than the inspect of a container with a label of 64 KiB. What
/// the sockets hold by then, some 200 KiB, comes through even from a daemon that is frozen.
const HANDED_ON: usize = 128 * 1024;

/// Done once, in the middle of an answer that only a list can be: no other is as long.
enum Armed {
    Call(Box<dyn FnOnce() + Send>),
    Cut,
}

/// A daemon as the relay reaches it.
#[derive(Clone)]
pub(super) enum Behind {
    /// By its socket.
    Socket(PathBuf),
    /// By TCP on the loopback of that network namespace.
    Network(Arc<File>),
}

impl Behind {
    /// The network that a process is in.
    pub(super) fn within_network_of(process: u32) -> Self {
        Self::Network(Arc::new(File::open(format!("/proc/{process}/ns/net")).expect("it runs")))
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// An address of its own before a daemon's. Runs on the caller's runtime.
pub(super) struct Relay {
    directory: tempfile::TempDir,
    port: Option<u16>,
    armed: Arc<Mutex<Option<Armed>>>,
    /// Counts how often something was to be done: what was handed on before that is no answer to a later list.
    times: Arc<AtomicUsize>,
}

impl Relay {
    /// Over TCP where the daemon is reached by TCP, else a socket.
    pub(super) fn before(daemon: Behind) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let armed: Arc<Mutex<Option<Armed>>> = Arc::default();
        let times = Arc::new(AtomicUsize::new(0));
        let serve = {
            let (armed, times) = (Arc::clone(&armed), Arc::clone(&times));
            move |client: Box<dyn Stream>, daemon: Behind| {
                let (armed, times) = (Arc::clone(&armed), Arc::clone(&times));
                tokio::spawn(async move {
                    // Whoever is cut off asks again.
                    let _ = hand_on(client, daemon, &armed, &times).await;
                });
            }
        };
        let mut port = None;
        if let Behind::Network(_) = &daemon {
            let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
            port = Some(listener.local_addr().expect("bound").port());
            listener.set_nonblocking(true).expect("a socket");
            let listener = TcpListener::from_std(listener).expect("a runtime");
            tokio::spawn(async move {
                while let Ok((client, _)) = listener.accept().await {
                    serve(Box::new(client), daemon.clone());
                }
            });
        } else {
            let listener = UnixListener::bind(directory.path().join("relay")).expect("a fresh path");
            tokio::spawn(async move {
                while let Ok((client, _)) = listener.accept().await {
                    serve(Box::new(client), daemon.clone());
                }
            });
        }
        Self { directory, port, armed, times }
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.directory.path().join("relay")
    }

    pub(super) fn docker_host(&self) -> String {
        match self.port {
            Some(port) => format!("tcp://127.0.0.1:{port}"),
            None => format!("unix://{}", self.socket().display()),
        }
    }

    /// Calls once, in the middle of the next list.
    pub(super) fn in_the_next_list(&self, call: impl FnOnce() + Send + 'static) {
        self.arm(Armed::Call(Box::new(call)));
    }

    /// Whether what was to be done once was done.
    pub(super) fn has_cut(&self) -> bool {
        self.armed.lock().expect("nobody panics with it").is_none()
    }

    /// Ends the connection in the middle of the next list.
    pub(super) fn cut_the_next_list(&self) {
        self.arm(Armed::Cut);
    }

    fn arm(&self, armed: Armed) {
        self.times.fetch_add(1, Ordering::SeqCst);
        *self.armed.lock().expect("nobody panics with it") = Some(armed);
    }
}

async fn connect(daemon: Behind) -> io::Result<Box<dyn Stream>> {
    match daemon {
        Behind::Socket(path) => Ok(Box::new(UnixStream::connect(path).await?)),
        Behind::Network(network) => {
            // A socket belongs to the network in which it was made, wherever it is used: a thread goes there and ends.
            let (made, stream) = tokio::sync::oneshot::channel();
            std::thread::spawn(move || {
                let stream = move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network))
                    .map_err(io::Error::from)
                    .and_then(|()| connect_holding_little());
                let _ = made.send(stream);
            });
            let stream = stream.await.map_err(io::Error::other)??;
            stream.set_nonblocking(true)?;
            Ok(Box::new(TcpStream::from_std(stream)?))
        }
    }
}

/// Between two ends on one machine the system holds megabytes, a whole list, unless one of them asks for little: small
/// segments, and few of them.
fn connect_holding_little() -> io::Result<StdTcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_recv_buffer_size(32 * 1024)?;
    socket.set_tcp_mss(1_000)?;
    socket.connect(&SocketAddr::from((Ipv4Addr::LOCALHOST, TLS_PORT)).into())?;
    Ok(socket.into())
}

async fn hand_on(
    client: Box<dyn Stream>,
    daemon: Behind,
    armed: &Mutex<Option<Armed>>,
    times: &AtomicUsize,
) -> io::Result<()> {
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (mut from_daemon, mut to_daemon) = tokio::io::split(connect(daemon).await?);
    // Bytes that the daemon sent since the client last said something: the answer so far, encrypted or not.
    let answered = Arc::new(AtomicUsize::new(0));
    let asked = Arc::clone(&answered);
    let asking = async move {
        let mut piece = vec![0; 16 * 1024];
        loop {
            let length = from_client.read(&mut piece).await?;
            if length == 0 {
                return to_daemon.shutdown().await;
            }
            asked.store(0, Ordering::SeqCst);
            to_daemon.write_all(&piece[..length]).await?;
        }
    };
    let answering = async move {
        let mut piece = vec![0; 16 * 1024];
        let mut counted_for = times.load(Ordering::SeqCst);
        loop {
            let length = from_daemon.read(&mut piece).await?;
            if length == 0 {
                return to_client.shutdown().await;
            }
            // A stream of events that goes on for ever has handed on that much long since.
            let now_for = times.load(Ordering::SeqCst);
            if std::mem::replace(&mut counted_for, now_for) != now_for {
                answered.store(0, Ordering::SeqCst);
            }
            if answered.fetch_add(length, Ordering::SeqCst) + length >= HANDED_ON {
                let taken = armed.lock().expect("nobody panics with it").take();
                match taken {
                    Some(Armed::Call(call)) => call(),
                    Some(Armed::Cut) => return Ok(()),
                    None => {}
                }
            }
            to_client.write_all(&piece[..length]).await?;
        }
    };
    // A client that hung up is not kept waiting for by a daemon that does not answer.
    tokio::select! { ended = asking => ended, ended = answering => ended }
}
