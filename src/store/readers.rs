//! A few connections that only read, for those who ask while the ledger is written: HTTP and its page.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::{OpenMode, Store, StoreError};
use crate::config::Config;

/// Reads at the same time. More of them only take turns on the same disk, and each keeps a thread and a connection.
const MOST_AT_ONCE: usize = 4;

/// The connections. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Readers {
    config: Arc<Config>,
    idle: Arc<Mutex<Vec<Store>>>,
    turns: Arc<Semaphore>,
}

impl Readers {
    /// Opens nothing yet.
    #[must_use]
    pub fn new(config: Arc<Config>) -> Self {
        Self { config, idle: Arc::default(), turns: Arc::new(Semaphore::new(MOST_AT_ONCE)) }
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

    async fn in_turn<T: Send + 'static>(
        &self,
        body: impl FnOnce(&mut Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.expect("the semaphore is never closed");
        let readers = self.clone();
        let read = spawn_blocking(move || readers.on_a_connection(turn, body)).await;
        read.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
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
