//! The OpenAPI document is complete and true: a public fuzzer makes requests of it and compares every answer with it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use dockledger::config::BasePath;
use dockledger::model::ClaimRequest;
use dockledger::simulation::NewContainer;
use dockledger::store::NewParent;
use serde_json::{Value, json};

use super::guard::{bearer, guarded};
use crate::support::http::Served;
use crate::support::skip::skip;
use crate::whole::ledger::Case;

/// What `scripts/test` installs beside the program.
fn installed(program: &str) -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it lies in the target directory");
    let program = target.join("schemathesis/bin").join(program);
    program.exists().then_some(program)
}

/// Something of everything that can be listed.
async fn case_with_everything() -> Case {
    let case = Case::with_shop(3).await;
    let mut store = case.store();
    store.add_project(&NewParent::named("web")).expect("fresh");
    store.add_stage("web", "live", None, Some(2)).expect("fresh");
    store.add_site(&NewParent::named("docs")).expect("fresh");
    let claim = ClaimRequest {
        project: "web".into(),
        stage: Some("live".into()),
        subdomain: Some("www".into()),
        ..ClaimRequest::default()
    };
    store.claim(&case.config.host, &claim).expect("a row");
    case.daemon.with(|world| world.run(NewContainer::new("stray", "busybox"))).expect("fresh");
    case
}

fn fuzz(program: &Path, served: &str, token: &str, directory: &Path) -> Output {
    let document = format!("{served}/api/v1/openapi.json");
    let mut command = Command::new(program);
    command.current_dir(directory).args(["run", &document, "--url", served]);
    command.args(["--seed", "1", "--max-examples", "25", "--phases", "examples,coverage,fuzzing,stateful"]);
    command.args(["--checks", CHECKS, "--request-timeout", "20", "--no-color", "--suppress-health-check", "all"]);
    command.args(["--header", &format!("Authorization: {}", bearer(token))]);
    command.args(["--generation-database", "none", "--continue-on-failure"]);
    command.output().expect("it starts")
}

/// No fault of ours, no answer, kind or shape that the document does not name, nothing refused that is right by it, nothing taken that
/// is wrong by it, nothing without a token that asks for one, nothing there that was removed.
const CHECKS: &str = "all";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_is_a_fault_of_ours_or_unknown_to_the_document() {
    let Some(program) = installed("schemathesis") else {
        skip(module_path!(), "schemathesis is not in the target directory: scripts/test installs it");
        return;
    };
    let mut case = case_with_everything().await;
    let (served, tokens) = guarded(&mut case).await;
    let (address, directory) = (format!("http://{}", served.address), case.directory.path().to_owned());
    let fuzzed = tokio::task::spawn_blocking(move || fuzz(&program, &address, &tokens.admin, &directory))
        .await
        .expect("it ends");
    let told = String::from_utf8_lossy(&fuzzed.stdout);
    assert!(fuzzed.status.success(), "{told}\n{}", String::from_utf8_lossy(&fuzzed.stderr));
    // One that could not read the document would find nothing wrong with it.
    let tested = told.lines().any(|line| line.contains("Operations:") || line.contains("Tested:"));
    assert!(tested, "{told}");
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_document_is_valid_by_the_standards_own_schema() {
    let Some(program) = installed("openapi-spec-validator") else {
        skip(module_path!(), "openapi-spec-validator is not in the target directory: scripts/test installs it");
        return;
    };
    let case = Case::with_shop(1).await;
    let mut config = case.config.clone();
    config.http.base_path = BasePath::parse("/dockledger").expect("a path");
    let served = Served::start(&config).await;
    let mut document = served.get("/api/v1/openapi.json").await.json(200);
    let file = case.path("openapi.json");
    std::fs::write(&file, document.to_string()).expect("written");
    let judge = |file: &Path| Command::new(&program).args(["--schema", "3.1"]).arg(file).output();
    let judged = judge(&file).expect("it starts");
    assert!(judged.status.success(), "{}{}", told(&judged.stdout), told(&judged.stderr));
    // A validator that finds nothing in anything would find nothing here.
    document["paths"]["/api/v1/containers"]["get"]["responses"]["200"] = json!({});
    std::fs::write(&file, document.to_string()).expect("written");
    assert!(!judge(&file).expect("it starts").status.success(), "descriptions are asked for");
    served.ledger.stop().await;
}

/// The begin of it: the validator repeats the document.
fn told(output: &[u8]) -> String {
    String::from_utf8_lossy(output).chars().take(1_000).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn models_are_called_as_a_client_reads_them_and_calls_say_who_may() {
    let case = Case::with_shop(1).await;
    let served = Served::start(&case.config).await;
    let document = served.get("/api/v1/openapi.json").await.json(200);
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    for name in ["Container", "ContainerPage", "Host", "Pass", "AuditEntry", "Change", "Snapshot", "Notification"] {
        assert!(schemas.contains_key(name), "{name}: {:?}", schemas.keys().collect::<Vec<_>>());
    }
    assert!(schemas.keys().all(|name| name.chars().all(char::is_alphanumeric)), "{:?}", schemas.keys());
    let items = &schemas["ContainerPage"]["properties"]["items"]["items"];
    assert_eq!(*items, json!({ "$ref": "#/components/schemas/Container" }), "a page holds what one call shows");
    assert_eq!(document["security"], json!([{ "token": [] }, { "session": [] }]));
    assert_eq!(document["components"]["securitySchemes"]["token"]["scheme"], "bearer");
    assert_eq!(document["paths"]["/healthz"]["get"]["security"], json!([]));
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_has_a_name_of_its_own_and_says_what_it_may_be_refused_with() {
    let case = Case::with_shop(1).await;
    let served = Served::start(&case.config).await;
    let document = served.get("/api/v1/openapi.json").await.json(200);
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")), "{}", document["openapi"]);
    let mut names = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, call) in item.as_object().expect("calls") {
            names.push(call["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path}")).to_owned());
            assert!(call["summary"].is_string(), "{method} {path} says what it does");
            if path.starts_with("/api/") {
                for status in ["401", "403", "503"] {
                    let kind = &call["responses"][status]["content"]["application/problem+json"];
                    assert_ne!(*kind, Value::Null, "{method} {path} {status}");
                }
            }
        }
    }
    let all = names.len();
    assert!(all > 30, "{names:?}");
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all, "{names:?}");
    served.ledger.stop().await;
}
