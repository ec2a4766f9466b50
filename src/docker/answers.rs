//! Decodes the answers about one container or one image. Pure.

use serde::Deserialize;
use serde::de::DeserializeSeed;
use serde_json::value::RawValue;

use super::error::DaemonError;
use super::fault::{Call, says_no_such};
use super::health::HealthField;
use super::labels::{LabelReader, LabelsSeed, ReadLabels};
use super::listing::{bounded_image, examine, examined_health};
use super::message::ImageAnswer;
use super::scalar::Scalar;
use super::text::bounded;
use super::transport::Answer;
use crate::model::{
    ContainerId, ContainerState, Examined, ExaminedContainer, HealthFact, Inspected, InspectedDetails, Timestamp,
};

#[derive(Deserialize)]
struct RawInspect<'a> {
    #[serde(rename = "Id", borrow, default)]
    id: Scalar<'a>,
    #[serde(rename = "Created", borrow, default)]
    created: Scalar<'a>,
    #[serde(rename = "RestartCount", borrow, default)]
    restart_count: Scalar<'a>,
    #[serde(rename = "Config", borrow, default)]
    config: Option<RawConfig<'a>>,
    #[serde(rename = "State", borrow, default)]
    state: Option<RawState<'a>>,
}

#[derive(Deserialize)]
struct RawConfig<'a> {
    #[serde(rename = "Image", borrow, default)]
    image: Scalar<'a>,
}

#[derive(Deserialize)]
struct RawState<'a> {
    #[serde(rename = "Status", borrow, default)]
    status: Scalar<'a>,
    #[serde(rename = "OOMKilled", borrow, default)]
    oom_killed: Scalar<'a>,
    #[serde(rename = "Error", borrow, default)]
    error: Scalar<'a>,
    #[serde(rename = "ExitCode", borrow, default)]
    exit_code: Scalar<'a>,
    #[serde(rename = "StartedAt", borrow, default)]
    started_at: Scalar<'a>,
    #[serde(rename = "FinishedAt", borrow, default)]
    finished_at: Scalar<'a>,
    #[serde(rename = "Health", borrow, default)]
    health: HealthField<'a>,
    /// The same in the words of Podman before 4.
    #[serde(rename = "Healthcheck", borrow, default)]
    healthcheck: HealthField<'a>,
}

/// What the answer to an inspect says. Only the daemon's own 404 means gone.
pub(super) fn inspected(call: &Call, answer: Answer) -> Result<Inspected, DaemonError> {
    match answer {
        Answer { status: 200, body } => details(&body).map(Inspected::Present).map_err(|cause| call.nonsense(&cause)),
        Answer { status: 404, body } if says_no_such("container", &body) => Ok(Inspected::Gone),
        Answer { status, body } => Err(call.status(status, &body)),
    }
}

/// What the answer to an inspect says in place of a list. Only the daemon's own 404 means gone.
pub(super) fn examined(
    call: &Call,
    labels: &LabelReader,
    container: &ContainerId,
    answer: Answer,
) -> Result<Examined, DaemonError> {
    match answer {
        Answer { status: 200, body } => match examined_container(&body, container, labels) {
            Ok(examined) => Ok(Examined::Present(Box::new(examined))),
            Err(cause) => Err(call.nonsense(&cause)),
        },
        Answer { status: 404, body } if says_no_such("container", &body) => Ok(Examined::Gone),
        Answer { status, body } => Err(call.status(status, &body)),
    }
}

/// All that one inspect says.
pub(super) fn examined_container(
    body: &[u8],
    container: &ContainerId,
    labels: &LabelReader,
) -> Result<ExaminedContainer, String> {
    Ok(ExaminedContainer { listed: examine(body, container, labels)?, details: details(body)? })
}

