//! State that the clones of a value have in common.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Not a part of what the value is: two of them are always equal.
#[derive(Debug, Default)]
pub(in crate::docker) struct Shared<T>(Arc<Mutex<T>>);

impl<T> Shared<T> {
    /// The state. Whoever panicked with it left it whole.
    pub(in crate::docker) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> PartialEq for Shared<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<T> Eq for Shared<T> {}
