//! A look without a pass: the machine of a pass is driven to its commit, and nothing is written. On behalf of a reader, who
//! has no actors: this alone in the room asks the daemon and the ledger itself.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use tokio::time::timeout;

use super::PassOrder;
use super::pass::{Ask, Effect, Event, Finished, Moment, Pass, PassCache, PassSettings};
use super::rules::RuleSet;
use crate::config::Config;
use crate::docker::{Daemon, Questions, resolve_endpoint};
use crate::model::{
    Directory, FailureKind, News, PassFailure, PassId, PassReport, Scope, Timestamp, Trigger, Unassigned, WorkloadId,
    WorkloadKind,
};
use crate::store::{CommitReport, OpenMode, Store, StoreError};

/// What a look found.
#[derive(Clone, Debug)]
pub struct Preview {
    /// Containers listed.
    pub listed: usize,
    /// Containers without a row that the next pass would give none either, and why.
    pub unassigned: Vec<Unassigned>,
    /// Compose projects that the next pass registers as stacks, and gives their rows: by `auto_adopt`.
    pub adopting: BTreeSet<String>,
    /// Why the listing is partial; empty if it is complete.
    pub unreadable: Vec<String>,
}

/// Reads the ledger, asks the daemon for one listing and what the rules want to know of it, and says what a pass would
/// leave unassigned. Writes nothing.
///
/// # Errors
/// As a pass would fail: the ledger cannot be read, the daemon gives no listing, or it is another one than the host's.
pub async fn preview(config: &Config) -> Result<Preview, PassFailure> {
    let endpoint = resolve_endpoint(config)
        .map_err(|error| PassFailure { kind: FailureKind::DaemonUnreachable, message: error.to_string() })?;
    let settings = PassSettings {
        config: Arc::new(config.clone()),
        endpoint: endpoint.to_string(),
        rules: Arc::new(RuleSet::from(config)),
    };
    let daemon = Arc::new(Daemon::new(endpoint, config));
    let questions = Questions::new(daemon.clone(), config);
    let look =
        Look { config: settings.config.clone(), daemon, questions, adopting: BTreeSet::new(), born: Instant::now() };
    look.at_all(settings).await
}

/// What stands in for the actors that a pass asks.
#[derive(Debug)]
struct Look {
    config: Arc<Config>,
    daemon: Arc<Daemon>,
    questions: Questions,
    adopting: BTreeSet<String>,
    born: Instant,
}

impl Look {
    async fn at_all(mut self, settings: PassSettings) -> Result<Preview, PassFailure> {
        let (trigger, scope, news) = (Trigger::Request, Scope::Host, News::default());
        let order = PassOrder { pass: PassId::fresh(), trigger, scope, news };
        let (mut pass, begun) = Pass::begin(settings, order, self.now(), 1, PassCache::default(), 0);
        let mut effects = VecDeque::from(begun);
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Ask(op, ask) => {
                    if matches!(ask, Ask::Open(_)) {
                        effects.extend(pass.on(Event::SnapshotBegan(op), self.now()));
                    }
                    let answer = self.answer(op, ask).await?;
                    effects.extend(pass.on(answer, self.now()));
                }
                Effect::Finished(finished) => return self.told(*finished),
                // Nobody awaits an answer beside this.
                Effect::DockerStuck(_) | Effect::StoreStuck(_) => {}
            }
        }
        unreachable!("a pass whose every question is answered ends")
    }

    async fn answer(&mut self, op: crate::model::OpId, ask: Ask) -> Result<Event, PassFailure> {
        let host = self.config.host.clone();
        Ok(match ask {
            Ask::Open(_) => {
                let opened = self.in_store(move |store| store.open_pass(&host, || {})).await?;
                Event::Opened(op, Ok(opened))
            }
            Ask::LookUp(keys) => Event::Found(op, Ok(self.in_store(move |store| store.look_up(&keys)).await?)),
            Ask::ReadRows(rows) => {
                Event::RowsRead(op, Ok(self.in_store(move |store| store.read_rows(&host, &rows)).await?))
            }
            Ask::List(_) => Event::Listed(op, self.daemon.list().await),
            // One that does not say who it is must not keep a reader waiting for longer than a pass.
            Ask::Identify(within) => match timeout(within, self.questions.source().identify()).await {
                Ok(identified) => Event::Identified(op, identified),
                Err(_) => Event::Deadline(op, None),
            },
            // Asked where a list passes a deadline of the actor's; here it ends by itself, with an error.
            Ask::Ping(_) => Event::Pinged,
            Ask::ReadImages(images) => Event::ImagesRead(op, self.questions.images(images).await),
            Ask::ReadNames(containers) | Ask::Verify(containers) => {
                Event::Verified(op, self.questions.verify(containers).await)
            }
            // Nobody is helped by a part: a list that fails is told.
            Ask::Examine(..) | Ask::Settle(_) => Event::Examined(op, HashMap::new()),
            Ask::Adopt(projects) => Event::Adopted(op, Ok(self.would_adopt(projects))),
            Ask::Commit(_) => Event::Committed(op, Ok(CommitReport::default())),
        })
    }

    /// As [`Store::adopt_stacks`] would answer, but that the stacks are not there.
    fn would_adopt(&mut self, projects: BTreeSet<String>) -> Directory {
        let named = projects.into_iter().filter(|project| Store::takes_as_name(project));
        let mut directory = Directory::default();
        for project in named {
            // Of a name that no workload has.
            let workload = uuid::Uuid::now_v7().to_string();
            directory.workloads.insert(workload.clone(), WorkloadKind::Stack);
            directory.stacks.insert(project.clone(), WorkloadId::new(workload));
            self.adopting.insert(project);
        }
        directory
    }

    fn told(self, finished: Finished) -> Result<Preview, PassFailure> {
        let PassReport { listed, unassigned_containers: unassigned, unreadable, error, .. } = finished.report;
        error.map_or_else(|| Ok(Preview { listed, unassigned, adopting: self.adopting, unreadable }), Err)
    }

    fn now(&self) -> Moment {
        Moment { wall: Timestamp::now(), monotonic: self.born.elapsed() }
    }

    async fn in_store<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, PassFailure> {
        let config = self.config.clone();
        let result = tokio::task::spawn_blocking(move || read(&mut Store::open(&config, OpenMode::Read)?)).await;
        crate::runtime::joined(result)
            .unwrap_or_else(|| Err(StoreError::runtime_ended()))
            .map_err(|error| PassFailure { kind: FailureKind::StoreFailed, message: error.to_string() })
    }
}
