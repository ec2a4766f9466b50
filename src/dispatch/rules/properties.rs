//! What holds of every input: random rows, listings, images and inspects, by seed.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::fixtures::*;
use super::{Assignment, Verdict};
use crate::config::ImageLabels;
use crate::dispatch::diff::Difference;
use crate::docker::ImageAnswer;
use crate::model::{
    ChangeCause, Claims, Completeness, ContainerId, ContainerState, ImageId, Inspected, InspectedDetails, LedgerRow,
    ListedContainer, Timestamp, UnassignedReason, WorkloadId, WorkloadKind,
};
use crate::store::RowWrite;

const SEEDS: u64 = 1_000; // A second, unoptimised; the last test says that every verdict and cause comes up.
const CONTAINERS: u32 = 12;

/// A sequence of numbers that a seed fixes (SplitMix64).
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }

    pub(super) fn percent(&mut self, chance: u64) -> bool {
        self.roll(100) < chance
    }

    pub(super) fn pick<T: Clone>(&mut self, among: &[T]) -> T {
        let sides = u64::try_from(among.len()).expect("a short list");
        among[usize::try_from(self.roll(sides)).expect("below the length")].clone()
    }

    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let sides = u64::try_from(last + 1).expect("a short list");
            items.swap(last, usize::try_from(self.roll(sides)).expect("below the length"));
        }
    }
}

/// A world, and the answers that its daemon and its registry give when they are asked.
struct Stage {
    world: World,
    images: HashMap<ImageId, ImageAnswer>,
    inspects: HashMap<ContainerId, Inspected>,
    registers: bool,
}

impl Stage {
    fn of(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let containers: Vec<_> = (1..=CONTAINERS).map(|number| some_container(&mut dice, number)).collect();
        let rows = some_rows(&mut dice, &containers);
        let mut world = world(Vec::new(), rows);
        for container in containers {
            match dice.roll(10) {
                0..=5 => world.listing.containers.push(container),
                6 => {
                    let number = u32::from_str_radix(container.id.as_str(), 16).expect("a test's id");
                    world = world.quarantined(number);
                }
                _ => {}
            }
        }
        if dice.percent(20) {
            world = world.partial();
        }
        world.identity_known = dice.percent(85);
        world.rules.auto_adopt = dice.percent(40);
        world.rules.image_labels = dice.pick(ImageLabels::ALL);
        let inspects = (1..=CONTAINERS).map(|number| (container_id(number), some_inspect(&mut dice)));
        Self {
            inspects: inspects.collect(),
            images: HashMap::from([
                (image_id("plain"), carries(Claims::default())),
                (image_id("baked"), carries(Claims { compose_project: Some("shop".into()), ..Claims::default() })),
                (image_id("gone"), ImageAnswer::Gone),
                (image_id("silent"), ImageAnswer::Unanswered),
                (image_id("refused"), ImageAnswer::Refused("status 403".into())),
            ]),
            registers: dice.percent(70),
            world,
        }
    }

    /// Asks for what is wanted until nothing is, as a pass does.
    fn pass(&mut self) -> (Assignment, Difference) {
        self.world.images.clear();
        self.world.verified.clear();
        let auto_adopt = self.world.rules.auto_adopt;
        for _ in 0..4 {
            let assignment = self.world.assign();
            if !assignment.wants_images.is_empty() {
                self.world
                    .images
                    .extend(assignment.wants_images.iter().map(|id| (id.clone(), self.images[id.as_str()].clone())));
            } else if !assignment.adoptable.is_empty() {
                self.register(&assignment.adoptable);
            } else if !assignment.wants_verified.is_empty() {
                let wanted = assignment.wants_verified.iter();
                self.world.verified.extend(wanted.map(|id| (id.clone(), self.inspects[id.as_str()].clone())));
            } else {
                self.world.rules.auto_adopt = auto_adopt;
                return (assignment, self.world.diff());
            }
        }
        panic!("a pass asks once for images, once for stacks and once for inspects, and is done");
    }

    fn register(&mut self, projects: &BTreeSet<String>) {
        self.world.rules.auto_adopt = false;
        for project in projects.iter().filter(|_| self.registers) {
            self.world.directory.stacks.insert(project.clone(), WorkloadId::new(format!("w-{project}")));
            self.world.directory.workloads.insert(format!("w-{project}"), WorkloadKind::Stack);
        }
    }
}

