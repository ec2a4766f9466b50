//! A future as a value of one type, whatever it awaits: what a trait's method returns that is called through `dyn`.

use std::pin::Pin;

/// A future on the heap that may borrow for `'a`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
