//! The calls to the daemon that wait for each other, and those that do not.

/// Which calls an instance of DockerActor makes. Each worker is its own instance, so that one that hangs is killed alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Worker {
    /// List, image look-ups, verify.
    Pass,
    /// Who the daemon is, and what was refused once more: beside the passes.
    Identity,
    /// Inspects after the commit.
    Details,
    /// Start, stop, restart, remove.
    Actions,
    /// The one `_ping` that waits for a daemon that does not answer.
    Probe,
}

impl Worker {
    /// The word in logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Identity => "identity",
            Self::Details => "details",
            Self::Actions => "actions",
            Self::Probe => "probe",
        }
    }
}
