//! What is registered over HTTP, and passes that are asked for.

use dockledger::model::ContainerState;
use serde_json::{Value, json};

use crate::support::http::Served;
use crate::whole::ledger::Case;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parent_is_registered_found_renamed_and_removed() {
    let case = Case::with_shop(1).await;
    let served = Served::start(&case.config).await;
    for kind in ["projects", "stacks", "sites"] {
        let made = served.send("POST", &format!("/api/v1/{kind}"), &json!({"name": "my/ж"})).await;
        let body = made.json(201);
        assert_eq!(body["webhook_secret"].as_str().map(str::len), Some(64), "{body}");
        let location = made.header("location").to_owned();
        assert!(location.ends_with(body["id"].as_str().expect("an id")), "{location} stands as it is");
        assert_eq!(
            served.get(&format!("{location}/")).await.body,
            served.get(&location).await.body,
            "a slash at the end"
        );
        let shown = served.get(&location).await.json(200);
        assert_eq!((&shown["id"], &shown["workload_id"]), (&body["id"], &body["workload_id"]));
        assert_eq!(shown.get("webhook_secret"), None);
        let again = served.send("POST", &format!("/api/v1/{kind}"), &json!({"name": "my/ж"})).await;
        again.is_problem(409, "taken");
        let renamed = served.send("PATCH", &location, &json!({"name": "other"})).await.json(200);
        assert_eq!((&renamed["name"], &renamed["id"]), (&"other".into(), &body["id"]));
        assert_eq!(served.get(&format!("/api/v1/{kind}/other")).await.json(200), renamed);
        assert_eq!(served.order("DELETE", &location, &[], "").await.json(200), json!({"rows": 0}));
        served.get(&location).await.is_problem(404, "not_found");
        served.order("DELETE", &location, &[], "").await.is_problem(404, "not_found");
    }
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_owns_rows_goes_by_force_alone_and_everybody_hears_of_it_at_once() {
    let case = Case::with_shop(2).await;
    let served = Served::start(&case.config).await;
    served.ledger.settle_details().await;
    let mut events = served.follow("/api/v1/changes", &[]).await;
    assert_eq!(events.next().await.expect("the begin").name, "snapshot");
    served.order("DELETE", "/api/v1/stacks/shop", &[], "").await.is_problem(409, "in_use");
    let removed = served.order("DELETE", "/api/v1/stacks/shop?force=true", &[], "").await.json(200);
    assert_eq!(removed, json!({"rows": 2}));
    for _ in 0..2 {
        let change = events.next().await.expect("a change");
        assert_eq!(change.data["to_state"], ContainerState::Forgotten.as_str());
    }
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stages_belong_to_their_project() {
    let case = Case::with_shop(1).await;
    let served = Served::start(&case.config).await;
    served.send("POST", "/api/v1/projects", &json!({"name": "web"})).await.json(201);
    let stages = "/api/v1/projects/web/stages";
    let made = served.send("POST", stages, &json!({"name": "live", "max_instances": 2})).await;
    assert_eq!(made.json(201)["max_instances"], 2);
    let location = made.header("location").to_owned();
    let renamed = served.send("PATCH", &location, &json!({"name": "prod"})).await.json(200);
    assert_eq!((&renamed["name"], &renamed["former_names"]), (&"prod".into(), &json!(["live"])));
    served.get("/api/v1/projects/other/stages/prod").await.is_problem(404, "not_found");
    served.send("POST", stages, &json!({"name": "x", "max_instances": 2.5})).await.is_problem(422, "invalid_request");
    served.send("POST", stages, &json!({"name": "y", "max_instances": 2.0})).await.json(201);
    served.send("POST", stages, &json!({"name": "x", "max_instances": -1})).await.is_problem(400, "invalid_request");
    assert_eq!(served.order("DELETE", &location, &[], "").await.json(200), json!({"rows": 0}));
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotated_secret_is_another_one() {
    let case = Case::with_shop(1).await;
    let served = Served::start(&case.config).await;
    let rotate = "/api/v1/workloads/stack%2Fshop/rotate-secret";
    let (one, other) =
        (served.order("POST", rotate, &[], "").await.json(200), served.order("POST", rotate, &[], "").await);
    assert_eq!(one["name"], "shop");
    assert_ne!(one["webhook_secret"], other.json(200)["webhook_secret"]);
    served.order("POST", "/api/v1/workloads/none/rotate-secret", &[], "").await.is_problem(404, "not_found");
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stack_adopts_a_container_by_name_once() {
    let case = Case::with_shop(1).await;
    let served = Served::start(&case.config).await;
    for _ in 0..2 {
        let stack = served.send("POST", "/api/v1/stacks/shop/adopted", &json!({"container_name": "cron"})).await;
        assert_eq!(stack.json(200)["adopted"], json!(["cron"]));
    }
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_is_written_is_neither_renamed_nor_forgotten() {
    let case = Case::with_shop(1).await;
    let served = Served::start(&case.config).await;
    served.send("PATCH", "/api/v1/hosts/local", &json!({"name": "east"})).await.is_problem(409, "lease_held");
    served.order("DELETE", "/api/v1/hosts/local", &[], "").await.is_problem(409, "lease_held");
    served.send("PATCH", "/api/v1/hosts/local", &json!({"name": "a b"})).await.is_problem(400, "invalid_request");
    let confirmed = served.order("POST", "/api/v1/hosts/local/confirm", &[], "").await.json(200);
    assert_eq!((&confirmed["name"], &confirmed["engine_identity"]), (&"local".into(), &Value::Null));
    served.order("POST", "/api/v1/hosts/none/confirm", &[], "").await.is_problem(404, "not_found");
    super::execute(&case, "INSERT INTO hosts (name) VALUES ('old')");
    assert_eq!(served.send("PATCH", "/api/v1/hosts/old", &json!({"name": "east"})).await.json(200)["name"], "east");
    assert_eq!(served.order("DELETE", "/api/v1/hosts/east", &[], "").await.json(200), json!({"rows": 0}));
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pass_that_is_asked_for_begins_after_the_call_and_answers_whatever_comes_of_it() {
    let case = Case::with_shop(1).await;
    let mut config = case.config.clone();
    config.list_deadline = std::time::Duration::from_millis(200);
    let served = Served::start(&config).await;
    case.daemon.with(|world| world.stop("c0")).expect("it runs");
    let report = served.order("POST", "/api/v1/passes", &[], "").await.json(200);
    assert_eq!((&report["outcome"], &report["trigger"]), (&"committed".into(), &"request".into()), "{report}");
    assert_eq!(case.rows()[0].observed.state, ContainerState::Stopped);
    case.daemon.hang_list(true);
    let report = served.order("POST", "/api/v1/passes", &[], "").await.json(200);
    assert_ne!(report["outcome"], "committed", "{report}");
    assert!(report["error"]["message"].is_string(), "{report}");
    served.ledger.stop().await;
}

/// B34: what nests without end is refused before it costs a stack.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b34_a_body_that_is_no_request_is_refused_and_the_service_lives() {
    let case = Case::with_shop(1).await;
    let served = Served::start(&case.config).await;
    let is_json = [("content-type", "application/json")];
    let deep = "[".repeat(30_000);
    let deeper = format!("{{\"name\":{}", "{\"a\":".repeat(10_000));
    let ask =
        async |headers: &[(&str, &str)], body: &str| served.order("POST", "/api/v1/projects", headers, body).await;
    for (body, status) in [
        (deep.as_str(), 422),
        (deeper.as_str(), 422),
        ("", 400),
        ("{", 400),
        ("[]", 422),
        ("{\"name\": 1}", 422),
        ("{\"name\": \"x\", \"colour\": 1}", 422),
        ("{\"name\": \"\"}", 400),
        ("{\"name\": \"a\\u0000b\"}", 400),
        ("{\"name\": \".\"}", 400),
        ("{\"name\": \"..\"}", 400),
    ] {
        let answer = ask(&is_json, body).await;
        answer.is_problem(status, "invalid_request");
        assert!(!answer.body.contains("struct") && !answer.body.contains("target type"), "{}", answer.body);
        assert!(answer.body.len() < 2_000, "{}", answer.body.len());
    }
    ask(&[], "{}").await.is_problem(415, "invalid_request");
    let too_large = format!("{{\"name\": \"{}\"}}", "x".repeat(100_000));
    ask(&is_json, &too_large).await.is_problem(413, "too_large");
    // A hundred thousand levels are beyond the size of a body.
    ask(&is_json, &"[".repeat(100_000)).await.is_problem(413, "too_large");
    assert_eq!(served.get("/healthz").await.status, 200);
    served.order("PUT", "/api/v1/projects", &is_json, "{}").await.is_problem(405, "method_not_allowed");
    served.get("/api/v1/nothing").await.is_problem(404, "not_found");
    served.ledger.stop().await;
}
