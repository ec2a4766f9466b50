//! Which daemon answers, from `/info` and `/version`. Pure.

use serde::Deserialize;

use super::scalar::Scalar;
use super::text::bounded;
use crate::model::DaemonIdentity;

/// Longest text of an identity.
const MAX_KEY_BYTES: usize = 512;

/// The little of `/info` that tells one daemon from another.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Info<'a> {
    #[serde(rename = "ID", borrow, default)]
    id: Scalar<'a>,
    #[serde(rename = "Name", borrow, default)]
    name: Scalar<'a>,
    #[serde(rename = "DockerRootDir", borrow, default)]
    root_directory: Scalar<'a>,
}

/// The little of `/version` that says which engine it is.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Version<'a> {
    #[serde(rename = "Version", borrow, default)]
    version: Scalar<'a>,
    #[serde(rename = "Components", borrow, default)]
    components: Option<Vec<Component<'a>>>,
}

#[derive(Debug, Deserialize)]
struct Component<'a> {
    #[serde(rename = "Name", borrow, default)]
    name: Scalar<'a>,
}

/// The identity, from two asks for `/info` in a row and one for `/version`. Podman makes up an id each time it is asked:
/// an id that differs between the two is none, and name, engine and root directory stand for it.
pub(super) fn identity(first: &Info<'_>, second: &Info<'_>, version: &Version<'_>) -> Option<DaemonIdentity> {
    let components = version.components.iter().flatten();
    let is_podman = components.filter_map(|part| part.name.text()).any(|name| name.contains("Podman"));
    let engine = if is_podman { "podman" } else { "docker" };
    let id = first.id.text().filter(|id| !id.is_empty() && second.id.text() == Some(id));
    let key = match id {
        Some(id) => id.to_owned(),
        None => format!("{}|{engine}|{}", second.name.text()?, second.root_directory.text()?),
    };
    Some(DaemonIdentity {
        engine: engine.to_owned(),
        version: bounded(version.version.text().unwrap_or(""), 64).into(),
        key: bounded(&key, MAX_KEY_BYTES).into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identified(first: &str, second: &str, version: &str) -> Option<DaemonIdentity> {
        let info = |json| serde_json::from_str::<Info<'_>>(json).unwrap();
        identity(&info(first), &info(second), &serde_json::from_str(version).unwrap())
    }

    const DOCKER: &str = r#"{"Version":"20.10.24","Components":[{"Name":"Engine","Details":{"Arch":"amd64"}}]}"#;
    const PODMAN: &str = r#"{"Version":"4.3.1","Components":[{"Name":"Podman Engine"},{"Name":"Conmon"}]}"#;

    #[test]
    fn an_id_that_stays_the_same_is_the_key() {
        let info = r#"{"ID":"ABCD:EFGH","Name":"lab","DockerRootDir":"/var/lib/docker","Containers":7}"#;
        let found = identified(info, info, DOCKER).unwrap();
        assert_eq!((&*found.engine, &*found.version, &*found.key), ("docker", "20.10.24", "ABCD:EFGH"));
    }

    // D20
    #[test]
    fn an_id_that_is_made_up_is_replaced_by_name_engine_and_root() {
        let info = |id: &str| format!(r#"{{"ID":{id},"Name":"lab","DockerRootDir":"/var/lib/containers"}}"#);
        let found = identified(&info(r#""a""#), &info(r#""b""#), PODMAN).unwrap();
        assert_eq!((&*found.engine, &*found.key), ("podman", "lab|podman|/var/lib/containers"));
        for id in [r#""""#, "null", "7"] {
            assert_eq!(identified(&info(id), &info(id), PODMAN).unwrap().key, found.key, "{id}");
        }
    }

    #[test]
    fn without_anything_that_stays_there_is_no_identity() {
        assert_eq!(identified("{}", "{}", DOCKER), None);
        assert_eq!(identified(r#"{"ID":"a"}"#, r#"{"ID":"b"}"#, DOCKER), None);
        let info = r#"{"ID":"a"}"#;
        assert_eq!(identified(info, info, r#"{"Components":null}"#).unwrap().engine, "docker");
    }
}
