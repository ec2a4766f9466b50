//! Connections: how many, and how long each may take to say what it wants.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, UnixListener};
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;
use tower::service_fn;

use super::auth::Guard;
use super::peer::{Peer, Peers};
use super::write_timeout::WriteTimeout;

/// Connections at the same time; more wait in the kernel's backlog. Two thousand of them are some 30 MiB at most.
const MOST_CONNECTIONS: usize = 2_048;

/// For one head: who drips it is cut.
const HEAD_DEADLINE: Duration = Duration::from_secs(10);

/// Bytes of one head; a browser's is below 8 KiB.
const MOST_HEAD_BYTES: usize = 32 * 1024;

/// What waits to be accepted.
const BACKLOG: u32 = 1_024;

/// How long the last answers may take to be read.
const TIME_TO_END: Duration = Duration::from_millis(150);

/// After an accept that failed for want of descriptors or memory.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);

/// How far its threads stand behind those of the passes where both want the same core: a third of it is theirs.
const NICENESS: i32 = 5;

/// Reads and writes of the ledger at the same time are far fewer.
const MOST_BLOCKING_THREADS: usize = 16;

/// A server, on a thread and a runtime of its own: however much is asked, the actors of a pass are polled as ever.
/// Dropped, it ends at once with all its connections.
#[derive(Debug)]
pub(super) struct Listening {
    end: oneshot::Sender<()>,
    /// Closed once the thread is done.
    over: oneshot::Receiver<()>,
}

/// Where connections come in.
#[derive(Debug)]
pub(super) enum Door {
    /// The address, and who may know to speak TLS on it.
    Tcp(std::net::TcpListener, Arc<Guard>),
    /// The control socket.
    Control(std::os::unix::net::UnixListener),
}

/// A door on the server's own runtime.
enum OpenDoor {
    Tcp(TcpListener, Arc<Guard>),
    Control(UnixListener),
}

/// One connection's bytes as hyper reads them.
type Io = TokioIo<WriteTimeout<Box<dyn Bytes>>>;

/// The bytes of one connection.
trait Bytes: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Bytes for T {}

/// Takes the address.
pub(super) fn bind(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}

/// Whether the address could be taken now: nothing listens on it, it is this machine's, and we may have it. Nothing is
/// served, and whoever takes it meanwhile is not kept from it.
#[cfg(feature = "cli")]
pub(super) fn is_free(address: SocketAddr) -> io::Result<()> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)
}

impl Listening {
    /// Fails if there can be no thread. `when_over` is called once it serves no more, whyever that is.
    pub(super) async fn serve(
        door: Door,
        router: Router,
        when_over: impl FnOnce() + Send + 'static,
    ) -> io::Result<Self> {
        let (end, ended) = oneshot::channel();
        let (until_over, over) = oneshot::channel();
        let (tell, began) = oneshot::channel();
        std::thread::Builder::new().name("http".into()).spawn(move || {
            let _until_over: oneshot::Sender<()> = until_over;
            step_back();
            let opened = runtime().and_then(|runtime| {
                let open = runtime.block_on(async { door.open() })?;
                Ok((runtime, open))
            });
            match opened {
                Ok((runtime, open)) => {
                    // Whoever waited is gone: `end` is dropped, and the loop ends at once.
                    let _ = tell.send(Ok(()));
                    run(runtime, accept(open, router, ended));
                    when_over();
                }
                // Whoever waited is gone.
                Err(error) => drop(tell.send(Err(error))),
            }
        })?;
        began.await.unwrap_or_else(|_| Err(io::Error::other("the thread ended before it began")))?;
        Ok(Self { end, over })
    }

    /// Takes no more requests, and waits for those that are being answered, a moment.
    pub(super) async fn end(self) {
        // A thread that is gone has ended.
        let _ = self.end.send(());
        let _ = tokio::time::timeout(TIME_TO_END * 2, self.over).await;
    }
}

fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .thread_name("http")
        .max_blocking_threads(MOST_BLOCKING_THREADS)
        .on_thread_start(step_back)
        .build()
}

/// Nothing that still blocks is waited for, after a panic too, which is told by the thread's end.
fn run(runtime: Runtime, serving: impl Future<Output = ()>) {
    // What a panic left behind goes with the runtime.
    let _ = catch_unwind(AssertUnwindSafe(|| runtime.block_on(serving)));
    runtime.shutdown_background();
}

