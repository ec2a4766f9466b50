//! The labels that count: which names, and what their values claim. Pure.

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::scalar::Scalar;
use super::text::bounded;
use crate::config::{Config, IgnoreEntry};
use crate::model::{Claims, ForeignLabel};

/// Longest value of a label that counts. Names of workloads, projects and services are far shorter; a longer value is
/// cut and marked, so that it matches nothing.
const MAX_CLAIM_BYTES: usize = 512;

/// Reads the labels of containers and images: those that claim an owner, and those on the ignore list. Every other
/// label is skipped without a copy.
#[derive(Debug)]
pub(super) struct LabelReader {
    wanted: Vec<Wanted>,
    /// Bit n: a wanted name has n bytes (bit 63: 63 or more). Tells most other labels apart without a comparison.
    lengths: u64,
}

/// One label name. Names may collide (a configured one may equal one of compose): then it claims in several ways.
#[derive(Debug)]
struct Wanted {
    name: Box<str>,
    claims: Vec<Claim>,
    ignored: Vec<IgnoredLabel>,
}

#[derive(Debug)]
struct IgnoredLabel {
    value: Option<Box<str>>,
    /// The entry as it stands in the configuration.
    entry: Box<str>,
}

#[derive(Clone, Copy, Debug)]
enum Claim {
    WorkloadId,
    WorkloadKind,
    WorkloadRole,
    StaticSite,
    ComposeProject,
    ComposeService,
    ComposeNumber,
    ComposeOneoff,
    ComposeConfigHash,
    ComposeReplace,
    PodmanComposeProject,
    Foreign(ForeignLabel),
}

/// The names that compose writes; they are compose's, so they are not configurable.
const COMPOSE: [(&str, Claim); 7] = [
    ("com.docker.compose.project", Claim::ComposeProject),
    ("com.docker.compose.service", Claim::ComposeService),
    ("com.docker.compose.container-number", Claim::ComposeNumber),
    ("com.docker.compose.oneoff", Claim::ComposeOneoff),
    ("com.docker.compose.config-hash", Claim::ComposeConfigHash),
    ("com.docker.compose.replace", Claim::ComposeReplace),
    ("io.podman.compose.project", Claim::PodmanComposeProject),
];

/// What other orchestrators write.
const FOREIGN: [(&str, ForeignLabel); 12] = [
    ("com.docker.swarm.service.name", ForeignLabel::SwarmService),
    ("com.docker.stack.namespace", ForeignLabel::SwarmStack),
    ("io.kubernetes.pod.name", ForeignLabel::Pod),
    ("io.kubernetes.pod.namespace", ForeignLabel::PodNamespace),
    ("com.hashicorp.nomad.alloc_id", ForeignLabel::NomadAllocation),
    ("com.hashicorp.nomad.job_name", ForeignLabel::NomadJob),
    ("com.amazonaws.ecs.task-definition-family", ForeignLabel::EcsFamily),
    ("com.amazonaws.ecs.task-arn", ForeignLabel::EcsTask),
    ("coolify.managed", ForeignLabel::Coolify),
    ("service", ForeignLabel::Service),
    ("role", ForeignLabel::Role),
    ("destination", ForeignLabel::Destination),
];

/// What the labels of one container or image say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ReadLabels {
    /// The claims, empty values left out.
    pub(super) claims: Claims,
    /// The first entry of the ignore list that one of them matched.
    pub(super) ignored_by: Option<Box<str>>,
}

impl LabelReader {
    /// The configured names, compose's, and the labels of the ignore list.
    pub(super) fn new(config: &Config) -> Self {
        let mut reader = Self { wanted: Vec::new(), lengths: 0 };
        let names = &config.labels;
        let configured = [
            (names.workload_id.as_str(), Claim::WorkloadId),
            (names.workload_kind.as_str(), Claim::WorkloadKind),
            (names.workload_role.as_str(), Claim::WorkloadRole),
            (names.static_site.as_str(), Claim::StaticSite),
        ];
        let foreign = FOREIGN.map(|(name, label)| (name, Claim::Foreign(label)));
        for (name, claim) in configured.into_iter().chain(COMPOSE).chain(foreign) {
            reader.wanted(name).claims.push(claim);
        }
        for entry in &config.ignore {
            if let IgnoreEntry::Label(key, value) = entry {
                let shown = value.as_ref().map_or_else(|| format!("label:{key}"), |v| format!("label:{key}={v}"));
                let ignored = IgnoredLabel { value: value.as_deref().map(Into::into), entry: shown.into() };
                reader.wanted(key).ignored.push(ignored);
            }
        }
        reader
    }

