//! Who has logged in: sessions in memory, a bounded number of them, each for a time.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::tokens::{Hash, fresh, hash};

/// The sessions, by the hash of what the cookie holds. They end with the process.
#[derive(Default)]
pub(super) struct Sessions(Mutex<HashMap<Hash, Session>>);

struct Session {
    /// Of the token that it was opened with: one that is taken out of the file ends its sessions.
    token: Hash,
    ends_at: Instant,
}

/// A working day, and some.
pub(in crate::http) const LIFE: Duration = Duration::from_secs(12 * 60 * 60);

/// Beyond it the one that ends first makes room.
const MOST_SESSIONS: usize = 1_024;

impl Sessions {
    /// Opens one and returns what the cookie is to hold; `None` if the system gives no chance.
    pub(super) fn open(&self, token: Hash) -> Option<String> {
        let id = fresh()?;
        let now = Instant::now();
        let mut sessions = self.lock();
        if sessions.len() >= MOST_SESSIONS {
            sessions.retain(|_, session| session.ends_at > now);
        }
        while sessions.len() >= MOST_SESSIONS {
            let first = sessions.iter().min_by_key(|(_, session)| session.ends_at).map(|(id, _)| *id);
            sessions.remove(&first?);
        }
        sessions.insert(hash(&id), Session { token, ends_at: now + LIFE });
        Some(id)
    }

    /// The hash of the token that a session was opened with. Looked up by a hash: how long that takes tells nothing.
    pub(super) fn token(&self, id: &str) -> Option<Hash> {
        let sessions = self.lock();
        sessions.get(&hash(id)).filter(|session| session.ends_at > Instant::now()).map(|session| session.token)
    }

    pub(super) fn close(&self, id: &str) {
        self.lock().remove(&hash(id));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Hash, Session>> {
        // No panic leaves a map half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sessions({})", self.lock().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_session_ends_by_itself_and_by_hand() {
        let sessions = Sessions::default();
        let (one, other) = (sessions.open([1; 32]).expect("chance"), sessions.open([2; 32]).expect("chance"));
        assert_eq!((sessions.token(&one), sessions.token(&other)), (Some([1; 32]), Some([2; 32])));
        sessions.close(&other);
        assert_eq!((sessions.token(&other), sessions.token("x")), (None, None));
        tokio::time::advance(LIFE).await;
        assert_eq!(sessions.token(&one), None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_session_makes_room() {
        let sessions = Sessions::default();
        let first = sessions.open([1; 32]).expect("chance");
        tokio::time::advance(Duration::from_secs(1)).await;
        let second = sessions.open([1; 32]).expect("chance");
        for _ in 0..MOST_SESSIONS - 1 {
            sessions.open([1; 32]).expect("chance");
        }
        assert_eq!(sessions.lock().len(), MOST_SESSIONS);
        assert!(sessions.token(&first).is_none() && sessions.token(&second).is_some());
    }
}
