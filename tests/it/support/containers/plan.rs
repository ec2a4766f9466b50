//! One container to be built: how it is made, how it ends up, and what is expected of it.

use std::thread;
use std::time::{Duration, Instant};

use dockledger::model::{ContainerId, ContainerState};
use serde_json::{Value, json};

use super::{ExpectedContainer, Fate};
use crate::support::dockerd::{Dockerd, PLAIN_IMAGE};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EndsAs {
    Created,
    Running,
    Paused,
    Exited(i64),
    Restarting,
    Healthy,
    Unhealthy,
}

#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) name: String,
    image: &'static str,
    labels: Vec<(String, String)>,
    /// Address, host port, container port with its protocol.
    published: Vec<(&'static str, u16, &'static str)>,
    pub(super) ends_as: EndsAs,
    fate: Fate,
}

impl Plan {
    pub(super) fn new(name: &str, ends_as: EndsAs, fate: Fate) -> Self {
        Self { name: name.into(), image: PLAIN_IMAGE, labels: Vec::new(), published: Vec::new(), ends_as, fate }
    }

    pub(super) fn of(mut self, image: &'static str) -> Self {
        self.image = image;
        self
    }

    pub(super) fn label(mut self, key: &str, value: &str) -> Self {
        self.labels.push((key.into(), value.into()));
        self
    }

    pub(super) fn publish(mut self, address: &'static str, host: u16, container: &'static str) -> Self {
        self.published.push((address, host, container));
        self
    }

    pub(super) fn compose(self, project: &str, service: &str, number: u32) -> Self {
        self.label("com.docker.compose.project", project)
            .label("com.docker.compose.service", service)
            .label("com.docker.compose.container-number", &number.to_string())
            .label("com.docker.compose.oneoff", "False")
            .label("com.docker.compose.config-hash", "3b2d1f0e9c8b7a69584736251403f2e1d0c9b8a7968574635241302f1e0d9c8b")
    }

    pub(super) fn build(&self, daemon: &Dockerd) -> ExpectedContainer {
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

pub(super) fn wait_for(daemon: &Dockerd, container: &ExpectedContainer, holds: impl Fn(&Value) -> bool) {
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
