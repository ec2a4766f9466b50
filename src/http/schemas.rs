//! Where the document of the API has its schemas.

/// What a reference to one begins with; its name follows.
pub(super) const SCHEMAS: &str = "#/components/schemas/";
