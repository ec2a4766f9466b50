//! A small world for tests of the rules and of the difference: four workloads, and whatever a test adds.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::{Assignment, AssignmentInput, ImageNames, RuleSet, Verdict, assign};
use crate::dispatch::diff::{DiffInput, Difference, diff};
use crate::docker::ImageAnswer;
use crate::model::{
    Binding, Claims, Completeness, ContainerId, ContainerState, Directory, ExaminedContainer, HealthFact, ImageId,
    Inspected, InspectedDetails, LedgerRow, ListedContainer, Listing, News, Observed, Ports, Quarantined, RowId,
    Timestamp, UnassignedReason, WorkloadId, WorkloadKind,
};
use crate::store::RowWrite;

/// The begin of the pass under test.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_000_000);
/// The complete pass before it.
pub(crate) const LAST_PASS: Timestamp = Timestamp::from_millis(970_000);

/// Shorter than the time since 1970 that [`NOW`] shows.
pub(crate) const FLAPPING_WINDOW: Duration = Duration::from_secs(300);

/// What a pass has in its hands.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) rows: Vec<LedgerRow>,
    pub(crate) listing: Listing,
    pub(crate) directory: Directory,
    pub(crate) images: HashMap<ImageId, ImageAnswer>,
    pub(crate) verified: HashMap<ContainerId, Inspected>,
    pub(crate) examined: HashMap<ContainerId, ExaminedContainer>,
    pub(crate) image_names: ImageNames,
    pub(crate) identity_known: bool,
    pub(crate) rules: RuleSet,
    pub(crate) news: News,
}

/// A project `p`, the stacks `s` (compose project `shop`, adopted name `legacy`) and `s2` (`blog`), and a site `t` with
/// the id `docs`; an image without labels; a complete listing of these containers.
pub(crate) fn world(containers: Vec<ListedContainer>, rows: Vec<LedgerRow>) -> World {
    let workload = |id: &str, kind| (id.to_owned(), kind);
    World {
        rows,
        listing: Listing {
            completeness: Completeness::Complete,
            containers,
            quarantined: Vec::new(),
            unreadable: Vec::new(),
        },
        directory: Directory {
            workloads: HashMap::from([
                workload("p", WorkloadKind::Project),
                workload("s", WorkloadKind::Stack),
                workload("s2", WorkloadKind::Stack),
                workload("t", WorkloadKind::Site),
            ]),
            sites: HashMap::from([("docs".to_owned(), WorkloadId::new("t"))]),
            stacks: HashMap::from([
                ("shop".to_owned(), WorkloadId::new("s")),
                ("blog".to_owned(), WorkloadId::new("s2")),
            ]),
            adopted: HashMap::from([("legacy".to_owned(), WorkloadId::new("s"))]),
            kept_by: None,
        },
        images: HashMap::from([(image_id("plain"), ImageAnswer::Labels(Arc::default()))]),
        verified: HashMap::new(),
        examined: HashMap::new(),
        image_names: ImageNames::default(),
        identity_known: true,
        rules: RuleSet::default(),
        news: News::default(),
    }
}

