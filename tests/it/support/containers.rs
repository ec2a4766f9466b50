//! *The sixty*: containers of every state and of every fate that the rules know, on a real daemon, with what a pass has
//! to make of each.

mod plan;
mod plans;
mod registry;

use std::thread;

use dockledger::model::{ContainerId, ContainerState, UnassignedReason, WorkloadKind};

use super::dockerd::Dockerd;
use plan::{EndsAs, Plan, wait_for};
use plans::{import_images, plans, stack_row};
pub(crate) use registry::REGISTRY;

/// What a first pass makes of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Dockledger makes this row.
    Row { row: String, workload: &'static str, kind: WorkloadKind, role: String },
    /// A deployer claims it for this stage before the pass; the row is the deployer's.
    Claimed { project: &'static str, stage: &'static str },
    /// It has no row, for this reason.
    Unassigned(UnassignedReason),
}

/// One container and what the ledger, or the report, has to say of it.
#[derive(Clone, Debug)]
pub(crate) struct ExpectedContainer {
    pub(crate) id: ContainerId,
    pub(crate) name: String,
    pub(crate) image_ref: String,
    pub(crate) state: ContainerState,
    pub(crate) exit_code: Option<i64>,
    pub(crate) health: Option<&'static str>,
    /// The lowest published host port; 0 without one.
    pub(crate) port: i32,
    /// Each published port, like `127.0.0.1:8080->80/tcp`, in no order.
    pub(crate) published: Vec<String>,
    pub(crate) fate: Fate,
}

/// Builds the sixty on an empty daemon; takes some fifteen seconds. Those that restart stay between two runs for the
/// next ten seconds.
pub(crate) fn build_the_sixty(daemon: &Dockerd) -> Vec<ExpectedContainer> {
    import_images(daemon);
    let plans = plans();
    let restarting: Vec<&Plan> = plans.iter().filter(|plan| plan.ends_as == EndsAs::Restarting).collect();
    let others: Vec<&Plan> = plans.iter().filter(|plan| plan.ends_as != EndsAs::Restarting).collect();
    let mut built: Vec<ExpectedContainer> = restarting.iter().map(|plan| plan.build(daemon)).collect();
    thread::scope(|scope| {
        // Four at a time: the daemon spends most of a start waiting.
        let workers: Vec<_> = others
            .chunks(others.len().div_ceil(4))
            .map(|share| scope.spawn(move || share.iter().map(|plan| plan.build(daemon)).collect::<Vec<_>>()))
            .collect();
        for worker in workers {
            built.extend(worker.join().expect("a container could not be built; the panic above says which"));
        }
    });
    build_contenders(daemon, &mut built);
    for container in built.iter().filter(|container| container.state == ContainerState::Restarting) {
        wait_for(daemon, container, |state| {
            state["RestartCount"].as_i64() >= Some(7) && state["State"]["Status"] == "restarting"
        });
    }
    built
}

/// Those that claim a row that another claims too. Two services in the middle of being replaced by compose: one whose
/// old container still runs, and one whose old container ended while the new one, still under its passing name, already
/// runs. And a second running container of one service, with the same number: compose's own name goes first.
fn build_contenders(daemon: &Dockerd, built: &mut Vec<ExpectedContainer>) {
    let superseded = || Fate::Unassigned(UnassignedReason::Superseded);
    let waits = replacement(built, "blog-web-1", "web", EndsAs::Created, superseded());
    built.push(waits.build(daemon));
    let old = Plan::new("blog-feed-1", EndsAs::Exited(0), superseded()).compose("blog", "feed", 1);
    built.push(old.build(daemon));
    let fate = stack_row("workload-journal", "feed", "feed");
    let takes = replacement(built, "blog-feed-1", "feed", EndsAs::Running, fate);
    built.push(takes.build(daemon));
    let again = Plan::new("blog-queue-again", EndsAs::Running, stack_row("workload-journal", "queue:2", "queue"));
    built.push(again.compose("blog", "queue", 1).build(daemon));
}

fn replacement(built: &[ExpectedContainer], replaced: &str, service: &str, ends_as: EndsAs, fate: Fate) -> Plan {
    let old = built.iter().find(|container| container.name == replaced).expect("the old one was built before");
    Plan::new(&format!("{}_{replaced}", old.id.short()), ends_as, fate)
        .compose("blog", service, 1)
        .label("com.docker.compose.replace", replaced)
}
