//! Which calls meet which faults. Shared by whoever injects them and by what they are injected into.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::chance::Chance;
use crate::model::ContainerId;

/// A call that can meet a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Call {
    /// Of the daemon: the containers.
    List,
    /// Of the daemon: one container's details, or whether it is gone.
    Inspect,
    /// Of the daemon: one container in place of a listing.
    Examine,
    /// Of the daemon: one image's labels.
    Image,
    /// Of the daemon: who it is.
    Identify,
    /// Of the daemon: the ping that waits.
    Ping,
    /// Of the daemon: an action on one container.
    Act,
    /// Of the daemon: opening the event stream.
    OpenStream,
    /// Of the daemon: reading the next event of an open stream.
    NextEvent,
    /// No call: the daemon puts an event into its stream.
    TellEvent,
    /// Of the ledger: opening it and taking the lease.
    Begin,
    /// Of the ledger: moving the lease on, or giving it up.
    Lease,
    /// Of the ledger: every read of a pass, of new bindings and of the history.
    Read,
    /// Of the ledger: registering stacks.
    Adopt,
    /// Of the ledger: writing a pass.
    Commit,
    /// Of the ledger: writing details.
    WriteDetails,
    /// Of the ledger: removing what is no longer kept.
    Prune,
}

impl Call {
    /// All that the daemon is asked.
    pub const OF_THE_DAEMON: [Self; 9] = [
        Self::List,
        Self::Inspect,
        Self::Examine,
        Self::Image,
        Self::Identify,
        Self::Ping,
        Self::Act,
        Self::OpenStream,
        Self::NextEvent,
    ];

    /// All that the ledger is asked.
    pub const OF_THE_LEDGER: [Self; 7] =
        [Self::Begin, Self::Lease, Self::Read, Self::Adopt, Self::Commit, Self::WriteDetails, Self::Prune];
}

/// What a call meets. One that makes no sense for the call is not met by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlannedFault {
    /// No answer until the fault ends; then the call is carried out, also if nobody waits for it any more.
    Hang,
    /// The answer comes this much later.
    Slow(Duration),
    /// The code that makes the call panics.
    Panic,
    /// There is no socket.
    Absent,
    /// Nobody listens at it.
    Refused,
    /// The daemon answers 500.
    ServerError,
    /// The connection ends inside the answer.
    Cut,
    /// The answer is no JSON.
    Nonsense,
    /// The daemon does not say who it is.
    IdentitySilent,
    /// A listing lacks a container that exists: a lie that only its inspect can tell.
    LeftOut(ContainerId),
    /// A listing has a container twice.
    Twice(ContainerId),
    /// A listing has an entry without an id in place of a container.
    WithoutId(ContainerId),
    /// A listing has a container of which only the id can be read.
    Garbled(ContainerId),
    /// The stream loses the events that happen meanwhile.
    EventsLost,
    /// The stream tells each event twice.
    EventsDoubled,
    /// The stream tells each event before the one that it follows.
    EventsDisordered,
    /// The stream ends, in order.
    StreamEnds,
    /// Another writer holds the database's lock.
    Busy,
    /// The disk is full.
    DiskFull,
    /// The database is not there.
    Gone,
    /// A unique index refuses a row.
    Clash,
    /// The database refuses a value.
    RefusesValue,
    /// The write is in and its answer is an error.
    AnswerLost,
    /// The write is in and its answer does not come until the fault ends.
    AnswerHangs,
}

impl PlannedFault {
    /// The word in counts.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Hang => "hang",
            Self::Slow(_) => "slow",
            Self::Panic => "panic",
            Self::Absent => "absent",
            Self::Refused => "refused",
            Self::ServerError => "server_error",
            Self::Cut => "cut",
            Self::Nonsense => "nonsense",
            Self::IdentitySilent => "identity_silent",
            Self::LeftOut(_) => "left_out",
            Self::Twice(_) => "twice",
            Self::WithoutId(_) => "without_id",
            Self::Garbled(_) => "garbled",
            Self::EventsLost => "events_lost",
            Self::EventsDoubled => "events_doubled",
            Self::EventsDisordered => "events_disordered",
            Self::StreamEnds => "stream_ends",
            Self::Busy => "busy",
            Self::DiskFull => "disk_full",
            Self::Gone => "gone",
            Self::Clash => "clash",
            Self::RefusesValue => "refuses_value",
            Self::AnswerLost => "answer_lost",
            Self::AnswerHangs => "answer_hangs",
        }
    }
}

/// One fault, where it is met, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultRule {
    fault: PlannedFault,
    calls: Vec<Call>,
    container: Option<ContainerId>,
    times: Option<u32>,
}

impl FaultRule {
    /// Met by each of these calls until it is ended.
    #[must_use]
    pub fn new(fault: PlannedFault, calls: &[Call]) -> Self {
        Self { fault, calls: calls.to_vec(), container: None, times: None }
    }

    /// Met by calls about this container alone.
    #[must_use]
    pub fn of(mut self, container: ContainerId) -> Self {
        self.container = Some(container);
        self
    }

