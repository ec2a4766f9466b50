//! What drives a machine in tests: answers it step by step, and keeps what it wants.

use std::sync::Arc;
use std::time::Duration;

use super::super::*;
use crate::config::Config;
use crate::dispatch::PassOrder;
use crate::dispatch::rules::RuleSet;
use crate::docker::{Connection, DaemonError, Identified, Listed};
use crate::model::{
    Binding, Claims, Completeness, ContainerId, ContainerState, DaemonIdentity, Directory, HealthFact, HostName,
    HostRecord, LeaseRecord, LedgerRow, ListedContainer, Listing, News, Observed, OpId, PassId, Ports, RowId, Scope,
    Timestamp, Trigger, WorkloadId, WorkloadKind,
};
use crate::store::{CommitPlan, CommitReport, Opened, StoreError};

/// Answers a machine step by step and keeps what it wants.
pub(super) struct Driver {
    pub(super) pass: Pass,
    pub(super) wanted: Vec<(OpId, Ask)>,
    /// Pings that nobody answered yet: they go beside everything else.
    pub(super) pings: Vec<OpId>,
    pub(super) stuck: Vec<&'static str>,
    pub(super) finished: Option<Finished>,
}

pub(super) const PASS: &str = "pass-1";

pub(super) fn moment() -> Moment {
    Moment { wall: Timestamp::from_millis(1_000), monotonic: Duration::from_secs(1) }
}

impl Driver {
    pub(super) fn begin(tries: u32) -> Self {
        Self::begin_with(tries, PassCache::default())
    }

    pub(super) fn begin_with(tries: u32, cache: PassCache) -> Self {
        let order =
            PassOrder { pass: PassId::new(PASS), trigger: Trigger::Request, scope: Scope::Host, news: News::default() };
        Self::begin_ordered(settings(), order, tries, cache)
    }

    fn begin_ordered(settings: PassSettings, order: PassOrder, tries: u32, cache: PassCache) -> Self {
        let (pass, effects) = Pass::begin(settings, order, moment(), tries, cache, 1);
        let mut driver = Self { pass, wanted: Vec::new(), pings: Vec::new(), stuck: Vec::new(), finished: None };
        driver.take(effects);
        driver
    }

    pub(super) fn on(&mut self, event: Event) {
        let effects = self.pass.on(event, moment());
        self.take(effects);
    }

    pub(super) fn take(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Ask(op, Ask::Ping(_)) => self.pings.push(op),
                Effect::Ask(op, ask) => self.wanted.push((op, ask)),
                Effect::DockerStuck(_) => self.stuck.push("docker"),
                Effect::StoreStuck(_) => self.stuck.push("store"),
                Effect::Finished(finished) => self.finished = Some(*finished),
            }
        }
    }

    /// The one request that is wanted now, which must be of that kind.
    pub(super) fn asked(&mut self, kind: &str) -> OpId {
        self.asked_with(kind).0
    }

    pub(super) fn asked_with(&mut self, kind: &str) -> (OpId, Ask) {
        assert_eq!(self.wanted.len(), 1, "one request at a time: {:?}", self.wanted);
        let (op, ask) = self.wanted.remove(0);
        assert!(format!("{ask:?}").starts_with(kind), "wanted {kind}, got {ask:?}");
        (op, ask)
    }

    pub(super) fn plan(&mut self) -> (OpId, Box<CommitPlan>) {
        match self.asked_with("Commit") {
            (op, Ask::Commit(plan)) => (op, plan),
            other => panic!("no commit: {other:?}"),
        }
    }

    pub(super) fn open_then_list(&mut self) -> (OpId, OpId) {
        let open = self.asked("Open");
        self.on(Event::SnapshotBegan(open));
        (open, self.asked("List"))
    }

    /// Runs a whole pass over a picture for which nothing has to be written.
    pub(super) fn settle(&mut self, rows: &Arc<Vec<LedgerRow>>, listing: &Arc<Listing>, who: Identified) -> PassCache {
        let (open, list) = self.open_then_list();
        self.on(Event::Opened(open, Ok(Opened { rows: Arc::clone(rows), ..opened(None) })));
        self.on(Event::Known(Some(who)));
        self.on(Event::Listed(list, Ok(Listed { listing: Arc::clone(listing), ..listed() })));
        let look_up = self.asked("LookUp");
        self.on(Event::Found(look_up, Ok(directory())));
        let (commit, _) = self.plan();
        self.on(Event::Committed(commit, Ok(CommitReport::default())));
        self.finished.take().expect("over").cache
    }

    pub(super) fn open_and_list(&mut self) -> OpId {
        let (open, list) = self.open_then_list();
        self.on(Event::Opened(open, Ok(opened(None))));
        list
    }

    /// Up to the commit, which is wanted then.
    pub(super) fn go_to_commit(&mut self) {
        let list = self.open_and_list();
        self.on(Event::Listed(list, Ok(listed())));
        let look_up = self.asked("LookUp");
        self.on(Event::Found(look_up, Ok(directory())));
    }

    pub(super) fn report(&self) -> &crate::model::PassReport {
        &self.finished.as_ref().expect("the pass is over").report
    }
}

