//! The document that describes the API, as clients are made from it: what the handlers say, completed by what is true of all of
//! them. Pure.

use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

use super::schemas::SCHEMAS;
use super::{lifted, shapes};
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
    ("PortsTold", "PublishedPorts"),
    ("Binding", "BindingColumns"),
    ("Observed", "ObservedColumns"),
    ("Quarantined", "QuarantinedContainer"),
    ("Refusal", "RefusedCall"),
    ("Registered", "RegisteredOwner"),
    ("SaidState", "ClaimState"),
];

/// What an answer leaves out where there is nothing to say; anything else is there, be it null. By our own names.
const LEFT_OUT: &[(&str, &[&str])] = &[
    ("Difference", &["from_name", "to_name"]),
    ("Notification", &["change", "row", "status", "since", "oldest"]),
    ("Refusal", &["subject", "passes"]),
    ("Registered", &["compose_project"]),
];

/// Paths that answer to everybody, or to who has a secret of their own.
const OPEN: [&str; 4] = ["/healthz", "/readyz", "/hooks", "/hooks/{secret}"];

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
    lifted::lift(&mut document);
    require_what_is_always_there(&mut document);
    shapes::describe(&mut document);
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

/// A client would have to ask of each field that may be null whether it is there at all.
fn require_what_is_always_there(document: &mut Value) {
    let taken_in = request_models(document);
    for (name, schema) in document["components"]["schemas"].as_object_mut().into_iter().flatten() {
        if taken_in.contains(name) {
            continue;
        }
        let left_out = LEFT_OUT.iter().find(|(model, _)| model == name).map_or(&[][..], |(_, fields)| fields);
        require(schema, left_out);
        let parts = schema.get_mut("allOf").and_then(Value::as_array_mut);
        parts.into_iter().flatten().for_each(|part| require(part, left_out));
    }
}

fn require(schema: &mut Value, left_out: &[&str]) {
    let Some(fields) = schema.get("properties").and_then(Value::as_object) else { return };
    let always: Vec<_> = fields.keys().filter(|field| !left_out.contains(&field.as_str())).cloned().collect();
    schema["required"] = always.into();
}

/// The models that callers send: what they leave out has a meaning of its own.
fn request_models(document: &Value) -> Vec<String> {
    let items = document["paths"].as_object().into_iter().flat_map(Map::values);
    let calls = items.filter_map(Value::as_object).flat_map(Map::values);
    let models = calls.filter_map(|call| {
        call["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str()?.strip_prefix(SCHEMAS)
    });
    models.map(str::to_owned).collect()
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
    fn an_answer_has_all_of_its_fields_and_a_request_those_that_are_asked_for() {
        let fields = json!({ "a": {}, "passes": {} });
        let mut document = json!({
            "paths": { "/": { "post": { "requestBody": { "content": { "application/json": {
                "schema": { "$ref": "#/components/schemas/New" },
            } } } } } },
            "components": { "schemas": {
                "New": { "properties": fields, "required": ["a"] },
                "Refusal": { "properties": fields },
                "Row": { "allOf": [{ "$ref": "elsewhere" }, { "properties": fields, "required": ["a"] }] },
                "Word": { "enum": [] },
            } },
        });
        require_what_is_always_there(&mut document);
        let schemas = &document["components"]["schemas"];
        assert_eq!(schemas["New"]["required"], json!(["a"]));
        assert_eq!(schemas["Refusal"]["required"], json!(["a"]));
        assert_eq!(
            schemas["Row"]["allOf"],
            json!([{ "$ref": "elsewhere" }, { "properties": fields, "required": ["a", "passes"] }])
        );
        assert_eq!(schemas["Word"], json!({ "enum": [] }));
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
