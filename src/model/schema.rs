//! What the API's document says of the words whose text is not made from their declaration.

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

use super::{ContainerState, Timestamp};

impl PartialSchema for Timestamp {
    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
        ObjectBuilder::new().schema_type(Type::String).format(Some(format)).into()
    }
}

impl ToSchema for Timestamp {}

impl PartialSchema for ContainerState {
    fn schema() -> RefOr<Schema> {
        let words = "created, running, paused, restarting, stopped, removing, missing, failed, forgotten, or a word of the \
                     daemon that is none of them";
        ObjectBuilder::new().schema_type(Type::String).description(Some(words)).into()
    }
}

impl ToSchema for ContainerState {}

/// A text that is one of these words.
pub(super) fn words(words: &[&'static str]) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words.iter().copied())).into()
}
