//! What the simulated daemon tells of its containers, and which of it a stream asks for.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde_json::json;

use super::container::{Engine, SimulatedContainer};
use super::error::WorldError;
use crate::model::{ContainerId, Timestamp};

/// How many events the engine keeps for streams that ask for what was before them.
const KEPT: usize = 256;

/// One event, in Docker's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimulatedEvent {
    /// The container.
    pub container: ContainerId,
    /// The API's `Action`, like `die` or `health_status: healthy`.
    pub action: String,
    /// When, in nanoseconds since 1970; it only grows.
    pub at_nanos: i64,
    exit_code: Option<i64>,
    name: String,
    image: String,
    labels: Arc<BTreeMap<String, String>>,
}

/// The events that the engine keeps, and those that its streams were not given yet.
#[derive(Clone, Debug, Default)]
pub(super) struct EventLog {
    kept: VecDeque<Arc<SimulatedEvent>>,
    last_nanos: i64,
    /// Filled only while somebody takes it.
    untold: Option<Vec<Arc<SimulatedEvent>>>,
}

impl EventLog {
    /// Something happened to a container.
    pub(super) fn tell(
        &mut self,
        container: &SimulatedContainer,
        action: &str,
        exit_code: Option<i64>,
        now: Timestamp,
    ) {
        // A microsecond at least between any two: the engine's times only grow.
        self.last_nanos = (now.as_millis() * 1_000_000).max(self.last_nanos + 1_000);
        let event = Arc::new(SimulatedEvent {
            container: container.id.clone(),
            action: action.to_owned(),
            at_nanos: self.last_nanos,
            exit_code,
            name: container.name.clone(),
            image: container.image.clone(),
            labels: Arc::clone(&container.labels),
        });
        if let Some(untold) = &mut self.untold {
            untold.push(Arc::clone(&event));
        }
        self.kept.push_back(event);
        if self.kept.len() > KEPT {
            self.kept.pop_front();
        }
    }

    /// The last 256, oldest first.
    pub(super) fn kept(&self) -> impl DoubleEndedIterator<Item = &SimulatedEvent> {
        self.kept.iter().map(AsRef::as_ref)
    }

    /// What happened since this was last asked; from the first asking on.
    pub(super) fn take_untold(&mut self) -> Vec<Arc<SimulatedEvent>> {
        self.untold.replace(Vec::new()).unwrap_or_default()
    }

    pub(super) fn forget(&mut self) {
        self.kept.clear();
    }
}

impl SimulatedEvent {
    /// The action in the engine's words.
    fn word(&self, engine: Engine) -> &str {
        match (engine, self.action.as_str()) {
            (Engine::Docker, word) => word,
            (Engine::Podman, "die") => "died",
            (Engine::Podman, "destroy") => "remove",
            (Engine::Podman, word) => word.split_once(':').map_or(word, |(word, _)| word),
        }
    }

    /// The line of the stream.
    pub(super) fn render(&self, engine: Engine) -> String {
        let mut attributes = json!(*self.labels);
        attributes["image"] = self.image.as_str().into();
        attributes["name"] = self.name.as_str().into();
        if let Some(code) = self.exit_code {
            let key = if engine == Engine::Docker { "exitCode" } else { "containerExitCode" };
            attributes[key] = code.to_string().into();
        }
        let word = self.word(engine);
        let mut line = json!({
            "status": word,
            "id": self.container,
            "from": self.image,
            "Type": "container",
            "Action": word,
            "Actor": { "ID": self.container, "Attributes": attributes },
            "scope": "local",
            "time": self.at_nanos / 1_000_000_000,
            "timeNano": self.at_nanos,
        });
        if let (Engine::Podman, Some((_, health))) = (engine, self.action.split_once(": ")) {
            line["HealthStatus"] = health.into();
        }
        format!("{line}\n")
    }
}

/// What a stream asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct EventQuery {
    since_nanos: Option<i64>,
    until_nanos: Option<i64>,
    kinds: Vec<String>,
    actions: Vec<String>,
}

