//! Why there is no address.

/// Why no address comes out of the configuration: a fault of the configuration, that no waiting heals.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// What TLS needs cannot be used.
    #[error("cannot speak TLS to the Docker daemon at {address}: {cause}; {cure}")]
    Tls {
        /// The address asked for, and where it was said.
        address: String,
        /// The file, and what is wrong with it.
        cause: String,
        /// What helps.
        cure: String,
    },
    /// Not an address.
    #[error(
        "cannot use `{address}` ({source_of}) as the address of the Docker daemon: {problem}; write \
         unix:///path/to/docker.sock, tcp://host:port or ssh://user@host"
    )]
    Address {
        /// The address asked for, escaped, without what may be a password.
        address: String,
        /// Where it was said.
        source_of: String,
        /// What is wrong.
        problem: String,
    },
    /// The path is no socket.
    #[error(
        "cannot use {path} ({source_of}) as the socket of the Docker daemon: it is {kind}; if it was bind-mounted into \
         a container before the daemon made it, remove it, start the daemon, and mount its directory instead"
    )]
    NotASocket {
        /// The path.
        path: String,
        /// Where it was said.
        source_of: String,
        /// What it is.
        kind: &'static str,
    },
    /// A Docker context cannot be read.
    #[error(
        "cannot use the Docker context `{context}` ({source_of}): {problem}; see `docker context ls`, or name the \
         daemon with --docker-host or DOCKER_HOST"
    )]
    Context {
        /// Its name.
        context: String,
        /// Where it was said.
        source_of: String,
        /// What is wrong.
        problem: String,
    },
}
