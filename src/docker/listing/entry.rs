//! One element of the listing, decoded leniently. Pure.
//!
//! The id comes first: once it was read the container is present, however bad the rest. A field that may be wrong
//! without harm (`Created`, `Status`, the health) costs only itself; one that matters costs its container.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::ports::PortsField;
use super::splitter::Element;
use super::status;
use crate::docker::health::HealthField;
use crate::docker::labels::{LabelReader, LabelsSeed, ReadLabels};
use crate::docker::scalar::Scalar;
use crate::docker::text::{bounded, escaped};
use crate::model::{ContainerId, ContainerState, ImageId, ListedContainer, Ports, Quarantined, Timestamp};

/// Longest name that is kept; Docker takes names of thousands of bytes, file names and host names end at 255.
pub(super) const MAX_NAME_BYTES: usize = 255;

/// Longest image reference that is kept: a repository name has at most 255 bytes, a tag 128, a digest 71.
const MAX_IMAGE_BYTES: usize = 512;

/// Longest description of what was wrong with one entry.
const MAX_PROBLEM_BYTES: usize = 160;

/// What one element is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Decoded {
    /// A container, read whole.
    Container(Box<ListedContainer>),
    /// A container of which only the id was read.
    Quarantined(Quarantined),
    /// Nothing with an id.
    Unreadable(String),
}

/// Decodes one element.
pub(super) fn decode(element: Element<'_>, labels: &LabelReader) -> Decoded {
    match std::str::from_utf8(element.bytes) {
        Ok(text) => decode_text(text, element.oversized, labels),
        // Bad bytes become U+FFFD: they cost a character, not a container.
        Err(_) => decode_text(&String::from_utf8_lossy(element.bytes), element.oversized, labels),
    }
}

fn decode_text(text: &str, oversized: bool, labels: &LabelReader) -> Decoded {
    let mut draft = Draft::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = EntrySeed { draft: &mut draft, labels }.deserialize(&mut deserializer);
    let whole = read.is_ok();
    if whole && let Err(error) = deserializer.end() {
        // A second value without a comma may be another container: this one cannot be told from it.
        return Decoded::Unreadable(problem(&error));
    }
    let id = match id(&draft, text) {
        Ok(id) => id,
        Err(why) => return Decoded::Unreadable(why),
    };
    let read = match read {
        Ok(()) => draft.into_container(id.clone()),
        Err(_) if oversized => Err("it is larger than 4 MiB".into()),
        Err(error) => Err(problem(&error)),
    };
    match read {
        Ok(container) => Decoded::Container(Box::new(container)),
        Err(problem) => Decoded::Quarantined(Quarantined { container_id: id, problem }),
    }
}

fn problem(error: &serde_json::Error) -> String {
    escaped(&error.to_string(), MAX_PROBLEM_BYTES)
}

/// The id, from the draft or, if the entry went wrong before it came, from a look at nothing else.
fn id(draft: &Draft<'_>, text: &str) -> Result<ContainerId, String> {
    let found = match &draft.id {
        IdField::Unread => id_alone(text),
        IdField::Twice => return Err("it has two ids".into()),
        IdField::Read(Scalar::Text(id)) => Some(Cow::Borrowed(&**id)),
        IdField::Read(_) => return Err("its id is no text".into()),
    };
    match found {
        Some(id) if ContainerId::is_full(&id) => Ok(ContainerId::new(&*id)),
        Some(id) => Err(format!("its id {} is not 64 lower-case hex digits", escaped(&id, 80))),
        None => Err("it has no id".into()),
    }
}

fn id_alone(text: &str) -> Option<Cow<'_, str>> {
    let mut found = None;
    // The error is the one that was met before; what counts is whether the id came earlier.
    let _ = IdSeed { found: &mut found }.deserialize(&mut serde_json::Deserializer::from_str(text));
    found
}

/// What was read of an entry so far; it outlives an error in a later field.
#[derive(Default)]
struct Draft<'a> {
    id: IdField<'a>,
    name: Option<Cow<'a, str>>,
    image: Scalar<'a>,
    image_id: Scalar<'a>,
    created: Scalar<'a>,
    ports: Ports,
    labels: ReadLabels,
    state: Scalar<'a>,
    status: Scalar<'a>,
    health: HealthField<'a>,
}

#[derive(Default)]
enum IdField<'a> {
    #[default]
    Unread,
    Read(Scalar<'a>),
    Twice,
}

impl Draft<'_> {
    fn into_container(self, id: ContainerId) -> Result<ListedContainer, String> {
        let Scalar::Text(word) = &self.state else {
            return Err("its State is no text".into());
        };
        let state = ContainerState::from_daemon(word);
        let status = self.status.text();
        let image = self.image.into_text().map_err(|what| format!("its Image is {what}"))?;
        let image_id = self.image_id.into_text().map_err(|what| format!("its ImageID is {what}"))?;
        Ok(ListedContainer {
            id,
            name: bounded(self.name.as_deref().unwrap_or(""), MAX_NAME_BYTES),
            image_ref: bounded_image(&image),
            image_id: is_image_id(&image_id).then(|| ImageId::new(&*image_id)),
            exit_code: status::exit_code(&state, status),
            health: status::health(&state, status, self.health.word()),
            state,
            created_at: self.created.integer().and_then(created_at),
            ports: self.ports,
            claims: self.labels.claims,
            ignored_by_label: self.labels.ignored_by,
        })
    }
}