impl EventQuery {
    /// From the parameters of the request.
    pub(super) fn new(since: Option<&str>, until: Option<&str>, filters: Option<&str>) -> Result<Self, WorldError> {
        let mut query = Self { since_nanos: nanos(since)?, until_nanos: nanos(until)?, ..Self::default() };
        for (key, values) in parse_filters(filters)? {
            match key.as_str() {
                "type" => query.kinds = values,
                "event" => query.actions = values,
                _ => return Err(WorldError::BadParameter(format!("the filter {key} of events"))),
            }
        }
        Ok(query)
    }

    /// Whether the stream ends with what was before it.
    pub(super) fn is_past(&self, now: Timestamp) -> bool {
        self.until_nanos.is_some_and(|until| until <= now.as_millis() * 1_000_000)
    }

    /// Whether it is asked for what was before it, and this is of that.
    pub(super) fn replays(&self, event: &SimulatedEvent, engine: Engine) -> bool {
        let begins = self.since_nanos.or_else(|| self.until_nanos.map(|_| 0));
        begins.is_some_and(|since| event.at_nanos >= since) && self.wants(event, engine)
    }

    /// Whether it is asked for this.
    pub(super) fn wants(&self, event: &SimulatedEvent, engine: Engine) -> bool {
        let word = event.word(engine);
        // With this one among them, Docker takes the begin of a word for the word.
        let is_fuzzy = self.actions.iter().any(|wanted| wanted == "health_status");
        let matches = |wanted: &String| wanted == word || (is_fuzzy && word.starts_with(wanted.as_str()));
        self.until_nanos.is_none_or(|until| event.at_nanos <= until)
            && (self.kinds.is_empty() || self.kinds.iter().any(|kind| kind == "container"))
            && (self.actions.is_empty() || self.actions.iter().any(matches))
    }
}

/// The `filters` of a request: `{"key":["value"]}`.
pub(super) fn parse_filters(text: Option<&str>) -> Result<BTreeMap<String, Vec<String>>, WorldError> {
    let text = text.filter(|text| !text.is_empty()).unwrap_or("{}");
    serde_json::from_str(text).map_err(|_| WorldError::BadParameter("these filters".into()))
}

