//! *The sixty*: containers of every state and of every fate that the rules know, on a real daemon, with what a pass has
//! to make of each.

use std::thread;
use std::time::{Duration, Instant};

use dockledger::model::{ContainerId, ContainerState, UnassignedReason, WorkloadKind};
use serde_json::{Value, json};

use super::dockerd::{Dockerd, PLAIN_IMAGE};

/// What has to be registered before the pass.
pub(crate) struct Registry {
    /// Projects.
    pub(crate) projects: &'static [Parent],
    /// Stages by project name.
    pub(crate) stages: &'static [(&'static str, &'static str)],
    /// Stacks.
    pub(crate) stacks: &'static [StackParent],
    /// Sites.
    pub(crate) sites: &'static [Parent],
}

/// A project or a site.
pub(crate) struct Parent {
    pub(crate) name: &'static str,
    pub(crate) id: &'static str,
    pub(crate) workload: &'static str,
}

/// A stack.
pub(crate) struct StackParent {
    pub(crate) parent: Parent,
    pub(crate) compose_project: &'static str,
    /// Names of plain containers that join it.
    pub(crate) adopted: &'static [&'static str],
}

const fn parent(name: &'static str, id: &'static str, workload: &'static str) -> Parent {
    Parent { name, id, workload }
}

/// What the fates below rest on.
pub(crate) const REGISTRY: Registry = Registry {
    projects: &[
        parent("console", "project-console", "workload-console"),
        parent("billing", "project-billing", "workload-billing"),
    ],
    stages: &[("console", "production"), ("console", "staging"), ("billing", "production")],
    stacks: &[
        StackParent { parent: parent("shop", "stack-shop", "workload-shop"), compose_project: "shop", adopted: &[] },
        // Another name than its compose project's: the label counts, not the name.
        StackParent {
            parent: parent("journal", "stack-journal", "workload-journal"),
            compose_project: "blog",
            adopted: &[],
        },
        StackParent {
            parent: parent("forum", "stack-forum", "workload-forum"),
            compose_project: "forum",
            adopted: &[],
        },
        StackParent {
            parent: parent("tools", "stack-tools", "workload-tools"),
            compose_project: "tools",
            adopted: &["nightly-backup", "metrics-agent"],
        },
    ],
    sites: &[
        parent("landing", "site-landing", "workload-landing"),
        parent("docs", "site-docs", "workload-docs"),
        parent("press", "site-press", "workload-press"),
    ],
};

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
    pub(crate) exit_code: Option<i32>,
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
    recreate(daemon, &mut built);
    for container in built.iter().filter(|container| container.state == ContainerState::Restarting) {
        wait_for(daemon, container, |state| {
            state["RestartCount"].as_i64() >= Some(7) && state["State"]["Status"] == "restarting"
        });
    }
    built
}

/// What compose bakes into the images it builds.
const BUILT_IMAGE: &str = "dockledger-test:forum-web";
/// An image whose author wrote an owner into it.
const LABELLED_IMAGE: &str = "dockledger-test:labelled";

