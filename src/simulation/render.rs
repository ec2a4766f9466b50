//! The JSON of the engine's API: the fields that Docker 20.10 to 28 answer with, in their types and words.

use serde_json::{Value, json};

use super::container::{Engine, HealthForm, SimulatedContainer, SimulatedState};
use super::status::status_text;
use super::world::{SimulatedImage, World};
use crate::model::Timestamp;

/// Go's zero time, which the engine writes for "never".
const NEVER: &str = "0001-01-01T00:00:00Z";

impl World {
    /// The body of `GET /containers/json`: newest first, injected entries last. Without `all`, only what is up.
    #[must_use]
    pub fn render_list(&self, all: bool) -> Vec<u8> {
        self.render_list_of(|container| all || container.state.is_up(), &self.entries)
    }

    /// The same, of the containers whose id begins like one of these.
    pub(super) fn render_filtered_list(&self, all: bool, ids: &[String]) -> Vec<u8> {
        let is_meant = |container: &SimulatedContainer| ids.iter().any(|id| container.id.as_str().starts_with(id));
        self.render_list_of(|container| (all || container.state.is_up()) && is_meant(container), &[])
    }

    fn render_list_of(&self, is_listed: impl Fn(&SimulatedContainer) -> bool, injected: &[String]) -> Vec<u8> {
        let mut listed: Vec<&SimulatedContainer> = self.containers().filter(|container| is_listed(container)).collect();
        listed.sort_by(|a, b| b.created_at.cmp(&a.created_at).then_with(|| b.id.cmp(&a.id)));
        let mut body = vec![b'['];
        for container in listed {
            separate(&mut body);
            match &container.entry {
                Some(raw) => body.extend_from_slice(raw.as_bytes()),
                None => body.extend_from_slice(self.entry(container).to_string().as_bytes()),
            }
        }
        for raw in injected {
            separate(&mut body);
            body.extend_from_slice(raw.as_bytes());
        }
        body.extend_from_slice(b"]\n");
        body
    }

    pub(super) fn render_info(&mut self) -> Value {
        let count = |wanted: SimulatedState| self.containers().filter(|container| container.state == wanted).count();
        let (running, paused) = (count(SimulatedState::Running), count(SimulatedState::Paused));
        let containers = self.containers().len();
        let id = match self.engine {
            Engine::Docker => self.engine_id.clone(),
            Engine::Podman => self.chance.hex_64(),
        };
        json!({
            "ID": id,
            "Containers": containers,
            "ContainersRunning": running,
            "ContainersPaused": paused,
            "ContainersStopped": containers - running - paused,
            "Images": self.images.len(),
            "Driver": "overlay2",
            "KernelVersion": "6.1.0",
            "OperatingSystem": "Simulated",
            "OSType": "linux",
            "Architecture": "x86_64",
            "NCPU": 2,
            "MemTotal": 4_294_967_296_u64,
            "DockerRootDir": "/var/lib/docker",
            "Name": self.host_name,
            "Labels": [],
            "ServerVersion": self.version,
            "SystemTime": self.now.to_string(),
            "LiveRestoreEnabled": false,
            "Warnings": null,
        })
    }

    pub(super) fn render_version(&self) -> Value {
        let component = match self.engine {
            Engine::Docker => "Engine",
            Engine::Podman => "Podman Engine",
        };
        json!({
            "Platform": { "Name": "" },
            "Components": [{
                "Name": component,
                "Version": self.version,
                "Details": { "ApiVersion": API_VERSION, "MinAPIVersion": "1.24", "Os": "linux", "Arch": "amd64" },
            }],
            "Version": self.version,
            "ApiVersion": API_VERSION,
            "MinAPIVersion": "1.24",
            "GitCommit": "0000000",
            "GoVersion": "go1.24.4",
            "Os": "linux",
            "Arch": "amd64",
            "KernelVersion": "6.1.0",
        })
    }
}

/// What the API calls itself; Docker 28's.
pub(super) const API_VERSION: &str = "1.50";

fn separate(body: &mut Vec<u8>) {
    if body.len() > 1 {
        body.push(b',');
    }
}

impl World {
    /// One element of the list. Of an image whose tag has moved on, Docker shows the id, and Podman what it was called.
    pub(super) fn entry(&self, container: &SimulatedContainer) -> Value {
        let form = self.health_form();
        let is_called_so = self.images.get(&container.image_id).is_some_and(|image| image.reference == container.image);
        let image = if is_called_so || self.engine == Engine::Podman { &container.image } else { &container.image_id };
        let mut entry = json!({
            "Id": container.id,
            "Names": [format!("/{}", container.name)],
            "Image": image,
            "ImageID": container.image_id,
            "Command": "/entrypoint.sh serve",
            "Created": container.created_at.as_millis() / 1_000,
            "Ports": ports(container),
            "Labels": *container.labels,
            "State": container.state.as_str(),
            "Status": status_text(container, form, self.now),
            "HostConfig": { "NetworkMode": "bridge" },
            "NetworkSettings": { "Networks": { "bridge": network(container) } },
            "Mounts": [],
        });
        if let (HealthForm::InField, Some(health)) = (form, container.health) {
            entry["Health"] = json!({ "Status": health.as_str(), "FailingStreak": 0 });
        }
        entry
    }

