//! `docker system dial-stdio` on another machine: a process `ssh` for each connection, which ends with it.

use std::future::Future;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::os::unix::process::CommandExt as _;
use std::pin::Pin;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::net::UnixStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{sleep, timeout};

use super::fault::{WayFault, is_hang_up};
use super::keeper::Keeper;
use super::ssh_words::{self, Words};
use crate::docker::endpoint::SshEndpoint;

/// After this time a login is over, one way or the other, also where the daemon says nothing: its place is another's.
const LOGIN_TIME: Duration = Duration::from_secs(5);

/// How much of what `ssh` says is kept: the end of it, where the reason is.
const MOST_SAID_BYTES: usize = 2048;

/// For the end of an `ssh` whose output has ended, and for its last words.
const LAST_WORDS_TIME: Duration = Duration::from_secs(1);

/// Between two looks whether it has ended. The runtime's own way would install a signal handler on some kernels, which
/// is the host application's to decide.
const LOOK_INTERVAL: Duration = Duration::from_millis(5);

/// A connection: what `ssh` reads and writes. Dropped, the process is killed.
#[derive(Debug)]
pub(in crate::docker) struct SshStream {
    endpoint: SshEndpoint,
    stream: UnixStream,
    process: Arc<Process>,
    said: Option<JoinHandle<String>>,
    login: Option<JoinHandle<()>>,
    heard: bool,
    ending: Option<Ending>,
}

/// Finds out how a connection ended.
struct Ending(Pin<Box<dyn Future<Output = Option<WayFault>> + Send>>);

impl std::fmt::Debug for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ending")
    }
}

impl SshStream {
    /// Starts `ssh`. Whether it comes through is told by the first read.
    pub(super) async fn start(endpoint: &SshEndpoint) -> io::Result<Self> {
        let logins = {
            let state = endpoint.state.lock();
            if let Some(fault) = state.held_off() {
                return Err(fault.into());
            }
            Arc::clone(&state.logins)
        };
        let permit = logins.acquire_owned().await.expect("it is never closed");
        let of = endpoint.clone();
        let started = spawn_blocking(move || Process::start(of)).await.map_err(io::Error::other)?;
        let (process, stream, words) = started.map_err(|error| {
            let fault = ssh_words::not_started(&error);
            endpoint.state.lock().failed(&fault, true);
            fault
        })?;
        Ok(Self {
            endpoint: endpoint.clone(),
            stream: UnixStream::from_std(stream)?,
            process: Arc::new(process),
            said: Some(tokio::spawn(listen(UnixStream::from_std(words)?))),
            login: Some(tokio::spawn(give_back(permit))),
            heard: false,
            ending: None,
        })
    }

    /// Something came: the login succeeded, and the daemon is there.
    fn hear(&mut self) {
        if !self.heard {
            self.heard = true;
            self.endpoint.state.lock().came_through();
            if let Some(login) = self.login.take() {
                login.abort();
            }
        }
    }

    /// The output of `ssh` ended: how, and with what words.
    fn begin_ending(&mut self) -> Ending {
        let (endpoint, process, heard) = (self.endpoint.clone(), Arc::clone(&self.process), self.heard);
        let said = self.said.take();
        Ending(Box::pin(async move {
            let status = timeout(LAST_WORDS_TIME, process.ended()).await.ok().flatten();
            let said = match said {
                Some(said) => timeout(LAST_WORDS_TIME, said).await.ok().and_then(Result::ok).unwrap_or_default(),
                None => String::new(),
            };
            if heard && status.is_none_or(|status| status.success()) {
                return None;
            }
            let Words { fault, is_lasting } = ssh_words::ended(&endpoint, status, &said, heard);
            if !heard {
                endpoint.state.lock().failed(&fault, is_lasting);
            }
            Some(fault)
        }))
    }
}

impl Drop for SshStream {
    fn drop(&mut self) {
        self.process.kill();
        if let Some(login) = self.login.take() {
            login.abort();
        }
        if let Some(said) = self.said.take() {
            said.abort();
        }
    }
}

/// A place among the logins is another's at the end of the login.
async fn give_back(permit: OwnedSemaphorePermit) {
    sleep(LOGIN_TIME).await;
    drop(permit);
}

