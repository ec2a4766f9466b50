//! What texts of a request have to look like, for the document: a request that is right by it is not refused for its shape. The
//! handlers check the same by themselves; a fuzzer compares both. Pure.

use serde_json::{Map, Value, json};

use crate::model::{AuditAction, AuditOutcome, CONDITION_WORDS, ChangeKind, HealthCondition, WorkloadKind};

/// A byte of a cursor in hex; 00 parts the parts of a key.
const BYTE: &str = "(?:0[1-9a-f]|[1-9a-f][0-9a-f])";

/// Digits of a number in a cursor, in hex.
const DIGIT: &str = "3[0-9]";

/// No control character.
const PRINTABLE: &str = r"[^\u0000-\u001f\u007f-\u009f]";

/// Calls whose cursors name host and row, or kind and workload.
const OF_TWO_PARTS: [&str; 4] = ["list_containers", "summarize_containers", "list_routes", "list_workloads"];

/// Gives the parameters and models of requests their patterns.
pub(super) fn describe(document: &mut Value) {
    let items = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    for call in items.filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
        let name = call["operationId"].as_str().unwrap_or_default().to_owned();
        for parameter in call.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some((key, shape)) = of_parameter(&name, parameter["name"].as_str().unwrap_or_default()) {
                parameter["schema"][key] = shape.into();
            }
        }
    }
    for (model, fields, pattern) in of_fields() {
        for field in fields {
            document["components"]["schemas"][model]["properties"][field]["pattern"] = pattern.clone().into();
        }
    }
    let claim = &mut document["components"]["schemas"]["NewClaim"];
    claim["if"] = json!({ "properties": { "take_subdomain": { "const": true } }, "required": ["take_subdomain"] });
    claim["then"] =
        json!({ "properties": { "subdomain": { "type": "string", "minLength": 1 } }, "required": ["subdomain"] });
}

/// The keyword of JSON Schema, and what it says.
fn of_parameter(call: &str, parameter: &str) -> Option<(&'static str, String)> {
    let pattern = match (call, parameter) {
        ("list_changes" | "list_audit", "from" | "to") => return Some(("format", "date-time".into())),
        // A revision.
        ("list_changes", "cursor") => return None,
        ("list_container_changes", "cursor") => format!("^p(?:{DIGIT}){{1,18}}$"),
        ("list_passes", "cursor") => format!("^p(?:{DIGIT}){{1,13}}00{BYTE}*$"),
        (call, "cursor") if OF_TWO_PARTS.contains(&call) => format!("^p{BYTE}*00{BYTE}*$"),
        (_, "cursor") => format!("^p{BYTE}*$"),
        ("list_audit", "action") => one_or_more(AuditAction::ALL.iter().map(|word| word.as_str())),
        ("list_audit", "outcome") => one_or_more(AuditOutcome::ALL.iter().map(|word| word.as_str())),
        ("list_changes", "kind") => one_or_more(ChangeKind::words()),
        ("list_containers" | "summarize_containers", parameter) => match parameter {
            "state" => one_or_more(CONDITION_WORDS.split([',', ';']).map(str::trim)),
            "health" => one_or_more(HealthCondition::ALL.iter().map(|word| word.as_str())),
            "kind" => one_or_more(WorkloadKind::ALL.iter().map(|word| word.as_str())),
            _ => return None,
        },
        _ => return None,
    };
    Some(("pattern", pattern))
}

/// Words with commas between them; empty ones count as absent.
fn one_or_more<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let word = words.into_iter().collect::<Vec<_>>().join("|");
    format!("^ *(?:{word})? *(?:, *(?:{word})? *)*$")
}

fn of_fields() -> Vec<(&'static str, &'static [&'static str], String)> {
    let (name, row) = (name(""), format!("^{PRINTABLE}+$"));
    let workload = self::name(":");
    vec![
        ("New", &["name", "id"], name.clone()),
        ("New", &["workload_id"], workload.clone()),
        ("NewStack", &["name", "id", "compose_project"], name.clone()),
        ("NewStack", &["workload_id"], workload),
        ("NewStage", &["name", "id"], name.clone()),
        ("Renamed", &["name"], name.clone()),
        ("Adopted", &["container_name"], name),
        ("NewClaim", &["id"], row),
    ]
}

/// A name or an id: no control character, no space at either end, not `.` or `..`; and none of `but`.
fn name(but: &str) -> String {
    let any = PRINTABLE.replace("[^", &format!("[^{but}"));
    let end = any.replace("[^", r"[^\s");
    let (first, second) = (end.replace("[^", "[^."), any.replace("[^", "[^."));
    format!(r"^(?:{first}(?:{any}*{end})?|\.{first}|\.{second}{any}*{end}|\.\.{any}*{end})$")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_and_fields_of_requests_get_their_shape() {
        let mut document = json!({
            "paths": { "/containers": { "get": {
                "operationId": "list_containers",
                "parameters": [{ "name": "kind", "schema": {} }, { "name": "host", "schema": {} }],
            } } },
            "components": { "schemas": { "Renamed": { "properties": { "name": { "type": "string" } } } } },
        });
        describe(&mut document);
        let parameters = &document["paths"]["/containers"]["get"]["parameters"];
        let pattern = "^ *(?:project|stack|site)? *(?:, *(?:project|stack|site)? *)*$";
        assert_eq!(
            *parameters,
            json!([{ "name": "kind", "schema": { "pattern": pattern } }, { "name": "host", "schema": {} }])
        );
        assert!(document["components"]["schemas"]["Renamed"]["properties"]["name"]["pattern"].is_string());
    }
}
