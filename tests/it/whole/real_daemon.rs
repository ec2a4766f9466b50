//! One true pass over a real daemon: the ledger equals what the rules say of the sixty, row by row.

use std::collections::{BTreeMap, BTreeSet};

use dockledger::config::Config;
use dockledger::model::{ClaimRequest, ContainerId, Origin, StoredRow, UnassignedReason, WorkloadKind};
use dockledger::store::{NewParent, OpenMode, RowFilter, Store};
use serde_json::{Value, json};

use super::ledger::program_on;
use crate::support::containers::{ExpectedContainer, Fate, REGISTRY, build_the_sixty};
use crate::support::database::TestDatabase;
use crate::support::dockerd::{Dockerd, PLAIN_IMAGE};
use crate::support::skip::skip;

/// Both ledgers look at the same daemon, before and after ten containers go and one comes back.
#[test]
fn the_ledger_of_sixty_containers_equals_the_rules_row_by_row() {
    let daemon = match Dockerd::start() {
        Ok(daemon) => daemon,
        Err(why) => return skip("the_ledger_of_sixty_containers_equals_the_rules_row_by_row", &why),
    };
    let expected = build_the_sixty(&daemon);
    assert!(expected.len() >= 60, "{}", expected.len());
    let databases = [Some(TestDatabase::sqlite()), TestDatabase::postgres(module_path!())];
    let looks: Vec<Look> =
        databases.into_iter().flatten().map(|database| Look::new(&daemon, database, &expected)).collect();
    for look in &looks {
        look.first_pass_is_true(&expected);
        look.second_pass_is_silent();
    }
    let (removed, recreated) = remove_ten(&daemon, &expected);
    for look in &looks {
        look.exactly_these_are_missing(&removed);
    }
    let again = recreate(&daemon, recreated);
    for look in &looks {
        look.comes_back(recreated, &again);
    }
}

/// One ledger that looks at the daemon.
struct Look {
    config: Config,
    docker_host: String,
    _database: TestDatabase,
}

impl Look {
    fn new(daemon: &Dockerd, database: TestDatabase, expected: &[ExpectedContainer]) -> Self {
        let look = Self { config: database.config.clone(), docker_host: daemon.docker_host(), _database: database };
        let mut store = look.store();
        register(&mut store);
        for container in expected {
            if let Fate::Claimed { project, stage } = &container.fate {
                let request = ClaimRequest {
                    project: (*project).into(),
                    stage: Some((*stage).into()),
                    container_id: Some(container.id.clone()),
                    ..ClaimRequest::default()
                };
                store.claim(&look.config.host, &request).expect("nobody else has it");
            }
        }
        look
    }

    fn store(&self) -> Store {
        Store::open(&self.config, OpenMode::Write).expect("the ledger opens")
    }

    fn rows(&self) -> BTreeMap<ContainerId, StoredRow> {
        let rows = self.store().rows(&RowFilter::default()).expect("it can be read");
        rows.into_iter().map(|row| (row.binding.container_id.clone().expect("each row is bound"), row)).collect()
    }

    fn once(&self) -> Value {
        let ran = program_on(&self.config.database, &self.docker_host, &["once", "--json"]);
        assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
        ran.json()
    }

    fn first_pass_is_true(&self, expected: &[ExpectedContainer]) {
        let report = self.once();
        assert_eq!(report["listed"], expected.len());
        let rows = self.rows();
        let mut counts: BTreeMap<UnassignedReason, usize> = BTreeMap::new();
        for container in expected {
            match &container.fate {
                Fate::Unassigned(reason) => {
                    assert!(!rows.contains_key(&container.id), "{} has a row", container.name);
                    *counts.entry(*reason).or_default() += 1;
                }
                fate => assert_row(&rows[&container.id], container, fate),
            }
        }
        assert_eq!(rows.len(), expected.len() - counts.values().sum::<usize>(), "no other row");
        assert_eq!(report["unassigned"], json!(counts));
        self.unassigned_says_why(expected);
    }

