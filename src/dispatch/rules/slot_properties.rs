//! What holds of the slots of a service through its life: scaled, deployed, crashed and recreated, by seed (F11).

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::Verdict;
use super::fixtures::*;
use super::properties::Dice;
use super::slot::slot_of;
use crate::dispatch::diff::Difference;
use crate::model::{
    ChangeCause, Completeness, ContainerState, Inspected, LedgerRow, ListedContainer, Quarantined, RowId,
};
use crate::store::RowWrite;

const SEEDS: u64 = 400; // Half a second, unoptimised; the last test says that everything comes up.
const STEPS: u64 = 30;

/// One service and the daemon that runs it.
struct Life {
    dice: Dice,
    /// By number; a container that is not here is gone.
    present: BTreeMap<u32, ListedContainer>,
    born: u32,
    rows: Vec<LedgerRow>,
    /// Whether listings and inspects fail now and then.
    is_troubled: bool,
    /// Whether a deployer writes into rows.
    is_deployed: bool,
    /// The most containers that were present at once, or not known to be gone.
    peak: usize,
    met: BTreeSet<&'static str>,
}

impl Life {
    fn of(seed: u64, is_troubled: bool, is_deployed: bool) -> Self {
        Self {
            dice: Dice(seed),
            present: BTreeMap::new(),
            born: 0,
            rows: Vec::new(),
            is_troubled,
            is_deployed,
            peak: 0,
            met: BTreeSet::new(),
        }
    }

    fn some(&mut self) -> Option<u32> {
        let all: Vec<u32> = self.present.keys().copied().collect();
        (!all.is_empty()).then(|| self.dice.pick(&all))
    }

    /// Another replica. Compose counts on from the greatest number; its own name is not always kept.
    fn arrive(&mut self) -> u32 {
        self.born += 1;
        let mut new = web(self.born, self.born);
        if self.dice.percent(80) {
            new.name = format!("shop-web-{}", self.born).into();
        }
        if self.dice.percent(20) {
            new.state = ContainerState::Created;
        }
        self.present.insert(self.born, new);
        self.born
    }

    /// Compose makes the new one, with the number of the old one, before it removes that.
    fn begin_recreation(&mut self, old: u32) {
        let replaced = self.present[&old].clone();
        let new = self.arrive();
        // As one version of compose does it each time.
        let label = if old.is_multiple_of(2) { replaced.id.to_string() } else { replaced.name.to_string() };
        let waiting = self.present.get_mut(&new).expect("made just now");
        waiting.state = ContainerState::Created;
        waiting.claims.compose_number.clone_from(&replaced.claims.compose_number);
        waiting.claims.compose_replace = Some(label.into());
    }

    fn step(&mut self) {
        let Some(one) = self.some() else {
            self.arrive();
            return;
        };
        match self.dice.roll(12) {
            0 | 1 => {
                self.arrive();
            }
            2 => {
                self.arrive();
                self.arrive();
            }
            3 | 4 => {
                self.present.remove(&one);
            }
            5 => {
                // A rolling deploy.
                self.arrive();
                self.pass();
                self.present.remove(&one);
            }
            6 => self.begin_recreation(one),
            7 => self.present.clear(),
            8 if self.is_deployed => {
                let at = usize::try_from(self.dice.roll(8)).expect("a small number");
                if let Some(row) = self.rows.get_mut(at) {
                    row.bears_deployers_column ^= true;
                }
            }
            _ => {
                let state = self.dice.pick(&[
                    ContainerState::Running,
                    ContainerState::Running,
                    ContainerState::Paused,
                    ContainerState::Stopped,
                ]);
                self.present.get_mut(&one).expect("it is present").state = state;
            }
        }
    }