/// All that is said, so that nobody waits to say it; the end of it is kept.
async fn listen(mut words: UnixStream) -> String {
    let mut said = Vec::new();
    let mut piece = [0; 1024];
    while let Ok(length @ 1..) = words.read(&mut piece).await {
        said.extend_from_slice(&piece[..length]);
        let excess = said.len().saturating_sub(MOST_SAID_BYTES);
        said.drain(..excess);
    }
    String::from_utf8_lossy(&said).into_owned()
}

impl AsyncRead for SshStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        if self.ending.is_none() {
            let read = ready!(Pin::new(&mut self.stream).poll_read(cx, buf));
            if read.is_ok() && (buf.filled().len() > before || buf.remaining() == 0) {
                self.hear();
                return Poll::Ready(Ok(()));
            }
            self.ending = Some(self.begin_ending());
        }
        let ending = self.ending.as_mut().expect("it was begun");
        let fault = ready!(ending.0.as_mut().poll(cx));
        self.ending = Some(Ending(Box::pin(std::future::ready(fault.clone()))));
        Poll::Ready(fault.map_or(Ok(()), |fault| Err(fault.into())))
    }
}

impl AsyncWrite for SshStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match ready!(Pin::new(&mut self.stream).poll_write(cx, bytes)) {
            // It ended before it read: the read says why.
            Err(error) if is_hang_up(&error) => Poll::Ready(Ok(bytes.len())),
            written => Poll::Ready(written),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// One `ssh`, the leader of a group of its own: what it starts itself ends with it.
#[derive(Debug)]
struct Process {
    /// There until the drop.
    child: Mutex<Option<Child>>,
    endpoint: SshEndpoint,
}

impl Process {
    /// Itself, what it reads and writes, and where it says what is wrong.
    fn start(endpoint: SshEndpoint) -> io::Result<(Self, StdUnixStream, StdUnixStream)> {
        let (ours, theirs) = StdUnixStream::pair()?;
        let (words, their_words) = StdUnixStream::pair()?;
        ours.set_nonblocking(true)?;
        words.set_nonblocking(true)?;
        let mut command = Command::new("ssh");
        command.args(endpoint.arguments()).current_dir("/").process_group(0);
        // Ours may hold passwords; and nothing is to be asked on a screen.
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("DOCKLEDGER_") || name == "DATABASE_URL") {
                command.env_remove(name);
            }
        }
        command.env("SSH_ASKPASS_REQUIRE", "never");
        command.stdin(OwnedFd::from(theirs.try_clone()?)).stdout(OwnedFd::from(theirs));
        command.stderr(Stdio::from(OwnedFd::from(their_words)));
        let child = command.spawn()?;
        let process = Self { child: Mutex::new(Some(child)), endpoint };
        process.tell_keeper(Keeper::began);
        Ok((process, ours, words))
    }

    /// Without a keeper it still ends with its connection.
    fn tell_keeper(&self, tell: fn(&mut Keeper, u32) -> io::Result<()>) {
        let Some(id) = self.child().as_ref().map(Child::id) else { return };
        let mut state = self.endpoint.state.lock();
        if state.keeper.is_none() {
            state.keeper = Keeper::start().inspect_err(|error| tracing::debug!(%error, "no keeper of ssh")).ok();
        }
        if let Some(keeper) = &mut state.keeper
            && let Err(error) = tell(keeper, id)
        {
            tracing::debug!(%error, "the keeper of ssh is gone");
            state.keeper = None;
        }
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for its end.
    async fn ended(&self) -> Option<ExitStatus> {
        loop {
            match self.child().as_mut().map(Child::try_wait) {
                Some(Ok(None)) => {}
                ended => return ended?.ok().flatten(),
            }
            sleep(LOOK_INTERVAL).await;
        }
    }

    /// Ends it and what it started. It was not waited for if it still runs, so that its id is its own.
    fn kill(&self) {
        if let Some(child) = self.child().as_mut()
            && matches!(child.try_wait(), Ok(None))
            && let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw)
        {
            // One that ended just now is not there to be killed.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        self.tell_keeper(Keeper::ended);
        let Some(mut child) = self.child().take() else { return };
        if matches!(child.try_wait(), Ok(None)) {
            // The system's own work takes its time, and no task is to wait for it. Without a thread a zombie is left.
            let _ = std::thread::Builder::new().name("ssh-end".into()).spawn(move || child.wait());
        }
    }
}
