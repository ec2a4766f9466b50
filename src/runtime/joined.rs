//! What became of a task that was waited for.

use std::panic::resume_unwind;

use tokio::task::JoinError;

/// The value of a task that has ended; `None` if its runtime ended first, or it was given up. A panic goes on here: it is
/// a fault of ours, and of whoever waits for the value.
pub(crate) fn joined<T>(ended: Result<T, JoinError>) -> Option<T> {
    ended.map_or_else(|error| error.try_into_panic().map_or(None, |panic| resume_unwind(panic)), Some)
}

/// What a panic says.
#[cfg(feature = "http")]
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a word".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_was_cancelled_is_no_panic_and_one_that_panicked_is() {
        let cancelled = tokio::spawn(std::future::pending::<()>());
        cancelled.abort();
        assert_eq!(joined(cancelled.await), None);
        assert_eq!(joined(tokio::spawn(async { 7 }).await), Some(7));
        let panicked = tokio::spawn(async { panic!("a planned panic") }).await;
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| joined::<()>(panicked)));
        assert_eq!(panic.expect_err("it goes on").downcast_ref(), Some(&"a planned panic"));
    }
}
