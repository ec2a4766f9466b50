//! The real ledger's history, read on a connection and a thread of its own.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::config::{Config, database_without_password};
use crate::model::{BoxFuture, Revision};
use crate::store::blocking::on_a_thread;
use crate::store::ledger_store::LedgerReader;
use crate::store::{ChangesPage, LedgerSnapshot, OpenMode, Store, StoreError};

/// Reads at the same time: one that hangs keeps its thread and its connection, and the next one finds a new connection.
const MOST_AT_ONCE: usize = 2;

/// The database of a configuration. It is opened by the first call, and again after a fault.
#[derive(Debug)]
pub(in crate::store) struct ThreadedReader {
    config: Arc<Config>,
    idle: Arc<Mutex<Option<Store>>>,
    turns: Arc<Semaphore>,
}

impl ThreadedReader {
    pub(in crate::store) fn new(config: Arc<Config>) -> Self {
        Self { config, idle: Arc::default(), turns: Arc::new(Semaphore::new(MOST_AT_ONCE)) }
    }

    /// Waited for no longer than `store_deadline`, its turn included.
    async fn read<T: Send + 'static>(
        &self,
        body: impl FnOnce(&mut Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let deadline = self.config.store_deadline;
        match timeout(deadline, self.in_turn(body)).await {
            Ok(result) => result,
            Err(_) => Err(StoreError::Unanswered { url: database_without_password(&self.config.database), deadline }),
        }
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        body: impl FnOnce(&mut Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.expect("the semaphore is never closed");
        let (config, idle) = (Arc::clone(&self.config), Arc::clone(&self.idle));
        on_a_thread(move || {
            let _until_it_ends = turn;
            // What is taken out and put back whole is never half changed.
            let kept = idle.lock().unwrap_or_else(PoisonError::into_inner).take();
            let mut store = kept.map_or_else(|| Store::open(&config, OpenMode::Read), Ok)?;
            let result = body(&mut store)?;
            *idle.lock().unwrap_or_else(PoisonError::into_inner) = Some(store);
            Ok(result)
        })
        .await
    }
}

impl LedgerReader for ThreadedReader {
    fn changes(&self, after: Revision, limit: usize) -> BoxFuture<'_, Result<ChangesPage, StoreError>> {
        Box::pin(self.read(move |store| store.changes(Some(after), None, limit)))
    }

    fn snapshot(&self) -> BoxFuture<'_, Result<LedgerSnapshot, StoreError>> {
        Box::pin(self.read(Store::ledger_snapshot))
    }
}