fn import_images(daemon: &Dockerd) {
    daemon.import_image(BUILT_IMAGE, &[("com.docker.compose.project", "forum"), ("com.docker.compose.service", "web")]);
    daemon.import_image(
        LABELLED_IMAGE,
        &[("tinyforge.workload.id", "workload-shop"), ("tinyforge.workload.role", "baked")],
    );
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EndsAs {
    Created,
    Running,
    Paused,
    Exited(i32),
    Restarting,
    Healthy,
    Unhealthy,
}

#[derive(Clone, Debug)]
struct Plan {
    name: String,
    image: &'static str,
    labels: Vec<(String, String)>,
    /// Address, host port, container port with its protocol.
    published: Vec<(&'static str, u16, &'static str)>,
    ends_as: EndsAs,
    fate: Fate,
}

impl Plan {
    fn new(name: &str, ends_as: EndsAs, fate: Fate) -> Self {
        Self { name: name.into(), image: PLAIN_IMAGE, labels: Vec::new(), published: Vec::new(), ends_as, fate }
    }

    fn of(mut self, image: &'static str) -> Self {
        self.image = image;
        self
    }

    fn label(mut self, key: &str, value: &str) -> Self {
        self.labels.push((key.into(), value.into()));
        self
    }

    fn publish(mut self, address: &'static str, host: u16, container: &'static str) -> Self {
        self.published.push((address, host, container));
        self
    }

    fn compose(self, project: &str, service: &str, number: u32) -> Self {
        self.label("com.docker.compose.project", project)
            .label("com.docker.compose.service", service)
            .label("com.docker.compose.container-number", &number.to_string())
            .label("com.docker.compose.oneoff", "False")
            .label("com.docker.compose.config-hash", "3b2d1f0e9c8b7a69584736251403f2e1d0c9b8a7968574635241302f1e0d9c8b")
    }

    fn build(&self, daemon: &Dockerd) -> ExpectedContainer {
        let reply = daemon.post(&format!("/containers/create?name={}", self.name), &self.body());
        assert_eq!(reply.status, 201, "{}: {reply:?}", self.name);
        let id = reply.body["Id"].as_str().expect("create answers an id").to_owned();
        let act = |action: &str| {
            let reply = daemon.order(&format!("/containers/{id}/{action}"));
            assert!(matches!(reply.status, 200 | 204), "{action} of {}: {reply:?}", self.name);
        };
        let expected = self.expected(ContainerId::new(id.as_str()));
        match self.ends_as {
            EndsAs::Created => {}
            EndsAs::Running | EndsAs::Restarting => act("start"),
            EndsAs::Paused => ["start", "pause"].into_iter().for_each(act),
            EndsAs::Exited(137) => ["start", "kill", "wait"].into_iter().for_each(act),
            EndsAs::Exited(_) => ["start", "wait"].into_iter().for_each(act),
            EndsAs::Healthy | EndsAs::Unhealthy => {
                act("start");
                wait_for(daemon, &expected, |state| state["State"]["Health"]["Status"].as_str() == expected.health);
            }
        }
        expected
    }

    fn body(&self) -> Value {
        let command = match self.ends_as {
            EndsAs::Exited(0) => json!(["/bin/true"]),
            EndsAs::Exited(1) | EndsAs::Restarting => json!(["/bin/false"]),
            EndsAs::Exited(code) if code != 137 => json!(["/bin/sh", "-c", format!("exit {code}")]),
            _ => json!(["/bin/sleep", "86400"]),
        };
        let ports: serde_json::Map<String, Value> = self
            .published
            .iter()
            .map(|(address, host, port)| {
                ((*port).to_owned(), json!([{ "HostIp": address, "HostPort": host.to_string() }]))
            })
            .collect();
        let exposed: serde_json::Map<String, Value> = ports.keys().map(|port| (port.clone(), json!({}))).collect();
        let network = if ports.is_empty() { "none" } else { "bridge" };
        let policy = if self.ends_as == EndsAs::Restarting { "always" } else { "no" };
        let labels: serde_json::Map<String, Value> =
            self.labels.iter().map(|(key, value)| (key.clone(), value.as_str().into())).collect();
        let mut body = json!({
            "Image": self.image,
            "Cmd": command,
            "Labels": labels,
            "ExposedPorts": exposed,
            "HostConfig": {
                "NetworkMode": network,
                "PortBindings": ports,
                "RestartPolicy": { "Name": policy },
            },
        });
        let check = match self.ends_as {
            EndsAs::Healthy => "/bin/true",
            EndsAs::Unhealthy => "/bin/false",
            _ => return body,
        };
        let (second_ns, minute_ns) = (1_000_000_000_u64, 60_000_000_000_u64);
        body["Healthcheck"] =
            json!({ "Test": ["CMD", check], "Interval": second_ns, "Timeout": minute_ns, "Retries": 1 });
        body
    }

    fn expected(&self, id: ContainerId) -> ExpectedContainer {
        let (state, exit_code) = match self.ends_as {
            EndsAs::Created => (ContainerState::Created, None),
            EndsAs::Running | EndsAs::Healthy | EndsAs::Unhealthy => (ContainerState::Running, None),
            EndsAs::Paused => (ContainerState::Paused, None),
            EndsAs::Exited(code) => (ContainerState::Stopped, Some(code)),
            EndsAs::Restarting => (ContainerState::Restarting, Some(1)),
        };
        let fate = match &self.fate {
            // A row that is named by its container could not be known before.
            Fate::Row { row, workload, kind, role } => {
                Fate::Row { row: row.replace("{id}", id.as_str()), workload, kind: *kind, role: role.clone() }
            }
            other => other.clone(),
        };
        let published = self.published.iter().map(|(address, host, port)| format!("{address}:{host}->{port}"));
        ExpectedContainer {
            id,
            name: self.name.clone(),
            image_ref: self.image.into(),
            state,
            exit_code,
            health: match self.ends_as {
                EndsAs::Healthy => Some("healthy"),
                EndsAs::Unhealthy => Some("unhealthy"),
                _ => None,
            },
            port: self.published.iter().map(|(_, host, _)| i32::from(*host)).min().unwrap_or(0),
            published: published.collect(),
            fate,
        }
    }
}

fn plans() -> Vec<Plan> {
    [compose_plans(), image_plans(), project_and_site_plans(), workload_plans(), forged_plans(), foreign_plans()]
        .concat()
}

fn stack_row(workload: &'static str, key: &str, role: &str) -> Fate {
    Fate::Row { row: format!("{workload}:{key}"), workload, kind: WorkloadKind::Stack, role: role.into() }
}

fn site_row(workload: &'static str) -> Fate {
    Fate::Row { row: format!("{workload}:site"), workload, kind: WorkloadKind::Site, role: String::new() }
}

/// Every state in one stack, replicas, another stack under another name, one-offs.
fn compose_plans() -> Vec<Plan> {
    let shop = |name: &str, service: &str, number: u32, ends_as| {
        let key = if number > 1 { format!("{service}:{number}") } else { service.into() };
        Plan::new(name, ends_as, stack_row("workload-shop", &key, service)).compose("shop", service, number)
    };
    let blog = |service: &str, ends_as| {
        let fate = stack_row("workload-journal", service, service);
        Plan::new(&format!("blog-{service}-1"), ends_as, fate).compose("blog", service, 1)
    };
    let one_off = |name: &str, ends_as| {
        Plan::new(name, ends_as, Fate::Unassigned(UnassignedReason::OneOff))
            .label("com.docker.compose.project", "blog")
            .label("com.docker.compose.service", "web")
            .label("com.docker.compose.oneoff", "True")
            .label("com.docker.compose.container-number", "1")
    };
    vec![
        shop("shop-flapping-1", "flapping", 1, EndsAs::Restarting),
        shop("shop-web-1", "web", 1, EndsAs::Running).publish("0.0.0.0", 8081, "80/tcp"),
        shop("shop-web-2", "web", 2, EndsAs::Running).publish("0.0.0.0", 8082, "80/tcp"),
        shop("shop-web-3", "web", 3, EndsAs::Exited(137)),
        shop("shop-api-1", "api", 1, EndsAs::Running)
            .publish("127.0.0.1", 9443, "443/tcp")
            .publish("127.0.0.1", 9080, "80/tcp")
            .publish("0.0.0.0", 9053, "53/udp"),
        shop("shop-api-2", "api", 2, EndsAs::Paused),
        shop("shop-database-1", "database", 1, EndsAs::Healthy),
        shop("shop-cache-1", "cache", 1, EndsAs::Unhealthy),
        shop("shop-migrate-1", "migrate", 1, EndsAs::Exited(0)),
        shop("shop-import-1", "import", 1, EndsAs::Exited(1)),
        shop("shop-worker-1", "worker", 1, EndsAs::Exited(137)),
        shop("shop-later-1", "later", 1, EndsAs::Created),
        shop("shop-batch-1", "batch", 1, EndsAs::Paused).publish("127.0.0.1", 9200, "9200/tcp"),
        blog("web", EndsAs::Running),
        blog("database", EndsAs::Running),
        blog("mail", EndsAs::Exited(3)),
        blog("search", EndsAs::Created),
        one_off("blog-web-run-1a2b3c4d5e6f", EndsAs::Running),
        one_off("blog-web-run-6f5e4d3c2b1a", EndsAs::Exited(0)),
        // Without a service label the name stands for it.
        Plan::new("blog-nameless", EndsAs::Running, stack_row("workload-journal", "blog-nameless", "blog-nameless"))
            .label("com.docker.compose.project", "blog"),
    ]
}

/// Labels that come from the image, and those that only look as if they did.
fn image_plans() -> Vec<Plan> {
    let inherited = || Fate::Unassigned(UnassignedReason::LabelFromImage);
    vec![
        Plan::new("forum-web-1", EndsAs::Running, stack_row("workload-forum", "web", "web"))
            .of(BUILT_IMAGE)
            .compose("forum", "web", 1),
        Plan::new("forum-database-1", EndsAs::Running, stack_row("workload-forum", "database", "database"))
            .compose("forum", "database", 1),
        Plan::new("forum-debugged-by-hand", EndsAs::Running, inherited()).of(BUILT_IMAGE),
        Plan::new("forum-tried-by-hand", EndsAs::Exited(1), inherited()).of(BUILT_IMAGE),
        Plan::new("labelled-running", EndsAs::Running, inherited()).of(LABELLED_IMAGE),
        Plan::new("labelled-created", EndsAs::Created, inherited()).of(LABELLED_IMAGE),
        // The creator names another owner than the image does: that is a claim.
        Plan::new("labelled-by-creator", EndsAs::Running, stack_row("workload-tools", "baked", "baked"))
            .of(LABELLED_IMAGE)
            .label("tinyforge.workload.id", "workload-tools"),
    ]
}

fn project_and_site_plans() -> Vec<Plan> {
    let instance = |name: &str, workload: &str, stage: &str, ends_as, fate| {
        Plan::new(name, ends_as, fate)
            .label("tinyforge.workload.id", workload)
            .label("tinyforge.workload.kind", "project")
            .label("tinyforge.workload.role", stage)
    };
    let console = |name: &str, stage: &'static str, ends_as| {
        instance(name, "workload-console", stage, ends_as, Fate::Claimed { project: "console", stage })
    };
    let site = |name: &str, label: &str, ends_as, fate| Plan::new(name, ends_as, fate).label(SITE_LABEL, label);
    let claimed = Fate::Claimed { project: "billing", stage: "production" };
    let unclaimed = Fate::Unassigned(UnassignedReason::UnclaimedProject);
    vec![
        console("console-production-1", "production", EndsAs::Running).publish("127.0.0.1", 20_001, "3000/tcp"),
        console("console-production-2", "production", EndsAs::Running).publish("127.0.0.1", 20_002, "3000/tcp"),
        console("console-staging-1", "staging", EndsAs::Exited(1)),
        console("console-staging-2", "staging", EndsAs::Running),
        instance("billing-production-1", "workload-billing", "production", EndsAs::Running, claimed),
        instance("billing-production-2", "workload-billing", "production", EndsAs::Running, unclaimed),
        site("site-landing", "site-landing", EndsAs::Running, site_row("workload-landing")).publish(
            "127.0.0.1",
            20_100,
            "80/tcp",
        ),
        site("site-docs", "site-docs", EndsAs::Exited(137), site_row("workload-docs")),
        Plan::new("site-press", EndsAs::Running, site_row("workload-press"))
            .label("tinyforge.workload.id", "workload-press")
            .label("tinyforge.workload.kind", "site"),
        site("site-unknown", "site-nobody", EndsAs::Running, Fate::Unassigned(UnassignedReason::UnknownSite)),
    ]
}

