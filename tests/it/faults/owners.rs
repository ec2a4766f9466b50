//! Labels that name somebody else: a claim is checked, and what another holds is not taken.

use dockledger::model::{ContainerId, UnassignedReason};
use dockledger::simulation::{NewContainer, RestartPolicy};
use dockledger::store::NewParent;

use crate::support::database::{TestDatabase, on_both_backends};
use crate::whole::ledger::Case;

/// Role, name and state of every row, sorted.
fn rows(case: &Case) -> Vec<String> {
    let rows = case.rows();
    let mut told: Vec<String> =
        rows.iter().map(|row| format!("{} {} {}", row.binding.role, row.observed.name, row.observed.state)).collect();
    told.sort();
    told
}

on_both_backends! {
    /// B18: names that only a careless comparison takes for one.
    fn twins_of_a_compose_project_are_stacks_of_their_own(database: &TestDatabase) {
        let twins = ["caf\u{e9}", "cafe\u{301}", "CAF\u{c9}", "cafe"];
        let mut store = database.open();
        for (n, twin) in twins.iter().enumerate() {
            let named = NewParent::named(format!("stack {n}"));
            store.add_stack(&named, Some((*twin).to_owned())).expect("another project than the others");
        }
        drop(store);
        let mut case = Case::new();
        case.config = dockledger::config::Config { docker_host: case.config.docker_host, ..database.config.clone() };
        for twin in twins.iter().chain(&["Cafe", "cafe ", "caf\u{65}\u{301}\u{301}"]) {
            let container = NewContainer::new(format!("of {twin}"), "busybox").compose(twin, "web", 1);
            case.daemon.with(|world| world.run(container)).expect("a fresh name");
        }
        let report = tokio::runtime::Runtime::new().expect("a runtime").block_on(case.once());
        assert_eq!((report.error.as_ref(), report.inserted), (None, 4));
        assert_eq!(report.unassigned.get(&UnassignedReason::UnknownStack), Some(&3), "{report:?}");
        let workloads = database.line(&["count(DISTINCT workload_id)"], "FROM containers");
        assert_eq!(workloads, "4");
    }
}

/// B19: a stranger claims a service that a container of the project's own has: it gets a slot of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_with_labels_of_a_project_takes_no_row_that_is_held() {
    let case = Case::with_shop(2).await;
    let before = rows(&case);
    for number in ["1", "01", "0", "-1", "99999999999999999999", "x"] {
        let stranger = NewContainer::new(format!("stranger {number}"), "evil").compose("shop", "s0", 1);
        let stranger = stranger.label("com.docker.compose.container-number", number);
        case.daemon.with(|world| world.run(stranger)).expect("a fresh name");
    }
    let report = case.once().await;
    assert_eq!((report.error.as_ref(), report.rebound, report.missing), (None, 0, 0));
    let after = rows(&case);
    assert!(before.iter().all(|row| after.contains(row)), "{before:?} are still there: {after:?}");
    assert_eq!((after.len(), report.inserted), (before.len() + 6, 6), "{report:?}");
}

/// B20: labels that came with the image, as compose bakes them in and as an author may.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn labels_of_an_image_claim_nothing() {
    let case = Case::with_shop(1).await;
    let site = case.store().add_site(&NewParent::named("docs")).expect("fresh");
    let bake = |reference: &str, labels: &[(&str, &str)]| {
        let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        case.daemon.with(|world| {
            world.add_image(reference, labels);
            world.run(NewContainer::new(format!("of-{reference}"), reference)).expect("a fresh name");
        });
    };
    bake("compose", &[("com.docker.compose.project", "shop"), ("com.docker.compose.service", "stolen")]);
    bake(
        "whole",
        &[
            ("com.docker.compose.project", "shop"),
            ("com.docker.compose.service", "s0"),
            ("com.docker.compose.config-hash", "00"),
            ("com.docker.compose.container-number", "1"),
        ],
    );
    bake("workload", &[("tinyforge.workload.id", site.workload_id.as_str())]);
    bake("site", &[("tinyforge.static-site", site.id.as_str())]);
    let genuine = NewContainer::new("genuine", "compose").compose("shop", "genuine", 1);
    case.daemon.with(|world| world.run(genuine)).expect("a fresh name");
    let report = case.once().await;
    assert_eq!(report.unassigned.get(&UnassignedReason::LabelFromImage), Some(&4), "{report:?}");
    assert_eq!(rows(&case), ["genuine genuine running", "s0 c0 running"]);
}

/// B21: the labels by which a deployer names a workload, on containers that it did not make.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_strangers_claim_on_a_project_makes_no_row() {
    let case = Case::with_shop(1).await;
    let project = case.store().add_project(&NewParent::named("api")).expect("fresh");
    let shop = case.rows()[0].binding.workload_id.to_string();
    let stranger = |name: &str, workload: &str, more: &[(&str, &str)]| {
        let plain = NewContainer::new(name, "evil").label("tinyforge.workload.id", workload);
        let container = more.iter().fold(plain, |container, (key, value)| container.label(*key, *value));
        case.daemon.with(|world| world.run(container)).expect("a fresh name");
    };
    stranger("of the project", project.workload_id.as_str(), &[("tinyforge.workload.kind", "project")]);
    stranger("of the wrong kind", project.workload_id.as_str(), &[("tinyforge.workload.kind", "stack")]);
    stranger("of a held role", &shop, &[("tinyforge.workload.role", "s0")]);
    stranger("of nothing", "no-such-workload", &[("com.docker.compose.project", "shop")]);
    let report = case.once().await;
    let reasons: Vec<(UnassignedReason, usize)> = report.unassigned.into_iter().collect();
    let once = [
        UnassignedReason::UnknownWorkload,
        UnassignedReason::KindMismatch,
        UnassignedReason::UnclaimedProject,
        UnassignedReason::Contested,
    ];
    assert_eq!(reasons, once.map(|reason| (reason, 1)));
    assert_eq!(rows(&case), ["s0 c0 running"]);
}

/// B22: made anew under the same name, without its labels, and with those of another service.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_container_made_anew_with_other_labels_has_the_row_that_they_name() {
    let case = Case::with_shop(3).await;
    let anew = |name: &str, container: NewContainer| {
        case.daemon.with(|world| {
            world.remove(name, true).expect("it exists");
            world.run(container.restart(RestartPolicy::Always)).expect("the name is free");
        });
    };
    anew("c0", NewContainer::new("c0", "busybox"));
    anew("c1", NewContainer::new("c1", "busybox").compose("shop", "other", 1));
    let report = case.once().await;
    assert_eq!((report.missing, report.inserted, report.rebound), (2, 1, 0));
    assert_eq!(report.unassigned.get(&UnassignedReason::NoLabel), Some(&1));
    assert_eq!(rows(&case), ["other c1 running", "s0 c0 missing", "s1 c1 missing", "s2 c2 running"]);
    let ids: Vec<Option<ContainerId>> = case.rows().into_iter().map(|row| row.binding.container_id).collect();
    let distinct: std::collections::BTreeSet<_> = ids.iter().flatten().collect();
    assert_eq!(distinct.len(), ids.iter().flatten().count(), "no container has two rows");
}