    /// The input that a pass gets, with its troubles.
    fn input(&mut self) -> World {
        let mut input = world(self.present.values().cloned().collect(), self.rows.clone());
        self.dice.shuffle(&mut input.listing.containers);
        let is_in_trouble = self.is_troubled && self.dice.percent(50);
        if is_in_trouble && self.dice.percent(40) {
            input.listing.completeness = Completeness::Partial;
            input.listing.containers.pop();
        } else if is_in_trouble && let Some(bad) = input.listing.containers.pop() {
            input.listing.quarantined.push(Quarantined { container_id: bad.id, problem: "odd".into() });
        }
        let hangs = if is_in_trouble { 40 } else { 0 };
        for row in &input.rows {
            let Some(container) = &row.binding.container_id else { continue };
            let is_present = self.present.values().any(|one| one.id == *container);
            let answer = if self.dice.percent(hangs) {
                Inspected::Unanswered("no answer within 2s".into())
            } else if is_present {
                Inspected::Present(crate::model::InspectedDetails::default())
            } else {
                Inspected::Gone
            };
            input.verified.insert(container.clone(), answer);
        }
        input
    }

    fn pass(&mut self) -> Difference {
        let mut input = self.input();
        let difference = input.diff();
        self.check_order(&input, &difference);
        self.note(&input, &difference);
        for write in &difference.rows {
            self.check_write(&input, write);
        }
        input.apply(&difference);
        let again = input.diff().rows;
        assert!(again.is_empty(), "it settles: {:#?} after {:#?} of {:#?}", again, difference.rows, self.present);
        self.rows = input.rows;
        self.check_rows();
        difference
    }

    fn note(&mut self, input: &World, difference: &Difference) {
        let is_known_gone = |row: &&LedgerRow| {
            let container = row.binding.container_id.as_ref();
            row.observed.state == ContainerState::Missing
                || (input.listing.completeness == Completeness::Complete
                    && container.is_some_and(|one| input.verified.get(one) == Some(&Inspected::Gone)))
        };
        let doubtful = input.rows.iter().filter(|row| !is_known_gone(row));
        let all: HashSet<_> = doubtful
            .filter_map(|row| row.binding.container_id.clone())
            .chain(self.present.values().map(|one| one.id.clone()))
            .collect();
        self.peak = self.peak.max(all.len());
        for verdict in input.assign().verdicts {
            self.met.insert(match verdict {
                Verdict::Keeps(_) => "keeps",
                Verdict::Takes(_) => "takes",
                Verdict::Moves { .. } => "moves",
                Verdict::Makes { .. } => "makes",
                Verdict::Unassigned { reason, .. } => reason.as_str(),
            });
        }
        for write in &difference.rows {
            self.met.insert(if write.removes() { "goes" } else { write.cause.as_str() });
        }
    }

    fn check_order(&mut self, input: &World, difference: &Difference) {
        let mut shuffled = input.clone();
        self.dice.shuffle(&mut shuffled.listing.containers);
        self.dice.shuffle(&mut shuffled.rows);
        assert_eq!(format!("{:?}", shuffled.diff().rows), format!("{:?}", difference.rows));
    }

    /// Nothing is taken from a container that may be there, and what a deployer wrote into goes nowhere.
    fn check_write(&self, input: &World, write: &RowWrite) {
        let row = |id: &RowId| input.rows.iter().find(|row| row.id == *id).expect("it is known");
        let is_there =
            |row: &LedgerRow| self.present.values().any(|one| Some(&one.id) == row.binding.container_id.as_ref());
        if let Some(left) = &write.leaves {
            assert!(!row(left).bears_deployers_column && !row(&write.id).bears_deployers_column, "{write:?}");
            assert_eq!(row(left).binding.container_id, write.binding.container_id, "{write:?}");
        }
        if write.removes() {
            assert!(!row(&write.id).bears_deployers_column && !is_there(row(&write.id)), "{write:?}");
        }
        // In trouble a new one may be there that nobody could read.
        if write.cause == ChangeCause::Missing && !self.is_troubled {
            assert!(self.present.is_empty(), "{write:?} and its service has containers");
        }
        if write.observed.state == ContainerState::Missing {
            assert!(!is_there(row(&write.id)), "{write:?}");
        }
    }