    fn unassigned_says_why(&self, expected: &[ExpectedContainer]) {
        let ran = program_on(&self.config.database, &self.docker_host, &["unassigned", "--json"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let said: BTreeMap<String, String> = ran
            .json()
            .as_array()
            .expect("an array")
            .iter()
            .map(|c| (c["container_id"].as_str().expect("text").into(), c["reason"].as_str().expect("text").into()))
            .collect();
        let meant: BTreeMap<String, String> = expected
            .iter()
            .filter_map(|container| match &container.fate {
                Fate::Unassigned(reason) => Some((container.id.to_string(), reason.to_string())),
                _ => None,
            })
            .collect();
        assert_eq!(said, meant);
    }

    fn second_pass_is_silent(&self) {
        let written = |rows: &BTreeMap<ContainerId, StoredRow>| -> Vec<_> {
            rows.values().map(|row| (row.id.clone(), row.revision, row.updated_at)).collect()
        };
        let before = written(&self.rows());
        let report = self.once();
        for count in ["inserted", "updated", "missing"] {
            assert_eq!(report[count], 0, "{count}: {report}");
        }
        assert_eq!(written(&self.rows()), before, "no container row is written");
    }

    /// Of a service the first row is missing, and the others go.
    fn exactly_these_are_missing(&self, removed: &BTreeSet<ContainerId>) {
        let before = self.rows();
        let report = self.once();
        let is_first = |id: &&ContainerId| before[*id].id.as_str().matches(':').count() < 2;
        let (removed, surplus): (BTreeSet<_>, BTreeSet<_>) = removed.iter().partition(is_first);
        assert_eq!((&report["missing"], &report["scaled"]), (&json!(removed.len()), &json!(surplus.len())), "{report}");
        assert!(!surplus.is_empty(), "a whole service with replicas is among them");
        let rows = self.rows();
        let missing: BTreeSet<ContainerId> =
            rows.iter().filter(|(_, row)| row.observed.state.as_str() == "missing").map(|(id, _)| id.clone()).collect();
        assert_eq!(missing.iter().collect::<BTreeSet<_>>(), removed);
        assert!(surplus.iter().all(|id| !rows.contains_key(*id)));
        for (id, row) in &rows {
            if removed.contains(id) {
                assert_eq!(
                    (&row.observed.name, &row.observed.ports),
                    (&before[id].observed.name, &before[id].observed.ports)
                );
                assert!(row.observed.last_seen_at.is_some(), "{} was seen by the pass before", row.id);
            } else {
                assert_eq!(row.revision, before[id].revision, "{} was not written", row.id);
            }
        }
    }

    fn comes_back(&self, removed: &ExpectedContainer, again: &ContainerId) {
        let lost = self.rows().remove(&removed.id).expect("it is missing");
        let report = self.once();
        assert_eq!((&report["inserted"], &report["rebound"]), (&json!(0), &json!(1)), "{report}");
        let row = self.rows().remove(again).expect("bound");
        assert_eq!((row.id, row.created_at, row.observed.state.as_str()), (lost.id, lost.created_at, "running"));
    }
}

fn register(store: &mut Store) {
    let named = |name: &str, id: &str, workload: &str| NewParent {
        id: Some(id.into()),
        workload_id: Some(workload.into()),
        ..NewParent::named(name)
    };
    for project in REGISTRY.projects {
        store.add_project(&named(project.name, project.id, project.workload)).expect("fresh");
    }
    for (project, stage) in REGISTRY.stages {
        store.add_stage(project, stage, None, None).expect("fresh");
    }
    for stack in REGISTRY.stacks {
        let parent = &stack.parent;
        store
            .add_stack(&named(parent.name, parent.id, parent.workload), Some(stack.compose_project.to_owned()))
            .expect("fresh");
        for name in stack.adopted {
            store.adopt_name(parent.name, name, Origin::Adopted).expect("fresh");
        }
    }
    for site in REGISTRY.sites {
        store.add_site(&named(site.name, site.id, site.workload)).expect("fresh");
    }
}

fn assert_row(row: &StoredRow, container: &ExpectedContainer, fate: &Fate) {
    let name = &container.name;
    match fate {
        Fate::Row { row: id, workload, kind, role } => {
            assert_eq!(row.id.as_str(), id.replace("{id}", container.id.as_str()), "{name}");
            assert_eq!(row.binding.workload_id.as_str(), *workload, "{name}");
            assert_eq!((row.binding.workload_kind, &*row.binding.role), (*kind, role.as_str()), "{name}");
        }
        Fate::Claimed { stage, .. } => {
            assert_eq!((row.binding.workload_kind, &*row.binding.role), (WorkloadKind::Project, *stage), "{name}");
            assert!(row.deployer.stage_id.is_some(), "{name}");
        }
        Fate::Unassigned(_) => unreachable!("it has no row"),
    }
    let observed = &row.observed;
    assert_eq!((&*observed.name, &*observed.image_ref), (name.as_str(), container.image_ref.as_str()));
    assert_eq!(observed.state, container.state, "{name}");
    assert_eq!((observed.exit_code, observed.health.as_deref()), (container.exit_code, container.health), "{name}");
    assert_eq!(observed.port, container.port, "{name}");
    let published: BTreeSet<&str> = observed.ports.split(", ").filter(|port| port.contains("->")).collect();
    assert_eq!(published, container.published.iter().map(String::as_str).collect(), "{name}");
}

/// Ten running ones of stacks and projects, and the one of them that is made again.
fn remove_ten<'a>(
    daemon: &Dockerd,
    expected: &'a [ExpectedContainer],
) -> (BTreeSet<ContainerId>, &'a ExpectedContainer) {
    let with_rows: Vec<&ExpectedContainer> = expected
        .iter()
        .filter(|c| {
            !matches!(c.fate, Fate::Unassigned(_)) && !c.name.contains("blog") && c.state.as_str() != "restarting"
        })
        .take(10)
        .collect();
    for container in &with_rows {
        let reply = daemon.delete(&format!("/containers/{}?force=1", container.id));
        assert_eq!(reply.status, 204, "{}: {reply:?}", container.name);
    }
    let recreated = with_rows.iter().find(|container| container.name == "shop-web-1").expect("among the first");
    (with_rows.iter().map(|container| container.id.clone()).collect(), recreated)
}

fn recreate(daemon: &Dockerd, removed: &ExpectedContainer) -> ContainerId {
    let labels = json!({
        "com.docker.compose.project": "shop",
        "com.docker.compose.service": "web",
        "com.docker.compose.container-number": "1",
        "com.docker.compose.config-hash": "f00d",
        "com.docker.compose.oneoff": "False",
    });
    let body = json!({ "Image": PLAIN_IMAGE, "Cmd": ["sleep", "3600"], "Labels": labels });
    let made = daemon.post(&format!("/containers/create?name={}", removed.name), &body);
    let id = made.body["Id"].as_str().unwrap_or_else(|| panic!("{made:?}")).to_owned();
    assert_eq!(daemon.order(&format!("/containers/{id}/start")).status, 204);
    ContainerId::new(id)
}
