//! Claims and actions over HTTP: no project reaches another's container.

use dockledger::model::ContainerId;
use dockledger::simulation::{Fault, FaultProxy, NewContainer};
use dockledger::store::NewParent;
use serde_json::{Value, json};

use crate::support::http::Served;
use crate::whole::ledger::Case;

/// Projects `shop` and `blog`, each with a stage `prod` and a container of its own, and one container without a label.
pub(super) fn platform() -> Case {
    let mut case = Case::new();
    case.config.actions.enabled = true;
    for project in ["shop", "blog"] {
        let new = NewParent { workload_id: Some(format!("w-{project}")), ..NewParent::named(project) };
        case.store().add_project(&new).expect("fresh");
        for stage in ["prod", "test"] {
            case.store().add_stage(project, stage, None, None).expect("fresh");
        }
        let container = NewContainer::new(format!("{project}-1"), "app:1");
        let container = container.label("tinyforge.workload.id", format!("w-{project}"));
        case.daemon.with(|world| world.run(container)).expect("a fresh name");
    }
    case.daemon.with(|world| world.run(NewContainer::new("plain", "app:1"))).expect("a fresh name");
    case
}

pub(super) fn id(case: &Case, name: &str) -> ContainerId {
    case.daemon.with(|world| world.container(name).expect("it exists").id.clone())
}

pub(super) fn state(case: &Case, name: &str) -> String {
    case.daemon.with(|world| format!("{:?}", world.container(name).expect("it exists").state))
}

/// Claims a container for a row of a project's stage `prod`.
async fn claimed(served: &Served, project: &str, row: &str, container: &ContainerId) -> Value {
    let body = json!({ "stage": "prod", "row": row, "container_id": container });
    served.send("POST", &format!("/api/v1/projects/{project}/claims"), &body).await.json(200)
}