const SITE_LABEL: &str = "tinyforge.static-site";

/// Containers of stacks that name their workload, or that their stack adopted by name.
fn workload_plans() -> Vec<Plan> {
    let named = |name: &str, workload: &str, fate| {
        Plan::new(name, EndsAs::Running, fate)
            .label("tinyforge.workload.id", workload)
            .label("tinyforge.workload.kind", "stack")
    };
    vec![
        named("tools-sidecar", "workload-tools", stack_row("workload-tools", "sidecar", "sidecar"))
            .label("tinyforge.workload.role", "sidecar"),
        named("tools-without-role", "workload-tools", stack_row("workload-tools", "{id}", "")),
        named(
            "tools-odd-role",
            "workload-tools",
            stack_row("workload-tools", "side%20car%2F1%3A%C3%A9", "side car/1:é"),
        )
        .label("tinyforge.workload.role", "side car/1:é"),
        Plan::new("nightly-backup", EndsAs::Exited(0), stack_row("workload-tools", "nightly-backup", "nightly-backup")),
        Plan::new("metrics-agent", EndsAs::Running, stack_row("workload-tools", "metrics-agent", "metrics-agent")),
        // The first rule decides, and its compose labels do not.
        named("tools-and-compose", "workload-tools", stack_row("workload-tools", "both", "both"))
            .label("tinyforge.workload.role", "both")
            .compose("shop", "both", 1),
    ]
}

