//! The sixty, one by one.

use dockledger::model::{UnassignedReason, WorkloadKind};

use super::Fate;
use super::plan::{EndsAs, Plan};
use crate::support::dockerd::Dockerd;

/// What compose bakes into the images it builds.
const BUILT_IMAGE: &str = "dockledger-test:forum-web";
/// An image whose author wrote an owner into it.
const LABELLED_IMAGE: &str = "dockledger-test:labelled";

pub(super) fn import_images(daemon: &Dockerd) {
    daemon.import_image(BUILT_IMAGE, &[("com.docker.compose.project", "forum"), ("com.docker.compose.service", "web")]);
    daemon.import_image(
        LABELLED_IMAGE,
        &[("tinyforge.workload.id", "workload-shop"), ("tinyforge.workload.role", "baked")],
    );
}

pub(super) fn plans() -> Vec<Plan> {
    [compose_plans(), image_plans(), project_and_site_plans(), workload_plans(), forged_plans(), foreign_plans()]
        .concat()
}

pub(super) fn stack_row(workload: &'static str, key: &str, role: &str) -> Fate {
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
        // A later one bears the same number; see `build_contenders`.
        blog("queue", EndsAs::Running),
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
        Plan::new("labelled-by-creator", EndsAs::Running, stack_row("workload-tools", "own", "own"))
            .of(LABELLED_IMAGE)
            .label("tinyforge.workload.id", "workload-tools")
            .label("tinyforge.workload.role", "own"),
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
