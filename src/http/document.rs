//! The document that describes the API, as clients are made from it: what the handlers say, completed by what is true of all of
//! them. Pure.

use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

use crate::config::BasePath;

/// What models are called in a client, where our own word says how the ledger keeps them.
const NAMES: &[(&str, &str)] = &[
    ("StoredRow", "Container"),
    ("HostRecord", "Host"),
    ("PassRecord", "Pass"),
    ("AuditRecord", "AuditEntry"),
    ("LeaseRecord", "Lease"),
    ("Unassigned", "UnassignedContainer"),
    ("New", "NewOwner"),
    ("Renamed", "NewName"),
    ("Adopted", "AdoptedName"),
    ("Rotated", "RotatedSecret"),
    ("Removed", "RemovedRows"),
    ("Released", "ReleasedRow"),
    ("BTreeMap", "Differences"),
];

/// Paths that answer to everybody, or to who has a secret of their own.
const OPEN: [&str; 4] = ["/healthz", "/readyz", "/hooks", "/hooks/{secret}"];

const SCHEMAS: &str = "#/components/schemas/";

/// Completes what was made from the handlers.
pub(super) fn complete(handlers: &OpenApi, base: &BasePath) -> Value {
    let mut document = serde_json::to_value(handlers).expect("the document is JSON");
    if !base.as_str().is_empty() {
        document["servers"] = json!([{ "url": base.as_str() }]);
    }
    document["components"]["securitySchemes"] = json!({
        "token": { "type": "http", "scheme": "bearer", "description": "A token of the scope that the call needs" },
        "session": {
            "type": "apiKey", "in": "cookie", "name": "dockledger_session",
            "description": "What `/login` trades a token for; for browsers",
        },
    });
    document["security"] = json!([{ "token": [] }, { "session": [] }]);
    for (path, item) in document["paths"].as_object_mut().into_iter().flatten() {
        for call in item.as_object_mut().into_iter().flat_map(Map::values_mut) {
            if OPEN.contains(&path.as_str()) {
                call["security"] = json!([]);
            }
            describe_responses(call);
        }
    }
    document["webhooks"] = notifications();
    rename(&mut document);
    document
}

/// Every response has a description, says the standard; most need none beside the call's own.
fn describe_responses(call: &mut Value) {
    for (status, response) in call["responses"].as_object_mut().into_iter().flatten() {
        let response = response.as_object_mut().expect("responses are written out");
        if response.get("description").is_none_or(|text| text.as_str().is_none_or(str::is_empty)) {
            let text = match status.as_str() {
                "201" => "What was made",
                "503" => "Not now; the body says why",
                _ => "What was asked for, or what it is from now on",
            };
            response.insert("description".into(), text.into());
        }
    }
}

/// What a configured receiver is sent.
fn notifications() -> Value {
    json!({ "notification": { "post": {
        "operationId": "receive_notification",
        "tags": ["notifications"],
        "summary": "What happened to a container or a host, as the configured receiver is told.",
        "security": [],
        "requestBody": {
            "required": true,
            "content": { "application/json": { "schema": { "$ref": format!("{SCHEMAS}Notification") } } },
        },
        "responses": { "2XX": { "description": "It was heard; anything else, and it is told again" } },
    } } })
}

/// The name of a model in a client: `Page_Project` is `ProjectPage`.
fn client_name(ours: &str) -> String {
    if let Some(entry) = ours.strip_prefix("Page_") {
        return format!("{}Page", client_name(entry));
    }
    NAMES.iter().find(|(name, _)| *name == ours).map_or(ours, |(_, clients)| clients).to_owned()
}

fn rename(document: &mut Value) {
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        for (name, schema) in schemas.iter_mut() {
            // Written out, each page would hold a model of its own.
            if let Some(entry) = name.strip_prefix("Page_") {
                schema["properties"]["items"]["items"] = json!({ "$ref": format!("{SCHEMAS}{entry}") });
            }
        }
        *schemas = std::mem::take(schemas).into_iter().map(|(name, schema)| (client_name(&name), schema)).collect();
    }
    rename_references(document);
}

fn rename_references(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                match field {
                    Value::String(target) if key == "$ref" => {
                        if let Some(name) = target.strip_prefix(SCHEMAS) {
                            *target = format!("{SCHEMAS}{}", client_name(name));
                        }
                    }
                    other => rename_references(other),
                }
            }
        }
        Value::Array(entries) => entries.iter_mut().for_each(rename_references),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_called_as_a_client_reads_it() {
        for (ours, clients) in [
            ("StoredRow", "Container"),
            ("Page_StoredRow", "ContainerPage"),
            ("Page_Project", "ProjectPage"),
            ("Project", "Project"),
        ] {
            assert_eq!(client_name(ours), clients);
        }
    }

    #[test]
    fn references_follow_the_names_and_texts_that_look_alike_do_not() {
        let mut document = json!({
            "components": { "schemas": { "StoredRow": { "description": "#/components/schemas/StoredRow" } } },
            "a": [{ "$ref": "#/components/schemas/StoredRow" }, { "$ref": "elsewhere" }],
        });
        rename(&mut document);
        let expected = json!({
            "components": { "schemas": { "Container": { "description": "#/components/schemas/StoredRow" } } },
            "a": [{ "$ref": "#/components/schemas/Container" }, { "$ref": "elsewhere" }],
        });
        assert_eq!(document, expected);
    }
}
