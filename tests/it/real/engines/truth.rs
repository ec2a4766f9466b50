//! What the rows of a stack must be, said by the contract over the engine's own list and inspects. Nothing here is decoded
//! by the program under test: rows are compared as readers get them, in JSON.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::engine::Engine;
use crate::support::unpacked::PROJECT;

/// How much later than the engine's own moment a state may begin: an event is told after what it tells of.
const SINCE_TOLERANCE_MS: i64 = 1_000;

/// One container, as the engine lists and inspects it.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) id: String,
    pub(super) name: String,
    /// `Running`, as the list says it.
    pub(super) state: String,
    list: Value,
    inspect: Value,
}

/// All of them; `None` if one went between the list and its inspect.
pub(super) fn ask(engine: &Engine) -> Option<Vec<Listed>> {
    let list = engine.get("/containers/json?all=1").body;
    let list = list.as_array().unwrap_or_else(|| panic!("no list: {list}"));
    list.iter().map(|entry| Listed::of(engine, entry.clone())).collect()
}

impl Listed {
    fn of(engine: &Engine, list: Value) -> Option<Self> {
        let id = text(&list["Id"]).to_owned();
        let inspected = engine.get(&format!("/containers/{id}/json"));
        (inspected.status == 200).then(|| Self {
            name: text(&list["Names"][0]).trim_start_matches('/').to_owned(),
            state: text(&list["State"]).to_owned(),
            inspect: inspected.body,
            id,
            list,
        })
    }

    fn label(&self, name: &str) -> &str {
        self.list["Labels"][name].as_str().unwrap_or_default()
    }

    pub(super) fn service(&self) -> &str {
        self.label("com.docker.compose.service")
    }

    /// Whether it was made by `compose run`.
    pub(super) fn is_one_off(&self) -> bool {
        let numbered = self
            .name
            .rsplit_once("_tmp")
            .is_some_and(|(_, digits)| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()));
        self.label("com.docker.compose.oneoff") == "True"
            || (!self.label("io.podman.compose.project").is_empty() && numbered)
    }

    fn is_of_the_stack(&self) -> bool {
        self.label("com.docker.compose.project") == PROJECT && !self.is_one_off()
    }

    /// How often the engine's restart policy started it again.
    pub(super) fn restarts(&self) -> i64 {
        self.inspect["RestartCount"].as_i64().unwrap_or_default()
    }

    /// The word of its health check; nothing without one.
    pub(super) fn health(&self) -> Option<&str> {
        let word = self.inspect["State"]["Health"]["Status"].as_str()?;
        (!matches!(word, "" | "none")).then_some(word)
    }

    /// The number in the list's own words.
    fn exit_code(&self) -> Option<i64> {
        let status = self.list["Status"].as_str()?;
        let code = status.strip_prefix("Exited (").or_else(|| status.strip_prefix("Restarting ("))?;
        code.split_once(')')?.0.parse().ok()
    }

    fn moment(&self, name: &str) -> Option<i64> {
        millis(&self.inspect["State"][name])
    }
}

/// Each way in which the rows are not what the contract makes of these containers. `unpaused` says that a container may run
/// on since later than its start.
pub(super) fn differences(containers: &[Listed], rows: &[Value], workload: &str, unpaused: bool) -> Vec<String> {
    let rows: Vec<&Value> = rows.iter().filter(|row| text(&row["workload_id"]) == workload).collect();
    let mut wrong = Vec::new();
    let mut services: BTreeMap<&str, Vec<&Listed>> = BTreeMap::new();
    for container in containers.iter().filter(|container| container.is_of_the_stack()) {
        services.entry(container.service()).or_default().push(container);
    }
    for (service, of_service) in &services {
        compare_slots(service, of_service, &rows, workload, unpaused, &mut wrong);
    }
    for row in rows {
        let (role, state) = (text(&row["role"]), text(&row["state"]));
        if !services.contains_key(role) && (state != "missing" || text(&row["id"]) != format!("{workload}:{role}")) {
            wrong.push(format!("the service {role} has no container, and yet there is the row {} {state}", row["id"]));
        }
    }
    wrong
}

