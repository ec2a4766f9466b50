//! Claims and actions over HTTP: no project reaches another's container.

use std::sync::Arc;
use std::time::Duration;

use dockledger::model::ContainerId;
use dockledger::simulation::{Fault, FaultProxy, NewContainer};
use dockledger::store::NewParent;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::guard::{bearer, guarded};
use crate::cli::program::Program;
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
    served.send("POST", &format!("/api/v1/projects/{project}/claims"), &body).await.json(201)
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

/// Waits until the daemon was asked for this path.
async fn asked(proxy: &FaultProxy, path: &str) {
    let mut traffic = proxy.traffic();
    let came = traffic.wait_for(|traffic| traffic.requests.keys().any(|asked| asked.starts_with(path)));
    tokio::time::timeout(Duration::from_secs(10), came).await.expect("in time").expect("the proxy lives");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_action_that_takes_its_time_holds_up_its_own_container_alone() {
    let mut case = platform();
    let proxy = FaultProxy::before(case.daemon.socket()).expect("a socket");
    case.config.docker_host = Some(format!("unix://{}", proxy.socket().display()));
    let served = Served::start(&case.config).await;
    let (shop, blog) = (id(&case, "shop-1"), id(&case, "blog-1"));
    claimed(&served, "shop", "r1", &shop).await;
    claimed(&served, "blog", "r2", &blog).await;
    let slow = format!("/containers/{shop}/stop");
    proxy.inject(Fault::Silent.on(&slow));
    let (stop, restart) = (instance("shop", "prod", "r1", "/stop"), instance("shop", "prod", "r1", "/restart"));
    let first = served.order("POST", &stop, &[], "");
    let beside = async {
        asked(&proxy, &slow).await;
        let row = served.order("POST", &instance("blog", "prod", "r2", "/stop"), &[], "").await.json(200);
        assert_eq!(row["state"], "stopped", "another container's action does not wait");
        let second = served.order("POST", &restart, &[], "");
        let healed = async {
            // The order is in when the audit would be next: what waits for its turn was not sent.
            let row = served.order("POST", &instance("blog", "prod", "r2", "/start"), &[], "").await.json(200);
            assert_eq!(row["state"], "running");
            let requests = proxy.traffic().borrow().requests.clone();
            assert!(!requests.keys().any(|path| path.ends_with(&format!("{shop}/restart"))), "{requests:?}");
            proxy.heal();
        };
        tokio::join!(second, healed).0
    };
    let (first, second) = tokio::join!(first, beside);
    assert_eq!((&first.json(200)["state"], &second.json(200)["state"]), (&"stopped".into(), &"running".into()));
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_for_load_says_when_to_come_again() {
    let mut case = platform();
    let proxy = FaultProxy::before(case.daemon.socket()).expect("a socket");
    case.config.docker_host = Some(format!("unix://{}", proxy.socket().display()));
    let served = Served::start(&case.config).await;
    let shop = id(&case, "shop-1");
    claimed(&served, "shop", "r1", &shop).await;
    proxy.inject(Fault::Silent.on(&format!("/containers/{shop}/stop")));
    let stop = instance("shop", "prod", "r1", "/stop");
    let served = Arc::new(served);
    let mut orders = JoinSet::new();
    for _ in 0..9 {
        let (served, stop) = (Arc::clone(&served), stop.clone());
        orders.spawn(async move { served.order("POST", &stop, &[], "").await });
    }
    let refused = orders.join_next().await.expect("nine").expect("it ends");
    refused.is_problem(503, "actions_busy");
    assert!(refused.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0), "{refused:?}");
    proxy.heal();
    while let Some(done) = orders.join_next().await {
        done.expect("it ends").json(200);
    }
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_timeout_is_bounded_and_only_for_what_waits() {
    let case = platform();
    let served = Served::start(&case.config).await;
    claimed(&served, "shop", "r1", &id(&case, "shop-1")).await;
    for wrong in ["/stop?timeout=301", "/stop?timeout=-1", "/stop?timeout=x", "/start?timeout=1", "/stop?t=1"] {
        let refused = served.order("POST", &instance("shop", "prod", "r1", wrong), &[], "").await;
        refused.is_problem(400, "invalid_request");
    }
    served
        .order("DELETE", &instance("shop", "prod", "r1", "?timeout=1"), &[], "")
        .await
        .is_problem(400, "invalid_request");
    assert_eq!(state(&case, "shop-1"), "Running");
    served.order("POST", &instance("shop", "prod", "r1", "/stop?timeout=0"), &[], "").await.json(200);
    assert_eq!(state(&case, "shop-1"), "Exited");
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrator_acts_on_any_row_of_this_host_and_nobody_else_does() {
    let mut case = platform();
    case.store().add_stack(&NewParent::named("crm"), None).expect("fresh");
    case.daemon
        .with(|world| world.run(NewContainer::new("crm-db-1", "postgres").compose("crm", "db", 1)))
        .expect("fresh");
    let (served, tokens) = guarded(&mut case).await;
    let row = case.rows().pop().expect("the stack's").id;
    let path = |host: &str, act: &str| format!("/api/v1/containers/{host}/{}{act}", row.as_str().replace(':', "%3A"));
    let admin = [("authorization", bearer(&tokens.admin))];
    let admin: Vec<(&str, &str)> = admin.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let deploy = bearer(&tokens.deploy);
    let refused = served.ask("POST", &path("local", "/stop"), &[("authorization", &deploy)], "").await;
    refused.is_problem(403, "forbidden");
    served.ask("POST", &path("east", "/stop"), &admin, "").await.is_problem(409, "another_host");
    assert_eq!(state(&case, "crm-db-1"), "Running");
    for (act, state) in
        [("/stop?timeout=2", "stopped"), ("/start", "running"), ("/restart", "running"), ("/stop", "stopped")]
    {
        assert_eq!(served.ask("POST", &path("local", act), &admin, "").await.json(200)["state"], state);
    }
    assert_eq!(served.ask("DELETE", &path("local", ""), &admin, "").await.json(200)["state"], "missing");
    served.ask("POST", "/api/v1/containers/local/none/stop", &admin, "").await.is_problem(404, "not_found");
    served.ledger.stop().await;
}

async fn narrows_alike_over_http_and_by_command(served: &Served, case: &Case) {
    for (filter, found) in [
        ("row=r1", 4),
        ("row=r2", 0),
        ("workload=shop", 3),
        ("who=ci", 0),
        ("who=control%20socket&limit=2", 2),
        ("container=shop-1", 4),
        ("action=start,remove", 3),
        ("outcome=ok", 1),
        ("action=stop&outcome=failed", 0),
        ("to=2020-01-01T00:00:00Z", 0),
    ] {
        let page = served.order("GET", &format!("/api/v1/audit?{filter}"), &[], "").await.json(200);
        assert_eq!(page["items"].as_array().map(Vec::len), Some(found), "{filter}: {page}");
    }
    for wrong in ["action=pause", "outcome=fine", "from=yesterday"] {
        let refused = served.order("GET", &format!("/api/v1/audit?{wrong}"), &[], "").await;
        refused.is_problem(400, "invalid_request");
    }
    served.order("GET", "/api/v1/audit?workload=nobody", &[], "").await.is_problem(404, "not_found");
    served.get("/api/v1/audit").await.is_problem(401, "unauthorized");
    let printed = Program::new().run(&["audit", "--json", "--limit", "3", "--database", &case.config.database]).json();
    assert_eq!(printed.as_array().map(Vec::len), Some(3));
    let narrowed = [
        "audit",
        "--json",
        "--action",
        "start",
        "--outcome",
        "refused",
        "--container",
        "shop-1",
        "--from",
        "1h",
        "--database",
        &case.config.database,
    ];
    assert_eq!(
        Program::new().run(&narrowed).json()[0]["workload_id"],
        Value::Null,
        "the one of another project's token"
    );
    Program::new().run(&["audit", "--outcome", "fine"]).fails(2, &["ok, refused, failed, unknown"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_stands_in_the_audit_with_what_came_of_it() {
    let mut case = platform();
    let proxy = FaultProxy::before(case.daemon.socket()).expect("a socket");
    case.config.docker_host = Some(format!("unix://{}", proxy.socket().display()));
    let served = Served::start(&case.config).await;
    let shop = id(&case, "shop-1");
    claimed(&served, "shop", "r1", &shop).await;
    let order = async |method: &str, project: &str, row: &str, act: &str| {
        served.order(method, &instance(project, "prod", row, act), &[], "").await.status.as_u16()
    };
    assert_eq!(order("DELETE", "shop", "r1", "").await, 409, "it runs");
    assert_eq!(order("POST", "shop", "r1", "/stop").await, 200);
    assert_eq!(order("POST", "blog", "r1", "/start").await, 404);
    proxy.inject(Fault::HangUp.on(&format!("/containers/{shop}/start")));
    assert_eq!(order("POST", "shop", "r1", "/start").await, 504);
    let page = served.order("GET", "/api/v1/audit", &[], "").await.json(200);
    let told: Vec<_> = page["items"]
        .as_array()
        .expect("a page")
        .iter()
        .map(|order| {
            assert_eq!(
                (&order["who"], &order["host"], &order["row_id"]),
                (&"control socket".into(), &"local".into(), &"r1".into())
            );
            let text = |field: &str| order[field].as_str().unwrap_or("-").to_owned();
            assert_eq!(order["duration_ms"].is_i64(), order["outcome"] != "refused", "{order}");
            assert_eq!(order["error"].is_null(), order["outcome"] == "ok", "{order}");
            (text("action"), text("outcome"), text("workload_id"), order["container_id"] == json!(shop))
        })
        .collect();
    let line = |action: &str, outcome: &str, workload: &str, has| {
        (action.to_owned(), outcome.to_owned(), workload.to_owned(), has)
    };
    assert_eq!(
        told,
        [
            line("start", "unknown", "w-shop", true),
            line("start", "refused", "-", false),
            line("stop", "ok", "w-shop", true),
            line("remove", "failed", "w-shop", true),
        ]
    );
    narrows_alike_over_http_and_by_command(&served, &case).await;
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
    tokio::time::timeout(Duration::from_secs(10), looked).await.expect("in time").expect("it lives");
    served.ledger.stop().await;
}
