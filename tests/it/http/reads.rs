//! What the ledger holds, over HTTP: pages, filters, tags, odd ids.

use dockledger::model::{ClaimRequest, RowId};
use dockledger::simulation::NewContainer;
use dockledger::store::NewParent;
use serde_json::{Value, json};

use crate::support::http::Served;
use crate::whole::ledger::Case;

fn texts<'a>(page: &'a Value, field: &str) -> Vec<&'a str> {
    let items = page["items"].as_array().expect("a page");
    items.iter().map(|item| item[field].as_str().expect("a text")).collect()
}

/// All entries of a list, `limit` at a time.
async fn all(served: &Served, path: &str, limit: usize, field: &str) -> Vec<String> {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let join = if path.contains('?') { '&' } else { '?' };
        let page = served.get(&format!("{path}{join}limit={limit}{cursor}")).await.json(200);
        let found = texts(&page, field);
        assert!(found.len() <= limit, "{page}");
        seen.extend(found.into_iter().map(str::to_owned));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return seen,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_list_is_whole_page_by_page() {
    let case = Case::with_shop(5).await;
    for name in ["b", "a", "c"] {
        case.store().add_project(&NewParent::named(name)).expect("fresh");
        case.store().add_site(&NewParent::named(name)).expect("fresh");
        case.store().add_stack(&NewParent::named(name), None).expect("fresh");
        let claim = ClaimRequest { project: name.into(), subdomain: Some(name.into()), ..ClaimRequest::default() };
        case.store().claim(&case.config.host, &claim).expect("a row");
    }
    for name in ["b", "a", "c"] {
        case.store().add_stage("b", name, None, None).expect("fresh");
    }
    let served = Served::start(&case.config).await;
    let rows: Vec<String> = case.rows().iter().map(|row| row.id.to_string()).collect();
    for limit in [1, 2, 8, 1_000] {
        assert_eq!(all(&served, "/api/v1/containers", limit, "id").await, rows, "{limit}");
        for (path, field, expected) in [
            ("projects", "name", &["a", "b", "c"][..]),
            ("sites", "name", &["a", "b", "c"]),
            ("stacks", "name", &["a", "b", "c", "shop"]),
            ("projects/b/stages", "name", &["a", "b", "c"]),
            ("hosts", "name", &["local"]),
            // By kind first: project, site, stack.
            ("workloads", "name", &["a", "b", "c", "a", "b", "c", "a", "b", "c", "shop"]),
        ] {
            let found = all(&served, &format!("/api/v1/{path}"), limit, field).await;
            assert_eq!(found, expected, "{path} {limit}");
        }
        let mut routes = all(&served, "/api/v1/routes", limit, "subdomain").await;
        routes.sort();
        assert_eq!(routes, ["a", "b", "c"], "{limit}");
        let passes = all(&served, "/api/v1/passes", limit, "pass_id").await;
        let stored = case.store().passes(None, 1_000).expect("it can be read");
        assert_eq!(passes, stored.iter().map(|pass| pass.pass_id.to_string()).collect::<Vec<_>>(), "{limit}");
    }
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_are_narrowed_by_each_filter_and_by_all_together() {
    let case = Case::with_shop(4).await;
    case.daemon.with(|world| world.stop("c1")).expect("it runs");
    case.daemon.with(|world| world.crash("c2", 3)).expect("it runs");
    let served = Served::start(&case.config).await;
    served.ledger.reconcile().await;
    for (query, expected) in [
        ("", 4),
        ("state=stopped", 2),
        ("state=running&kind=stack", 2),
        ("state=attention", 1),
        ("state=crashed", 1),
        ("state=unhealthy", 0),
        ("state=down", 2),
        ("state=up", 2),
        ("state=crashed,running", 3),
        ("state=", 4),
        ("health=none", 4),
        ("health=healthy,unhealthy", 0),
        ("kind=stack,site", 4),
        ("state=down&sort=attention&limit=1", 1),
        ("kind=project", 0),
        ("workload=stack%2Fshop&text=S2", 1),
        ("text=SHOP", 4),
        ("text=s3&state=stopped", 0),
        ("text=s2&state=crashed", 1),
        ("text=busybox&limit=3", 3),
        ("flapping=true", 0),
        ("host=local", 4),
        ("host=other", 0),
    ] {
        let page = served.get(&format!("/api/v1/containers?{query}")).await.json(200);
        assert_eq!(texts(&page, "id").len(), expected, "{query}: {page}");
    }
    served.get("/api/v1/containers?workload=nobody").await.is_problem(404, "not_found");
    for query in [
        "kind=container",
        "flapping=maybe",
        "cursor=zz",
        "cursor=p6100620063",
        "colour=red",
        "state=bogus",
        "state=stopped,bogus",
        "state=forgotten",
        "health=ill",
        "sort=colour",
    ] {
        for path in ["containers", "containers/summary"] {
            served.get(&format!("/api/v1/{path}?{query}")).await.is_problem(400, "invalid_request");
        }
    }
    let summary = served.get("/api/v1/containers/summary").await.json(200);
    assert_eq!((&summary["rows"], &summary["down"], &summary["attention"]), (&4.into(), &2.into(), &1.into()));
    assert_eq!(summary["reasons"]["crashed"], 1, "{summary}");
    assert_eq!(served.get("/api/v1/containers/summary?state=up").await.json(200)["rows"], 2);
    for sort in ["id", "attention", "name", "workload", "state", "since"] {
        let whole = texts(&served.get(&format!("/api/v1/containers?sort={sort}")).await.json(200), "id").join(" ");
        let paged = all(&served, &format!("/api/v1/containers?sort={sort}"), 1, "id").await;
        assert_eq!(paged.join(" "), whole, "{sort}");
        assert_eq!(paged.len(), 4, "{sort}");
    }
    let worst = served.get("/api/v1/containers?sort=attention").await.json(200);
    assert_eq!(worst["items"][0]["attention"], serde_json::json!(["crashed"]), "{worst}");
    served.ledger.stop().await;
}

/// The tag of an answer, once it is answered with 304: the first passes may still commit something.
async fn settled_tag(served: &Served, path: &str) -> String {
    let mut tag = served.get(path).await.header("etag").to_owned();
    for _ in 0..100 {
        assert!(tag.starts_with("W/\""), "{path}: {tag}");
        let again = served.get_with(path, &[("if-none-match", &tag)]).await;
        if again.status == 304 {
            assert_eq!((again.header("etag"), again.body.as_str()), (tag.as_str(), ""));
            return tag;
        }
        assert_eq!(again.status, 200, "{path}");
        assert_ne!(again.header("etag"), tag, "{path}: the same tag and no 304");
        again.header("etag").clone_into(&mut tag);
    }
    panic!("{path} is never unchanged");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unchanged_answer_costs_nothing_and_a_deployers_own_sql_is_a_change() {
    let case = Case::with_shop(2).await;
    let mut config = case.config.clone();
    // No tick commits beside the test.
    config.interval = std::time::Duration::from_secs(300);
    let served = Served::start(&config).await;
    served.ledger.settle_details().await;
    let row = format!("containers/local/{}", case.rows()[0].id.as_str().replace(':', "%3A"));
    for path in ["containers", &row, "stacks", "workloads", "routes", "passes", "stacks/shop"] {
        let path = format!("/api/v1/{path}");
        let tag = settled_tag(&served, &path).await;
        super::execute(&case, "UPDATE containers SET image_tag = COALESCE(image_tag, '') || 'x'");
        let changed = served.get_with(&path, &[("if-none-match", &tag)]).await;
        assert_eq!(changed.status, 200, "{path}: no revision tells of this");
    }
    assert!(served.get("/api/v1/containers").await.body.contains("\"image_tag\":\"xxxxxxx\""), "what is read is new");
    settled_tag(&served, "/api/v1/hosts").await;
    served.ledger.stop().await;
}

/// Nobody commits anything when a host grows stale: the answer is another one all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_whose_host_grew_stale_is_not_unchanged() {
    let case = Case::with_shop(1).await;
    let mut config = case.config.clone();
    config.interval = std::time::Duration::from_secs(300);
    let served = Served::start(&config).await;
    served.ledger.settle_details().await;
    super::execute(
        &case,
        "UPDATE hosts SET interval_ms = 1000, last_complete_pass_at = (julianday('now') - 2440587.5) * 86400000",
    );
    let path = "/api/v1/containers";
    let first = served.get(path).await;
    assert_eq!(texts(&first.json(200), "host_status"), ["fresh"]);
    let mut tag = first.header("etag").to_owned();
    let later = async {
        loop {
            let answer = served.get_with(path, &[("if-none-match", &tag)]).await;
            if answer.status != 304 {
                let now = answer.header("etag").to_owned();
                if texts(&answer.json(200), "host_status") != ["fresh"] {
                    return answer;
                }
                // Something else was committed on a busy machine.
                tag = now;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    let later = tokio::time::timeout(std::time::Duration::from_secs(30), later).await.expect("three seconds are over");
    assert_eq!(texts(&later.json(200), "host_status"), ["stale"]);
    assert_eq!(texts(&served.get("/api/v1/hosts").await.json(200), "status"), ["stale"]);
    served.ledger.stop().await;
}

/// B26, B27: an id is one segment of the path, whatever it holds, and no other id than the one that is meant.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b26_b27_a_row_is_found_under_its_own_id_and_under_no_other() {
    let case = Case::with_shop(1).await;
    case.store().add_project(&NewParent::named("api")).expect("fresh");
    let odd = ["../../info", "a/b", "%2e%2e%2f", "x?force=1", "x#y", "..", ".", "w:a b", "ж🙂", "\"<script>"];
    for id in odd {
        let claim = ClaimRequest { project: "api".into(), row: Some(RowId::new(id)), ..ClaimRequest::default() };
        case.store().claim(&case.config.host, &claim).expect("a row");
    }
    let served = Served::start(&case.config).await;
    let encoded = |id: &str| percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC).to_string();
    for id in odd {
        let path = format!("/api/v1/containers/local/{}", encoded(id));
        assert_eq!(served.get(&path).await.json(200)["id"], id);
        let history = served.get(&format!("{path}/changes")).await.json(200);
        assert_eq!(texts(&history, "cause"), ["claimed"], "{id}");
    }
    let row = &case.rows()[0];
    let id = case.rows().iter().find_map(|row| row.binding.container_id.clone()).expect("one is bound").to_string();
    for other in ["A/B", "a", &id, &id[..12], &id.to_uppercase(), "%00", &row.id.as_str().to_uppercase(), "%ff"] {
        let other = if other.starts_with('%') { other.to_owned() } else { encoded(other) };
        let answer = served.get(&format!("/api/v1/containers/local/{other}")).await;
        assert!([400, 404].contains(&answer.status.as_u16()), "{other}: {answer:?}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    served.get("/api/v1/containers/local/never/changes").await.is_problem(404, "not_found");
    served.get("/api/v1/containers/local/a/b").await.is_problem(404, "not_found");
    served.ledger.stop().await;
}

/// B35: bounds hold for each list.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b35_no_list_has_a_page_that_cannot_be() {
    let case = Case::with_shop(1).await;
    let served = Served::start(&case.config).await;
    let row = format!("containers/local/{}/changes", case.rows()[0].id.as_str().replace(':', "%3A"));
    for list in
        ["containers", "projects", "stacks", "sites", "workloads", "routes", "hosts", "passes", "unassigned", &row]
    {
        for limit in ["-1", "0", "1001", "18446744073709551615", "x", ""] {
            let answer = served.get(&format!("/api/v1/{list}?limit={limit}")).await;
            answer.is_problem(400, "invalid_request");
        }
        for cursor in ["-1", "18446744073709551615", "6", "ж"] {
            let cursor = percent_encoding::utf8_percent_encode(cursor, percent_encoding::NON_ALPHANUMERIC);
            served.get(&format!("/api/v1/{list}?cursor={cursor}")).await.is_problem(400, "invalid_request");
        }
    }
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_no_row_is_told_with_its_reason_and_corrected_by_scoped_passes() {
    let case = Case::with_shop(1).await;
    case.daemon.with(|world| world.run(NewContainer::new("stray", "busybox"))).expect("fresh");
    let served = Served::start(&case.config).await;
    let page = served.get("/api/v1/unassigned").await.json(200);
    assert_eq!((texts(&page, "name"), texts(&page, "reason")), (vec!["stray"], vec!["no_label"]));
    assert_eq!(page["host"], "local");
    assert!(page["complete_pass_at"].is_string(), "{page}");
    case.daemon.with(|world| world.remove("stray", true)).expect("it exists");
    served.ledger.reconcile().await;
    let mut status = served.ledger.watch_status();
    let told = status.wait_for(|status| status.unassigned.as_ref().is_some_and(|unassigned| unassigned.is_empty()));
    tokio::time::timeout(std::time::Duration::from_secs(20), told).await.expect("in time").expect("it lives");
    let page = served.get("/api/v1/unassigned").await.json(200);
    assert_eq!(page["items"], json!([]));
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_a_first_look_nobody_says_that_all_have_a_row() {
    let case = Case::with_shop(1).await;
    case.daemon.hang_list(true);
    let mut config = case.config.clone();
    config.list_deadline = std::time::Duration::from_millis(100);
    let served = Served::start(&config).await;
    served.get("/api/v1/unassigned").await.is_problem(503, "not_known_yet");
    assert_ne!(served.get("/api/v1/hosts/local").await.json(200)["status"], "fresh");
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_of_several_workloads_names_none_of_them() {
    let case = Case::new();
    case.store().add_project(&NewParent::named("blog")).expect("fresh");
    case.store().add_site(&NewParent::named("blog")).expect("fresh");
    let served = Served::start(&case.config).await;
    for path in ["workloads/blog", "containers?workload=blog"] {
        served.get(&format!("/api/v1/{path}")).await.is_problem(409, "ambiguous");
    }
    let site = served.get("/api/v1/workloads/site%2Fblog").await.json(200);
    assert_eq!((&site["kind"], &site["name"]), (&"site".into(), &"blog".into()));
    served.ledger.stop().await;
}