fn some_container(dice: &mut Dice, number: u32) -> ListedContainer {
    use ContainerState::{Created, Paused, Restarting, Running, Stopped};
    let claims = match dice.roll(12) {
        0 | 1 => web(number, 1).claims,
        2 => web(number, 2).claims,
        3 => Claims { compose_project: Some("shop".into()), compose_service: Some("web".into()), ..Claims::default() },
        4 => labelled(number, "s", "stack", "web").claims,
        5 => labelled(number, "s2", "", "api").claims,
        6 => labelled(number, "p", "project", "prod").claims,
        7 => labelled(number, "t", "site", "").claims,
        8 => Claims { static_site: Some("docs".into()), ..Claims::default() },
        9 => Claims { compose_project: Some("new".into()), ..Claims::default() },
        10 => labelled(number, "ghost", "", "").claims,
        _ => Claims::default(),
    };
    let image = dice.pick(&["plain", "plain", "plain", "baked", "gone", "silent", "refused"]);
    ListedContainer {
        claims,
        name: if dice.percent(15) { "legacy".into() } else { format!("c{number}").into() },
        image_id: Some(image_id(image)),
        state: dice.pick(&[Running, Running, Running, Paused, Restarting, Stopped, Stopped, Created]),
        created_at: dice.percent(80).then_some(Timestamp::from_millis(i64::from(number % 4) * 1000)),
        ..container(number)
    }
}

fn some_rows(dice: &mut Dice, containers: &[ListedContainer]) -> Vec<LedgerRow> {
    let of_nobody = format!("s:{}", container_id(3));
    let mut free: Vec<&ListedContainer> = containers.iter().collect();
    dice.shuffle(&mut free);
    let mut rows = Vec::new();
    for (id, workload) in [
        ("r1", "p"),
        ("r2", "p"),
        ("r3", "p"),
        ("s:web", "s"),
        ("s:web", "p"),
        ("s:web:2", "s"),
        ("s:legacy", "s"),
        (&of_nobody, "s"),
        ("s2:api", "s2"),
        ("t:site", "t"),
        ("x:web", "x"),
    ] {
        if dice.percent(40) || rows.iter().any(|row: &LedgerRow| row.id.as_str() == id) {
            continue;
        }
        let unbound = raw_row(id, workload, dice.pick(&[ContainerState::Created, ContainerState::Failed]), None);
        let Some(container) = free.pop().filter(|_| dice.percent(80)) else {
            rows.push(unbound);
            continue;
        };
        rows.push(match dice.roll(6) {
            0 => LedgerRow { binding: row(id, workload, container).binding, ..unbound },
            1 => missing(row(id, workload, container)),
            2 => LedgerRow { recorded_state: Some(ContainerState::Restarting), ..row(id, workload, container) },
            3 => LedgerRow { seen_container_id: Some(container_id(99)), ..row(id, workload, container) },
            _ => row(id, workload, container),
        });
    }
    rows.iter_mut().for_each(|row| row.bears_deployers_column = dice.percent(20));
    rows
}

fn some_inspect(dice: &mut Dice) -> Inspected {
    match dice.roll(10) {
        0..=5 => Inspected::Gone,
        6 | 7 => Inspected::Present(InspectedDetails::default()),
        _ => Inspected::Unanswered("no answer within 2s".to_owned()),
    }
}

/// I1: what is known of the container that this write takes from a row, or declares missing.
fn check_taking(world: &World, before: &LedgerRow, write: &RowWrite) {
    let Some(old) = &before.binding.container_id else { return };
    let listed = world.listing.containers.iter().find(|container| &container.id == old);
    let quarantined = world.listing.quarantined.iter().any(|entry| &entry.container_id == old);
    let gone = world.listing.completeness == Completeness::Complete
        && world.verified.get(old) == Some(&Inspected::Gone)
        && listed.is_none()
        && !quarantined;
    let goes = matches!(write.observed.state, ContainerState::Missing | ContainerState::Forgotten);
    if goes && before.observed.state != ContainerState::Missing {
        assert!(gone && world.identity_known, "{} goes missing", before.id);
    }
    if write.binding.container_id.as_ref() != Some(old) {
        let was_missing = before.observed.state == ContainerState::Missing && listed.is_none() && !quarantined;
        let ended = listed.is_some_and(|container| !container.state.is_up());
        assert!(gone || was_missing || ended, "{} is taken", before.id);
        assert!(world.identity_known, "{} is taken", before.id);
    }
}

/// That a write stays within what is ours, and that its change continues the row's history (I5).
fn check_write(world: &World, write: &RowWrite) {
    let Some(before) = world.rows.iter().find(|row| row.id == write.id) else {
        assert!(write.binding.workload_kind.binding_is_ours() && world.identity_known, "{} is made", write.id);
        assert_eq!((&write.expected, &write.from_state), (&None, &None));
        return;
    };
    check_taking(world, before, write);
    let listed = world.listing.containers.iter().find(|one| Some(&one.id) == write.binding.container_id.as_ref());
    if let Some(container) = listed.filter(|_| write.cause != ChangeCause::Deployer) {
        assert_eq!(write.observed.state, container.state, "{}", write.id);
    }
    if !before.binding.workload_kind.binding_is_ours() {
        assert_eq!(write.binding, before.binding, "a binding of a deployer");
    }
    assert!(!(write.removes() || write.leaves.is_some()) || !before.bears_deployers_column, "{write:?}");
    let told = write.foreign_state.clone().or(before.recorded_state.clone());
    assert_eq!(write.from_state, told, "{} leaves a gap in its history", write.id);
}

