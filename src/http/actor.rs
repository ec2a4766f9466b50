//! HttpActor: keeps the ledger served.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::watch;

use super::auth::Guard;
use super::control::{self, ControlError, ControlFile};
use super::listen::{self, Door, Listening};
use super::metrics::RequestCounts;
use super::router::router;
use super::shared::Shared;
use super::turns::Turns;
use crate::ledger::{LedgerHandle, Service};
use crate::runtime::Timer;
use crate::supervisor::SupervisorMessage;

/// The actor of the HTTP server.
#[derive(Debug)]
struct HttpActor;

/// A message to it, from itself alone.
#[derive(Debug)]
enum HttpMessage {
    /// Serve at each door that is not served yet.
    Bind,
    /// A door is not served any more, and nobody has ended it.
    DoorLost,
}

#[cfg(feature = "cluster")]
impl ractor::Message for HttpMessage {}

/// What an HttpActor is born with.
#[derive(Debug)]
struct HttpArgs {
    ledger: LedgerHandle,
    guard: Arc<Guard>,
    /// Of all lives.
    requests: RequestCounts,
    /// Of all lives: an action goes on when the server is replaced.
    turns: Turns,
}

/// What an HttpActor knows. What it serves ends with it.
#[derive(Debug)]
struct HttpState {
    ledger: LedgerHandle,
    shared: Shared,
    /// Dropped at the end, which ends the answers that would go on for ever.
    open: Option<watch::Sender<()>>,
    tcp: Option<Listening>,
    control: Option<(Listening, ControlFile)>,
    retry_in: Duration,
    /// That a door could not be opened was logged: TCP, control socket.
    is_told: (bool, bool),
    timer: Timer,
}

/// Before the second try to bind: whoever held the address is often gone by then.
const FIRST_RETRY: Duration = Duration::from_millis(250);

/// Between two later tries.
const LONGEST_RETRY: Duration = Duration::from_secs(10);

/// Starts the HttpActor of a ledger, at each start with a guard that all share.
pub(super) fn service(guard: &Arc<Guard>) -> Service {
    let (guard, requests, turns) = (Arc::clone(guard), RequestCounts::default(), Turns::default());
    Service::new("http", move |ledger| {
        let (guard, requests, turns) = (Arc::clone(&guard), requests.clone(), turns.clone());
        Box::pin(async move {
            let supervisor = ledger.cell();
            let args = HttpArgs { ledger, guard, requests, turns };
            let (http, _) = Actor::spawn_linked(None, HttpActor, args, supervisor).await?;
            Ok(http.get_cell())
        })
    })
}

#[ractor::actor(message = HttpMessage, state = HttpState, arguments = HttpArgs)]
impl HttpActor {
    async fn pre_start(&self, myself: ActorRef<HttpMessage>, args: HttpArgs) -> Result<HttpState, ActorProcessingErr> {
        myself.cast(HttpMessage::Bind)?;
        let HttpArgs { ledger, guard, requests, turns } = args;
        let (open, closing) = watch::channel(());
        Ok(HttpState {
            shared: Shared::new(ledger.clone(), guard, closing, requests, turns),
            open: Some(open),
            ledger,
            tcp: None,
            control: None,
            retry_in: FIRST_RETRY,
            is_told: (false, false),
            timer: Timer::default(),
        })
    }

    async fn handle(
        &self,
        myself: ActorRef<HttpMessage>,
        message: HttpMessage,
        state: &mut HttpState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            HttpMessage::Bind => state.bind(&myself).await,
            // A successor serves both anew.
            HttpMessage::DoorLost => return Err("a thread that served has ended by itself".into()),
        }
        Ok(())
    }

    async fn post_stop(&self, _myself: ActorRef<HttpMessage>, state: &mut HttpState) -> Result<(), ActorProcessingErr> {
        state.open = None;
        let (control, tcp) = (state.control.take(), state.tcp.take());
        tokio::join!(
            async {
                if let Some((listening, _file)) = control {
                    listening.end().await;
                }
            },
            async {
                if let Some(listening) = tcp {
                    listening.end().await;
                }
            }
        );
        Ok(())
    }
}

impl HttpState {
    async fn bind(&mut self, myself: &ActorRef<HttpMessage>) {
        // The control socket first: whoever waits for the address to be served finds both.
        let control = self.bind_control(myself).await;
        let tcp = self.bind_tcp(myself).await;
        if !(control && tcp) {
            self.timer.arm(self.retry_in, myself, HttpMessage::Bind);
            self.retry_in = (self.retry_in * 2).min(LONGEST_RETRY);
        }
    }

    /// Whether there is nothing more to do.
    async fn bind_tcp(&mut self, myself: &ActorRef<HttpMessage>) -> bool {
        if self.tcp.is_some() {
            return true;
        }
        let address = self.ledger.config.http.listen;
        let served = self.serve_tcp(address, myself).await;
        match served {
            Ok((bound, listening)) => {
                self.tcp = Some(listening);
                let scheme = if self.shared.guard.acceptor().is_some() { "https" } else { "http" };
                tracing::info!(address = %bound, "listening on {scheme}://{bound}{}/", self.shared.config.http.base_path);
                self.tell(Some(bound));
                true
            }
            Err(error) => {
                if !std::mem::replace(&mut self.is_told.0, true) {
                    tracing::error!(%error, "cannot listen on {address}; free it, or set http.listen; will retry");
                }
                false
            }
        }
    }

    /// Whether there is nothing more to do.
    async fn bind_control(&mut self, myself: &ActorRef<HttpMessage>) -> bool {
        let Some(path) = self.ledger.config.http.control_socket.as_ref().filter(|_| self.control.is_none()) else {
            return true;
        };
        let served = self.serve_control(path, myself).await;
        match served {
            Ok((listening, file)) => {
                self.control = Some((listening, file));
                tracing::debug!(path = %path.display(), "the control socket is served");
                true
            }
            Err(error) => {
                if !std::mem::replace(&mut self.is_told.1, true) {
                    tracing::warn!("{error}; will retry");
                }
                false
            }
        }
    }

    async fn serve_tcp(
        &self,
        address: SocketAddr,
        myself: &ActorRef<HttpMessage>,
    ) -> io::Result<(SocketAddr, Listening)> {
        let listener = listen::bind(address)?;
        let bound = listener.local_addr()?;
        let door = Door::Tcp(listener, Arc::clone(&self.shared.guard));
        Ok((bound, Listening::serve(door, router(self.shared.clone()), lost(myself)).await?))
    }

    async fn serve_control(
        &self,
        path: &Path,
        myself: &ActorRef<HttpMessage>,
    ) -> Result<(Listening, ControlFile), ControlError> {
        let (listener, file) = control::bind(path).await?;
        let refused = |cause| ControlError::Refused { path: path.into(), cause };
        let door = Door::Control(listener.into_std().map_err(refused)?);
        let listening = Listening::serve(door, router(self.shared.clone()), lost(myself)).await;
        Ok((listening.map_err(refused)?, file))
    }

    fn tell(&self, address: Option<SocketAddr>) {
        // The supervisor outlives its children.
        let _ = self.ledger.supervisor.cast(SupervisorMessage::Listening(address));
    }
}

/// Tells the actor that a door is not served any more. One that has ended, or is ending, has no use for it.
fn lost(myself: &ActorRef<HttpMessage>) -> impl FnOnce() + Send + 'static {
    let myself = myself.clone();
    move || drop(myself.cast(HttpMessage::DoorLost))
}