impl World {
    pub(crate) fn input(&self) -> AssignmentInput<'_> {
        AssignmentInput {
            rows: &self.rows,
            scoped: None,
            listing: &self.listing,
            directory: &self.directory,
            images: &self.images,
            verified: &self.verified,
            examined: &self.examined,
            image_names: &self.image_names,
            identity_known: self.identity_known,
        }
    }

    pub(crate) fn assign(&self) -> Assignment {
        assign(&self.input(), &self.rules)
    }

    /// The verdict on the container of this number, in short: `keeps ROW`, `takes ROW`, `makes ROW role` or the reason.
    pub(crate) fn verdict(&self, number: u32) -> String {
        let index = self.listing.containers.iter().position(|container| container.id == container_id(number));
        match &self.assign().verdicts[index.expect("the test lists this container")] {
            Verdict::Keeps(row) => format!("keeps {}", self.rows[*row].id),
            Verdict::Takes(row) => format!("takes {}", self.rows[*row].id),
            Verdict::Moves { from, to } => format!("moves {} {}", self.rows[*from].id, self.rows[*to].id),
            Verdict::Makes { row, workload, kind, role } => {
                assert!(row.as_str().starts_with(&format!("{workload}:")), "{row} is no row of {workload}");
                assert!(kind.binding_is_ours(), "{row} is a project's");
                format!("makes {row} {role}")
            }
            Verdict::Unassigned { reason, .. } => reason.as_str().to_owned(),
        }
    }

    /// The verdicts on all containers, in the listing's order.
    pub(crate) fn verdicts(&self) -> Vec<String> {
        let number = |container: &ListedContainer| u32::from_str_radix(container.id.as_str(), 16).expect("a test's id");
        self.listing.containers.iter().map(|container| self.verdict(number(container))).collect()
    }

    pub(crate) fn diff(&self) -> Difference {
        let facts = self.input();
        let assignment = assign(&facts, &self.rules);
        let input = DiffInput {
            facts: &facts,
            assignment: &assignment,
            now: NOW,
            last_complete_pass_at: Some(LAST_PASS),
            news: &self.news,
            flapping_window: FLAPPING_WINDOW,
        };
        diff(&input)
    }

    /// The one row that is written.
    pub(crate) fn only_write(&self) -> RowWrite {
        let mut rows = self.diff().rows;
        assert_eq!(rows.len(), 1, "{rows:#?}");
        rows.remove(0)
    }

    pub(crate) fn apply(&mut self, difference: &Difference) {
        for write in &difference.rows {
            let stored = self.rows.iter().find(|row| row.id == write.id);
            assert_eq!(write.expected, stored.map(|stored| stored.binding.container_id.clone()), "{}", write.id);
            let bears_deployers_column = stored.is_some_and(|stored| stored.bears_deployers_column);
            let goes = write.leaves.as_ref().or(write.removes().then_some(&write.id));
            self.rows.retain(|row| Some(&row.id) != goes);
            if write.removes() {
                continue;
            }
            let row = LedgerRow {
                id: write.id.clone(),
                binding: write.binding.clone(),
                observed: write.observed.clone(),
                recorded_state: Some(write.observed.state.clone()),
                seen_container_id: write.binding.container_id.clone(),
                details_owed: write.details_owed,
                bears_deployers_column,
                state_after: write.state_after,
            };
            match self.rows.iter_mut().find(|row| row.id == write.id) {
                Some(stored) => *stored = row,
                None => self.rows.push(row),
            }
        }
    }

    pub(crate) fn gone(mut self, number: u32) -> Self {
        self.verified.insert(container_id(number), Inspected::Gone);
        self
    }

    pub(crate) fn unanswered(mut self, number: u32) -> Self {
        self.verified.insert(container_id(number), Inspected::Unanswered("no answer within 2s".to_owned()));
        self
    }

    pub(crate) fn present(mut self, number: u32) -> Self {
        self.verified.insert(container_id(number), Inspected::Present(InspectedDetails::default()));
        self
    }

    pub(crate) fn partial(mut self) -> Self {
        self.listing.completeness = Completeness::Partial;
        self.listing.unreadable.push("an entry without an id".to_owned());
        self
    }

    pub(crate) fn quarantined(mut self, number: u32) -> Self {
        let problem = "State is a number".to_owned();
        self.listing.quarantined.push(Quarantined { container_id: container_id(number), problem });
        self
    }

    pub(crate) fn image(mut self, name: &str, answer: ImageAnswer) -> Self {
        self.images.insert(image_id(name), answer);
        self
    }

    pub(crate) fn unidentified(mut self) -> Self {
        self.identity_known = false;
        self
    }
}

pub(crate) fn container_id(number: u32) -> ContainerId {
    ContainerId::new(format!("{number:064x}"))
}

pub(crate) fn image_id(name: &str) -> ImageId {
    ImageId::new(format!("sha256:{name}"))
}

/// A running container `c<number>` without labels, created `number` seconds after 1970.
pub(crate) fn container(number: u32) -> ListedContainer {
    ListedContainer {
        id: container_id(number),
        name: format!("c{number}").into(),
        image_ref: "app:1".into(),
        image_id: Some(image_id("plain")),
        state: ContainerState::Running,
        exit_code: None,
        health: HealthFact::Absent,
        created_at: Some(Timestamp::from_millis(i64::from(number) * 1000)),
        ports: Ports { lowest: 8080, text: "0.0.0.0:8080->80/tcp".into() },
        claims: Claims::default(),
        ignored_by_label: None,
    }
}

