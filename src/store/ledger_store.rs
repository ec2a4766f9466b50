//! The seam behind StoreActor: what a ledger must do for it. The real one keeps a database; a host application may give
//! another, and that is also how faults are injected.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{ChangesPage, DetailsReport, LedgerSnapshot, NewBinding, Opened, StoreError};
use crate::model::{BoxFuture, Directory, DirectoryKeys, LedgerRow, Revision, RowKeys, Scope};
use crate::store::passes::plan::{CommitPlan, CommitReport, DetailsWrite};

/// The ledger of one host during one life of StoreActor, which makes one call at a time.
///
/// A call whose future is dropped may still be carried out; the store is not used any more then, and the `begin` of the
/// next one is whole before or refuses it.
pub trait LedgerStore: fmt::Debug + Send + 'static {
    /// Opens the ledger, brings its schema up if it is to, and raises the generation of the host's lease. Returns how
    /// long the lease holds after each renewal. Called before all else, and again after an error.
    fn begin(&mut self) -> BoxFuture<'_, Result<Duration, StoreError>>;

    /// Moves the lease's expiry on. [`StoreError::LeaseHeld`] if a later generation was given out.
    fn renew_lease(&mut self) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Gives the host up; nothing happens if a later generation has it.
    fn release_lease(&mut self) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Removes a part of what is no longer kept. Returns how much; 0 once nothing is left to remove.
    fn prune(&mut self) -> BoxFuture<'_, Result<usize, StoreError>>;

    /// Reads the host's line and its rows, all or those bound to the containers of the scope, from one snapshot. Calls
    /// `snapshot_began` as soon as nothing that is committed later can be among them.
    fn open_pass(
        &mut self,
        scope: Scope,
        snapshot_began: Box<dyn FnOnce() + Send>,
    ) -> BoxFuture<'_, Result<Opened, StoreError>>;

    /// The rows of the host with these ids or owners, in the order of their ids, without those that do not exist.
    fn read_rows(&mut self, rows: RowKeys) -> BoxFuture<'_, Result<Vec<LedgerRow>, StoreError>>;

    /// The owners that a listing names.
    fn look_up(&mut self, keys: DirectoryKeys) -> BoxFuture<'_, Result<Directory, StoreError>>;

    /// Registers compose projects as stacks of the same name; fills the directory's `stacks` alone.
    fn adopt_stacks(&mut self, compose_projects: BTreeSet<String>) -> BoxFuture<'_, Result<Directory, StoreError>>;

    /// Writes one pass, all or nothing, if no later generation was given out.
    fn commit(&mut self, plan: Box<CommitPlan>) -> BoxFuture<'_, Result<CommitReport, StoreError>>;

    /// Writes details to the rows that are still bound to the inspected container.
    fn write_details(&mut self, writes: Vec<DetailsWrite>) -> BoxFuture<'_, Result<DetailsReport, StoreError>>;

    /// Bound rows of the host that no pass has looked at.
    fn new_bindings(&mut self) -> BoxFuture<'_, Result<Vec<NewBinding>, StoreError>>;
}

/// What reads the history for those who follow it, beside the store that writes: whoever catches up with a long history
/// delays no pass. One call at a time; a call whose future is dropped may still be carried out.
pub trait LedgerReader: fmt::Debug + Send + Sync + 'static {
    /// The changes after a revision, of every host of the ledger, `limit` at most.
    fn changes(&self, after: Revision, limit: usize) -> BoxFuture<'_, Result<ChangesPage, StoreError>>;

    /// The rows of every host of the ledger, and the revision that they are of.
    fn snapshot(&self) -> BoxFuture<'_, Result<LedgerSnapshot, StoreError>>;
}

/// Makes a [`LedgerStore`] for each life of StoreActor, and has the [`LedgerReader`] of them all. Cheap to clone.
#[derive(Clone)]
pub struct StoreFactory {
    make: Arc<dyn Fn() -> Box<dyn LedgerStore> + Send + Sync>,
    reader: Arc<dyn LedgerReader>,
}

impl StoreFactory {
    /// From a function that does no I/O by itself: that is for [`LedgerStore::begin`]; and a reader of the same ledger, which
    /// opens nothing before it is asked.
    #[must_use]
    pub fn new(make: impl Fn() -> Box<dyn LedgerStore> + Send + Sync + 'static, reader: Arc<dyn LedgerReader>) -> Self {
        Self { make: Arc::new(make), reader }
    }

    /// A store for a new life.
    #[must_use]
    pub fn make(&self) -> Box<dyn LedgerStore> {
        (self.make)()
    }

    /// What reads the history.
    #[must_use]
    pub fn reader(&self) -> Arc<dyn LedgerReader> {
        Arc::clone(&self.reader)
    }
}

impl fmt::Debug for StoreFactory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreFactory")
    }
}