/// Seconds with up to nine decimals.
fn nanos(text: Option<&str>) -> Result<Option<i64>, WorldError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let (seconds, decimals) = text.split_once('.').unwrap_or((text, ""));
    let parsed = || {
        let padded = format!("{decimals:0<9}");
        let nanos: i64 = padded.get(..9)?.parse().ok()?;
        seconds.parse::<i64>().ok()?.checked_mul(1_000_000_000)?.checked_add(nanos)
    };
    parsed().map(Some).ok_or_else(|| WorldError::BadParameter(format!("the moment {text}")))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::simulation::{Health, NewContainer, RestartPolicy, World};

    fn world() -> World {
        World::new(1, Timestamp::from_millis(1_800_000_000_000))
    }

    fn told(world: &World) -> Vec<&str> {
        world.events().map(|event| event.action.as_str()).collect()
    }

    #[test]
    fn each_change_is_told_in_the_order_of_the_engine() {
        let mut world = world();
        world.run(NewContainer::new("web", "nginx:1").restart(RestartPolicy::Always).health_check()).unwrap();
        world.pause("web").unwrap();
        world.unpause("web").unwrap();
        world.set_health("web", Health::Healthy).unwrap();
        world.set_health("web", Health::Healthy).unwrap();
        world.rename("web", "site").unwrap();
        world.crash("site", 1).unwrap();
        world.come_back("site").unwrap();
        world.restart("site").unwrap();
        world.run_out_of_memory("site").unwrap();
        world.stop("site").unwrap();
        world.start("site").unwrap();
        world.kill("site").unwrap();
        world.remove("site", false).unwrap();
        let expected = "create start pause unpause health_status: healthy rename die start kill die stop start restart \
                        oom die stop start kill die destroy";
        assert_eq!(told(&world).join(" "), expected);
        assert!(world.events().is_sorted_by(|a, b| a.at_nanos < b.at_nanos));
    }

    #[test]
    fn what_is_refused_is_not_told() {
        let mut world = world();
        world.create(NewContainer::new("web", "nginx:1")).unwrap();
        assert!(world.pause("web").is_err() && world.run_out_of_memory("web").is_err());
        assert!(world.kill("web").is_err() && world.stop("web").is_err());
        assert_eq!(told(&world), ["create"]);
    }

    #[test]
    fn the_last_256_are_kept() {
        let mut world = world();
        world.run(NewContainer::new("web", "nginx:1")).unwrap();
        for _ in 0..200 {
            world.pause("web").unwrap();
            world.unpause("web").unwrap();
        }
        assert_eq!(told(&world).len(), KEPT);
        world.forget_events();
        assert_eq!(told(&world).len(), 0);
    }

    #[test]
    fn a_stream_gets_what_its_filters_name() {
        let mut world = world();
        world.run(NewContainer::new("web", "nginx:1").health_check()).unwrap();
        world.set_health("web", Health::Unhealthy).unwrap();
        world.remove("web", true).unwrap();
        let replayed = |filters: &str, engine| {
            let query = EventQuery::new(Some("0"), None, Some(filters)).unwrap();
            let events = world.events().filter(|event| query.replays(event, engine));
            events.map(|event| event.word(engine)).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(replayed(r#"{"event":["health_status","die"]}"#, Engine::Docker), "health_status: unhealthy die");
        assert_eq!(replayed(r#"{"event":["start","die"]}"#, Engine::Docker), "start die");
        assert_eq!(
            replayed(r#"{"event":["died","remove","health_status"]}"#, Engine::Podman),
            "health_status died remove"
        );
        assert_eq!(replayed(r#"{"type":["image"]}"#, Engine::Docker), "");
        assert!(EventQuery::new(None, None, Some(r#"{"label":["x"]}"#)).is_err());
        assert!(EventQuery::new(None, None, Some("x")).is_err());
    }

    #[test]
    fn since_and_until_are_inclusive() {
        let mut world = world();
        world.run(NewContainer::new("web", "nginx:1")).unwrap();
        let at: Vec<i64> = world.events().map(|event| event.at_nanos).collect();
        let moment = |nanos: i64| format!("{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000);
        let replayed = |since: Option<String>, until: Option<String>| {
            let query = EventQuery::new(since.as_deref(), until.as_deref(), None).unwrap();
            world.events().filter(|event| query.replays(event, Engine::Docker)).count()
        };
        assert_eq!(replayed(None, None), 0, "without a moment, only what is to come");
        assert_eq!(replayed(Some(moment(at[1])), None), 1);
        assert_eq!(replayed(Some(moment(at[1] + 1)), None), 0);
        assert_eq!(replayed(None, Some(moment(at[0]))), 1);
        assert_eq!(nanos(Some("7.5")).unwrap(), Some(7_500_000_000));
        assert!(nanos(Some("yesterday")).is_err());
    }

    #[test]
    fn a_line_is_json_in_the_dialect_of_the_engine() {
        let mut world = world();
        world.run(NewContainer::new("web", "nginx:1").label("a", "b")).unwrap();
        world.crash("web", 3).unwrap();
        let die = world.events().last().unwrap();
        let line = |engine| serde_json::from_str::<Value>(&die.render(engine)).unwrap();
        let (docker, podman) = (line(Engine::Docker), line(Engine::Podman));
        assert_eq!((&docker["Action"], &podman["Action"]), (&json!("die"), &json!("died")));
        assert_eq!(
            docker["Actor"]["Attributes"],
            json!({ "a": "b", "image": "nginx:1", "name": "web", "exitCode": "3" })
        );
        assert_eq!(podman["Actor"]["Attributes"]["containerExitCode"], "3");
        assert_eq!((&docker["id"], docker["timeNano"].as_i64()), (&json!(die.container), Some(die.at_nanos)));
    }
}