fn details(body: &[u8]) -> Result<InspectedDetails, String> {
    let text = String::from_utf8_lossy(body);
    let raw: RawInspect<'_> = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    if raw.id.text().is_none() {
        return Err("it has no id".into());
    }
    let moment = |said: &Scalar<'_>| said.text().and_then(Timestamp::parse);
    let image = raw.config.as_ref().and_then(|config| config.image.text()).filter(|image| !image.is_empty());
    let mut details = InspectedDetails {
        restart_count: raw.restart_count.integer(),
        created_at: moment(&raw.created),
        image_ref: image.map(bounded_image),
        ..InspectedDetails::default()
    };
    if let Some(said) = raw.state {
        let health = said.health.word().or_else(|| said.healthcheck.word());
        let state = said.status.text().map(ContainerState::from_daemon);
        details.oom_killed = said.oom_killed.flag();
        details.started_at = moment(&said.started_at);
        details.finished_at = moment(&said.finished_at);
        details.health = state.as_ref().map_or(HealthFact::Keep, |state| examined_health(state, health));
        details.start_error = start_error(&said, state.as_ref());
        details.state = state;
    }
    Ok(details)
}

/// What an engine says of a process that it could not start: its words, or a code alone. Longer ones are cut.
fn start_error(said: &RawState<'_>, state: Option<&ContainerState>) -> Option<Box<str>> {
    if state != Some(&ContainerState::Created) {
        return None;
    }
    let words = said.error.text().filter(|words| !words.trim().is_empty());
    let code = said.exit_code.integer().filter(|code| *code != 0);
    let words = words.map(|words| bounded(words, MAX_START_ERROR_BYTES));
    words.or_else(|| code.map(|code| format!("exit code {code}").into()))
}

/// Longest reason that is kept: an engine's sentence with a path or two.
const MAX_START_ERROR_BYTES: usize = 1024;

#[derive(Deserialize)]
struct RawImage<'a> {
    #[serde(rename = "Config", borrow, default)]
    config: Option<RawImageConfig<'a>>,
}

#[derive(Deserialize)]
struct RawImageConfig<'a> {
    #[serde(rename = "Labels", borrow, default)]
    labels: Option<&'a RawValue>,
}

/// What the answer to an image's inspect says of its labels. Only the daemon's own 404 means gone.
pub(super) fn image(call: &Call, labels: &LabelReader, answer: Answer) -> Result<ImageAnswer, DaemonError> {
    match answer {
        Answer { status: 200, body } => match image_labels(labels, &body) {
            Ok(read) => Ok(ImageAnswer::Labels(read.claims.into())),
            Err(cause) => Err(call.nonsense(&cause.to_string())),
        },
        Answer { status: 404, body } if says_no_such("image", &body) => Ok(ImageAnswer::Gone),
        Answer { status, body } => Err(call.status(status, &body)),
    }
}