    /// Met this many times, then over.
    #[must_use]
    pub const fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    fn is_met_by(&self, call: Call, container: Option<&ContainerId>) -> bool {
        self.times != Some(0)
            && self.calls.contains(&call)
            && self.container.as_ref().is_none_or(|only| Some(only) == container)
    }
}

/// Names a rule in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleId(u64);

/// The faults in force, and what the calls met. Cheap to clone; all clones are one plan.
///
/// Rules are tried in the order in which they were injected; a call meets the first that is for it. Every call takes a
/// few milliseconds, on tokio's clock, that follow from the plan's seed.
#[derive(Clone, Debug)]
pub struct FaultPlan {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    /// Counts injections and ends, so that what hangs can look again.
    turns: watch::Sender<u64>,
}

#[derive(Debug)]
struct State {
    next: u64,
    rules: BTreeMap<RuleId, FaultRule>,
    met: BTreeMap<&'static str, u64>,
    chance: Chance,
}

/// Longest time that a call takes by itself, on each way, in milliseconds.
const SLOWEST_MS: usize = 8;

impl FaultPlan {
    /// No faults; the calls' times follow from the seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let state = State { next: 0, rules: BTreeMap::new(), met: BTreeMap::new(), chance: Chance::new(seed) };
        Self { inner: Arc::new(Inner { state: Mutex::new(state), turns: watch::Sender::new(0) }) }
    }

    /// Puts a rule in force.
    pub fn inject(&self, rule: FaultRule) -> RuleId {
        let id = {
            let mut state = self.lock();
            state.next += 1;
            let id = RuleId(state.next);
            state.rules.insert(id, rule);
            id
        };
        self.turn();
        id
    }

    /// Ends a rule; what hangs by it goes on.
    pub fn end(&self, rule: RuleId) {
        self.lock().rules.remove(&rule);
        self.turn();
    }

    /// Ends every rule.
    pub fn heal(&self) {
        self.lock().rules.clear();
        self.turn();
    }

    /// Whether a rule is in force.
    #[must_use]
    pub fn is_in_force(&self, rule: RuleId) -> bool {
        self.lock().rules.contains_key(&rule)
    }

    /// How often each fault was met, by its word.
    #[must_use]
    pub fn met(&self) -> BTreeMap<&'static str, u64> {
        self.lock().met.clone()
    }

    /// Counts a fault that is not this plan's to inject, as the death of an actor.
    pub fn count(&self, word: &'static str) {
        *self.lock().met.entry(word).or_default() += 1;
    }

    /// The way of a call to its destination: takes its time, hangs or panics if it is to, and tells what else it meets.
    ///
    /// # Panics
    /// If the plan says so.
    pub(super) async fn meet(&self, call: Call, container: Option<&ContainerId>) -> Option<PlannedFault> {
        self.travel().await;
        match self.take(call, container) {
            Some((rule, PlannedFault::Hang)) => {
                self.ended(rule).await;
                None
            }
            Some((_, PlannedFault::Slow(delay))) => {
                tokio::time::sleep(delay).await;
                None
            }
            Some((_, PlannedFault::Panic)) => panic!("{PLANNED_PANIC}: {call:?}"),
            other => other.map(|(_, fault)| fault),
        }
    }

    /// The way of a call's answer back.
    pub(super) async fn travel(&self) {
        let millis = self.lock().chance.below(SLOWEST_MS + 1);
        tokio::time::sleep(Duration::from_millis(millis as u64)).await;
    }

    /// Returns when no rule of these calls makes them hang.
    pub(super) async fn until_answers_come(&self) {
        let mut turns = self.inner.turns.subscribe();
        while self.lock().rules.values().any(|rule| rule.fault == PlannedFault::AnswerHangs) {
            if turns.changed().await.is_err() {
                return;
            }
        }
    }

    /// What a moment of this call would meet, without waiting.
    pub(super) fn take(&self, call: Call, container: Option<&ContainerId>) -> Option<(RuleId, PlannedFault)> {
        let mut state = self.lock();
        let (id, rule) = state.rules.iter_mut().find(|(_, rule)| rule.is_met_by(call, container))?;
        let (id, fault) = (*id, rule.fault.clone());
        if let Some(times) = &mut rule.times {
            *times -= 1;
        }
        // What hangs, hangs until its rule is ended.
        if rule.times == Some(0) && !matches!(fault, PlannedFault::Hang | PlannedFault::AnswerHangs) {
            state.rules.remove(&id);
        }
        *state.met.entry(fault.as_str()).or_default() += 1;
        Some((id, fault))
    }

    /// Returns when a rule was injected or ended.
    pub(super) fn turns(&self) -> watch::Receiver<u64> {
        self.inner.turns.subscribe()
    }

    /// Returns when a rule is not in force any more.
    pub(super) async fn ended(&self, rule: RuleId) {
        let mut turns = self.inner.turns.subscribe();
        while self.is_in_force(rule) {
            if turns.changed().await.is_err() {
                return;
            }
        }
    }

    fn turn(&self) {
        self.inner.turns.send_modify(|turn| *turn += 1);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Begins the message of each panic that a plan brings about, so that a test may keep it off its output.
pub const PLANNED_PANIC: &str = "a planned panic";
