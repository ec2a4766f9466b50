//! What the simulated daemon refuses, in the daemon's own words.

/// Why a request was refused. The text is the `message` of the API's answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorldError {
    /// No container of that id, short id or name.
    #[error("No such container: {0}")]
    NoSuchContainer(String),
    /// The same, as Podman says it.
    #[error("no container with name or ID \"{0}\" found: no such container")]
    NoSuchPodmanContainer(String),
    /// No image of that id or name.
    #[error("No such image: {0}")]
    NoSuchImage(String),
    /// A short id that several containers begin with.
    #[error("Multiple IDs found with provided prefix: {0}")]
    Ambiguous(String),
    /// The name belongs to another container.
    #[error(
        "Conflict. The container name \"/{name}\" is already in use by container \"{holder}\". You have to remove (or \
         rename) that container to be able to reuse that name."
    )]
    NameTaken {
        /// The name.
        name: String,
        /// The full id of the container that bears it.
        holder: String,
    },
    /// It already is what it was told to become: the API answers 304 without a body.
    #[error("container {0} is already in that state")]
    Unchanged(String),
    /// A running container is removed only by force.
    #[error("You cannot remove a running container {0}. Stop the container before attempting removal or force remove")]
    Running(String),
    /// It does not run.
    #[error("Container {0} is not running")]
    NotRunning(String),
    /// It is frozen.
    #[error("Container {0} is paused. Unpause the container before stopping or killing")]
    Paused(String),
    /// It is not frozen.
    #[error("Container {0} is not paused")]
    NotPaused(String),
    /// It waits for its next start.
    #[error("Container {0} is restarting, wait until the container is running")]
    Restarting(String),
    /// A path, method or parameter that the simulated daemon does not serve.
    #[error("page not found")]
    NotServed,
    /// A parameter that it cannot honour.
    #[error("the simulated daemon cannot honour {0}")]
    BadParameter(String),
}

impl WorldError {
    /// The status of the API's answer.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Unchanged(_) => 304,
            Self::BadParameter(_) | Self::Ambiguous(_) => 400,
            Self::NoSuchContainer(_) | Self::NoSuchPodmanContainer(_) | Self::NoSuchImage(_) | Self::NotServed => 404,
            Self::NotPaused(_) => 500,
            _ => 409,
        }
    }
}