    fn wanted(&mut self, name: &str) -> &mut Wanted {
        let at = self.find(name.as_bytes()).unwrap_or_else(|| {
            self.lengths |= length_bit(name.as_bytes());
            self.wanted.push(Wanted { name: name.into(), claims: Vec::new(), ignored: Vec::new() });
            self.wanted.len() - 1
        });
        &mut self.wanted[at]
    }

    fn find(&self, name: &[u8]) -> Option<usize> {
        if self.lengths & length_bit(name) == 0 {
            return None;
        }
        self.wanted.iter().position(|wanted| wanted.name.as_bytes() == name)
    }

    fn take(&self, at: usize, value: &str, into: &mut ReadLabels) {
        let wanted = &self.wanted[at];
        if !value.is_empty() {
            for claim in &wanted.claims {
                let value = bounded(value, MAX_CLAIM_BYTES);
                match claim {
                    Claim::Foreign(label) => into.claims.foreign.push((*label, value)),
                    claim => *slot(&mut into.claims, *claim) = Some(value),
                }
            }
        }
        let matching = wanted.ignored.iter().find(|ignored| ignored.value.as_deref().is_none_or(|v| v == value));
        if let (None, Some(ignored)) = (&into.ignored_by, matching) {
            into.ignored_by = Some(ignored.entry.clone());
        }
    }
}

fn length_bit(name: &[u8]) -> u64 {
    1 << name.len().min(63)
}

fn slot(claims: &mut Claims, claim: Claim) -> &mut Option<Box<str>> {
    match claim {
        Claim::WorkloadId => &mut claims.workload_id,
        Claim::WorkloadKind => &mut claims.workload_kind,
        Claim::WorkloadRole => &mut claims.workload_role,
        Claim::StaticSite => &mut claims.static_site,
        Claim::ComposeProject => &mut claims.compose_project,
        Claim::ComposeService => &mut claims.compose_service,
        Claim::ComposeNumber => &mut claims.compose_number,
        Claim::ComposeOneoff => &mut claims.compose_oneoff,
        Claim::ComposeConfigHash => &mut claims.compose_config_hash,
        Claim::ComposeReplace => &mut claims.compose_replace,
        Claim::PodmanComposeProject => &mut claims.podman_compose_project,
        Claim::Foreign(_) => unreachable!("they are kept as they are"),
    }
}

/// Decodes a JSON map of labels, or `null`. A wanted label whose value is no text is an error; any other value is
/// skipped whatever it is.
pub(super) struct LabelsSeed<'r>(pub(super) &'r LabelReader);

impl<'de> DeserializeSeed<'de> for LabelsSeed<'_> {
    type Value = ReadLabels;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for LabelsSeed<'_> {
    type Value = ReadLabels;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a map of labels")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(ReadLabels::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut read = ReadLabels::default();
        while let Some(found) = map.next_key_seed(NameSeed(self.0))? {
            let Some(at) = found else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            match map.next_value::<Scalar<'de>>()? {
                Scalar::Text(value) => self.0.take(at, &value, &mut read),
                Scalar::Null => self.0.take(at, "", &mut read),
                _ => return Err(serde::de::Error::custom(format_args!("label {} is no text", self.0.wanted[at].name))),
            }
        }
        Ok(read)
    }
}

/// Looks a label's name up without keeping it; as bytes, so that a broken one is unknown and no error.
struct NameSeed<'r>(&'r LabelReader);

impl<'de> DeserializeSeed<'de> for NameSeed<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_bytes(self)
    }
}

