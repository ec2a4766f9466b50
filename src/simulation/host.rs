//! A machine with a simulated daemon on it, and one more that can be put in its place. In this process, without sockets.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::container::SimulatedContainer;
use super::plan::{Call, FaultPlan, PlannedFault};
use super::world::World;
use crate::model::{ContainerId, DaemonEvent, EventAction, HealthWord, Timestamp};

/// What a ledger's calls to the daemon reach: a world, behind a plan of faults. Cheap to clone; all clones are one.
#[derive(Clone, Debug)]
pub struct SimulatedHost {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    plan: FaultPlan,
    state: Mutex<State>,
    /// The life of the daemon: each restart, and each other daemon in its place, is the next.
    lives: watch::Sender<u64>,
    /// Counts the events of this life.
    told: watch::Sender<usize>,
}

#[derive(Debug)]
struct State {
    home: Daemon,
    stranger: Daemon,
    is_stranger_here: bool,
    answered: Answered,
    calls: usize,
    streams: usize,
}

#[derive(Debug)]
struct Daemon {
    world: World,
    known: BTreeMap<ContainerId, Fingerprint>,
    /// Of this life.
    events: Vec<DaemonEvent>,
    last_nanos: i64,
}

/// What an event can tell of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fingerprint {
    name: String,
    state: String,
    health: Option<HealthWord>,
    started_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
}

/// What the daemon said, for whoever checks what was made of it.
#[derive(Clone, Debug, Default)]
pub struct Answered {
    /// Containers that a listing showed, and not up, since this was last taken, or in the last listing that showed them.
    pub down: BTreeSet<ContainerId>,
    /// Containers that a listing lacked by a planned lie.
    pub denied: BTreeSet<ContainerId>,
    /// Containers that another daemon called gone.
    pub gone_elsewhere: BTreeSet<ContainerId>,
    last_down: BTreeSet<ContainerId>,
}

impl SimulatedHost {
    /// `home` is the daemon that is here; `stranger` can be put in its place.
    #[must_use]
    pub fn new(home: World, stranger: World, plan: FaultPlan) -> Self {
        let state = State {
            home: Daemon::of(home),
            stranger: Daemon::of(stranger),
            is_stranger_here: false,
            answered: Answered::default(),
            calls: 0,
            streams: 0,
        };
        let inner = Inner { plan, state: Mutex::new(state), lives: watch::Sender::new(0), told: watch::Sender::new(0) };
        Self { inner: Arc::new(inner) }
    }

    /// Reads or changes the daemon at home, here or not; its stream tells what changed.
    pub fn with<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        let result = {
            let mut state = self.lock();
            let result = act(&mut state.home.world);
            state.home.tell(&self.inner.plan);
            result
        };
        self.inner.told.send_modify(|_| {});
        result
    }

    /// Ends every call and every stream, and forgets the events so far, as a daemon that is restarted does.
    pub fn restart(&self) {
        {
            let mut state = self.lock();
            state.home.events.clear();
            state.stranger.events.clear();
        }
        self.inner.lives.send_modify(|life| *life += 1);
    }

    /// Puts the other daemon into the place of this one, or this one back.
    pub fn exchange(&self, is_stranger_here: bool) {
        self.lock().is_stranger_here = is_stranger_here;
        self.restart();
    }

    /// Whether the other daemon is in the place of this one.
    #[must_use]
    pub fn is_stranger_here(&self) -> bool {
        self.lock().is_stranger_here
    }

    /// Calls on their way, streams not counted.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.lock().calls
    }

    /// Streams that are open.
    #[must_use]
    pub fn streams(&self) -> usize {
        self.lock().streams
    }

    /// What was said since this was last taken.
    #[must_use]
    pub fn take_answered(&self) -> Answered {
        let mut state = self.lock();
        let last_down = state.answered.last_down.clone();
        let next = Answered { down: last_down.clone(), last_down, ..state.answered.clone() };
        std::mem::replace(&mut state.answered, next)
    }

    pub(super) fn plan(&self) -> &FaultPlan {
        &self.inner.plan
    }

    /// Reads the daemon that is here.
    pub(super) fn ask<T>(&self, read: impl FnOnce(&mut World) -> T) -> T {
        let mut state = self.lock();
        read(&mut state.here().world)
    }

    /// Does something to the daemon that is here, as a request would.
    pub(super) fn act<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        let result = {
            let mut state = self.lock();
            let here = state.here();
            let result = act(&mut here.world);
            here.tell(&self.inner.plan);
            result
        };
        self.inner.told.send_modify(|_| {});
        result
    }

    pub(super) fn lives(&self) -> watch::Receiver<u64> {
        self.inner.lives.subscribe()
    }

    pub(super) fn life(&self) -> u64 {
        *self.inner.lives.borrow()
    }

    pub(super) fn told(&self) -> watch::Receiver<usize> {
        self.inner.told.subscribe()
    }

    /// The event at this place of the stream, and the first place at or after a moment.
    pub(super) fn event(&self, place: usize) -> Option<DaemonEvent> {
        self.lock().here().events.get(place).cloned()
    }

    pub(super) fn place_of(&self, since_nanos: Option<i64>) -> usize {
        let mut state = self.lock();
        let events = &state.here().events;
        since_nanos.map_or(events.len(), |since| {
            events.iter().position(|event| event.at_nanos >= since).unwrap_or(events.len())
        })
    }

    /// Notes a listing that was sent.
    pub(super) fn note_listing(&self, listed: &BTreeMap<ContainerId, bool>, denied: Option<&ContainerId>) {
        let answered = &mut self.lock().answered;
        for (container, is_up) in listed {
            if *is_up {
                answered.last_down.remove(container);
            } else {
                answered.down.insert(container.clone());
                answered.last_down.insert(container.clone());
            }
        }
        answered.denied.extend(denied.cloned());
    }

    /// Notes that a container was called gone.
    pub(super) fn note_gone(&self, container: &ContainerId) {
        let mut state = self.lock();
        if state.is_stranger_here {
            state.answered.gone_elsewhere.insert(container.clone());
        }
    }

    pub(super) fn count_call(&self, by: isize) {
        let calls = &mut self.lock().calls;
        *calls = calls.saturating_add_signed(by);
    }

    pub(super) fn count_stream(&self, by: isize) {
        let streams = &mut self.lock().streams;
        *streams = streams.saturating_add_signed(by);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    const fn here(&mut self) -> &mut Daemon {
        if self.is_stranger_here { &mut self.stranger } else { &mut self.home }
    }
}

