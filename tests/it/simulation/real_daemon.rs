use std::collections::{BTreeMap, HashSet};

use dockledger::model::WorkloadKind;
use serde_json::Value;

use crate::support::containers::{ExpectedContainer, Fate, REGISTRY, build_the_sixty};
use crate::support::dockerd::Dockerd;
use crate::support::skip::skip;

#[test]
fn the_sixty_are_what_they_are_said_to_be() {
    let daemon = match Dockerd::start() {
        Ok(daemon) => daemon,
        Err(why) => return skip("the_sixty_are_what_they_are_said_to_be", &why),
    };
    let expected = build_the_sixty(&daemon);
    let listed = daemon.get("/containers/json?all=1").body;
    let by_id: BTreeMap<&str, &Value> =
        listed.as_array().unwrap().iter().map(|entry| (entry["Id"].as_str().unwrap(), entry)).collect();
    assert!(expected.len() >= 60, "{}", expected.len());
    assert_eq!(by_id.len(), expected.len());
    let fates: HashSet<_> = expected.iter().map(|container| std::mem::discriminant(&container.fate)).collect();
    assert_eq!(fates.len(), 3);
    // Whole seconds: the contest between the two is decided by them.
    let created = |name: &str| {
        let named = expected.iter().find(|container| container.name == name).unwrap();
        by_id[named.id.as_str()]["Created"].as_i64()
    };
    assert!(created("blog-queue-1") < created("blog-queue-again"));
    let parents =
        REGISTRY.projects.iter().chain(REGISTRY.sites).chain(REGISTRY.stacks.iter().map(|stack| &stack.parent));
    let ids: HashSet<_> = parents.clone().map(|parent| parent.id).collect();
    assert_eq!(ids.len(), parents.count());
    for container in &expected {
        check(container, by_id[container.id.as_str()]);
        check_fate(container);
    }
}

fn check(expected: &ExpectedContainer, entry: &Value) {
    let name = &expected.name;
    let state = match entry["State"].as_str().unwrap_or_default() {
        "exited" => "stopped",
        state => state,
    };
    assert_eq!(entry["Names"][0], format!("/{name}"));
    assert_eq!(entry["Image"], expected.image_ref, "{name}");
    assert_eq!(state, expected.state.as_str(), "{name}");
    let status = entry["Status"].as_str().unwrap_or_default();
    let exit_code = status.split_once('(').and_then(|(_, rest)| rest.split(')').next()?.parse().ok());
    assert_eq!(exit_code, expected.exit_code, "{name}: {status}");
    let health = expected.health.is_none_or(|health| status.ends_with(&format!("({health})")));
    assert!(health, "{name}: {status}");
    let mut published: Vec<String> =
        entry["Ports"].as_array().into_iter().flatten().filter_map(published_port).collect();
    let mut wanted = expected.published.clone();
    published.sort();
    wanted.sort();
    assert_eq!(published, wanted, "{name}");
}

fn published_port(port: &Value) -> Option<String> {
    let (address, host) = (port["IP"].as_str()?, port["PublicPort"].as_u64()?);
    Some(format!("{address}:{host}->{}/{}", port["PrivatePort"].as_u64()?, port["Type"].as_str()?))
}

#[test]
fn the_private_daemon_is_not_the_machines() {
    let daemon = match Dockerd::shared() {
        Ok(daemon) => daemon,
        Err(why) => return skip("the_private_daemon_is_not_the_machines", &why),
    };
    let info = daemon.get("/info").body;
    let root = info["DockerRootDir"].as_str().unwrap();
    let socket = daemon.docker_host();
    let directory = socket.strip_prefix("unix://").and_then(|path| path.strip_suffix("/S")).unwrap();
    assert!(root.starts_with(directory), "{root} is not in {directory}");
}

/// A fate that names what nobody registers would make the whole-pass test ask for the impossible.
fn check_fate(container: &ExpectedContainer) {
    let name = &container.name;
    let port = container.published.iter().filter_map(|port| port.split([':', '-']).nth(1)?.parse().ok()).min();
    assert_eq!(container.port, port.unwrap_or(0), "{name}");
    match &container.fate {
        Fate::Row { row, workload, kind: WorkloadKind::Stack, role } => {
            let stack = REGISTRY.stacks.iter().find(|stack| stack.parent.workload == *workload);
            let stack = stack.unwrap_or_else(|| panic!("{name}: no stack has {workload}"));
            assert!(row.starts_with(&format!("{workload}:")), "{name}: {row}");
            assert!(
                role != name || stack.adopted.contains(&name.as_str()) || stack.compose_project == "blog",
                "{name}"
            );
        }
        Fate::Row { row, workload, role, .. } => {
            assert!(REGISTRY.sites.iter().any(|site| site.workload == *workload), "{name}: no site has {workload}");
            assert_eq!((row.clone(), role.as_str()), (format!("{workload}:site"), ""), "{name}");
        }
        Fate::Claimed { project, stage } => {
            assert!(REGISTRY.projects.iter().any(|parent| parent.name == *project), "{name}");
            assert!(REGISTRY.stages.contains(&(*project, *stage)), "{name}");
        }
        Fate::Unassigned(_) => {}
    }
}