    fn health_form(&self) -> HealthForm {
        let major: u32 = self.version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0);
        match self.engine {
            Engine::Docker => HealthForm::InStatus,
            Engine::Podman if major >= 6 => HealthForm::InField,
            Engine::Podman => HealthForm::Nowhere,
        }
    }
}

/// Published ports, IPv6 first on every other container: the engine's order is random.
fn ports(container: &SimulatedContainer) -> Vec<Value> {
    if !matches!(container.state, SimulatedState::Running | SimulatedState::Paused) {
        return Vec::new();
    }
    let swapped = container.id.as_str().ends_with(|digit: char| digit.to_digit(16).is_some_and(|n| n % 2 == 1));
    let addresses = if swapped { ["::", "0.0.0.0"] } else { ["0.0.0.0", "::"] };
    let published = container.ports.iter().flat_map(|port| {
        addresses.map(
            |address| json!({ "IP": address, "PrivatePort": port.container, "PublicPort": port.host, "Type": "tcp" }),
        )
    });
    published.collect()
}

fn network(container: &SimulatedContainer) -> Value {
    let attached = matches!(container.state, SimulatedState::Running | SimulatedState::Paused);
    let given = |text: &str| if attached { text.to_owned() } else { String::new() };
    json!({
        "NetworkID": "a01b1291a47e9b815c8d602e2a1d02cfbcba3c7f0d576502c574f8d5ca0b73b0",
        "Gateway": given("172.17.0.1"),
        "IPAddress": given("172.17.0.2"),
        "IPPrefixLen": if attached { 16 } else { 0 },
        "MacAddress": given("02:42:ac:11:00:02"),
    })
}

/// The body of `GET /containers/{id}/json`.
pub(super) fn inspect(container: &SimulatedContainer) -> Value {
    let moment = |at: Option<Timestamp>| at.map_or_else(|| NEVER.to_owned(), |at| at.to_string());
    let running =
        matches!(container.state, SimulatedState::Running | SimulatedState::Paused | SimulatedState::Restarting);
    let mut state = json!({
        "Status": container.state.as_str(),
        "Running": running,
        "Paused": container.state == SimulatedState::Paused,
        "Restarting": container.state == SimulatedState::Restarting,
        "OOMKilled": container.oom_killed,
        "Dead": container.state == SimulatedState::Dead,
        "Pid": if running { 4_242 } else { 0 },
        "ExitCode": container.exit_code,
        "Error": "",
        "StartedAt": moment(container.started_at),
        "FinishedAt": moment(container.finished_at),
    });
    if let Some(health) = container.health {
        state["Health"] = json!({ "Status": health.as_str(), "FailingStreak": 0, "Log": [] });
    }
    json!({
        "Id": container.id,
        "Created": container.created_at.to_string(),
        "Path": "/entrypoint.sh",
        "Args": ["serve"],
        "State": state,
        "Image": container.image_id,
        "Name": format!("/{}", container.name),
        "RestartCount": container.restart_count,
        "Driver": "overlay2",
        "Platform": "linux",
        "HostConfig": {
            "NetworkMode": "bridge",
            "RestartPolicy": { "Name": container.policy.as_str(), "MaximumRetryCount": 0 },
        },
        "Mounts": [],
        "Config": { "Image": container.image, "Labels": *container.labels, "Env": [], "Cmd": ["serve"] },
        "NetworkSettings": { "Ports": bindings(container), "Networks": { "bridge": network(container) } },
    })
}

/// The published ports by what they lead to.
fn bindings(container: &SimulatedContainer) -> Value {
    let mut bindings = json!({});
    for port in ports(container) {
        let key = format!("{}/{}", port["PrivatePort"], port["Type"].as_str().unwrap_or_default());
        let binding = json!({ "HostIp": port["IP"], "HostPort": port["PublicPort"].to_string() });
        match bindings[&key].as_array_mut() {
            Some(known) => known.push(binding),
            None => bindings[&key] = json!([binding]),
        }
    }
    bindings
}

/// The body of `GET /images/{id}/json`.
pub(super) fn image(image: &SimulatedImage) -> Value {
    json!({
        "Id": image.id,
        "RepoTags": [image.reference],
        "RepoDigests": [],
        "Created": NEVER,
        "Config": { "Labels": image.labels, "Env": [], "Cmd": ["serve"] },
        "Architecture": "amd64",
        "Os": "linux",
        "Size": 1_982_256,
        "RootFS": { "Type": "layers", "Layers": [] },
    })
}
