//! A proxy on a unix socket that makes a daemon go wrong in every way that one was seen to.

mod connection;
mod fault;
mod reply;
mod shared;
mod traffic;

use std::io;
use std::os::unix::net::UnixListener as StdListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::net::UnixListener;
use tokio::sync::watch;

pub use fault::{Fault, Injection};
pub use reply::Reply;
pub use traffic::Traffic;

use self::shared::{Shared, Switches, Upstream, lock};
use super::socket::{SocketPlace, listen};

/// Stands between a client and a daemon, or plays a daemon that knows a few replies, on a unix socket in a directory of
/// its own. It runs on a thread of its own, so that it neither needs nor disturbs the caller's runtime and clock; it
/// stops, and its socket goes, when it is dropped.
#[derive(Debug)]
pub struct FaultProxy {
    place: SocketPlace,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl FaultProxy {
    /// Forwards to the daemon behind `socket`. Fails if the own socket or the thread cannot be made.
    pub fn before(socket: impl Into<PathBuf>) -> io::Result<Self> {
        Self::start(Upstream::Socket(socket.into()))
    }

    /// Plays a daemon: a request gets the reply of the first path that its own begins with, else 404.
    pub fn playing<P: Into<String>>(replies: impl IntoIterator<Item = (P, Reply)>) -> io::Result<Self> {
        Self::start(Upstream::Replies(replies.into_iter().map(|(path, reply)| (path.into(), reply)).collect()))
    }

    fn start(upstream: Upstream) -> io::Result<Self> {
        let place = SocketPlace::new("proxy")?;
        let socket = place.socket();
        let listener = listen(&socket)?;
        let shared = Arc::new(Shared::new(upstream));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let served = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("fault-proxy".into()).spawn(move || {
            runtime.block_on(serve(&socket, listener, &served));
        })?;
        Ok(Self { place, shared, thread: Some(thread) })
    }

    /// The socket's path.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.place.socket()
    }

    /// The address in the form of `DOCKER_HOST`.
    #[must_use]
    pub fn docker_host(&self) -> String {
        self.place.docker_host()
    }

    /// From now on requests meet this fault. The last one that fits a request applies.
    pub fn inject(&self, injection: impl Into<Injection>) {
        lock(&self.shared.injections).push(injection.into());
        self.shared.switches.send_modify(|switches| switches.version += 1);
    }

    /// From now on nobody listens: the socket's file stays and a connect is refused. Open connections are closed.
    /// [`Traffic::listening`] says when that is so.
    pub fn refuse(&self) {
        self.shared.switches.send_modify(|switches| switches.refusing = true);
    }

    /// Takes all faults back. What hung goes on where it stopped.
    pub fn heal(&self) {
        lock(&self.shared.injections).clear();
        self.shared.switches.send_modify(|switches| {
            switches.version += 1;
            switches.refusing = false;
        });
    }

    /// What came through so far, and how it goes on.
    #[must_use]
    pub fn traffic(&self) -> watch::Receiver<Traffic> {
        self.shared.traffic.subscribe()
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.shared.switches.send_modify(|switches| switches.stopped = true);
        if let Some(thread) = self.thread.take() {
            // A panic of the proxy's thread was printed when it happened.
            let _ = thread.join();
        }
    }
}

async fn serve(socket: &Path, first: StdListener, shared: &Arc<Shared>) {
    let mut switches = shared.switches.subscribe();
    let mut listener = Some(first);
    loop {
        if let Some(listener) = listener.take() {
            let listener = UnixListener::from_std(listener).expect("the runtime has I/O and the socket does not block");
            shared.traffic.send_modify(|traffic| traffic.listening = true);
            accept_until_switched(&listener, &switches, shared).await;
        }
        shared.traffic.send_modify(|traffic| traffic.listening = false);
        if switches.borrow().stopped {
            return;
        }
        // The sender lives in `shared`, so the wait ends only by the condition.
        let _ = switches.wait_for(|switches| !switches.refusing || switches.stopped).await;
        let _ = std::fs::remove_file(socket);
        listener = listen(socket).ok();
    }
}

/// Accepts until the proxy refuses or stops.
async fn accept_until_switched(listener: &UnixListener, switches: &watch::Receiver<Switches>, shared: &Arc<Shared>) {
    let mut until = switches.clone();
    loop {
        tokio::select! {
            _ = until.wait_for(|switches| switches.refusing || switches.stopped) => return,
            accepted = listener.accept() => {
                // Out of file handles: the next accept may succeed.
                let Ok((client, _)) = accepted else { tokio::task::yield_now().await; continue };
                shared.traffic.send_modify(|traffic| {
                    traffic.connections += 1;
                    traffic.open += 1;
                });
                let mut switches = switches.clone();
                let shared = Arc::clone(shared);
                tokio::spawn(async move {
                    tokio::select! {
                        _ = switches.wait_for(|switches| switches.refusing) => {}
                        () = connection::serve(client, &shared) => {}
                    }
                    shared.traffic.send_modify(|traffic| traffic.open -= 1);
                });
            }
        }
    }
}

#[cfg(test)]
mod tests;
