//! One inspect, decoded into what a list says of the container. Pure.
//!
//! It says the same as the list but for some things: the image stays as it was named at creation, where a list gives its
//! id once the name means another image; the health of what is paused or restarting is not told, and that of what runs is,
//! also where a list says nothing of it; a creation within the first second of 1970 is none.

use serde::Deserialize;
use serde::de::DeserializeSeed;
use serde_json::value::RawValue;

use super::entry::{MAX_NAME_BYTES, bounded_image, is_image_id};
use super::ports::BindingsField;
use super::status;
use crate::docker::health::HealthField;
use crate::docker::labels::{LabelReader, LabelsSeed, ReadLabels};
use crate::docker::scalar::Scalar;
use crate::docker::text::bounded;
use crate::model::{ContainerId, ContainerState, ImageId, ListedContainer, Timestamp};

#[derive(Deserialize)]
struct RawContainer<'a> {
    #[serde(rename = "Id", borrow, default)]
    id: Scalar<'a>,
    #[serde(rename = "Name", borrow, default)]
    name: Scalar<'a>,
    #[serde(rename = "Created", borrow, default)]
    created: Scalar<'a>,
    #[serde(rename = "Image", borrow, default)]
    image_id: Scalar<'a>,
    #[serde(rename = "Config", borrow, default)]
    config: Option<RawConfig<'a>>,
    #[serde(rename = "State", borrow, default)]
    state: Option<RawState<'a>>,
    #[serde(rename = "NetworkSettings", default)]
    network: Option<RawNetwork>,
}

#[derive(Default, Deserialize)]
struct RawConfig<'a> {
    #[serde(rename = "Image", borrow, default)]
    image: Scalar<'a>,
    #[serde(rename = "Labels", borrow, default)]
    labels: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct RawState<'a> {
    #[serde(rename = "Status", borrow, default)]
    status: Scalar<'a>,
    #[serde(rename = "ExitCode", borrow, default)]
    exit_code: Scalar<'a>,
    #[serde(rename = "Health", borrow, default)]
    health: HealthField<'a>,
    /// The same in the words of Podman before 4.
    #[serde(rename = "Healthcheck", borrow, default)]
    healthcheck: HealthField<'a>,
}

#[derive(Default, Deserialize)]
struct RawNetwork {
    #[serde(rename = "Ports", default)]
    ports: BindingsField,
}

/// What a list would say of this container. The error says why its inspect does not tell.
pub(in crate::docker) fn examine(
    body: &[u8],
    container: &ContainerId,
    labels: &LabelReader,
) -> Result<ListedContainer, String> {
    let text = String::from_utf8_lossy(body);
    let raw: RawContainer<'_> = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    if raw.id.text() != Some(container.as_str()) {
        // A row may be bound to any text, and a name finds a container too.
        return Err("its id is not the one that was asked for".into());
    }
    let (config, said) = (raw.config.unwrap_or_default(), raw.state.unwrap_or_default());
    let word = said.status.text().ok_or("its State.Status is no text")?;
    let state = ContainerState::from_daemon(word);
    let read = read_labels(config.labels, labels).map_err(|error| error.to_string())?;
    let image = config.image.into_text().map_err(|what| format!("its Config.Image is {what}"))?;
    let name = raw.name.text().unwrap_or("");
    let health = said.health.word().or_else(|| said.healthcheck.word());
    Ok(ListedContainer {
        id: container.clone(),
        name: bounded(name.strip_prefix('/').unwrap_or(name), MAX_NAME_BYTES),
        image_ref: bounded_image(&image),
        image_id: raw.image_id.text().and_then(image_id),
        exit_code: status::examined_exit_code(word, said.exit_code.integer()),
        health: status::examined_health(&state, health),
        state,
        created_at: raw.created.text().and_then(Timestamp::parse).map(whole_second),
        ports: raw.network.unwrap_or_default().ports.0,
        claims: read.claims,
        ignored_by_label: read.ignored_by,
    })
}

fn read_labels(map: Option<&RawValue>, labels: &LabelReader) -> Result<ReadLabels, serde_json::Error> {
    match map {
        Some(map) => LabelsSeed(labels).deserialize(&mut serde_json::Deserializer::from_str(map.get())),
        None => Ok(ReadLabels::default()),
    }
}

fn image_id(text: &str) -> Option<ImageId> {
    is_image_id(text).then(|| ImageId::new(text))
}

/// The list tells it in seconds.
fn whole_second(moment: Timestamp) -> Timestamp {
    Timestamp::from_millis(moment.as_millis() / 1000 * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::model::{HealthFact, Ports};

    fn read(body: &str) -> Result<ListedContainer, String> {
        examine(body.as_bytes(), &ContainerId::new("a".repeat(64)), &LabelReader::new(&Config::new("x")))
    }

    fn with(rest: &str) -> String {
        format!(r#"{{"Id":"{}",{rest}}}"#, "a".repeat(64))
    }

    #[test]
    fn an_inspect_says_what_the_list_says() {
        let read = read(&with(
            r#""Name":"/web","Created":"2023-11-14T22:13:20.987654321Z",
            "Image":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "Config":{"Image":"nginx:1","Env":["SECRET=1"],"Labels":{"com.docker.compose.project":"shop","x":"y"}},
            "State":{"Status":"running","ExitCode":0,"Health":{"Status":"healthy","Log":[{"Output":"x"}]}},
            "NetworkSettings":{"Ports":{"80/tcp":[{"HostIp":"::","HostPort":"8080"},{"HostIp":"0.0.0.0","HostPort":"8080"}],
                "53/udp":null,"9/sctp":[]}}"#,
        ))
        .unwrap();
        assert_eq!((&*read.name, &*read.image_ref), ("web", "nginx:1"));
        assert_eq!(read.created_at, Some(Timestamp::from_millis(1_700_000_000_000)));
        assert!(read.image_id.is_some());
        assert_eq!(read.state, ContainerState::Running);
        assert_eq!(read.exit_code, None);
        assert_eq!(read.health, HealthFact::Known("healthy".into()));
        let text = "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp, 9/sctp, 53/udp";
        assert_eq!(read.ports, Ports { lowest: 8080, text: text.into() });
        assert_eq!(read.claims.compose_project.as_deref(), Some("shop"));
    }

    #[test]
    fn null_and_absent_fields_cost_only_themselves() {
        for rest in [
            r#""State":{"Status":"exited"}"#,
            r#""State":{"Status":"exited","ExitCode":null,"Health":null},"Config":null,"NetworkSettings":null,"Name":null"#,
            r#""State":{"Status":"exited"},"Config":{"Labels":null},"NetworkSettings":{"Ports":null},"Created":7,"Image":7"#,
        ] {
            let read = read(&with(rest)).unwrap();
            assert_eq!((read.state, read.exit_code), (ContainerState::Stopped, None), "{rest}");
            assert_eq!((&*read.name, read.created_at, read.ports), ("", None, Ports::default()), "{rest}");
        }
    }

    #[test]
    fn what_matters_and_is_odd_is_an_error() {
        for body in [
            "null".to_owned(),
            "{}".to_owned(),
            r#"{"Id":"web","State":{"Status":"running"}}"#.to_owned(),
            with(r#""State":null"#),
            with(r#""State":{"Status":7}"#),
            with(r#""State":{"Status":"running"},"Config":{"Image":7}"#),
            with(r#""State":{"Status":"running"},"Config":{"Labels":[]}"#),
            with(r#""State":{"Status":"running"},"NetworkSettings":{"Ports":{"http":[]}}"#),
        ] {
            assert!(read(&body).is_err(), "{body}");
        }
    }
}