impl Daemon {
    fn of(world: World) -> Self {
        let known = fingerprints(&world);
        Self { world, known, events: Vec::new(), last_nanos: 0 }
    }

    /// Adds the events of whatever changed since the last time, as the plan has the stream tell them.
    fn tell(&mut self, plan: &FaultPlan) {
        let now = fingerprints(&self.world);
        let mut changed: Vec<(ContainerId, EventAction)> = Vec::new();
        for (id, after) in &now {
            match self.known.get(id) {
                Some(before) if before == after => {}
                before => changed.extend(actions(before, after).into_iter().map(|action| (id.clone(), action))),
            }
        }
        let removed = self.known.keys().filter(|id| !now.contains_key(*id));
        changed.extend(removed.map(|id| (id.clone(), EventAction::Removed)));
        self.known = now;
        for (container, action) in changed {
            self.last_nanos = (self.last_nanos + 1).max(self.world.now().as_millis().saturating_mul(1_000_000));
            let exit_code = self.world.container(container.as_str()).ok().map(|container| container.exit_code);
            let number = exit_code.filter(|_| action == EventAction::Ended);
            let event = DaemonEvent { container, action, number, at_nanos: self.last_nanos };
            let fault = plan.take(Call::TellEvent, None).map(|(_, fault)| fault);
            self.publish(event, fault.as_ref());
        }
    }

    fn publish(&mut self, event: DaemonEvent, fault: Option<&PlannedFault>) {
        match fault {
            Some(PlannedFault::EventsLost) => {}
            Some(PlannedFault::EventsDoubled) => self.events.extend([event.clone(), event]),
            Some(PlannedFault::EventsDisordered) => {
                let before_the_last = self.events.len().saturating_sub(1);
                self.events.insert(before_the_last, event);
            }
            _ => self.events.push(event),
        }
    }
}

fn fingerprints(world: &World) -> BTreeMap<ContainerId, Fingerprint> {
    world.containers().map(|container| (container.id.clone(), Fingerprint::of(container))).collect()
}

impl Fingerprint {
    fn of(container: &SimulatedContainer) -> Self {
        Self {
            name: container.name.clone(),
            state: container.state.as_str().to_owned(),
            health: container.health.and_then(|health| HealthWord::parse(health.as_str())),
            started_at: container.started_at,
            finished_at: container.finished_at,
        }
    }
}

/// What the daemon tells of a container that was made or changed: that it ended before that it started, as of a restart.
fn actions(before: Option<&Fingerprint>, after: &Fingerprint) -> Vec<EventAction> {
    let ended = before.is_some_and(|before| before.finished_at != after.finished_at);
    let started = before.map_or(after.started_at.is_some(), |before| before.started_at != after.started_at);
    let lived = [(ended, EventAction::Ended), (started, EventAction::Started)];
    if ended || started {
        return lived.into_iter().filter(|(happened, _)| *happened).map(|(_, action)| action).collect();
    }
    let Some(before) = before else { return vec![EventAction::Created] };
    let turn = match (before.state.as_str(), after.state.as_str()) {
        (from, to) if from == to => None,
        (_, "paused") => Some(EventAction::Paused),
        ("paused", "running") => Some(EventAction::Unpaused),
        _ => Some(EventAction::Changed),
    };
    let spoke = (before.health != after.health).then_some(EventAction::Health(after.health));
    let renamed = (before.name != after.name).then_some(EventAction::Changed);
    [turn, spoke, renamed].into_iter().flatten().collect()
}
