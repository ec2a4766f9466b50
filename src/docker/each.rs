//! One question for many keys, a bounded number at a time.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;

use tokio::task::JoinSet;

use crate::runtime::joined;

/// Asks for each key in its order, a bounded number at a time, as long as the answers say to go on. Dropped, it drops the
/// calls in flight; what was answered is kept.
pub(super) async fn ask_each<K, A, F>(
    keys: Vec<K>,
    at_once: usize,
    ask: impl Fn(K) -> F,
    mut go_on: impl FnMut(&A) -> bool,
    answers: &mut HashMap<K, A>,
) where
    K: Eq + Hash + Send + 'static,
    A: Send + 'static,
    F: Future<Output = (A, K)> + Send + 'static,
{
    let mut waiting = keys.into_iter();
    let mut asked = JoinSet::new();
    for key in waiting.by_ref().take(at_once) {
        asked.spawn(ask(key));
    }
    while let Some(answered) = asked.join_next().await {
        // The runtime is ending: nobody is left to ask for.
        let Some((answer, key)) = joined(answered) else { return };
        let is_enough = !go_on(&answer);
        answers.insert(key, answer);
        if is_enough {
            return;
        }
        if let Some(key) = waiting.next() {
            asked.spawn(ask(key));
        }
    }
}
