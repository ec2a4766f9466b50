//! What the ledger holds of a row, line by line, and the commands that tell more of its container.

use super::ages::Moment;
use super::frame::Frame;
use super::ports::Port;
use super::shown::shown;
use crate::model::{HostName, StoredRow, Timestamp};
use crate::wording::shell_word;

/// One line.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    pub(super) name: &'static str,
    pub(super) value: Value,
}

/// How a line is shown.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(String),
    /// A button beside it copies it.
    Copied(String),
    /// The moment itself, and how long ago that was.
    At(Moment),
    Ports(Vec<Port>),
}

/// What is known of the row. `stage` is the name of its stage.
pub(super) fn facts(row: &StoredRow, stage: Option<&str>, ports: Vec<Port>, frame: &Frame) -> Vec<Fact> {
    let t = frame.t;
    let observed = &row.observed;
    let mut facts = Vec::new();
    let mut fact = |name, value| facts.push(Fact { name, value });
    let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(|text| Value::Text(shown(text)));
    let copied = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(|text| Value::Copied(shown(text)));
    let number = |number: Option<i64>| number.map(|number| Value::Text(number.to_string()));
    let at = |at: Option<Timestamp>| at.map(|at| Value::At(Moment::ago(at, frame.now, t)));
    let deployer = &row.deployer;
    let route = deployer.proxy_route_id.as_deref().or(deployer.npm_proxy_id.as_deref());
    for (name, value) in [
        (t.container_id, copied(row.binding.container_id.as_ref().map(|id| id.as_str()))),
        (t.row_id, copied(Some(row.id.as_str()))),
        (t.workload_id, copied(Some(row.binding.workload_id.as_str()))),
        (t.column_host, text(Some(row.host.as_str()))),
        (t.role, text(Some(&row.binding.role))),
        (t.column_stage, text(stage)),
        (t.column_image, copied(Some(&observed.image_ref))),
        (t.image_tag, text(deployer.image_tag.as_deref())),
        (t.subdomain, text(deployer.subdomain.as_deref())),
        (t.proxy_route, text(route)),
        (t.column_ports, Some(Value::Ports(ports)).filter(|_| !observed.ports.is_empty())),
        (t.health, text(observed.health.as_deref().map(|health| t.health(health)))),
        (t.exit_code, number(observed.exit_code)),
        (t.restart_count, number(observed.restart_count)),
        (t.start_error, text(observed.start_error.as_deref())),
        (t.attention_since, at(observed.attention_since)),
        (t.column_since, at(observed.state_since)),
        (t.created_in_docker, at(observed.created_in_docker_at)),
        (t.started_at, at(observed.started_at)),
        (t.finished_at, at(observed.finished_at)),
        (t.last_seen, at(observed.last_seen_at)),
    ] {
        if let Some(value) = value {
            fact(name, value);
        }
    }
    facts
}

/// The commands that tell more of the row's container on its host, by its name and else by its id.
pub(super) fn commands(row: &StoredRow, engine: Option<&str>) -> Vec<String> {
    let id = row.binding.container_id.as_ref().map(|id| id.as_str());
    let Some(id) = id.filter(|_| row.observed.state != crate::model::ContainerState::Missing) else {
        return Vec::new();
    };
    let Some(name) = shell_word(&row.observed.name).or_else(|| shell_word(id)) else { return Vec::new() };
    let is_podman = engine.is_some_and(|engine| engine.to_lowercase().contains("podman"));
    let program = if is_podman { "podman" } else { "docker" };
    vec![format!("{program} logs --tail 100 {name}"), format!("{program} inspect {name}")]
}

/// The engine of a host.
pub(super) fn engine_of<'a>(hosts: &'a [crate::model::HostRecord], name: &HostName) -> Option<&'a str> {
    hosts.iter().find(|host| host.name == *name)?.engine.as_deref()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::page::row_view::tests::row;
    use crate::model::ContainerState;

    #[test]
    fn commands_name_the_container_so_that_a_shell_takes_it() {
        let mut row = row();
        assert_eq!(commands(&row, Some("Docker")), ["docker logs --tail 100 shop-web-1", "docker inspect shop-web-1"]);
        assert_eq!(commands(&row, Some("Podman Engine"))[1], "podman inspect shop-web-1");
        row.observed.name = "a b; reboot".into();
        assert_eq!(commands(&row, None)[1], "docker inspect 'a b; reboot'");
        row.observed.name = "".into();
        assert_eq!(commands(&row, None)[1], format!("docker inspect {}", "ab".repeat(32)));
        row.observed.state = ContainerState::Missing;
        assert_eq!(commands(&row, None), Vec::<String>::new(), "nothing is there to ask of");
    }
}
