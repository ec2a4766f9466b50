//! What DockerActor is asked, and what it answers.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::error::DaemonError;
use super::identity::Identified;
use crate::model::{Claims, ContainerId, DaemonCall, Examined, ImageId, Inspected, Listing, Scope};
use crate::reply::Reply;

/// A request to one worker. The call ends when the actor is killed, and its reply is dropped.
#[derive(Debug)]
pub enum DockerMessage {
    /// The containers in scope, stopped ones too.
    List {
        /// All of them, or some.
        scope: Scope,
        /// Takes the listing.
        reply: Reply<Result<Listed, DaemonError>>,
    },
    /// The labels of images.
    ReadImages {
        /// The images, no duplicates.
        images: Vec<ImageId>,
        /// Takes an answer for each.
        reply: Reply<HashMap<ImageId, ImageAnswer>>,
    },
    /// Inspects each id, a bounded number at a time, each under `inspect_deadline`, all under one `list_deadline`.
    Verify {
        /// The containers.
        containers: Vec<ContainerId>,
        /// Takes an answer for each; an id whose turn did not come is `Unanswered`.
        reply: Reply<HashMap<ContainerId, Inspected>>,
    },
    /// Inspects each id in place of a listing that failed, a bounded number at a time, each under `inspect_deadline`.
    Examine {
        /// The containers, in the order in which they are asked for.
        containers: Vec<ContainerId>,
        /// Over all of them.
        within: Duration,
        /// Takes the answers; an id whose turn did not come is not among them.
        reply: Reply<HashMap<ContainerId, Examined>>,
    },
    /// Inspects each id for its details.
    ReadDetails {
        /// The containers.
        containers: Vec<ContainerId>,
        /// Takes an answer for each.
        reply: Reply<HashMap<ContainerId, Inspected>>,
    },
    /// Asks which daemon answers.
    Identify {
        /// Takes what it says of itself.
        reply: Reply<Identified>,
    },
    /// Makes the cheapest call of each of these kinds; what comes of it is noted in [`super::Refusals`].
    Check {
        /// Which calls, each about one image or none.
        calls: Vec<(DaemonCall, Option<String>)>,
        /// Hears that all of them were made.
        reply: Reply<()>,
    },
    /// Waits until the daemon answers: one `_ping` left waiting, a refused connect tried four times a second.
    AwaitDaemon {
        /// Hears that it does.
        reply: Reply<()>,
    },
    /// Asks for one container, under `inspect_deadline`.
    Look {
        /// The container.
        container: ContainerId,
        /// Takes what an inspect says.
        reply: Reply<Examined>,
    },
    /// Asks for the labels of one image, under `inspect_deadline`.
    LookAtImage {
        /// The image.
        image: ImageId,
        /// Takes what its inspect says.
        reply: Reply<ImageAnswer>,
    },
    /// Acts on one container, beside whatever else this worker does: one that takes its time holds up no other.
    Act {
        /// The full id, as authorised.
        container: ContainerId,
        /// What to do.
        action: Action,
        /// Takes what is known of the outcome.
        reply: Reply<Result<(), DaemonError>>,
    },
}

#[cfg(feature = "cluster")]
impl ractor::Message for DockerMessage {}

/// What can be done to a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// `POST /containers/{id}/start`
    Start,
    /// `POST /containers/{id}/stop`
    Stop(Grace),
    /// `POST /containers/{id}/restart`
    Restart(Grace),
    /// `DELETE /containers/{id}`, only if it does not run.
    Remove,
}

impl Action {
    /// The word in requests and in the audit.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop(_) => "stop",
            Self::Restart(_) => "restart",
            Self::Remove => "remove",
        }
    }

    /// How long the daemon gives the container to end by itself, as far as we know.
    #[must_use]
    pub fn grace(self) -> Duration {
        match self {
            Self::Stop(grace) | Self::Restart(grace) => grace.0.unwrap_or(Grace::USUAL),
            Self::Start | Self::Remove => Duration::ZERO,
        }
    }
}

/// How long a container is given to end by itself before it is killed, in whole seconds; `None` leaves it to the container's
/// own setting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grace(pub Option<Duration>);

impl Grace {
    /// What the daemon gives where nobody says anything.
    const USUAL: Duration = Duration::from_secs(10);
}

/// What the labels of one image are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageAnswer {
    /// It exists and carries these.
    Labels(Arc<Claims>),
    /// It is gone: what a container of it claims counts.
    Gone,
    /// Not known now: its containers wait a pass.
    Unanswered,
    /// It cannot be read, and waiting does not help: which call, and what came.
    Refused(Box<str>),
}

/// Which connection of which client a listing came over. While it is the same, the same peer answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connection {
    /// Different for each client of this process.
    pub client: u64,
    /// How many connections that client had opened.
    pub number: u64,
}

/// A list call that came to its end.
#[derive(Debug)]
pub struct Listed {
    /// What the daemon said. The same allocation as that of the list before if it said the same.
    pub listing: Arc<Listing>,
    /// Length of the body.
    pub body_bytes: u64,
    /// From the start of the call to its last decoded entry.
    pub duration: Duration,
    /// Over which connection it came.
    pub connection: Connection,
}
