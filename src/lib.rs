//! Dockledger keeps a database table of containers, the *ledger*, true to the Docker daemon.
//!
//! # The map
//!
//! ```text
//! tick        when to look                             ┐
//! dispatch    one pass: open, list, assign, verify,    │ the actors, under the supervisor
//!             commit                                   │
//! docker      the daemon; alone names bollard          │
//! events      the daemon's stream: where to look       │
//! store       the ledger; alone names diesel           ┘
//! supervisor  the tree: restarts, refs, subscribers, the ordered end
//! ledger      the embedding API: builder, handle, services
//! http        the API and the page, a service beside the ledger
//! notify      receivers that are told without asking, another service
//! runtime     timers, chance for backoffs, the end of a task
//! reply       how actors answer without knowing who asks
//! telemetry   what the ledger counts and says of itself
//! model       the words of all of them as types
//! config      every key, its default and its reason
//! simulation  a simulated daemon, and a proxy with faults
//! wording     the same sentences for the command line and the page
//! cli         the command line
//! ```
//!
//! A pass goes tick → dispatch → docker → dispatch → store → dispatch → tick. `docs/ARCHITECTURE.md` draws it whole.
//!
//! # What holds, whatever fails
//!
//! - No row is marked missing, or taken from its container, unless a complete listing lacked the container and its own
//!   inspect said that it is gone, or it was listed and not up. A failed or partial listing marks nothing missing.
//! - The columns of a deployer hold what the deployer wrote last: a pass cannot name them.
//! - At most one row of a host is bound to a container, and rows of other hosts are never touched.
//! - A pass is written whole or not at all, by one writer for each host.
//! - Revisions of changes only grow, in the order of commits.
//! - A pass that finds nothing new writes no row of a container.
//! - Who asked for a pass gets a true report of one that began after the request.
//! - A committed change is delivered to every subscriber, in order, once, or the subscriber is told that it lagged.
//!
//! # How to embed it
//!
//! It installs no signal handler, no tracing subscriber and no global, and never exits the process; two ledgers live in
//! one process. [`Ledger::spawn_linked`] hangs it in the tree of a larger application; [`LedgerBuilder`] takes another source
//! of containers, another store and another clock. `docs/EMBEDDING.md` says what the handle promises and which cargo feature
//! costs what. Here beside a simulated daemon; a real one is found as `docker` finds it unless `docker_host` says.
//!
//! ```
//! use dockledger::config::Config;
//! use dockledger::simulation::{NewContainer, SimulatedDaemon, World};
//! use dockledger::store::{NewParent, OpenMode, RowFilter, Store};
//! use dockledger::{Ledger, Mode, model::Timestamp};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let directory = tempfile::tempdir()?;
//! let daemon = SimulatedDaemon::start(World::new(1, Timestamp::now()))?;
//! daemon.with(|world| world.run(NewContainer::new("web-1", "nginx").compose("shop", "web", 1)))?;
//!
//! let mut config = Config::new(directory.path().join("ledger.db").display().to_string());
//! config.docker_host = Some(daemon.docker_host());
//! config.check()?;
//! let mut store = Store::open(&config, OpenMode::Write)?;
//! store.add_stack(&NewParent::named("shop"), None)?;
//!
//! let runtime = tokio::runtime::Runtime::new()?;
//! let report = runtime.block_on(async {
//!     let ledger = Ledger::spawn(config, Mode::Once { details_limit: 64 }, true).await?;
//!     let report = ledger.reconcile().await;
//!     ledger.stop().await;
//!     Ok::<_, dockledger::StartError>(report)
//! })?;
//! assert_eq!(report.inserted, 1);
//! assert_eq!(&*store.rows(&RowFilter::default())?[0].observed.name, "web-1");
//! # Ok(())
//! # }
//! ```

// What the page on embedding shows is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../docs/EMBEDDING.md")]
struct Embedding;

#[cfg(panic = "abort")]
compile_error!(
    "dockledger needs panic = \"unwind\": its supervisor restarts actors that panic, and with \"abort\" one panic would \
     end the process"
);

#[cfg(not(any(feature = "sqlite", feature = "postgres")))]
compile_error!("dockledger needs a database to keep the ledger in: turn on its feature `sqlite`, `postgres` or both");

#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
pub mod dispatch;
pub mod docker;
pub mod events;
#[cfg(feature = "http")]
mod http;
mod ledger;
pub mod model;
#[cfg(feature = "http")]
mod notify;
pub mod reply;
mod runtime;
#[cfg(feature = "testkit")]
pub mod simulation;
pub mod store;
pub mod supervisor;
pub mod telemetry;
pub mod tick;
#[cfg(feature = "http")]
mod wording;

pub use dispatch::{Preview, preview};
#[cfg(feature = "http")]
pub use http::{CertificateError, GuardError, HttpService, TokensError};
pub use ledger::{Ledger, LedgerBuilder, LedgerHandle, Mode, Service, StartError};
#[cfg(feature = "http")]
pub use notify::notify_service;