    fn check_rows(&self) {
        let ids: HashSet<_> = self.rows.iter().map(|row| &row.id).collect();
        assert_eq!(ids.len(), self.rows.len(), "a row twice");
        let bound: Vec<_> = self.rows.iter().filter_map(|row| row.binding.container_id.as_ref()).collect();
        assert_eq!(bound.iter().collect::<HashSet<_>>().len(), bound.len(), "a container twice");
        let highest = self.rows.iter().filter_map(|row| slot_of(&row.id)).map(|(_, number)| number).max().unwrap_or(0);
        let written_into = self.rows.iter().filter(|row| row.bears_deployers_column).count();
        if !self.is_deployed {
            assert_eq!(written_into, 0);
            assert!(highest <= self.peak as u64, "slot {highest} of a service that had {} at most", self.peak);
        }
    }

    /// All trouble over: the rows are those of the containers.
    fn end(&mut self) {
        self.is_troubled = false;
        self.pass();
        assert!(self.pass().rows.is_empty(), "a steady pass writes nothing");
        let missing = self.rows.iter().filter(|row| row.observed.state == ContainerState::Missing);
        let undue = missing.filter(|row| !row.bears_deployers_column).count();
        assert_eq!(undue, usize::from(self.present.is_empty() && undue > 0), "a dead row: {:#?}", self.rows);
        for container in self.present.values() {
            let has_a_row = self.rows.iter().any(|row| row.binding.container_id.as_ref() == Some(&container.id));
            let is_waiting = container.claims.compose_replace.is_some() || !container.state.is_up();
            assert!(has_a_row || is_waiting, "{} has no row: {:#?}", container.name, self.rows);
        }
    }
}

fn live(is_troubled: bool, is_deployed: bool) -> BTreeSet<&'static str> {
    let mut met = BTreeSet::new();
    for seed in 0..SEEDS {
        let mut life = Life::of(seed, is_troubled, is_deployed);
        for _ in 0..STEPS {
            life.step();
            if life.dice.percent(70) {
                life.pass();
            }
        }
        life.end();
        met.extend(life.met);
    }
    met
}

#[test]
fn slots_stay_within_the_most_containers_that_were_there_at_once() {
    live(false, false);
}

#[test]
fn doubtful_listings_and_inspects_free_no_slot_and_leave_nothing_behind() {
    live(true, false);
}

#[test]
fn what_a_deployer_wrote_into_stays_and_moves_nowhere() {
    live(true, true);
}

#[test]
fn random_lives_meet_every_end_of_a_slot() {
    let met: BTreeSet<_> = live(false, false).into_iter().chain(live(true, true)).collect();
    for word in ["keeps", "takes", "moves", "makes", "goes", "superseded", "missing", "scaled", "rebound", "inserted"] {
        assert!(met.contains(word), "{word} never happened: {met:?}");
    }
}

#[test]
fn a_hundred_rolling_deploys_use_two_slots_and_alarm_nobody() {
    for (replicas, seed) in [(1, 1), (2, 2), (3, 3)] {
        let mut life = Life::of(seed, false, false);
        for _ in 0..replicas {
            life.arrive();
        }
        life.pass();
        for _ in 0..100 {
            for old in life.present.keys().copied().collect::<Vec<_>>() {
                life.arrive();
                let arrived = life.pass();
                life.present.remove(&old);
                let gone = life.pass();
                for write in arrived.rows.iter().chain(&gone.rows) {
                    assert!(!matches!(write.cause, ChangeCause::Missing | ChangeCause::Returned), "{write:?}");
                    let (_, slot) = slot_of(&write.id).expect("a slot");
                    assert!(slot <= replicas + 1, "{write:?}");
                }
            }
            assert_eq!(life.rows.len() as u64, replicas);
        }
    }
}
