//! Schemas that the document would have within others get names of their own: a generator makes one up for each that has none,
//! from where it stands, as `ScopeType0`. Pure.

use serde_json::{Value, json};

use super::schemas::SCHEMAS;

/// Where they stand, by our own names, and what they are called.
const WITHIN: &[(&str, &str)] = &[
    ("/AttentionSet/items", "Attention"),
    ("/BTreeMap/additionalProperties", "Difference"),
    ("/PassReport/properties/unassigned", "UnassignedCounts"),
    ("/RowSummary/properties/reasons", "AttentionCounts"),
    ("/RowSummary/properties/states", "StateCounts"),
    ("/Scope/oneOf/0", "HostScope"),
    ("/Scope/oneOf/1", "ContainersScope"),
];

/// Gives each a place among the schemas, and leaves a reference where it stood.
pub(super) fn lift(document: &mut Value) {
    let schemas = &mut document["components"]["schemas"];
    for (place, name) in WITHIN {
        let Some(within) = schemas.pointer_mut(place) else { continue };
        let mut reference = json!({ "$ref": format!("{SCHEMAS}{name}") });
        if let Some(description) = within.get("description") {
            reference["description"] = description.clone();
        }
        let lifted = std::mem::replace(within, reference);
        schemas[name] = lifted;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_within_another_is_lifted_and_referred_to_from_there() {
        let words = json!({ "type": "string", "enum": ["host"], "description": "All." });
        let mut document =
            json!({ "components": { "schemas": { "Scope": { "oneOf": [words, { "type": "null" }] } } } });
        lift(&mut document);
        let schemas = &document["components"]["schemas"];
        assert_eq!(schemas["HostScope"], words);
        let reference = json!({ "$ref": "#/components/schemas/HostScope", "description": "All." });
        assert_eq!(schemas["Scope"]["oneOf"][0], reference);
        assert_eq!(schemas["ContainersScope"], json!({ "type": "null" }));
        assert_eq!(schemas.as_object().map(serde_json::Map::len), Some(3), "nothing is made up");
    }
}