impl Visitor<'_> for NameSeed<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a label name")
    }

    fn visit_bytes<E>(self, name: &[u8]) -> Result<Self::Value, E> {
        Ok(self.0.find(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(config: &Config, json: &str) -> Result<ReadLabels, serde_json::Error> {
        LabelsSeed(&LabelReader::new(config)).deserialize(&mut serde_json::Deserializer::from_str(json))
    }

    fn claims(json: &str) -> Claims {
        read(&Config::new("x"), json).unwrap().claims
    }

    #[test]
    fn only_the_names_that_count_are_kept_and_empty_values_are_absent() {
        let read = claims(
            r#"{"maintainer":"x","com.docker.compose.project":"shop","com.docker.compose.service":"",
                "com.docker.compose.PROJECT":"other","tinyforge.static-site":"s1"," tinyforge.static-site":"s2"}"#,
        );
        assert_eq!(
            read,
            Claims { compose_project: Some("shop".into()), static_site: Some("s1".into()), ..Claims::default() }
        );
    }

    #[test]
    fn each_label_reaches_its_own_claim() {
        for (name, value) in [
            ("tinyforge.workload.id", "workload_id"),
            ("tinyforge.workload.kind", "workload_kind"),
            ("tinyforge.workload.role", "workload_role"),
            ("tinyforge.static-site", "static_site"),
            ("com.docker.compose.project", "compose_project"),
            ("com.docker.compose.service", "compose_service"),
            ("com.docker.compose.container-number", "compose_number"),
            ("com.docker.compose.oneoff", "compose_oneoff"),
            ("com.docker.compose.config-hash", "compose_config_hash"),
            ("com.docker.compose.replace", "compose_replace"),
        ] {
            let shown = format!("{:?}", claims(&format!(r#"{{"{name}":"v"}}"#)));
            assert!(shown.contains(&format!("{value}: Some(\"v\")")), "{name}: {shown}");
            assert_eq!(shown.matches("Some").count(), 1, "{name}: {shown}");
        }
    }

    #[test]
    fn configured_names_replace_the_defaults_and_may_equal_one_of_compose() {
        let mut config = Config::new("x");
        config.labels.workload_id = "com.docker.compose.project".into();
        let read = read(&config, r#"{"com.docker.compose.project":"a","tinyforge.workload.id":"b"}"#).unwrap().claims;
        assert_eq!(read.workload_id.as_deref(), Some("a"));
        assert_eq!(read.compose_project.as_deref(), Some("a"));
    }

    #[test]
    fn the_ignore_list_matches_by_key_or_by_key_and_value() {
        let mut config = Config::new("x");
        config.ignore = vec![
            IgnoreEntry::Name("n".into()),
            IgnoreEntry::Label("skip".into(), None),
            IgnoreEntry::Label("tier".into(), Some("test".into())),
        ];
        let by = |json: &str| read(&config, json).unwrap().ignored_by;
        assert_eq!(by(r#"{"skip":""}"#).as_deref(), Some("label:skip"));
        assert_eq!(by(r#"{"tier":"test"}"#).as_deref(), Some("label:tier=test"));
        assert_eq!(by(r#"{"tier":"production","skipped":"x"}"#), None);
    }

    // B1-B19: labels that somebody with the socket may set.
    #[test]
    fn hostile_labels_are_bounded_or_skipped() {
        let long = "x".repeat(1 << 20);
        let read = claims(&format!(
            r#"{{"":"B9","key with spaces":"B10","../../":"B11","{}":"B12","b13":"{long}","b17":"😀","b16":"\ud800","\udc00":"b16",
                "com.docker.compose.project":"{long}","com.docker.compose.service":"a\u0000b\n\u001b[31m<script>"}}"#,
            "k".repeat(5000),
        ));
        let project = read.compose_project.unwrap();
        assert!(project.len() <= MAX_CLAIM_BYTES && project.ends_with('…'), "a cut value matches nothing");
        assert_eq!(read.compose_service.as_deref(), Some("a\u{fffd}b\n\u{1b}[31m<script>"));
    }

    // B15
    #[test]
    fn ten_thousand_labels_cost_nothing_but_time() {
        let many: Vec<String> = (0..10_000).map(|n| format!(r#""label.number.{n:08}":"v""#)).collect();
        assert_eq!(claims(&format!("{{{}}}", many.join(","))), Claims::default());
    }

    // B50 and wrong types.
    #[test]
    fn null_is_no_labels_and_another_type_is_an_error() {
        assert_eq!(claims("null"), Claims::default());
        let config = Config::new("x");
        assert!(read(&config, "[]").is_err());
        assert!(read(&config, r#""text""#).is_err());
        assert!(read(&config, r#"{"com.docker.compose.project":7}"#).is_err());
        assert_eq!(read(&config, r#"{"other":{"deep":[7]}}"#).unwrap(), ReadLabels::default());
    }
}
