//! Work on the database, which blocks, beside the actors, which must not.

use tokio::task::spawn_blocking;

use super::StoreError;
use crate::runtime::joined;

/// A body that panics panics here too: it is a fault of ours, and the actor's.
pub(super) async fn on_a_thread<T: Send + 'static>(
    body: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    joined(spawn_blocking(body).await).unwrap_or_else(|| Err(StoreError::runtime_ended()))
}
