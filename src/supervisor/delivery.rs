//! What a subscriber gets, and the two ways to get it: a channel, and messages to an actor. Both are bounded.

use std::fmt;
use std::sync::Arc;

use ractor::{ActorRef, ActorStatus, Message};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::model::{Change, Revision, StoredRow};

/// What waits for one subscriber at most, some hundred kilobytes: more is read when it has taken half of that.
pub const QUEUE: usize = 1_024;

/// One more place, for the word that the queue was full.
pub(super) const PLACES: usize = QUEUE + 1;

/// Names one subscription of one ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubscriptionId(pub(crate) u64);

/// What a subscriber gets, in order: each committed change once, or the word that it missed some.
#[expect(clippy::large_enum_variant, reason = "nearly every delivery is a change")]
#[derive(Clone, Debug, PartialEq)]
pub enum Delivery {
    /// A committed change, of any host of the ledger.
    Change(Change),
    /// The rows of the whole ledger as of a revision: forget what you know and go on from here. It comes first without a
    /// revision to begin after, and whenever changes after the asked one are no longer kept.
    Snapshot {
        /// The last change that is in the rows.
        revision: Revision,
        /// By host and id.
        rows: Arc<Vec<StoredRow>>,
    },
    /// The last delivery: the queue is full, and for seconds nothing was taken out of it. Subscribe again after this revision.
    Lagged {
        /// The last revision that was delivered.
        after: Revision,
    },
}

/// A delivery to an actor. Its place in the bounded queue is free again when this is dropped.
#[derive(Debug)]
pub struct Delivered {
    /// Boxed, so that it makes no message of an application large.
    delivery: Box<Delivery>,
    _place: OwnedSemaphorePermit,
}

impl Delivered {
    /// What was delivered.
    #[must_use]
    pub const fn delivery(&self) -> &Delivery {
        &self.delivery
    }

    /// What was delivered; its place in the queue is free from now on.
    #[must_use]
    pub fn into_delivery(self) -> Delivery {
        *self.delivery
    }
}

/// A subscription over a channel. Dropping it ends it.
#[derive(Debug)]
pub struct Subscription {
    id: SubscriptionId,
    deliveries: mpsc::Receiver<Delivery>,
}

impl Subscription {
    /// Its name, for [`crate::LedgerHandle::unsubscribe`].
    #[must_use]
    pub const fn id(&self) -> SubscriptionId {
        self.id
    }

    /// The next delivery; `None` after [`Delivery::Lagged`], after the end of the subscription and after that of the
    /// ledger. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Delivery> {
        self.deliveries.recv().await
    }

    /// The next delivery if it is there already.
    #[cfg(feature = "http")]
    pub(crate) fn next_at_hand(&mut self) -> Option<Delivery> {
        self.deliveries.try_recv().ok()
    }
}

/// Where the deliveries of one subscriber go.
pub trait Sink: fmt::Debug + Send + Sync {
    /// Free places, the one for [`Delivery::Lagged`] included.
    fn room(&self) -> usize;

    /// Whether nobody listens any more.
    fn is_closed(&self) -> bool;

    /// Delivers, if somebody listens and there is room.
    fn put(&mut self, delivery: Delivery);
}

/// A channel's two ends.
pub(crate) fn channel(id: SubscriptionId) -> (Box<dyn Sink>, Subscription) {
    let (sender, deliveries) = mpsc::channel(PLACES);
    (Box::new(ChannelOutlet(sender)), Subscription { id, deliveries })
}

#[derive(Debug)]
struct ChannelOutlet(mpsc::Sender<Delivery>);

impl Sink for ChannelOutlet {
    fn room(&self) -> usize {
        self.0.capacity()
    }

    fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    fn put(&mut self, delivery: Delivery) {
        // Whoever is gone needs nothing more, and is found gone by the next look.
        let _ = self.0.try_send(delivery);
    }
}

/// An actor's sink: `wrap` makes a message of it.
pub(crate) fn to_actor<M: Message>(
    actor: ActorRef<M>,
    wrap: impl Fn(Delivered) -> M + Send + Sync + 'static,
) -> Box<dyn Sink> {
    Box::new(ActorOutlet { actor, wrap, places: Arc::new(Semaphore::new(PLACES)) })
}

struct ActorOutlet<M, F> {
    actor: ActorRef<M>,
    wrap: F,
    places: Arc<Semaphore>,
}

impl<M, F> fmt::Debug for ActorOutlet<M, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ActorOutlet({:?})", self.actor)
    }
}

impl<M: Message, F: Fn(Delivered) -> M + Send + Sync> Sink for ActorOutlet<M, F> {
    fn room(&self) -> usize {
        self.places.available_permits()
    }

    fn is_closed(&self) -> bool {
        self.actor.get_status() >= ActorStatus::Stopping
    }

    fn put(&mut self, delivery: Delivery) {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            // Whoever is gone needs nothing more, and is found gone by the next look.
            let _ = self.actor.cast((self.wrap)(Delivered { delivery: Box::new(delivery), _place: place }));
        }
    }
}
