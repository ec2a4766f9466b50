//! Which daemon answers, from `/info` and `/version`. Pure.

use serde::Deserialize;

use super::scalar::Scalar;
use super::text::bounded;
use crate::model::DaemonIdentity;

/// Longest text of an identity.
const MAX_KEY_BYTES: usize = 512;

/// Longest text of a version.
const MAX_VERSION_BYTES: usize = 64;

/// What came of the question who answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identified {
    /// What it said; `None` if it said nothing.
    pub identity: Option<DaemonIdentity>,
    /// Why there is no id: which call was refused, with which status, or not answered in time.
    pub without_id: Option<String>,
}

/// The little of `/info` that tells one daemon from another.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Info<'a> {
    #[serde(rename = "ID", borrow, default)]
    id: Scalar<'a>,
    #[serde(rename = "Name", borrow, default)]
    name: Scalar<'a>,
    #[serde(rename = "DockerRootDir", borrow, default)]
    root_directory: Scalar<'a>,
    #[serde(rename = "ServerVersion", borrow, default)]
    server_version: Scalar<'a>,
    /// Podman alone builds with Buildah.
    #[serde(rename = "BuildahVersion", borrow, default)]
    buildah: Scalar<'a>,
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

/// The identity, from one answer to `/info` and one to `/version`, as far as there are any. Podman makes up an id each time
/// it is asked: name, engine and root directory stand for it.
pub(super) fn identity(info: Option<&Info<'_>>, version: Option<&Version<'_>>) -> Option<DaemonIdentity> {
    let components = version.into_iter().flat_map(|version| version.components.iter().flatten());
    let is_podman = components.filter_map(|part| part.name.text()).any(|name| name.contains("Podman"))
        || info.is_some_and(|info| info.buildah.text().is_some());
    let engine = if is_podman { "podman" } else { "docker" };
    let said = version.and_then(|version| version.version.text());
    let said = said.or_else(|| info.and_then(|info| info.server_version.text()));
    let id = info.and_then(|info| info.id.text()).filter(|id| !id.is_empty() && !is_podman);
    let place = info
        .filter(|_| is_podman)
        .and_then(|info| Some(format!("{}|{engine}|{}", info.name.text()?, info.root_directory.text()?)));
    if said.is_none() && id.is_none() && place.is_none() {
        return None;
    }
    Some(DaemonIdentity {
        engine: engine.to_owned(),
        version: bounded(said.unwrap_or_default(), MAX_VERSION_BYTES).into(),
        id: id.map(|id| bounded(id, MAX_KEY_BYTES).into()),
        place: place.map(|place| bounded(&place, MAX_KEY_BYTES).into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identified(info: Option<&str>, version: Option<&str>) -> Option<DaemonIdentity> {
        let info = info.map(|json| serde_json::from_str::<Info<'_>>(json).unwrap());
        let version = version.map(|json| serde_json::from_str(json).unwrap());
        identity(info.as_ref(), version.as_ref())
    }

    const DOCKER: &str = r#"{"Version":"20.10.24","Components":[{"Name":"Engine","Details":{"Arch":"amd64"}}]}"#;
    const PODMAN: &str = r#"{"Version":"4.3.1","Components":[{"Name":"Podman Engine"},{"Name":"Conmon"}]}"#;

    // F3
    #[test]
    fn one_answer_is_enough_for_an_id() {
        let info = r#"{"ID":"ABCD:EFGH","Name":"lab","DockerRootDir":"/var/lib/docker","Containers":7}"#;
        let found = identified(Some(info), Some(DOCKER)).unwrap();
        assert_eq!((&*found.engine, &*found.version, found.shown()), ("docker", "20.10.24", Some("ABCD:EFGH")));
        let info = r#"{"ID":"ABCD:EFGH","ServerVersion":"28.5.2"}"#;
        let found = identified(Some(info), None).unwrap();
        assert_eq!((&*found.engine, &*found.version, found.shown()), ("docker", "28.5.2", Some("ABCD:EFGH")));
    }

    // D20
    #[test]
    fn an_id_that_is_made_up_is_none_and_name_engine_and_root_stand_for_it() {
        let info = r#"{"ID":"a","Name":"lab","DockerRootDir":"/var/lib/containers"}"#;
        let found = identified(Some(info), Some(PODMAN)).unwrap();
        assert_eq!((&*found.engine, found.id.as_deref()), ("podman", None));
        assert_eq!(found.shown(), Some("lab|podman|/var/lib/containers"));
        let told = r#"{"ID":"b","Name":"lab","DockerRootDir":"/var/lib/containers","BuildahVersion":"1.28.0"}"#;
        assert_eq!(identified(Some(told), None).unwrap().place, found.place, "without its version, too");
    }

    // F2
    #[test]
    fn a_daemon_whose_info_is_refused_still_says_which_engine_it_is() {
        let found = identified(None, Some(DOCKER)).unwrap();
        assert_eq!((&*found.engine, &*found.version, found.shown()), ("docker", "20.10.24", None));
        assert_eq!(identified(None, None), None);
        assert_eq!(identified(Some("{}"), Some("{}")), None);
        assert_eq!(identified(Some(r#"{"ID":""}"#), None), None);
    }
}