fn instance(project: &str, stage: &str, row: &str, act: &str) -> String {
    format!("/api/v1/projects/{project}/stages/{stage}/instances/{row}{act}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deployer_claims_changes_and_releases_rows_of_one_project() {
    let case = platform();
    let served = Served::start(&case.config).await;
    let shop = id(&case, "shop-1");
    let row = claimed(&served, "shop", "r1", &shop).await;
    assert_eq!((&row["name"], &row["state"], &row["role"]), (&"shop-1".into(), &"running".into(), &"prod".into()));
    let changed =
        served.send("POST", "/api/v1/projects/shop/claims", &json!({ "row": "r1", "subdomain": "www" })).await;
    let changed = changed.json(200);
    assert_eq!((&changed["subdomain"], &changed["container_id"]), (&"www".into(), &json!(shop)));

    let theirs = json!({ "row": "r1", "subdomain": "mine" });
    served.send("POST", "/api/v1/projects/blog/claims", &theirs).await.is_problem(409, "owned_by_another");
    let bound = json!({ "row": "r2", "container_id": shop });
    served.send("POST", "/api/v1/projects/blog/claims", &bound).await.is_problem(409, "owned_by_another");
    served.order("DELETE", "/api/v1/projects/blog/claims/r1", &[], "").await.is_problem(404, "not_found");
    served.order("DELETE", "/api/v1/projects/shop/claims/r1", &[], "").await.json(200);
    served.order("DELETE", "/api/v1/projects/shop/claims/r1", &[], "").await.is_problem(404, "not_found");
    assert_eq!(state(&case, "shop-1"), "Running", "the container is left as it is");
    served.ledger.stop().await;
}

/// B24: what is no full id may be somebody else's name, or the begin of his id.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_full_id_is_claimed_over_http() {
    let case = platform();
    let served = Served::start(&case.config).await;
    let full = id(&case, "blog-1");
    for container in ["blog-1", full.short(), &full.as_str().to_uppercase(), ""] {
        let body = json!({ "row": "r1", "container_id": container });
        served.send("POST", "/api/v1/projects/shop/claims", &body).await.is_problem(400, "invalid_request");
    }
    // A deployer may write the row itself: what is no full id is not acted on.
    let mut store = case.store();
    let request = dockledger::model::ClaimRequest {
        project: "shop".into(),
        stage: Some("prod".into()),
        row: Some("r1".into()),
        container_id: Some("blog-1".into()),
        ..Default::default()
    };
    store.claim(&case.config.host, &request).expect("a text");
    served.order("POST", &instance("shop", "prod", "r1", "/stop"), &[], "").await.is_problem(409, "not_bound");
    assert_eq!(state(&case, "blog-1"), "Running");
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn actions_are_off_until_they_are_configured() {
    let mut case = platform();
    case.config.actions.enabled = false;
    let served = Served::start(&case.config).await;
    claimed(&served, "shop", "r1", &id(&case, "shop-1")).await;
    for act in ["/start", "/stop", "/restart"] {
        served.order("POST", &instance("shop", "prod", "r1", act), &[], "").await.is_problem(403, "actions_off");
    }
    served.order("DELETE", &instance("shop", "prod", "r1", ""), &[], "").await.is_problem(403, "actions_off");
    assert_eq!(state(&case, "shop-1"), "Running");
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_action_is_answered_by_the_row_after_a_pass() {
    let case = platform();
    let served = Served::start(&case.config).await;
    claimed(&served, "shop", "r1", &id(&case, "shop-1")).await;
    for (act, state) in [("/stop", "stopped"), ("/start", "running"), ("/restart", "running"), ("/stop", "stopped")] {
        let row = served.order("POST", &instance("shop", "prod", "r1", act), &[], "").await.json(200);
        assert_eq!(row["state"], state, "{act}: {row}");
    }
    let row = served.order("DELETE", &instance("shop", "prod", "r1", ""), &[], "").await.json(200);
    assert_eq!(row["state"], "missing");
    served.order("POST", &instance("shop", "prod", "r1", "/start"), &[], "").await.is_problem(409, "not_bound");
    served.ledger.stop().await;
}

/// B22, B25: the URL's project and stage, the row's binding at the moment of the call, and the container's own labels.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_project_reaches_another_ones_container() {
    let case = platform();
    let served = Served::start(&case.config).await;
    claimed(&served, "shop", "r1", &id(&case, "shop-1")).await;
    for (project, stage, row) in [
        ("blog", "prod", "r1"),
        ("shop", "test", "r1"),
        ("shop", "nowhere", "r1"),
        ("nobody", "prod", "r1"),
        ("shop", "prod", "r2"),
        ("shop", "prod", "..%2f..%2fr1"),
    ] {
        let refused = served.order("POST", &instance(project, stage, row, "/stop"), &[], "").await;
        refused.is_problem(404, "not_found");
    }
    // A container whose own label names another project was taken by whoever claimed it.
    claimed(&served, "shop", "r3", &id(&case, "blog-1")).await;
    for act in ["/stop", "/restart"] {
        served.order("POST", &instance("shop", "prod", "r3", act), &[], "").await.is_problem(404, "not_found");
    }
    // The name goes over to another container: the row's is the one that it was bound to, and that is gone.
    claimed(&served, "shop", "r4", &id(&case, "plain")).await;
    case.daemon.with(|world| world.remove("plain", true)).expect("removed");
    case.daemon.with(|world| world.run(NewContainer::new("plain", "app:2"))).expect("a fresh container");
    let refused = served.order("POST", &instance("shop", "prod", "r4", "/stop"), &[], "").await;
    assert!(matches!(refused.status.as_u16(), 404 | 409), "{refused:?}");
    for name in ["shop-1", "blog-1", "plain"] {
        assert_eq!(state(&case, name), "Running", "{name}");
    }
    let sent = case.daemon.requests();
    assert!(sent.keys().all(|request| !request.starts_with("POST")), "nothing was sent: {sent:?}");
    served.ledger.stop().await;
}

/// D7: the daemon may carry it out later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_action_whose_outcome_is_not_known_is_told_as_unknown_and_the_row_is_looked_at() {
    let mut case = platform();
    let proxy = FaultProxy::before(case.daemon.socket()).expect("a socket");
    case.config.docker_host = Some(format!("unix://{}", proxy.socket().display()));
    let served = Served::start(&case.config).await;
    let container = id(&case, "shop-1");
    claimed(&served, "shop", "r1", &container).await;
    proxy.inject(Fault::HangUp.on(&format!("/containers/{container}/stop")));
    let passes = case.daemon.requests()["GET /containers/json"];
    let answer = served.order("POST", &instance("shop", "prod", "r1", "/stop"), &[], "").await;
    answer.is_problem(504, "unknown");
    let mut status = served.ledger.watch_status();
    let looked = status.wait_for(|_| case.daemon.requests()["GET /containers/json"] > passes);
    tokio::time::timeout(std::time::Duration::from_secs(10), looked).await.expect("in time").expect("it lives");
    served.ledger.stop().await;
}
