//! The connections that the calls of one ledger to its registry run on, beside the passes.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::config::Config;
use crate::store::{OpenMode, Store, StoreError};

/// Connections that are kept between two calls: more of them at once are rare, and each holds memory and a file.
const KEPT: usize = 2;

/// Kept between calls, so that most find one open. The file is read for damage by the first one that is opened and by no
/// other: that takes as long as the file is large.
#[derive(Debug, Default)]
pub(crate) struct RegistryConnections {
    idle: Mutex<Vec<Store>>,
    is_checked: Mutex<bool>,
}

impl RegistryConnections {
    /// Runs a call on a connection that nobody else uses meanwhile. It waits for the database: not for an async thread.
    pub(crate) fn call<T>(
        &self,
        config: &Config,
        call: impl FnOnce(&mut Store) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let kept = lock(&self.idle).pop();
        let mut store = kept.map_or_else(|| self.open(config), Ok)?;
        let result = call(&mut store);
        let mut idle = lock(&self.idle);
        if idle.len() < KEPT {
            idle.push(store);
        }
        result
    }

    fn open(&self, config: &Config) -> Result<Store, StoreError> {
        // Held while the file is read: whoever comes meanwhile must not write into a file that may be damaged.
        let mut is_checked = lock(&self.is_checked);
        if *is_checked {
            drop(is_checked);
            return Store::open_unchecked(config, OpenMode::WriteUnmigrated);
        }
        let store = Store::open(config, OpenMode::WriteUnmigrated)?;
        *is_checked = true;
        Ok(store)
    }
}

fn lock<T>(kept: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is taken out and put back whole is never half changed.
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}