/// Lets the threads of the passes go first. A system that refuses leaves all alike.
fn step_back() {
    // Of Linux's two meanings of no process this is the calling thread.
    let _ = rustix::process::setpriority_process(None, NICENESS);
}

impl Door {
    fn open(self) -> io::Result<OpenDoor> {
        Ok(match self {
            Self::Tcp(listener, guard) => OpenDoor::Tcp(TcpListener::from_std(listener)?, guard),
            Self::Control(listener) => OpenDoor::Control(UnixListener::from_std(listener)?),
        })
    }
}

impl OpenDoor {
    async fn accept(&self) -> io::Result<Accepted> {
        match self {
            Self::Tcp(listener, guard) => {
                let (stream, address) = listener.accept().await?;
                Ok(Accepted { stream: Box::new(stream), peer: Peer::Tcp(address), tls: guard.acceptor() })
            }
            Self::Control(listener) => {
                let (stream, _) = listener.accept().await?;
                Ok(Accepted { stream: Box::new(stream), peer: Peer::Control, tls: None })
            }
        }
    }
}

/// Who came in.
struct Accepted {
    stream: Box<dyn Bytes>,
    peer: Peer,
    tls: Option<TlsAcceptor>,
}

impl Accepted {
    /// Its bytes, in the clear. Awaited beside other connections: a client may take its time over this, too.
    async fn opened(self) -> io::Result<Box<dyn Bytes>> {
        let Some(tls) = self.tls else { return Ok(self.stream) };
        let shaken = tokio::time::timeout(HEAD_DEADLINE, tls.accept(self.stream)).await;
        Ok(Box::new(shaken.map_err(|_| io::ErrorKind::TimedOut)??))
    }
}

async fn accept(door: OpenDoor, router: Router, mut ended: oneshot::Receiver<()>) {
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let peers = Peers::default();
    let mut connections = JoinSet::new();
    let is_in_order = loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await.expect("the semaphore is never closed");
            (place, door.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            ended = &mut ended => break ended.is_ok(),
        };
        match accepted {
            Ok(accepted) => {
                let peer = accepted.peer;
                let Some(own_place) = peers.admit(peer) else { continue };
                let (watcher, router) = (graceful.watcher(), router.clone());
                connections.spawn(async move {
                    // A client that breaks off, or says nonsense, harms itself alone.
                    if let Ok(stream) = accepted.opened().await {
                        let _ = watcher.watch(connection(stream, peer, router)).await;
                    }
                    drop((place, own_place));
                });
            }
            Err(error) => {
                tracing::warn!(%error, "accepting a connection failed");
                tokio::time::sleep(ACCEPT_RETRY).await;
            }
        }
    };
    drop(door);
    if is_in_order {
        let _ = tokio::time::timeout(TIME_TO_END, graceful.shutdown()).await;
    }
}

/// One connection over HTTP/1.1, with its bounds.
fn connection(
    stream: Box<dyn Bytes>,
    peer: Peer,
    router: Router,
) -> hyper::server::conn::http1::Connection<
    Io,
    impl hyper::service::Service<hyper::Request<Incoming>, Response = Response, Error = Infallible, Future: Send>,
> {
    let service = service_fn(move |mut request: Request<Incoming>| {
        if let Peer::Tcp(address) = peer {
            request.extensions_mut().insert(ConnectInfo(address));
        }
        request.extensions_mut().insert(peer);
        router.clone().oneshot(request.map(axum::body::Body::new))
    });
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_DEADLINE)
        .max_buf_size(MOST_HEAD_BYTES)
        .serve_connection(TokioIo::new(WriteTimeout::new(stream)), TowerToHyperService::new(service))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_what_is_served_is_the_end_of_its_runtime_alone() {
        run(runtime().expect("a runtime"), async { panic!("planned") });
    }

    /// A runtime that is dropped where others are awaited would panic: each is made, and ends, on its own thread.
    #[tokio::test]
    async fn a_door_that_is_dropped_tells_that_it_is_over() {
        let directory = tempfile::tempdir().expect("a directory");
        let listener = std::os::unix::net::UnixListener::bind(directory.path().join("socket")).expect("a socket");
        listener.set_nonblocking(true).expect("it can be awaited");
        let door = Door::Control(listener);
        let (tell, told) = oneshot::channel();
        let over = move || tell.send(()).expect("the test waits");
        let listening = Listening::serve(door, Router::new(), over).await.expect("a thread");
        drop(listening);
        told.await.expect("it is over");
    }
}
