//! What a claim says and what its answer tells.

use serde_json::{Value, json};

use super::actions::{id, platform};
use crate::support::http::{Answer, Served};

async fn claim(served: &Served, project: &str, body: &Value) -> Answer {
    served.send("POST", &format!("/api/v1/projects/{project}/claims"), body).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_is_made_has_a_place_and_one_that_is_changed_is_answered_as_it_is() {
    let case = platform();
    let served = Served::start(&case.config).await;
    let made = claim(&served, "shop", &json!({ "stage": "prod", "container_id": id(&case, "shop-1") })).await;
    let row = made.json(201);
    let shown = served.get(made.header("location")).await.json(200);
    assert_eq!((&shown["id"], &shown["container_id"]), (&row["id"], &row["container_id"]));
    let repeated = claim(&served, "shop", &json!({ "id": row["id"], "image_tag": "2" })).await;
    assert_eq!(repeated.header("location"), "");
    assert_eq!(repeated.json(200)["image_tag"], "2");
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fields_are_called_as_in_the_answer_and_the_old_names_are_taken() {
    let case = platform();
    let served = Served::start(&case.config).await;
    let new = json!({ "id": "r1", "proxy_route_id": "a", "npm_proxy_id": "7" });
    let row = claim(&served, "shop", &new).await.json(201);
    for (field, value) in new.as_object().expect("an object") {
        assert_eq!(row[field], *value, "{field}");
    }
    let old = json!({ "row": "r1", "proxy_route": "b", "npm_proxy": "8" });
    let row = claim(&served, "shop", &old).await.json(200);
    assert_eq!((&row["proxy_route_id"], &row["npm_proxy_id"]), (&"b".into(), &"8".into()));
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deployer_says_that_its_container_could_not_be_made() {
    let case = platform();
    let served = Served::start(&case.config).await;
    let row = claim(&served, "shop", &json!({ "id": "r1", "stage": "prod", "state": "failed" })).await.json(201);
    assert_eq!((&row["state"], &row["container_id"]), (&"failed".into(), &Value::Null));
    let history = served.get("/api/v1/containers/local/r1/changes").await.json(200);
    assert_eq!(history["items"][0]["to_state"], "failed", "{history}");
    let bound = claim(&served, "shop", &json!({ "id": "r1", "container_id": id(&case, "shop-1") })).await.json(200);
    assert_eq!(bound["state"], "running");
    claim(&served, "shop", &json!({ "id": "r1", "state": "failed" })).await.is_problem(409, "bound");
    let both = json!({ "id": "r2", "state": "failed", "container_id": id(&case, "blog-1") });
    claim(&served, "shop", &both).await.is_problem(409, "bound");
    claim(&served, "shop", &json!({ "id": "r1", "state": "running" })).await.is_problem(422, "invalid_request");
    assert_eq!(served.get("/api/v1/containers/local/r1").await.json(200)["state"], "running");
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subdomain_of_two_projects_is_told_and_moves_in_one_call() {
    let case = platform();
    let served = Served::start(&case.config).await;
    let first = claim(&served, "shop", &json!({ "id": "r1", "subdomain": "www" })).await.json(201);
    assert_eq!(first["warnings"], json!([]));
    claim(&served, "shop", &json!({ "id": "r2", "subdomain": "www" })).await.json(201);
    let second = claim(&served, "blog", &json!({ "id": "r3", "subdomain": "WWW" })).await.json(201);
    assert_eq!(second["warnings"][0]["code"], "subdomain_contested", "{second}");
    let contested = |routes: &Value| {
        let items = routes["items"].as_array().expect("a page");
        items.iter().map(|route| (route["row_id"].to_string(), route["contested_by"].clone())).collect::<Vec<_>>()
    };
    let told = |row: &str, by: &[&str]| (format!("{row:?}"), json!(by));
    let routes = served.get("/api/v1/routes").await.json(200);
    assert_eq!(contested(&routes), [told("r1", &["blog"]), told("r2", &["blog"]), told("r3", &["shop"])]);
    let moved = json!({ "id": "r3", "subdomain": "www", "take_subdomain": true });
    assert_eq!(claim(&served, "blog", &moved).await.json(200)["warnings"], json!([]));
    let routes = served.get("/api/v1/routes").await.json(200);
    assert_eq!(contested(&routes), [told("r3", &[])]);
    claim(&served, "shop", &json!({ "id": "r1", "take_subdomain": true })).await.is_problem(400, "invalid_request");
    served.ledger.stop().await;
}