/// The reference of an image, bounded.
pub(in crate::docker) fn bounded_image(text: &str) -> Box<str> {
    bounded(text, MAX_IMAGE_BYTES)
}

/// `sha256:` and 64 hex digits; Podman has been seen without the word.
pub(super) fn is_image_id(text: &str) -> bool {
    ContainerId::is_full(text.strip_prefix("sha256:").unwrap_or(text))
}

/// Seconds since 1970. Zero and less is what Go's "never" comes to.
fn created_at(seconds: i64) -> Option<Timestamp> {
    (seconds > 0).then(|| seconds.checked_mul(1000)).flatten().map(Timestamp::from_millis)
}

#[derive(Clone, Copy)]
enum Field {
    Id,
    Names,
    Image,
    ImageId,
    Created,
    Ports,
    Labels,
    State,
    Status,
    Health,
    Unused,
}

impl Field {
    fn named(name: &[u8]) -> Self {
        match name {
            b"Id" => Self::Id,
            b"Names" => Self::Names,
            b"Image" => Self::Image,
            b"ImageID" => Self::ImageId,
            b"Created" => Self::Created,
            b"Ports" => Self::Ports,
            b"Labels" => Self::Labels,
            b"State" => Self::State,
            b"Status" => Self::Status,
            b"Health" => Self::Health,
            _ => Self::Unused,
        }
    }
}

/// Reads a field's name as bytes, so that a broken one is unused and no error.
impl<'de> serde::Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;
        impl Visitor<'_> for NameVisitor {
            type Value = Field;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field name")
            }

            fn visit_bytes<E>(self, name: &[u8]) -> Result<Field, E> {
                Ok(Field::named(name))
            }

            fn visit_str<E>(self, name: &str) -> Result<Field, E> {
                Ok(Field::named(name.as_bytes()))
            }
        }
        deserializer.deserialize_bytes(NameVisitor)
    }
}

struct EntrySeed<'d, 'de, 'l> {
    draft: &'d mut Draft<'de>,
    labels: &'l LabelReader,
}

impl<'de> DeserializeSeed<'de> for EntrySeed<'_, 'de, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for EntrySeed<'_, 'de, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a container")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { draft, labels } = self;
        while let Some(field) = map.next_key()? {
            match field {
                Field::Id => {
                    let id = map.next_value()?;
                    draft.id = match draft.id {
                        IdField::Unread => IdField::Read(id),
                        _ => IdField::Twice,
                    };
                }
                Field::Names => draft.name = map.next_value_seed(NamesSeed)?,
                Field::Image => draft.image = map.next_value()?,
                Field::ImageId => draft.image_id = map.next_value()?,
                Field::Created => draft.created = map.next_value()?,
                Field::Ports => draft.ports = map.next_value::<PortsField>()?.0,
                Field::Labels => draft.labels = map.next_value_seed(LabelsSeed(labels))?,
                Field::State => draft.state = map.next_value()?,
                Field::Status => draft.status = map.next_value()?,
                Field::Health => draft.health = map.next_value()?,
                Field::Unused => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// The container's own name among its names: links of other containers to it show up as `/other/alias`, in any order.
struct NamesSeed;

impl<'de> DeserializeSeed<'de> for NamesSeed {
    type Value = Option<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for NamesSeed {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of names")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut own: Option<Cow<'de, str>> = None;
        while let Some(name) = seq.next_element::<Scalar<'de>>()? {
            let Scalar::Text(name) = name else { return Err(A::Error::custom("a name is no text")) };
            let name = without_slash(name);
            if own.as_ref().is_none_or(|own| own.contains('/') && !name.contains('/')) {
                own = Some(name);
            }
        }
        Ok(own)
    }
}

fn without_slash(name: Cow<'_, str>) -> Cow<'_, str> {
    match name {
        Cow::Borrowed(name) => Cow::Borrowed(name.strip_prefix('/').unwrap_or(name)),
        Cow::Owned(name) => Cow::Owned(name.strip_prefix('/').map(str::to_owned).unwrap_or(name)),
    }
}

/// Finds the id and nothing else.
struct IdSeed<'f, 'de> {
    found: &'f mut Option<Cow<'de, str>>,
}

impl<'de> DeserializeSeed<'de> for IdSeed<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for IdSeed<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a container")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(field) = map.next_key()? {
            if let Field::Id = field {
                if let Scalar::Text(id) = map.next_value()? {
                    *self.found = Some(id);
                }
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