/// A pass of this order, at the first try of each list.
pub(super) fn with_order(settings: PassSettings, order: PassOrder, cache: PassCache) -> Driver {
    Driver::begin_ordered(settings, order, 1, cache)
}

pub(super) fn settings() -> PassSettings {
    let config = Arc::new(Config::new("unused"));
    let rules = Arc::new(RuleSet::from(&*config));
    PassSettings { config, endpoint: "unix:///socket".into(), rules }
}

pub(super) fn opened(last_pass: Option<&str>) -> Opened {
    let host = HostRecord { last_pass_id: last_pass.map(PassId::new), ..host(Some("daemon-a")) };
    let rows = last_pass.map(|_| written()).into_iter().collect();
    Opened { host, rows: Arc::new(rows) }
}

/// The line of a host whose daemon has that identity.
pub(in crate::dispatch::pass) fn host(identity: Option<&str>) -> HostRecord {
    HostRecord {
        name: HostName::new("local"),
        endpoint: None,
        engine: None,
        engine_version: None,
        engine_identity: identity.map(Into::into),
        identity_confirmed: false,
        last_complete_pass_at: None,
        last_pass_id: None,
        status: None,
        last_pass_status: None,
        last_error: None,
        refusals: Vec::new(),
        unchanged_passes: 0,
        interval_ms: 30_000,
        lease: LeaseRecord { holder: None, generation: 1, expires_at: None },
    }
}

/// The row that a pass over [`listed`] makes.
fn written() -> LedgerRow {
    let container = ContainerId::new("a".repeat(64));
    LedgerRow {
        id: RowId::new("w-shop:web"),
        binding: Binding {
            workload_id: WorkloadId::new("w-shop"),
            workload_kind: WorkloadKind::Stack,
            role: "web".into(),
            container_id: Some(container.clone()),
        },
        observed: Observed::unseen(ContainerState::Running),
        recorded_state: Some(ContainerState::Running),
        seen_container_id: Some(container),
        details_owed: true,
        bears_deployers_column: false,
        state_after: None,
    }
}

/// One container of the stack `shop`: a row is made for it.
pub(super) fn listed() -> Listed {
    let container = ListedContainer {
        id: ContainerId::new("a".repeat(64)),
        name: "shop-web-1".into(),
        image_ref: "busybox".into(),
        image_id: None,
        state: ContainerState::Running,
        exit_code: None,
        health: HealthFact::Absent,
        created_at: None,
        ports: Ports::default(),
        claims: Claims {
            compose_project: Some("shop".into()),
            compose_service: Some("web".into()),
            ..Claims::default()
        },
        ignored_by_label: None,
    };
    let listing = Listing {
        completeness: Completeness::Complete,
        containers: vec![container],
        quarantined: Vec::new(),
        unreadable: Vec::new(),
    };
    Listed {
        listing: Arc::new(listing),
        body_bytes: 2,
        duration: Duration::from_millis(3),
        connection: Connection::default(),
    }
}

pub(super) fn empty_listing() -> Listing {
    Listing {
        completeness: Completeness::Complete,
        containers: Vec::new(),
        quarantined: Vec::new(),
        unreadable: Vec::new(),
    }
}

/// A daemon that says that this is its id.
pub(in crate::dispatch::pass) fn identified(id: &str) -> Identified {
    let (engine, version) = ("docker".into(), "28".into());
    let identity = DaemonIdentity { engine, version, id: Some(id.into()), place: None };
    Identified { identity: Some(identity), without_id: None }
}

pub(super) fn directory() -> Directory {
    let mut directory = Directory::default();
    directory.workloads.insert("w-shop".into(), WorkloadKind::Stack);
    directory.stacks.insert("shop".into(), WorkloadId::new("w-shop"));
    directory
}

pub(super) fn refused() -> DaemonError {
    DaemonError::Refused { endpoint: "unix:///socket".into() }
}

pub(super) fn store_error() -> StoreError {
    StoreError::Query { attempt: "read", url: "ledger".into(), cause: "disk I/O error".into() }
}

pub(super) fn clash() -> StoreError {
    StoreError::Clash { attempt: "insert a row", cause: "unique".into() }
}
