//! HttpActor: keeps the ledger served.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::watch;

use super::listen::{Listening, bind};
use super::router::router;
use super::shared::Shared;
use crate::LedgerHandle;
use crate::supervisor::{GuestFactory, SupervisorMessage};
use crate::timer::Timer;

/// The actor of the HTTP server.
#[derive(Debug)]
struct HttpActor;

/// A message to it, from itself alone.
#[derive(Debug)]
enum HttpMessage {
    /// Bind the address and serve.
    Bind,
}

#[cfg(feature = "cluster")]
impl ractor::Message for HttpMessage {}

/// What an HttpActor knows. What it serves ends with it.
#[derive(Debug)]
struct HttpState {
    ledger: LedgerHandle,
    listening: Option<Listening>,
    retry_in: Duration,
    is_told: bool,
    timer: Timer,
}

/// Before the second try to bind: whoever held the address is often gone by then.
const FIRST_RETRY: Duration = Duration::from_millis(250);

/// Between two later tries.
const LONGEST_RETRY: Duration = Duration::from_secs(10);

/// Makes each life of the HttpActor that serves a ledger.
pub(crate) fn guest(
    ledger: impl Fn(ActorRef<SupervisorMessage>) -> LedgerHandle + Send + Sync + 'static,
) -> GuestFactory {
    let ledger = Arc::new(ledger);
    GuestFactory::new(move |supervisor| {
        let ledger = Arc::clone(&ledger);
        Box::pin(async move {
            let (http, _) =
                Actor::spawn_linked(None, HttpActor, ledger(supervisor.clone()), supervisor.get_cell()).await?;
            Ok(http.get_cell())
        })
    })
}

#[ractor::actor(message = HttpMessage, state = HttpState, arguments = LedgerHandle)]
impl HttpActor {
    async fn pre_start(
        &self,
        myself: ActorRef<HttpMessage>,
        ledger: LedgerHandle,
    ) -> Result<HttpState, ActorProcessingErr> {
        myself.cast(HttpMessage::Bind)?;
        Ok(HttpState { ledger, listening: None, retry_in: FIRST_RETRY, is_told: false, timer: Timer::default() })
    }

    async fn handle(
        &self,
        myself: ActorRef<HttpMessage>,
        message: HttpMessage,
        state: &mut HttpState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            HttpMessage::Bind => state.bind(&myself).await,
        }
        Ok(())
    }

    async fn post_stop(&self, _myself: ActorRef<HttpMessage>, state: &mut HttpState) -> Result<(), ActorProcessingErr> {
        if let Some(listening) = state.listening.take() {
            listening.end().await;
        }
        Ok(())
    }
}

impl HttpState {
    async fn bind(&mut self, myself: &ActorRef<HttpMessage>) {
        let address = self.ledger.config.http.listen;
        match bind(address).await {
            Ok(listener) => {
                let bound = listener.local_addr().unwrap_or(address);
                let (open, closing) = watch::channel(());
                let router = router(Shared::new(self.ledger.clone(), closing));
                self.listening = Some(Listening::serve(listener, router, open));
                tracing::info!(address = %bound, "served at http://{bound}");
                self.tell(Some(bound));
            }
            Err(error) => {
                if !std::mem::replace(&mut self.is_told, true) {
                    tracing::error!(%error, "cannot listen on {address}; free it, or set http.listen; it is tried again");
                }
                self.timer.arm(self.retry_in, myself, HttpMessage::Bind);
                self.retry_in = (self.retry_in * 2).min(LONGEST_RETRY);
            }
        }
    }

    fn tell(&self, address: Option<SocketAddr>) {
        // The supervisor outlives its children.
        let _ = self.ledger.supervisor.cast(SupervisorMessage::Listening(address));
    }
}
