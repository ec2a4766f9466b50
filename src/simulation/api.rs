//! One request of the engine's API against a world.

use serde_json::{Value, json};

use super::error::WorldError;
use super::events::{EventQuery, parse_filters};
use super::render;
use super::world::World;

/// What the API answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) body: Vec<u8>,
}

/// A request, its path without a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
}

impl Request {
    /// Takes a request line apart; `/v1.41/containers/json` is `/containers/json`.
    pub(super) fn new(method: &str, path: &str, query: Option<&str>) -> Self {
        let unversioned = path
            .strip_prefix("/v1.")
            .and_then(|rest| rest.split_once('/'))
            .filter(|(minor, _)| !minor.is_empty() && minor.bytes().all(|b| b.is_ascii_digit()))
            .map_or_else(|| path.to_owned(), |(_, rest)| format!("/{rest}"));
        Self { method: method.into(), path: unversioned, query: query.unwrap_or_default().into() }
    }

    /// The call without what it names: `GET /containers/{id}/json`.
    pub(super) fn call(&self) -> String {
        match self.parts().as_slice() {
            ["containers", "json"] => format!("{} {}", self.method, self.path),
            [
                kind @ ("containers" | "images"),
                ..,
                last @ ("json" | "start" | "stop" | "restart" | "kill" | "pause" | "unpause" | "rename"),
            ] => format!("{} /{kind}/{{id}}/{last}", self.method),
            ["containers", _] => format!("{} /containers/{{id}}", self.method),
            _ => format!("{} {}", self.method, self.path),
        }
    }

    /// The container that it inspects.
    pub(super) fn inspected(&self) -> Option<&str> {
        match self.parts().as_slice() {
            ["containers", key, "json"] => Some(key),
            _ => None,
        }
    }

    /// What stream of events it asks for, if it does.
    pub(super) fn events(&self) -> Option<Result<EventQuery, WorldError>> {
        let parameter = |name| self.parameter(name);
        (self.method == "GET" && self.parts() == ["events"]).then(|| {
            let (since, until, filters) = (parameter("since"), parameter("until"), parameter("filters"));
            EventQuery::new(since.as_deref(), until.as_deref(), filters.as_deref())
        })
    }

    fn parts(&self) -> Vec<&str> {
        self.path.split('/').filter(|part| !part.is_empty()).collect()
    }

    fn parameter(&self, name: &str) -> Option<String> {
        let pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        let value = pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next_back()?;
        Some(percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned())
    }

    fn asks(&self, name: &str) -> bool {
        self.parameter(name).is_some_and(|value| matches!(value.to_ascii_lowercase().as_str(), "1" | "true"))
    }
}

/// What the engine would answer, and what becomes of the world.
pub(super) fn answer(world: &mut World, request: &Request) -> Answer {
    match route(world, request) {
        Ok(answer) => answer,
        // The engine sends no body with 304.
        Err(error @ WorldError::Unchanged(_)) => empty(error.status()),
        Err(error) => refusal(&error),
    }
}

/// What the engine answers where it refuses.
pub(super) fn refusal(error: &WorldError) -> Answer {
    json_answer(error.status(), &json!({ "message": error.to_string() }))
}

fn route(world: &mut World, request: &Request) -> Result<Answer, WorldError> {
    match (request.method.as_str(), request.parts().as_slice()) {
        ("GET" | "HEAD", ["_ping"]) => {
            Ok(Answer { status: 200, content_type: "text/plain; charset=utf-8", body: b"OK".to_vec() })
        }
        ("GET", ["version"]) => Ok(json_answer(200, &world.render_version())),
        ("GET", ["info"]) => Ok(json_answer(200, &world.render_info())),
        ("GET", ["containers", "json"]) => list(world, request),
        ("GET", ["containers", key, "json"]) => Ok(json_answer(200, &render::inspect(world.container(key)?))),
        ("GET", ["images", name @ .., "json"]) => image(world, &name.join("/")),
        ("POST", ["containers", key, action]) => act(world, request, key, action).map(|()| empty(204)),
        ("DELETE", ["containers", key]) => world.remove(key, request.asks("force")).map(|()| empty(204)),
        _ => Err(WorldError::NotServed),
    }
}

fn list(world: &World, request: &Request) -> Result<Answer, WorldError> {
    for refused in ["limit", "since", "before"] {
        if request.parameter(refused).is_some_and(|value| !matches!(value.as_str(), "" | "{}")) {
            return Err(WorldError::BadParameter(format!("the parameter {refused} of a list")));
        }
    }
    let mut filters = parse_filters(request.parameter("filters").as_deref())?;
    let ids = filters.remove("id").filter(|ids| !ids.is_empty());
    if let Some(key) = filters.keys().next() {
        return Err(WorldError::BadParameter(format!("the filter {key} of a list")));
    }
    let all = request.asks("all");
    let body = ids.map_or_else(|| world.render_list(all), |ids| world.render_filtered_list(all, &ids));
    Ok(Answer { status: 200, content_type: JSON, body })
}

fn image(world: &World, name: &str) -> Result<Answer, WorldError> {
    let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
    let found = world.images.get(&*name).or_else(|| world.images.values().find(|image| image.reference == *name));
    match found {
        Some(found) => Ok(json_answer(200, &render::image(found))),
        None => Err(WorldError::NoSuchImage(name.into_owned())),
    }
}

fn act(world: &mut World, request: &Request, key: &str, action: &str) -> Result<(), WorldError> {
    match action {
        "start" => world.start(key),
        "stop" => world.stop(key),
        "restart" => world.restart(key),
        "kill" => world.kill(key),
        "pause" => world.pause(key),
        "unpause" => world.unpause(key),
        "rename" => world.rename(key, &request.parameter("name").unwrap_or_default()),
        _ => Err(WorldError::NotServed),
    }
}