fn image_labels(labels: &LabelReader, body: &[u8]) -> Result<ReadLabels, serde_json::Error> {
    let text = String::from_utf8_lossy(body);
    let raw: RawImage<'_> = serde_json::from_str(&text)?;
    match raw.config.and_then(|config| config.labels) {
        Some(map) => LabelsSeed(labels).deserialize(&mut serde_json::Deserializer::from_str(map.get())),
        None => Ok(ReadLabels::default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, body: body.into() }
    }

    fn call() -> Call {
        Call { endpoint: "unix:///x".into(), call: "GET /x" }
    }

    fn inspect(status: u16, body: &str) -> Option<Inspected> {
        inspected(&call(), answer(status, body)).ok()
    }

    #[test]
    fn an_inspect_gives_what_the_listing_lacks() {
        let body = r#"{"Id":"a","Created":"2023-11-14T22:13:20.007Z","RestartCount":3,"Config":{"Env":["SECRET=1"],"Image":"nginx:1.25"},"State":{"Status":"exited","OOMKilled":true,
            "StartedAt":"2023-11-14T22:13:20.123456789Z","FinishedAt":"0001-01-01T00:00:00Z","ExitCode":137}}"#;
        let expected = InspectedDetails {
            restart_count: Some(3),
            oom_killed: Some(true),
            started_at: Some(Timestamp::from_millis(1_700_000_000_123)),
            finished_at: None,
            state: Some(ContainerState::Stopped),
            created_at: Some(Timestamp::from_millis(1_700_000_000_007)),
            health: HealthFact::Absent,
            image_ref: Some("nginx:1.25".into()),
            start_error: None,
        };
        assert_eq!(inspect(200, body), Some(Inspected::Present(expected)));
        let odd = r#"{"Id":"a","RestartCount":"many","State":{"Status":"stopping","OOMKilled":null,"StartedAt":7,"Health":[]}}"#;
        let state = Some(ContainerState::Other("stopping".into()));
        let expected = InspectedDetails { state, ..InspectedDetails::default() };
        assert_eq!(inspect(200, odd), Some(Inspected::Present(expected)));
    }

    // F12
    #[test]
    fn an_inspect_tells_the_health_in_the_words_of_each_engine() {
        for (state, expected) in [
            (r#""Status":"running","Health":{"Status":"healthy","Log":[]}"#, HealthFact::Known("healthy".into())),
            (r#""Status":"running","Healthcheck":{"Status":"unhealthy"}"#, HealthFact::Known("unhealthy".into())),
            (r#""Status":"running","Health":{"Status":"reset"}"#, HealthFact::Keep),
            (r#""Status":"running","Health":{"Status":""}"#, HealthFact::Absent),
            (r#""Status":"running","Health":null"#, HealthFact::Absent),
            (r#""Status":"running""#, HealthFact::Absent),
            (r#""Status":"paused","Health":{"Status":"healthy"}"#, HealthFact::Keep),
            (r#""Status":"exited","Health":{"Status":"unhealthy"}"#, HealthFact::Absent),
        ] {
            let Some(Inspected::Present(details)) = inspect(200, &format!(r#"{{"Id":"a","State":{{{state}}}}}"#))
            else {
                panic!("{state}")
            };
            assert_eq!(details.health, expected, "{state}");
        }
    }

    #[test]
    fn gone_is_the_daemons_own_404_and_nothing_else() {
        assert_eq!(inspect(404, r#"{"message":"No such container: a"}"#), Some(Inspected::Gone));
        for (status, body) in [
            (404, r#"{"message":"page not found"}"#),
            (404, "<html>No such container</html>"),
            (404, ""),
            (500, r#"{"message":"No such container: a"}"#),
            (403, r#"{"message":"forbidden"}"#),
            (301, ""),
            (200, "{}"),
            (200, "null"),
            (200, "[]"),
            (200, r#"{"Id":"a""#),
        ] {
            assert_eq!(inspect(status, body), None, "{status} {body}");
        }
    }

    #[test]
    fn an_images_labels_are_read_by_the_same_names() {
        let labels = LabelReader::new(&Config::new("x"));
        let read = |status, body: &str| image(&call(), &labels, answer(status, body)).ok();
        let Some(ImageAnswer::Labels(claims)) =
            read(200, r#"{"Id":"x","Config":{"Labels":{"com.docker.compose.project":"shop","x":"y"}}}"#)
        else {
            panic!("labels")
        };
        assert_eq!(claims.compose_project.as_deref(), Some("shop"));
        for body in [r#"{"Config":null}"#, r#"{"Config":{"Labels":null}}"#, r#"{"Config":{}}"#, "{}"] {
            assert_eq!(read(200, body), Some(ImageAnswer::Labels(crate::model::Claims::default().into())), "{body}");
        }
        assert_eq!(read(404, r#"{"message":"No such image: sha256:00"}"#), Some(ImageAnswer::Gone));
        for (status, body) in [(404, "gone"), (500, ""), (200, r#"{"Config":7}"#), (200, r#"{"Config":{"Labels":7}}"#)]
        {
            assert_eq!(read(status, body), None, "{status} {body}");
        }
    }
}
