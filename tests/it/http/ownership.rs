//! What a deployer's token may take, and how far one that is bound to projects sees.

use dockledger::model::{ContainerId, Origin};
use dockledger::simulation::{Fault, FaultProxy, NewContainer};
use serde_json::{Value, json};

use super::actions::{id, platform, state};
use super::guard::{Tokens, bearer, guarded, guarded_with};
use crate::cli::program::Program;
use crate::support::http::{Answer, Served};
use crate::whole::ledger::Case;

/// Sends as whoever has this token.
async fn send(served: &Served, token: &str, method: &str, path: &str, body: &Value) -> Answer {
    let headers = [("authorization", bearer(token)), ("content-type", "application/json".to_owned())];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    served.ask(method, path, &headers, &body.to_string()).await
}

async fn get(served: &Served, token: &str, path: &str) -> Answer {
    served.get_with(path, &[("authorization", &bearer(token))]).await
}

async fn claim(served: &Served, token: &str, project: &str, container: &ContainerId) -> Answer {
    let body = json!({ "stage": "prod", "container_id": container });
    send(served, token, "POST", &format!("/api/v1/projects/{project}/claims"), &body).await
}

/// The platform, beside it a compose database that nobody registered, and one container of each other owner.
fn neighbourhood() -> Case {
    let case = platform();
    case.daemon.with(|world| {
        world.run(NewContainer::new("db", "postgres:16").compose("crm", "db", 1)).expect("fresh");
        world.run(NewContainer::new("site", "nginx").label("tinyforge.static-site", "docs")).expect("fresh");
        let both = NewContainer::new("both", "app:1").compose("crm", "app", 1);
        world.run(both.label("tinyforge.workload.id", "w-shop")).expect("fresh");
        world.run(NewContainer::new("ghost", "app:1").label("tinyforge.workload.id", "nobody")).expect("fresh");
    });
    case
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deployer_takes_only_what_its_own_labels_give_to_his_project() {
    let mut case = neighbourhood();
    let (served, tokens) = guarded(&mut case).await;
    for name in ["db", "site", "both", "ghost", "blog-1", "plain"] {
        claim(&served, &tokens.deploy, "shop", &id(&case, name)).await.is_problem(403, "not_claimable");
    }
    assert_eq!(case.rows(), [], "nothing was taken");
    claim(&served, &tokens.deploy, "shop", &id(&case, "shop-1")).await.json(201);
    // What an administrator gave to the project is the project's: repeated, the claim takes nothing.
    claim(&served, &tokens.admin, "shop", &id(&case, "plain")).await.json(201);
    claim(&served, &tokens.deploy, "shop", &id(&case, "plain")).await.json(200);
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_owns_is_taken_where_the_operator_allows_it_and_what_somebody_owns_never() {
    let mut case = neighbourhood();
    case.config.claims.unlabelled = true;
    case.store().add_stack(&dockledger::store::NewParent::named("tools"), None).expect("fresh");
    case.store().adopt_name("tools", "cron", Origin::Adopted).expect("a name");
    case.daemon.with(|world| world.run(NewContainer::new("cron", "busybox"))).expect("fresh");
    let (served, tokens) = guarded(&mut case).await;
    claim(&served, &tokens.deploy, "shop", &id(&case, "plain")).await.json(201);
    for name in ["db", "site", "both", "ghost", "blog-1"] {
        claim(&served, &tokens.deploy, "shop", &id(&case, name)).await.is_problem(403, "not_claimable");
    }
    let cron = claim(&served, &tokens.deploy, "shop", &id(&case, "cron")).await;
    assert!(matches!(cron.status.as_u16(), 403 | 409), "a stack adopted it by name: {cron:?}");
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_of_a_container_that_is_not_there_is_not_found_and_leaves_nothing() {
    let mut case = neighbourhood();
    let (served, tokens) = guarded(&mut case).await;
    let gone = ContainerId::new("0123456789abcdef".repeat(4));
    for token in [&tokens.deploy, &tokens.admin] {
        claim(&served, token, "shop", &gone).await.is_problem(404, "not_found");
    }
    assert_eq!(case.rows(), [], "no row that would go missing");
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_that_does_not_say_whose_a_container_is_gives_it_to_no_deployer() {
    let mut case = neighbourhood();
    let proxy = FaultProxy::before(case.daemon.socket()).expect("a socket");
    case.config.docker_host = Some(format!("unix://{}", proxy.socket().display()));
    let (served, tokens) = guarded(&mut case).await;
    let shop = id(&case, "shop-1");
    proxy.inject(Fault::HangUp.on(&format!("/containers/{shop}/json")));
    claim(&served, &tokens.deploy, "shop", &shop).await.is_problem(503, "daemon_unanswered");
    assert_eq!(case.rows(), []);
    served.ledger.stop().await;
}

/// A token that is bound to `shop`, and those of each scope.
async fn bound(case: &mut Case) -> (Served, String, Tokens) {
    let database = case.config.database.clone();
    let made = Program::new().run(&[
        "token",
        "new",
        "ci",
        "--scope",
        "deploy",
        "--project",
        "shop",
        "--json",
        "--database",
        &database,
    ]);
    let made = made.json();
    let text = |field: &str| made[field].as_str().expect("a text").to_owned();
    let (served, tokens) = guarded_with(case, &[&text("line")]).await;
    (served, text("token"), tokens)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn for_a_token_that_is_bound_to_projects_there_is_nothing_else() {
    let mut case = neighbourhood();
    let (served, ci, tokens) = bound(&mut case).await;
    for (project, container) in [("shop", "shop-1"), ("blog", "blog-1")] {
        let body = json!({ "stage": "prod", "row": format!("r-{project}"), "subdomain": project,
            "container_id": id(&case, container) });
        let path = format!("/api/v1/projects/{project}/claims");
        send(&served, &tokens.admin, "POST", &path, &body).await.json(201);
    }
    for (list, shown) in [("projects", "shop"), ("containers", "r-shop"), ("routes", "r-shop")] {
        let page = get(&served, &ci, &format!("/api/v1/{list}")).await.json(200);
        let items = page["items"].as_array().expect("a page");
        assert_eq!(items.len(), 1, "{list}: {page}");
        assert!(items[0].to_string().contains(shown), "{list}: {page}");
    }
    get(&served, &ci, "/api/v1/projects/shop").await.json(200);
    get(&served, &ci, "/api/v1/projects/shop/stages").await.json(200);
    get(&served, &ci, "/api/v1/containers/local/r-shop").await.json(200);
    for hidden in [
        "projects/blog",
        "projects/blog/stages",
        "projects/blog/stages/prod",
        "containers/local/r-blog",
        "containers/local/r-blog/changes",
        "containers?workload=blog",
    ] {
        get(&served, &ci, &format!("/api/v1/{hidden}")).await.is_problem(404, "not_found");
    }
    for closed in ["/api/v1/hosts", "/api/v1/passes", "/api/v1/unassigned", "/api/v1/stacks", "/metrics", "/"] {
        get(&served, &ci, closed).await.is_problem(403, "forbidden");
    }
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_bound_to_projects_reads_and_follows_their_history_and_no_other() {
    let mut case = neighbourhood();
    let (served, ci, tokens) = bound(&mut case).await;
    let authorization = bearer(&ci);
    let mut events = served.follow("/api/v1/changes", &[("authorization", &authorization)]).await;
    assert_eq!(events.next().await.expect("the begin").name, "snapshot");
    for project in ["blog", "shop"] {
        let body = json!({ "stage": "prod", "id": format!("r-{project}"), "subdomain": project,
            "container_id": id(&case, &format!("{project}-1")) });
        let path = format!("/api/v1/projects/{project}/claims");
        send(&served, &tokens.admin, "POST", &path, &body).await.json(201);
    }
    let told = events.next().await.expect("a change").data;
    assert_eq!((&told["row_id"], &told["workload_name"]), (&"r-shop".into(), &"shop".into()), "{told}");
    for query in ["", "?after=0", "?host=local", "?after=0&limit=1"] {
        let page = get(&served, &ci, &format!("/api/v1/changes{query}")).await;
        assert!(!page.body.contains("blog"), "{query}: {page:?}");
        assert_eq!(page.json(200)["items"][0]["row_id"], "r-shop", "{query}");
    }
    for query in ["?workload=blog", "?container=r-blog"] {
        let page = get(&served, &ci, &format!("/api/v1/changes{query}")).await.json(200);
        assert_eq!(page["items"], json!([]), "{query}: as if it were not there");
    }
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_token_that_is_bound_to_projects_asks_tells_nothing_of_others() {
    let mut case = neighbourhood();
    case.store().add_stage("blog", "canary", None, None).expect("fresh");
    let (served, ci, tokens) = bound(&mut case).await;
    let blog = json!({ "stage": "prod", "id": "r-moved", "container_id": id(&case, "blog-1") });
    send(&served, &tokens.admin, "POST", "/api/v1/projects/blog/claims", &blog).await.json(201);
    let summary = get(&served, &ci, "/api/v1/containers/summary").await.json(200);
    assert_eq!(summary["rows"], 0, "{summary}");
    get(&served, &ci, "/api/v1/containers/summary?workload=blog").await.is_problem(404, "not_found");
    get(&served, &ci, "/api/v1/containers?stage=canary").await.is_problem(404, "not_found");
    get(&served, &ci, "/api/v1/containers?stage=prod").await.json(200);
    let workloads = get(&served, &ci, "/api/v1/workloads").await.json(200);
    assert_eq!(workloads["items"].as_array().map(Vec::len), Some(1), "{workloads}");
    get(&served, &ci, "/api/v1/workloads/project%2Fshop").await.json(200);
    get(&served, &ci, "/api/v1/workloads/w-blog").await.is_problem(404, "not_found");
    // A row's id may have been another project's before.
    let released = send(&served, &tokens.admin, "DELETE", "/api/v1/projects/blog/claims/r-moved", &json!({})).await;
    assert!(released.status.is_success(), "{released:?}");
    let shop = json!({ "stage": "prod", "id": "r-moved", "container_id": id(&case, "shop-1") });
    send(&served, &tokens.admin, "POST", "/api/v1/projects/shop/claims", &shop).await.json(201);
    let history = get(&served, &ci, "/api/v1/containers/local/r-moved/changes?limit=1").await;
    assert!(!history.body.contains("blog") && history.body.contains("shop-1"), "{history:?}");
    let all = get(&served, &tokens.admin, "/api/v1/containers/local/r-moved/changes").await;
    assert!(all.body.contains("blog"), "{all:?}");
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_bound_to_projects_does_nothing_in_another() {
    let mut case = neighbourhood();
    let (served, ci, tokens) = bound(&mut case).await;
    let body = json!({ "stage": "prod", "row": "r-blog", "container_id": id(&case, "blog-1") });
    send(&served, &tokens.admin, "POST", "/api/v1/projects/blog/claims", &body).await.json(201);
    claim(&served, &ci, "shop", &id(&case, "shop-1")).await.json(201);
    claim(&served, &ci, "blog", &id(&case, "blog-1")).await.is_problem(404, "not_found");
    let nothing = json!({});
    send(&served, &ci, "POST", "/api/v1/projects/blog/claims", &nothing).await.is_problem(404, "not_found");
    send(&served, &ci, "DELETE", "/api/v1/projects/blog/claims/r-blog", &nothing).await.is_problem(404, "not_found");
    let stop = "/api/v1/projects/blog/stages/prod/instances/r-blog/stop";
    send(&served, &ci, "POST", stop, &nothing).await.is_problem(404, "not_found");
    let theirs = json!({ "row": "r-blog", "subdomain": "www" });
    send(&served, &tokens.admin, "POST", "/api/v1/projects/blog/claims", &theirs).await.json(200);
    let taken = json!({ "subdomain": "www", "take_subdomain": true });
    send(&served, &ci, "POST", "/api/v1/projects/shop/claims", &taken).await.is_problem(409, "owned_by_another");
    let shared = send(&served, &ci, "POST", "/api/v1/projects/shop/claims", &json!({ "subdomain": "www" })).await;
    let warning = shared.json(201)["warnings"][0]["detail"].to_string();
    assert!(warning.contains("another project") && !warning.contains("blog"), "{warning}");
    send(&served, &ci, "POST", "/api/v1/passes", &nothing).await.is_problem(403, "forbidden");
    assert_eq!(state(&case, "blog-1"), "Running");
    // Renamed, it is the same project; one that takes the name is another.
    case.store().rename_project("shop", "store").expect("a fresh name");
    case.store().add_project(&dockledger::store::NewParent::named("shop")).expect("the name is free");
    get(&served, &ci, "/api/v1/projects/store").await.json(200);
    get(&served, &ci, "/api/v1/projects/shop").await.is_problem(404, "not_found");
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_are_listed_and_one_that_is_revoked_opens_nothing_more() {
    let mut case = neighbourhood();
    let (served, ci, _tokens) = bound(&mut case).await;
    let file = case.path("tokens").display().to_string();
    let program = || Program::new().variable("DOCKLEDGER_HTTP_TOKENS", &file);
    let listed = program().run(&["token", "list", "--json"]).json();
    let ours = listed.as_array().expect("a list").iter().find(|token| token["name"] == "ci").expect("it is there");
    let shop = case.store().show_project("shop").expect("it is there").id;
    assert_eq!((&ours["scope"], &ours["projects"]), (&"deploy".into(), &json!([shop])));
    assert_eq!(program().run(&["token", "revoke", "nobody"]).code, Some(2));
    assert_eq!(program().run(&["token", "revoke", "ci"]).code, Some(0));
    assert!(served.http.reload().expect("the file serves"));
    get(&served, &ci, "/api/v1/projects").await.is_problem(401, "unauthorized");
    served.ledger.stop().await;
}