const JSON: &str = "application/json";

fn json_answer(status: u16, body: &Value) -> Answer {
    let mut body = body.to_string().into_bytes();
    body.push(b'\n');
    Answer { status, content_type: JSON, body }
}

const fn empty(status: u16) -> Answer {
    Answer { status, content_type: JSON, body: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use crate::simulation::{Engine, NewContainer};

    fn world_with_one() -> (World, String) {
        let mut world = World::new(1, Timestamp::from_millis(1_800_000_000_000));
        let id = world.run(NewContainer::new("web", "nginx:1").publish(8080, 80)).unwrap();
        (world, id.to_string())
    }

    fn ask(world: &mut World, method: &str, target: &str) -> (u16, Value) {
        let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        let answer = answer(world, &Request::new(method, path, query));
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
    }

    #[test]
    fn a_versioned_path_is_the_same_call() {
        let plain = Request::new("GET", "/containers/json", None);
        assert_eq!(Request::new("GET", "/v1.41/containers/json", None), plain);
        assert_ne!(Request::new("GET", "/v2/containers/json", None), plain);
    }

    #[test]
    fn calls_are_counted_without_what_they_name() {
        for (method, path, expected) in [
            ("GET", "/containers/json", "GET /containers/json"),
            ("GET", "/v1.41/containers/abc/json", "GET /containers/{id}/json"),
            ("GET", "/images/library/nginx:1/json", "GET /images/{id}/json"),
            ("POST", "/containers/abc/stop", "POST /containers/{id}/stop"),
            ("DELETE", "/containers/abc", "DELETE /containers/{id}"),
            ("GET", "/info", "GET /info"),
        ] {
            assert_eq!(Request::new(method, path, None).call(), expected);
        }
    }

    #[test]
    fn the_list_holds_stopped_containers_only_when_all_are_asked_for() {
        let (mut world, id) = world_with_one();
        world.stop(&id).unwrap();
        assert_eq!(ask(&mut world, "GET", "/containers/json").1, json!([]));
        let (status, listed) = ask(&mut world, "GET", "/v1.41/containers/json?all=true");
        assert_eq!((status, listed[0]["State"].as_str()), (200, Some("exited")));
        assert_eq!(listed[0]["Status"], "Exited (0) Less than a second ago");
    }

    #[test]
    fn an_unknown_container_is_refused_in_the_words_of_each_engine() {
        let (mut world, _) = world_with_one();
        assert_eq!(
            ask(&mut world, "GET", "/containers/nosuch/json"),
            (404, json!({ "message": "No such container: nosuch" }))
        );
        world.set_engine(Engine::Podman, "5.4.2");
        let (status, body) = ask(&mut world, "GET", "/containers/nosuch/json");
        assert_eq!((status, body["message"].as_str().unwrap().ends_with("found: no such container")), (404, true));
    }

    #[test]
    fn a_running_container_is_removed_only_by_force() {
        let (mut world, id) = world_with_one();
        assert_eq!(ask(&mut world, "DELETE", &format!("/containers/{id}")).0, 409);
        assert_eq!(ask(&mut world, "DELETE", &format!("/containers/{id}?force=1")).0, 204);
        assert_eq!(ask(&mut world, "GET", &format!("/containers/{id}/json")).0, 404);
    }

    #[test]
    fn docker_keeps_its_id_and_podman_makes_one_up_each_time() {
        let (mut world, _) = world_with_one();
        assert_eq!(ask(&mut world, "GET", "/info").1["ID"], ask(&mut world, "GET", "/info").1["ID"]);
        world.set_engine(Engine::Podman, "5.4.2");
        assert_ne!(ask(&mut world, "GET", "/info").1["ID"], ask(&mut world, "GET", "/info").1["ID"]);
    }

    #[test]
    fn images_are_found_by_id_and_by_name() {
        let (mut world, _) = world_with_one();
        let by_name = ask(&mut world, "GET", "/images/nginx:1/json").1;
        let by_id = ask(&mut world, "GET", &format!("/images/{}/json", by_name["Id"].as_str().unwrap())).1;
        assert_eq!(by_name, by_id);
        assert_eq!(ask(&mut world, "GET", "/images/nosuch/json").0, 404);
    }

    #[test]
    fn a_filter_is_refused_and_never_ignored() {
        let (mut world, _) = world_with_one();
        assert_eq!(ask(&mut world, "GET", "/containers/json?filters=%7B%22name%22%3A%5B%22x%22%5D%7D").0, 400);
        assert_eq!(ask(&mut world, "GET", "/containers/json?all=1&filters=%7B%7D").0, 200);
    }

    #[test]
    fn a_list_by_id_holds_the_containers_that_begin_so() {
        let (mut world, id) = world_with_one();
        world.run(NewContainer::new("api", "nginx:1")).unwrap();
        world.inject_entry("{}");
        let mut listed = |ids: &str| {
            let filters = format!("%7B%22id%22%3A%5B{ids}%5D%7D");
            ask(&mut world, "GET", &format!("/containers/json?all=1&filters={filters}")).1.as_array().unwrap().len()
        };
        assert_eq!(listed(&format!("%22{id}%22")), 1);
        assert_eq!(listed(&format!("%22{}%22%2C%22ffff%22", &id[..8])), 1);
        assert_eq!(listed(&format!("%22{}%22", "f".repeat(64))), 0);
        assert_eq!(listed(""), 3, "an empty filter is none");
    }
}