/// Labels that anyone with the socket can write.
fn forged_plans() -> Vec<Plan> {
    let forged = |name: &str, workload: &str, reason| {
        Plan::new(name, EndsAs::Running, Fate::Unassigned(reason)).label("tinyforge.workload.id", workload)
    };
    vec![
        forged("forged-unknown", "workload-nobody", UnassignedReason::UnknownWorkload),
        forged("forged-injection", "x' OR '1'='1", UnassignedReason::UnknownWorkload),
        forged("forged-colon", "workload-shop:web", UnassignedReason::UnknownWorkload),
        forged("forged-unknown-with-compose", "workload-nobody", UnassignedReason::UnknownWorkload)
            .compose("shop", "forged", 1),
        forged("forged-kind", "workload-landing", UnassignedReason::KindMismatch)
            .label("tinyforge.workload.kind", "project"),
        forged("forged-kind-invalid", "workload-shop", UnassignedReason::KindMismatch)
            .label("tinyforge.workload.kind", "<script>"),
    ]
}

/// Containers that are nobody's.
fn foreign_plans() -> Vec<Plan> {
    let foreign = |name: &str, ends_as| Plan::new(name, ends_as, Fate::Unassigned(UnassignedReason::NoLabel));
    let stranger = |name: &str, ends_as| {
        Plan::new(name, ends_as, Fate::Unassigned(UnassignedReason::UnknownStack)).compose("stranger", name, 1)
    };
    vec![
        foreign("foreign-restarting", EndsAs::Restarting),
        foreign("foreign-running", EndsAs::Running),
        foreign("foreign-published", EndsAs::Running).publish("127.0.0.1", 20_200, "80/tcp"),
        foreign("foreign-paused", EndsAs::Paused),
        foreign("foreign-created", EndsAs::Created),
        foreign("foreign-exited-0", EndsAs::Exited(0)),
        foreign("foreign-exited-1", EndsAs::Exited(1)),
        foreign("foreign-exited-137", EndsAs::Exited(137)),
        // An empty value counts as absent.
        foreign("foreign-empty-label", EndsAs::Running).label("tinyforge.workload.id", ""),
        // Adoption is by the exact name.
        foreign("nightly-backup-2", EndsAs::Created),
        stranger("stranger-running", EndsAs::Running),
        stranger("stranger-exited", EndsAs::Exited(0)),
        stranger("stranger-created", EndsAs::Created),
    ]
}