/// I3: no row twice, no container twice, no row gone but by scaling.
fn check_ledger(rows: &[LedgerRow], before: usize, difference: &Difference) {
    let ids: HashSet<_> = rows.iter().map(|row| &row.id).collect();
    assert_eq!(ids.len(), rows.len(), "a row twice");
    let bound: Vec<_> = rows.iter().filter_map(|row| row.binding.container_id.as_ref()).collect();
    assert_eq!(bound.iter().collect::<HashSet<_>>().len(), bound.len(), "a container twice");
    let scaled = difference.rows.iter().filter(|write| write.removes() || write.leaves.is_some()).count();
    assert!(rows.len() + scaled >= before, "a row is lost");
}

/// The containers whose row went to another.
fn displaced(world: &World, assignment: &Assignment) -> HashSet<ContainerId> {
    let taken = assignment.verdicts.iter().filter_map(|verdict| match verdict {
        Verdict::Takes(row) => world.rows[*row].binding.container_id.clone(),
        _ => None,
    });
    taken.collect()
}

#[test]
fn no_row_is_taken_lost_or_doubled() {
    for seed in 0..SEEDS {
        let mut stage = Stage::of(seed);
        let (assignment, difference) = stage.pass();
        assert_eq!(assignment.verdicts.len(), stage.world.listing.containers.len());
        assert!(difference.rows.is_sorted_by(|a, b| a.id < b.id), "seed {seed}: sorted, and each row once");
        for write in &difference.rows {
            check_write(&stage.world, write);
        }
        let rows = stage.world.rows.len();
        stage.world.apply(&difference);
        check_ledger(&stage.world.rows, rows, &difference);
    }
}

#[test]
fn second_pass_over_the_same_picture_writes_nothing() {
    for seed in 0..SEEDS {
        let mut stage = Stage::of(seed);
        let (assignment, difference) = stage.pass();
        let mut waiting = displaced(&stage.world, &assignment);
        stage.world.apply(&difference);
        for _ in 0..=CONTAINERS {
            let (assignment, difference) = stage.pass();
            // What lost its row in one pass may take another in the next; nothing else moves.
            for write in &difference.rows {
                let container = write.binding.container_id.as_ref().expect("only a container brings a write about");
                assert!(waiting.contains(container), "seed {seed}: {write:#?}");
            }
            waiting = displaced(&stage.world, &assignment);
            stage.world.apply(&difference);
        }
        assert!(stage.pass().1.rows.is_empty(), "seed {seed} settles");
    }
}

#[test]
fn order_of_the_listing_does_not_matter() {
    for seed in 0..SEEDS {
        let mut stage = Stage::of(seed);
        let mut shuffled = Stage::of(seed);
        Dice(!seed).shuffle(&mut shuffled.world.listing.containers);
        let ((assignment, difference), (other_assignment, other_difference)) = (stage.pass(), shuffled.pass());
        assert_eq!(format!("{difference:?}"), format!("{other_difference:?}"), "seed {seed}");
        let by_container = |mut disputed: Vec<crate::model::Unassigned>| {
            disputed.sort_by(|a, b| a.container_id.cmp(&b.container_id));
            disputed
        };
        assert_eq!(by_container(assignment.disputed), by_container(other_assignment.disputed), "seed {seed}");
    }
}

#[test]
fn random_pictures_meet_every_verdict_and_every_cause() {
    let mut verdicts = BTreeSet::new();
    let mut causes = BTreeSet::new();
    for seed in 0..SEEDS {
        let (assignment, difference) = Stage::of(seed).pass();
        causes.extend(difference.rows.iter().map(|write| write.cause.as_str()));
        verdicts.extend(assignment.verdicts.iter().map(|verdict| match verdict {
            Verdict::Keeps(_) => "keeps",
            Verdict::Takes(_) => "takes",
            Verdict::Moves { .. } => "moves",
            Verdict::Makes { .. } => "makes",
            Verdict::Unassigned { reason, .. } => reason.as_str(),
        }));
    }
    for word in ["keeps", "takes", "makes"].into_iter().chain(
        [
            UnassignedReason::NoLabel,
            UnassignedReason::UnknownWorkload,
            UnassignedReason::UnclaimedProject,
            UnassignedReason::UnknownStack,
            UnassignedReason::Superseded,
            UnassignedReason::Contested,
            UnassignedReason::LabelFromImage,
            UnassignedReason::ImageUnanswered,
            UnassignedReason::ImageUnreadable,
            UnassignedReason::IdentityUnknown,
        ]
        .map(UnassignedReason::as_str),
    ) {
        assert!(verdicts.contains(word), "{word} never happened: {verdicts:?}");
    }
    for cause in ["inserted", "observed", "rebound", "missing", "returned", "deployer"] {
        assert!(causes.contains(cause), "{cause} never happened: {causes:?}");
    }
}