/// One with the labels that compose gives to replica `replica` of `shop`'s service `web`.
pub(crate) fn web(number: u32, replica: u32) -> ListedContainer {
    let claims = Claims {
        compose_project: Some("shop".into()),
        compose_service: Some("web".into()),
        compose_number: Some(replica.to_string().into()),
        compose_config_hash: Some("5d1f".into()),
        compose_oneoff: Some("False".into()),
        ..Claims::default()
    };
    ListedContainer { claims, ..container(number) }
}

/// One with a workload label, and a kind and a role where they are not empty.
pub(crate) fn labelled(number: u32, workload: &str, kind: &str, role: &str) -> ListedContainer {
    let text = |text: &str| (!text.is_empty()).then(|| text.into());
    let claims = Claims {
        workload_id: text(workload),
        workload_kind: text(kind),
        workload_role: text(role),
        ..Claims::default()
    };
    ListedContainer { claims, ..container(number) }
}

pub(crate) fn stopped(container: ListedContainer) -> ListedContainer {
    ListedContainer { state: ContainerState::Stopped, exit_code: Some(0), ..container }
}

pub(crate) fn in_state(state: ContainerState, container: ListedContainer) -> ListedContainer {
    ListedContainer { state, ..container }
}

/// A row that is bound to this container and true to it, with details that were read.
pub(crate) fn row(id: &str, workload: &str, container: &ListedContainer) -> LedgerRow {
    LedgerRow {
        id: RowId::new(id),
        binding: Binding { container_id: Some(container.id.clone()), ..binding(workload) },
        observed: Observed {
            name: container.name.clone(),
            image_ref: container.image_ref.clone(),
            state_since: Some(Timestamp::from_millis(500_000)),
            port: container.ports.lowest,
            ports: container.ports.text.clone(),
            exit_code: container.exit_code,
            restart_count: Some(2),
            oom_killed: Some(false),
            started_at: Some(Timestamp::from_millis(499_000)),
            created_in_docker_at: container.created_at,
            ..Observed::unseen(container.state.clone())
        }
        .attended(),
        recorded_state: Some(container.state.clone()),
        seen_container_id: Some(container.id.clone()),
        details_owed: false,
        bears_deployers_column: false,
        state_after: None,
    }
}

/// A row as a deployer inserts it: no observed column but the state, and no change that names it.
pub(crate) fn raw_row(id: &str, workload: &str, state: ContainerState, container: Option<ContainerId>) -> LedgerRow {
    LedgerRow {
        id: RowId::new(id),
        binding: Binding { container_id: container, ..binding(workload) },
        observed: Observed::unseen(state),
        recorded_state: None,
        seen_container_id: None,
        details_owed: false,
        bears_deployers_column: false,
        state_after: None,
    }
}

/// A row into which a deployer wrote.
pub(crate) fn deployed(row: LedgerRow) -> LedgerRow {
    LedgerRow { bears_deployers_column: true, ..row }
}

/// A row of this container that has gone missing.
pub(crate) fn missing(mut row: LedgerRow) -> LedgerRow {
    row.observed.state = ContainerState::Missing;
    row.observed.last_seen_at = Some(LAST_PASS);
    row.recorded_state = Some(ContainerState::Missing);
    row
}

/// The workload's kind is told by its id: `p…` is a project, `t…` a site, any other a stack.
fn binding(workload: &str) -> Binding {
    let workload_kind = match workload.as_bytes().first() {
        Some(b'p') => WorkloadKind::Project,
        Some(b't') => WorkloadKind::Site,
        _ => WorkloadKind::Stack,
    };
    Binding { workload_id: WorkloadId::new(workload), workload_kind, role: "web".into(), container_id: None }
}

/// An image that carries these labels.
pub(crate) fn carries(labels: Claims) -> ImageAnswer {
    ImageAnswer::Labels(Arc::new(labels))
}

/// The reasons of the bound containers whose labels name another owner.
pub(crate) fn disputes(assignment: &Assignment) -> Vec<UnassignedReason> {
    assignment.disputed.iter().map(|disputed| disputed.reason).collect()
}
