//! Containers of another orchestrator: what they belong to, for whoever reads why they have no row.

use std::fmt::Write as _;

use super::brief::brief;
use crate::model::{ForeignLabel, ListedContainer};

/// What the container belongs to, if its labels say that an orchestrator made it and will make others of other names in its
/// place: a name that changes with each deploy is of no use to a stack that adopts by name.
pub(super) fn orchestrated(container: &ListedContainer) -> Option<String> {
    let label = |wanted: ForeignLabel| {
        let found = container.claims.foreign.iter().find(|(label, _)| *label == wanted);
        found.map(|(_, value)| brief(value))
    };
    let part_of = |text: String, what: &str, whole: Option<String>| match whole {
        Some(whole) => format!("{text} ({what} {whole})"),
        None => text,
    };
    use ForeignLabel as F;
    let mut told = if let Some(service) = label(F::SwarmService) {
        part_of(format!("a task of the Swarm service {service}"), "Swarm stack", label(F::SwarmStack))
    } else if let Some(stack) = label(F::SwarmStack) {
        format!("a container of the Swarm stack {stack}")
    } else if let Some(pod) = label(F::Pod) {
        part_of(format!("a container of the Kubernetes pod {pod}"), "namespace", label(F::PodNamespace))
    } else if let Some(task) = label(F::NomadAllocation) {
        let job = label(F::NomadJob).map_or_else(String::new, |job| format!(" of the Nomad job {job}"));
        format!("a task{job} in the Nomad allocation {task}")
    } else if let Some(family) = label(F::EcsFamily).or_else(|| label(F::EcsTask)) {
        format!("a container of the ECS task {family}")
    } else if label(F::Coolify).is_some_and(|value| value == "true") {
        "a container that Coolify deploys".to_owned()
    } else {
        kamal(container, &label(F::Service)?, &label(F::Role)?, label(F::Destination).as_deref())?
    };
    told.push_str(": its name changes with each deploy");
    Some(told)
}

/// Kamal's labels have everyday names: they count where the container is called as kamal calls it,
/// `<service>-<role>[-<destination>]-<version>`.
fn kamal(container: &ListedContainer, service: &str, role: &str, destination: Option<&str>) -> Option<String> {
    let mut begin = format!("{service}-{role}-");
    if let Some(destination) = destination {
        write!(begin, "{destination}-").expect("a String takes every write");
    }
    let version = container.name.strip_prefix(begin.as_str())?;
    (!version.is_empty()).then(|| format!("a container of kamal's service {service}, role {role}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::rules::fixtures::{container, world};
    use crate::model::Claims;

    fn labelled(name: &str, labels: &[(ForeignLabel, &str)]) -> ListedContainer {
        let foreign = labels.iter().map(|(label, value)| (*label, (*value).into())).collect();
        ListedContainer { name: name.into(), claims: Claims { foreign, ..Claims::default() }, ..container(1) }
    }

    /// F20.
    #[test]
    fn what_another_orchestrator_made_is_named_as_its_own() {
        use ForeignLabel as F;
        for (name, labels, expected) in [
            (
                "shop_web.1.x7k2",
                &[(F::SwarmService, "shop_web"), (F::SwarmStack, "shop")][..],
                "a task of the Swarm service shop_web (Swarm stack shop)",
            ),
            ("web.1.x7k2", &[(F::SwarmService, "web")], "a task of the Swarm service web"),
            ("x", &[(F::SwarmStack, "shop")], "a container of the Swarm stack shop"),
            (
                "k8s_app_web-5d8f_shop_0",
                &[(F::Pod, "web-5d8f"), (F::PodNamespace, "shop")],
                "a container of the Kubernetes pod web-5d8f (namespace shop)",
            ),
            (
                "web-0b1c",
                &[(F::NomadAllocation, "0b1c"), (F::NomadJob, "shop")],
                "a task of the Nomad job shop in the Nomad allocation 0b1c",
            ),
            ("ecs-web-3", &[(F::EcsFamily, "web")], "a container of the ECS task web"),
            ("abc-1234", &[(F::Coolify, "true")], "a container that Coolify deploys"),
            (
                "shop-web-4f2a",
                &[(F::Service, "shop"), (F::Role, "web")],
                "a container of kamal's service shop, role web",
            ),
            (
                "shop-web-staging-4f2a",
                &[(F::Service, "shop"), (F::Role, "web"), (F::Destination, "staging")],
                "a container of kamal's service shop, role web",
            ),
        ] {
            let expected = format!("{expected}: its name changes with each deploy");
            let found = world(vec![labelled(name, labels)], vec![]).diff().unassigned.remove(0);
            assert_eq!((found.reason.as_str(), found.detail), ("no_label", expected), "{name}");
        }
    }

    #[test]
    fn everyday_labels_alone_tell_of_nobody() {
        use ForeignLabel as F;
        for (name, labels) in [
            ("shop-db", &[(F::Service, "shop-db")][..]),
            ("database", &[(F::Service, "shop"), (F::Role, "database")]),
            ("plain", &[(F::Coolify, "false")]),
            ("plain", &[]),
        ] {
            let found = world(vec![labelled(name, labels)], vec![]).diff().unassigned.remove(0);
            assert_eq!(found.detail, "", "{name}");
        }
    }
}