/// A service that has containers has as many rows: its first slots, each for one of them.
fn compare_slots(
    service: &str,
    containers: &[&Listed],
    rows: &[&Value],
    workload: &str,
    unpaused: bool,
    wrong: &mut Vec<String>,
) {
    let slots = (1..=containers.len()).map(|n| match n {
        1 => format!("{workload}:{service}"),
        n => format!("{workload}:{service}:{n}"),
    });
    let mut has: Vec<&str> = rows.iter().filter(|row| row["role"] == service).map(|row| text(&row["id"])).collect();
    has.sort_unstable();
    let should: Vec<String> = slots.collect();
    if has != should {
        wrong.push(format!("{service} has the rows {has:?} instead of {should:?}"));
    }
    for container in containers {
        let bound: Vec<_> = rows.iter().filter(|row| row["container_id"] == *container.id).collect();
        let [row] = bound.as_slice() else {
            wrong.push(format!("{} has {} rows", container.name, bound.len()));
            continue;
        };
        compare_columns(container, row, unpaused, wrong);
    }
}

fn compare_columns(container: &Listed, row: &Value, unpaused: bool, wrong: &mut Vec<String>) {
    let state = match container.state.as_str() {
        "exited" | "dead" | "stopped" => "stopped",
        as_it_is => as_it_is,
    };
    let published = container.list["Ports"].as_array().into_iter().flatten();
    let public: Vec<(&str, i64)> =
        published.filter_map(|port| Some((text(&port["Type"]), port["PublicPort"].as_i64()?))).collect();
    let served = public.iter().filter(|(protocol, _)| *protocol == "tcp").map(|(_, port)| *port).min();
    let details = [
        ("role", Value::from(container.service())),
        ("name", container.name.clone().into()),
        ("image_ref", container.inspect["Config"]["Image"].clone()),
        ("state", state.into()),
        ("exit_code", container.exit_code().into()),
        ("port", served.into()),
        ("created_in_docker_at", container.list["Created"].as_i64().map(|seconds| seconds * 1000).into()),
        ("started_at", container.moment("StartedAt").into()),
        ("finished_at", container.moment("FinishedAt").into()),
        ("restart_count", container.restarts().into()),
        ("oom_killed", container.inspect["State"]["OOMKilled"].clone()),
    ];
    let health = match state {
        "running" => Some(("health", container.health().into())),
        // What is stored stays.
        "paused" | "restarting" => None,
        _ => Some(("health", Value::Null)),
    };
    for (column, should) in details.into_iter().chain(health) {
        let has = if column.ends_with("_at") { millis(&row[column]).into() } else { row[column].clone() };
        if has != should {
            wrong.push(format!("{} has {column} {has} instead of {should}", container.name));
        }
    }
    let has = row["ports"].as_array().into_iter().flatten();
    let has: Vec<_> = has.map(|port| (text(&port["protocol"]), &port["public"])).collect();
    for (protocol, port) in public {
        if !has.contains(&(protocol, &port.into())) {
            wrong.push(format!("{} has ports {} without {port}/{protocol}", container.name, row["ports"]));
        }
    }
    compare_since(container, row, unpaused, wrong);
}

/// The state began at the engine's own moment, where an inspect tells it, and never before.
fn compare_since(container: &Listed, row: &Value, unpaused: bool, wrong: &mut Vec<String>) {
    let moment = match container.state.as_str() {
        "running" => container.moment("StartedAt"),
        "exited" => container.moment("FinishedAt"),
        _ => None,
    };
    let (Some(moment), since) = (moment, millis(&row["state_since"])) else { return };
    let latest = if unpaused { i64::MAX } else { moment + SINCE_TOLERANCE_MS };
    if !since.is_some_and(|since| (moment..=latest).contains(&since)) {
        wrong.push(format!(
            "{} is {} since {}, it should be {moment}",
            container.name, container.state, row["state_since"]
        ));
    }
}

/// Milliseconds since 1970; Go's zero time is none.
fn millis(value: &Value) -> Option<i64> {
    let moment: jiff::Timestamp = value.as_str()?.parse().ok()?;
    (moment.as_second() > 0).then(|| moment.as_millisecond())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
