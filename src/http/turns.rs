//! Whose turn it is: actions on one container one after another, those on different ones beside each other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::model::ContainerId;

/// The queues. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Turns(Arc<Mutex<HashMap<ContainerId, Queue>>>);

/// Of one container; there is none where nobody acts or waits.
#[derive(Debug)]
struct Queue {
    turn: Arc<Semaphore>,
    /// Who acts and who waits.
    length: usize,
}

/// The right to act on a container, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    /// Dropped before the place: whoever is next may act as soon as we do not.
    _permit: OwnedSemaphorePermit,
    _place: Place,
}

/// A place in a queue.
#[derive(Debug)]
struct Place {
    turns: Turns,
    container: ContainerId,
}

/// There is no turn: too many act or wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Busy;

/// At all containers together. Each has a connection to the daemon and a task.
const MOST: usize = 64;

/// At one container: whoever orders it to start and to stop so often is not waiting for what comes of it.
const MOST_AT_ONE: usize = 8;

/// For the turn. Longer than a usual stop takes, shorter than callers wait.
const PATIENCE: Duration = Duration::from_secs(60);

impl Turns {
    /// Waits until nobody acts on the container who asked before, for a minute at most.
    pub(super) async fn take(&self, container: &ContainerId) -> Result<Turn, Busy> {
        let (place, turn) = self.enter(container).ok_or(Busy)?;
        let permit = timeout(PATIENCE, turn.acquire_owned()).await.map_err(|_| Busy)?;
        Ok(Turn { _permit: permit.expect("the semaphore is never closed"), _place: place })
    }

    fn enter(&self, container: &ContainerId) -> Option<(Place, Arc<Semaphore>)> {
        let mut queues = self.lock();
        let at_one = queues.get(container).map_or(0, |queue| queue.length);
        if at_one >= MOST_AT_ONE || queues.values().map(|queue| queue.length).sum::<usize>() >= MOST {
            return None;
        }
        let fresh = || Queue { turn: Arc::new(Semaphore::new(1)), length: 0 };
        let queue = queues.entry(container.clone()).or_insert_with(fresh);
        queue.length += 1;
        Some((Place { turns: self.clone(), container: container.clone() }, Arc::clone(&queue.turn)))
    }

    /// A panic leaves no queue half written.
    fn lock(&self) -> MutexGuard<'_, HashMap<ContainerId, Queue>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut queues = self.turns.lock();
        if let Some(queue) = queues.get_mut(&self.container) {
            queue.length -= 1;
            if queue.length == 0 {
                queues.remove(&self.container);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is ready without waiting.
    async fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
        timeout(Duration::ZERO, future).await.ok()
    }

    fn id(number: usize) -> ContainerId {
        ContainerId::new(format!("{number:064x}"))
    }

    #[tokio::test(start_paused = true)]
    async fn those_at_one_container_come_one_after_another_and_others_at_once() {
        let turns = Turns::default();
        let first = turns.take(&id(1)).await.expect("nobody is there");
        let (one, two) = (id(1), id(1));
        let (mut second, mut third) = (Box::pin(turns.take(&one)), Box::pin(turns.take(&two)));
        assert!(at_once(&mut second).await.is_none() && at_once(&mut third).await.is_none());
        turns.take(&id(2)).await.expect("nobody is at that one");
        drop(first);
        let second = second.await.expect("its turn");
        assert!(at_once(&mut third).await.is_none(), "the order is that of asking");
        drop(second);
        drop(third.await.expect("its turn"));
        assert!(turns.lock().is_empty(), "nothing is kept of those that are done");
    }

    #[tokio::test(start_paused = true)]
    async fn too_many_at_one_or_at_all_and_too_long_a_wait_are_busy() {
        let turns = Turns::default();
        let held = turns.take(&id(0)).await.expect("nobody is there");
        let zero = id(0);
        let mut waiting: Vec<_> = (1..MOST_AT_ONE).map(|_| Box::pin(turns.take(&zero))).collect();
        for waiting in &mut waiting {
            assert!(at_once(waiting).await.is_none());
        }
        assert_eq!(at_once(turns.take(&zero)).await.expect("it does not wait").err(), Some(Busy));
        let mut others = Vec::new();
        for number in MOST_AT_ONE..MOST {
            others.push(turns.take(&id(number)).await.expect("there is room"));
        }
        assert_eq!(turns.take(&id(MOST)).await.err(), Some(Busy));
        assert_eq!(waiting.remove(0).await.err(), Some(Busy), "after a minute");
        drop((held, others, waiting));
        assert!(turns.lock().is_empty());
    }
}
