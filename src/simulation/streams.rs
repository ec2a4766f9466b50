//! The streams of events that are followed, and what goes wrong with them.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::body::{Body, Bytes, Frame};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::container::Engine;
use super::events::{EventQuery, SimulatedEvent};
use super::world::World;

/// Every stream that is followed now.
#[derive(Debug, Default)]
pub(super) struct Streams {
    followed: Vec<Followed>,
    /// None are sent, and the streams stay open.
    pub(super) loses: bool,
    /// Each is sent twice.
    pub(super) repeats: bool,
    /// What happens at once is sent last first.
    pub(super) disorders: bool,
}

#[derive(Debug)]
struct Followed {
    query: EventQuery,
    lines: UnboundedSender<io::Result<Bytes>>,
}

impl Streams {
    /// A stream of what the world keeps and of what is to come.
    pub(super) fn follow(&mut self, query: EventQuery, world: &World) -> EventBody {
        let (lines, body) = unbounded_channel();
        let followed = Followed { query, lines };
        for event in world.events().filter(|event| followed.query.replays(event, world.engine)) {
            followed.send(event, world.engine);
        }
        if !followed.query.is_past(world.now) {
            self.followed.push(followed);
        }
        EventBody { lines: body }
    }

    /// Sends what happened since the last time.
    pub(super) fn tell(&mut self, world: &mut World) {
        let mut events: VecDeque<Arc<SimulatedEvent>> = world.log.take_untold().into();
        if self.loses || events.is_empty() {
            return;
        }
        if self.disorders {
            events.make_contiguous().reverse();
        }
        let times = if self.repeats { 2 } else { 1 };
        self.followed.retain(|followed| {
            let wanted = events.iter().filter(|event| followed.query.wants(event, world.engine));
            wanted.for_each(|event| (0..times).for_each(|_| followed.send(event, world.engine)));
            !followed.lines.is_closed()
        });
    }

    /// Sends these bytes on every stream.
    pub(super) fn send(&self, bytes: &Bytes) {
        for followed in &self.followed {
            // Nobody reads it any more: it is dropped at the next event.
            let _ = followed.lines.send(Ok(bytes.clone()));
        }
    }

    /// Ends every stream as a daemon does that stops in order.
    pub(super) fn end(&mut self) {
        self.followed.clear();
    }

    /// Ends every stream in the middle.
    pub(super) fn cut(&mut self) {
        for followed in self.followed.drain(..) {
            // Nobody reads it any more: it is cut already.
            let _ = followed.lines.send(Err(io::ErrorKind::ConnectionReset.into()));
        }
    }

    /// How many are followed.
    pub(super) fn count(&mut self) -> usize {
        self.followed.retain(|followed| !followed.lines.is_closed());
        self.followed.len()
    }
}

impl Followed {
    fn send(&self, event: &SimulatedEvent, engine: Engine) {
        // Nobody reads it any more: it is dropped at the next event.
        let _ = self.lines.send(Ok(event.render(engine).into()));
    }
}

/// The body of a stream: it has no end until it is ended.
#[derive(Debug)]
pub(super) struct EventBody {
    lines: UnboundedReceiver<io::Result<Bytes>>,
}

impl Body for EventBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Poll::Ready(ready!(self.lines.poll_recv(context)).map(|line| line.map(Frame::data)))
    }
}