/// Two services in the middle of being replaced by compose: one whose old container still runs, and one whose old
/// container ended while the new one, still under its passing name, already runs.
fn recreate(daemon: &Dockerd, built: &mut Vec<ExpectedContainer>) {
    let superseded = || Fate::Unassigned(UnassignedReason::Superseded);
    let waits = replacement(built, "blog-web-1", "web", EndsAs::Created, superseded());
    built.push(waits.build(daemon));
    let old = Plan::new("blog-feed-1", EndsAs::Exited(0), superseded()).compose("blog", "feed", 1);
    built.push(old.build(daemon));
    let fate = stack_row("workload-journal", "feed", "feed");
    let takes = replacement(built, "blog-feed-1", "feed", EndsAs::Running, fate);
    built.push(takes.build(daemon));
}

fn replacement(built: &[ExpectedContainer], replaced: &str, service: &str, ends_as: EndsAs, fate: Fate) -> Plan {
    let old = built.iter().find(|container| container.name == replaced).expect("the old one was built before");
    Plan::new(&format!("{}_{replaced}", old.id.short()), ends_as, fate)
        .compose("blog", service, 1)
        .label("com.docker.compose.replace", replaced)
}

fn wait_for(daemon: &Dockerd, container: &ExpectedContainer, holds: impl Fn(&Value) -> bool) {
    let begun = Instant::now();
    loop {
        let inspected = daemon.get(&format!("/containers/{}/json", container.id)).body;
        if holds(&inspected) {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{} never came there: {inspected}", container.name);
        thread::sleep(Duration::from_millis(100));
    }
}
