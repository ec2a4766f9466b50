//! A few connections that only read, for those who ask while the ledger is written: HTTP and its page.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::config::Config;
use crate::runtime::joined;
use crate::store::{OpenMode, Store, StoreError};
use crate::telemetry::InFlight;

/// Reads at the same time. More of them only take turns on the same disk and the same cores, which a pass that begins then
/// has to share with all of them; each keeps a thread and a connection.
const MOST_AT_ONCE: usize = 2;

/// How long a read lets a pass go first: an ordinary one takes less, and one that hangs must not hold up people.
const PATIENCE: Duration = Duration::from_millis(50);

/// The connections. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Readers {
    config: Arc<Config>,
    passes: InFlight,
    idle: Arc<Mutex<Vec<Store>>>,
    turns: Arc<Semaphore>,
    /// The one connection that is asked whether anything was committed: what a file answers, it answers to that connection.
    lookout: Arc<Mutex<Option<Lookout>>>,
}

#[derive(Debug)]
struct Lookout {
    store: Store,
    /// Tells its answers from those of a connection before it, and of another process.
    name: uuid::Uuid,
}

impl Readers {
    /// Opens nothing yet. `passes` tells of those that go first.
    #[must_use]
    pub fn new(config: Arc<Config>, passes: InFlight) -> Self {
        let turns = Arc::new(Semaphore::new(MOST_AT_ONCE));
        Self { config, passes, idle: Arc::default(), turns, lookout: Arc::default() }
    }

    /// Runs one read on a blocking thread. It is waited for no longer than `store_deadline`, its turn included; a read
    /// that hangs keeps its turn until it ends.
    ///
    /// # Errors
    /// What the read returns, that the database cannot be opened, or that it did not answer in time.
    ///
    /// # Panics
    /// If the read panics.
    pub async fn read<T: Send + 'static>(
        &self,
        body: impl FnOnce(&mut Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let deadline = self.config.store_deadline;
        match timeout(deadline, self.in_turn(body)).await {
            Ok(result) => result,
            Err(_) => Err(self.overdue(deadline)),
        }
    }

    /// As [`Self::read`], unless nothing was committed, and no host grew stale, since a tag that is known. Returns the tag of now, and what was read
    /// if it is not known. The tag is taken first: what is read may be newer than it, never older.
    ///
    /// # Errors
    /// As [`Self::read`].
    ///
    /// # Panics
    /// If the read panics.
    pub async fn read_unless<T: Send + 'static>(
        &self,
        is_known: impl FnOnce(&str) -> bool + Send + 'static,
        body: impl FnOnce(&mut Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<(String, Option<T>), StoreError> {
        let readers = self.clone();
        self.read(move |store| {
            let tag = readers.tag()?;
            if is_known(&tag) {
                return Ok((tag, None));
            }
            let read = body(store)?;
            Ok((tag, Some(read)))
        })
        .await
    }

    fn tag(&self) -> Result<String, StoreError> {
        // One that panicked has left a connection behind that may answer or fail, and is dropped if it fails.
        let mut kept = self.lookout.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lookout = match kept.take() {
            Some(lookout) => lookout,
            None => Lookout { store: Store::open(&self.config, OpenMode::Read)?, name: uuid::Uuid::now_v7() },
        };
        let state = lookout.store.read("ask whether anything was committed", |db| {
            Ok(format!("{} {}", db.state()?, crate::store::registry::hosts::freshness_text(db)?))
        })?;
        let digest = Sha256::digest(format!("{} {state}", lookout.name));
        *kept = Some(lookout);
        Ok(digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect())
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        body: impl FnOnce(&mut Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.passes.let_a_pass_go_first(PATIENCE).await;
        let turn = Arc::clone(&self.turns).acquire_owned().await.expect("the semaphore is never closed");
        let readers = self.clone();
        let read = spawn_blocking(move || readers.on_a_connection(turn, body)).await;
        joined(read).unwrap_or_else(|| Err(StoreError::runtime_ended()))
    }

    fn on_a_connection<T>(
        &self,
        turn: OwnedSemaphorePermit,
        body: impl FnOnce(&mut Store) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let idle = self.idle().pop();
        let mut store = idle.map_or_else(|| Store::open(&self.config, OpenMode::Read), Ok)?;
        let result = body(&mut store);
        self.idle().push(store);
        drop(turn);
        result
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Store>> {
        // A connection that is taken out and put back whole is never half changed.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn overdue(&self, deadline: Duration) -> StoreError {
        StoreError::Unanswered { url: crate::config::without_password(&self.config.database), deadline }
    }
}
