//! What all handlers share.

use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, timeout};

use super::auth::Guard;
use super::hooks::Limits;
use super::metrics::RequestCounts;
use super::page::Held;
use super::rates::Rates;
use super::turns::Turns;
use crate::LedgerHandle;
use crate::config::{Config, without_password};
use crate::store::{Readers, Store, StoreError};
use crate::supervisor::SupervisorMessage;
use crate::telemetry::Liveness;

/// Streams of changes at the same time: with each of their queues full, some 200 MiB; as a rule next to nothing.
pub(super) const MOST_STREAMS: usize = 512;

/// A child that hangs is replaced within 6 s, and that is no reason to end the process.
const BEATS_WITHIN: Duration = Duration::from_secs(10);

/// Writes at the same time: the database takes one after the other anyway.
const MOST_WRITES: usize = 2;

/// The ledger, and the connections that read it. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    pub(super) ledger: LedgerHandle,
    pub(super) config: Arc<Config>,
    pub(super) readers: Readers,
    /// The places for streams of changes.
    pub(super) streams: Arc<Semaphore>,
    writes: Arc<Semaphore>,
    /// Whose turn it is at each container that is acted on.
    pub(super) turns: Turns,
    /// Its sender is dropped when the server ends: what would go on for ever ends then.
    pub(super) closing: watch::Receiver<()>,
    /// How often hooks may be called.
    pub(super) hooks: Limits,
    /// What was asked so far, by whoever serves the ledger.
    pub(super) requests: RequestCounts,
    /// What every request is judged by.
    pub(super) guard: Arc<Guard>,
    pub(super) rates: Arc<Rates>,
    /// What the pages hold that are open.
    pub(super) held: Held,
    /// Whether our own loops turn.
    pub(super) liveness: Liveness,
    /// Where work goes on that must come to its end whatever becomes of the server.
    pub(super) ledgers_runtime: Handle,
}

impl Shared {
    pub(super) fn new(
        ledger: LedgerHandle,
        guard: Arc<Guard>,
        closing: watch::Receiver<()>,
        requests: RequestCounts,
        turns: Turns,
    ) -> Self {
        let config = Arc::clone(&ledger.config);
        let readers = Readers::new(Arc::clone(&config), ledger.status().in_flight());
        let rates = Arc::new(Rates::new(config.http.rate));
        let liveness = Liveness::new(ledger.heartbeat(), BEATS_WITHIN);
        Self {
            ledger,
            config,
            readers,
            streams: Arc::new(Semaphore::new(MOST_STREAMS)),
            writes: Arc::new(Semaphore::new(MOST_WRITES)),
            turns,
            closing,
            hooks: Limits::new(Instant::now()),
            requests,
            guard,
            rates,
            liveness,
            held: Held::default(),
            ledgers_runtime: Handle::current(),
        }
    }

    /// Runs one call to the registry, and lets everybody who follows the changes know at once. One that hangs keeps its
    /// turn until it ends, and is waited for no longer than two store deadlines.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        call: impl FnOnce(&mut Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let deadline = self.config.store_deadline * 2;
        let written = async {
            let turn = Arc::clone(&self.writes).acquire_owned().await.expect("the semaphore is never closed");
            let with_turn = move |store: &mut Store| {
                let _turn = turn;
                call(store)
            };
            self.ledger.registry(with_turn).await
        };
        let overdue = |_| Err(StoreError::Unanswered { url: without_password(&self.config.database), deadline });
        let written = timeout(deadline, written).await.unwrap_or_else(overdue)?;
        // A ledger that has ended publishes nothing.
        let _ = self.ledger.supervisor.cast(SupervisorMessage::LedgerChanged);
        Ok(written)
    }

    /// Whether the browser speaks TLS, to us or to the proxy before us: its cookie is not to travel otherwise. Whoever
    /// makes that up harms himself alone.
    pub(super) fn is_secure(&self, headers: &HeaderMap) -> bool {
        self.config.http.tls_certificate.is_some() || headers.get("x-forwarded-proto").is_some_and(|by| by == "https")
    }
}
