//! Hands everything on between the ledger and a daemon, and calls back in the middle of a list.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

/// So much of the answer has been handed on at the call. What the sockets hold by then, some 200 KiB, comes through even
/// from a daemon that is frozen.
const HANDED_ON: usize = 64 * 1024;

type Call = Box<dyn FnOnce() + Send>;

/// A socket of its own before a daemon's. Runs on the caller's runtime.
pub(super) struct Relay {
    directory: tempfile::TempDir,
    armed: Arc<Mutex<Option<Call>>>,
}

impl Relay {
    pub(super) fn before(daemon: PathBuf) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let listener = UnixListener::bind(directory.path().join("relay")).expect("a fresh path");
        let armed: Arc<Mutex<Option<Call>>> = Arc::default();
        let calls = Arc::clone(&armed);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (daemon, calls) = (daemon.clone(), Arc::clone(&calls));
                tokio::spawn(async move {
                    // Whoever is cut off asks again.
                    let _ = hand_on(client, daemon, &calls).await;
                });
            }
        });
        Self { directory, armed }
    }

    pub(super) fn docker_host(&self) -> String {
        format!("unix://{}", self.directory.path().join("relay").display())
    }

    /// Calls once, in the middle of the next list.
    pub(super) fn in_the_next_list(&self, call: impl FnOnce() + Send + 'static) {
        *self.armed.lock().expect("nobody panics with it") = Some(Box::new(call));
    }
}

async fn hand_on(client: UnixStream, daemon: PathBuf, armed: &Mutex<Option<Call>>) -> io::Result<()> {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_daemon, mut to_daemon) = UnixStream::connect(daemon).await?.into_split();
    // Bytes of an answer to a list that are still to come before the call; none while no list is asked for.
    let before_call = Arc::new(AtomicUsize::new(usize::MAX));
    let listed = Arc::clone(&before_call);
    let asking = async move {
        let mut piece = vec![0; 16 * 1024];
        loop {
            let length = from_client.read(&mut piece).await?;
            if length == 0 {
                return to_daemon.shutdown().await;
            }
            if piece[..length].windows(16).any(|window| window == b"/containers/json") {
                listed.store(HANDED_ON, Ordering::SeqCst);
            }
            to_daemon.write_all(&piece[..length]).await?;
        }
    };
    let answering = async move {
        let mut piece = vec![0; 16 * 1024];
        loop {
            let length = from_daemon.read(&mut piece).await?;
            if length == 0 {
                return to_client.shutdown().await;
            }
            let left = before_call.load(Ordering::SeqCst);
            if left != usize::MAX {
                before_call.store(left.saturating_sub(length), Ordering::SeqCst);
                let call = (left <= length).then(|| armed.lock().expect("nobody panics with it").take()).flatten();
                if let Some(call) = call {
                    call();
                }
            }
            to_client.write_all(&piece[..length]).await?;
        }
    };
    // A client that hung up is not kept waiting for by a daemon that does not answer.
    tokio::select! { ended = asking => ended, ended = answering => ended }
}
