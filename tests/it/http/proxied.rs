//! Behind a real nginx, at a path of its own.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use dockledger::config::BasePath;
use dockledger::store::NewParent;
use hyper::StatusCode;

use super::guard::{Tokens, bearer, guarded};
use super::limits::raw;
use crate::cli::program::Program;
use crate::support::http::Served;
use crate::support::nginx::Nginx;
use crate::support::skip::skip;
use crate::whole::ledger::Case;

/// The path passed on, taken away, and taken away but for its slash: each as people write it.
const LOCATIONS: [&str; 3] = [
    "location /dockledger/ { proxy_pass http://SERVICE; }",
    "location /dockledger/ { proxy_pass http://SERVICE/; }",
    "location /dockledger { proxy_pass http://SERVICE/; }",
];

fn with_base_path(case: &mut Case) {
    case.config.http.base_path = BasePath::parse("/dockledger/").expect("a path");
}

/// What a page leads to: links, style, modules, forms.
fn targets(html: &str) -> BTreeSet<String> {
    let parts = [" href=\"", " src=\"", " action=\""].into_iter().flat_map(|begin| html.split(begin).skip(1));
    parts.map(|rest| rest.split('"').next().unwrap_or_default().replace("&amp;", "&").replace("&#38;", "&")).collect()
}

/// Everything that can be reached from the page, by whoever has that session.
async fn all_reached(served: &Served, at: SocketAddr, session: &str) -> BTreeSet<String> {
    let mut known = BTreeSet::from(["/dockledger/".to_owned()]);
    let mut left = vec!["/dockledger/".to_owned()];
    while let Some(path) = left.pop() {
        let answer = served.ask_at(at, "GET", &path, &[("cookie", session), ("accept", "text/html")], "").await;
        let is_form = path.contains("/language/") || path.ends_with("/logout");
        assert_eq!(answer.status, if is_form { 405 } else { 200 }, "{at} {path}: {answer:?}");
        if !answer.header("content-type").starts_with("text/html") {
            continue;
        }
        for target in targets(&answer.body).into_iter().filter(|target| !target.starts_with('#')) {
            assert!(target.starts_with("/dockledger/"), "{path} leads out to {target}");
            if known.len() < 200 && known.insert(target.clone()) {
                left.push(target);
            }
        }
    }
    known
}

/// F24.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f24_no_link_cookie_or_redirect_leaves_the_path() {
    let mut case = Case::with_shop(2).await;
    with_base_path(&mut case);
    let (served, tokens) = guarded(&mut case).await;
    let nginx = match Nginx::before(served.address, &LOCATIONS) {
        Ok(nginx) => nginx,
        Err(why) => return skip("f24_no_link_cookie_or_redirect_leaves_the_path", &why),
    };
    for (at, location) in nginx.servers.iter().zip(LOCATIONS) {
        let shown = served.ask_at(*at, "GET", "/dockledger/", &[("accept", "text/html")], "").await;
        assert_eq!(
            (shown.status, shown.header("location")),
            (StatusCode::SEE_OTHER, "/dockledger/login"),
            "{location}"
        );
        let form = ("content-type", "application/x-www-form-urlencoded");
        let login = served.ask_at(*at, "GET", "/dockledger/login", &[], "").await;
        let reached = targets(&login.body);
        assert!(reached.contains("/dockledger/login"), "{location}: {reached:?}");
        assert!(
            reached.iter().all(|target| target.starts_with("/dockledger/") || target.starts_with('#')),
            "{location}: {reached:?}"
        );
        let asked = format!("token={}", tokens.read);
        let entered = served.ask_at(*at, "POST", "/dockledger/login", &[form], &asked).await;
        assert_eq!((entered.status, entered.header("location")), (StatusCode::SEE_OTHER, "/dockledger/"), "{location}");
        let cookie = entered.header("set-cookie");
        assert!(cookie.contains("; Path=/dockledger;"), "{location}: {cookie}");
        let session = cookie.split(';').next().expect("a pair");

        let known = all_reached(&served, *at, session).await;
        for part in ["/hosts", "/passes", "/unassigned", "/page.css", "/page.js", "/containers/local/", "/workloads/"] {
            assert!(known.iter().any(|target| target.contains(part)), "{location}: {part} is missing in {known:?}");
        }
        known.iter().for_each(|target| is_ours(target.trim_start_matches("/dockledger")));
        let chosen = "/dockledger/language/ru?back=%2Fhosts%3Fx";
        let chosen = served.ask_at(*at, "POST", chosen, &[("cookie", session)], "").await;
        assert_eq!(chosen.header("location"), "/dockledger/hosts?x", "{location}");
        assert!(chosen.header("set-cookie").contains("; Path=/dockledger;"), "{location}: {chosen:?}");
        let left = served.ask_at(*at, "POST", "/dockledger/logout", &[("cookie", session)], "").await;
        assert_eq!(left.header("location"), "/dockledger/login", "{location}");
    }
    served.ledger.stop().await;
}

/// A base path that begins as one of our own paths could be taken for it.
fn is_ours(path: &str) {
    let first = path.split(['/', '?']).nth(1).unwrap_or_default();
    let refused = first.is_empty() || BasePath::parse(&format!("/{first}")).is_none();
    assert!(refused, "{path} is ours, and /{first} would be a base path");
}

/// F24: API, hooks, stream, document, metrics and health, below the path and at the root.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f24_all_that_is_served_is_served_below_the_path_and_without_it() {
    let mut case = Case::with_shop(1).await;
    with_base_path(&mut case);
    let secret = case.store().add_site(&NewParent::named("docs")).expect("fresh").webhook_secret;
    let (served, tokens) = guarded(&mut case).await;
    for base in ["", "/dockledger"] {
        reaches(&served, served.address, base, &secret, &tokens).await;
    }
    served.get("/dockledgers/healthz").await.is_problem(404, "not_found");
    served.get("/dockledger/dockledger/healthz").await.is_problem(404, "not_found");
    served.get("/x/dockledger/healthz").await.is_problem(404, "not_found");
    match Nginx::before(served.address, &LOCATIONS) {
        Ok(nginx) => {
            for at in &nginx.servers {
                reaches(&served, *at, "/dockledger", &secret, &tokens).await;
            }
        }
        Err(why) => skip("f24_all_that_is_served_is_served_below_the_path_and_without_it", &why),
    }
    served.ledger.stop().await;
}

async fn reaches(served: &Served, at: SocketAddr, base: &str, secret: &str, tokens: &Tokens) {
    let admin = bearer(&tokens.admin);
    let json = ("content-type", "application/json");
    let ask = async |method: &str, path: &str, headers: &[(&str, &str)], body: &str| {
        served.ask_at(at, method, &format!("{base}{path}"), headers, body).await
    };
    for path in ["/healthz", "/readyz"] {
        for method in ["GET", "OPTIONS"] {
            ask(method, path, &[], "").await.json(200);
        }
    }
    ask("POST", &format!("/hooks/{secret}?wait"), &[], "{}").await.json(200);
    ask("GET", "/api/v1/containers", &[], "").await.is_problem(401, "unauthorized");
    let authorized = [("authorization", admin.as_str()), json];
    let metrics = ask("GET", "/metrics", &authorized, "").await;
    assert!(metrics.status == 200 && metrics.body.contains("route=\"/hooks/{secret}\""), "{metrics:?}");
    let document = ask("GET", "/api/v1/openapi.json", &authorized, "").await.json(200);
    assert_eq!(document["servers"][0]["url"], "/dockledger");
    document["paths"].as_object().expect("paths").keys().for_each(|path| is_ours(path));
    let made = ask("POST", "/api/v1/projects", &authorized, "{\"name\":\"web\"}").await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let location = made.header("location");
    assert!(location.starts_with("/dockledger/api/v1/projects/"), "{location}");
    served.ask_at(at, "DELETE", location, &authorized, "").await.json(200);
    let stream = format!(
        "GET {base}/api/v1/changes?after=0 HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\
         Authorization: {admin}\r\n\r\n"
    );
    let streamed = super::limits::until(at, stream.as_bytes(), "\n\n", "event: ").await;
    assert!(streamed.contains("event: "), "{streamed}");
}

/// F7 and F8 through a proxy that hands the body on as it comes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f8_a_webhook_in_pieces_comes_through_a_proxy_that_does_not_gather_it() {
    let case = Case::with_shop(1).await;
    let secret = case.store().add_site(&NewParent::named("docs")).expect("fresh").webhook_secret;
    let served = Served::start(&case.config).await;
    let location = "client_max_body_size 30m; location / { proxy_pass http://SERVICE; proxy_http_version 1.1; \
                    proxy_request_buffering off; }";
    let nginx = match Nginx::before(served.address, &[location]) {
        Ok(nginx) => nginx,
        Err(why) => return skip("f8_a_webhook_in_pieces_comes_through_a_proxy_that_does_not_gather_it", &why),
    };
    let pieces = format!("10000\r\n{}\r\n", "x".repeat(0x1_0000)).repeat(80);
    let head = format!("POST /hooks/{secret} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    let request = format!("{head}Transfer-Encoding: chunked\r\n\r\n{pieces}0\r\n\r\n");
    let answer = raw(nginx.servers[0], request.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    served.ledger.stop().await;
}

/// F24.
#[test]
fn f24_a_base_path_is_read_whole_or_refused_with_what_is_allowed() {
    let program = Program::new().variable("DOCKLEDGER_HTTP_BASE_PATH", "/tools/dockledger/");
    let shown = program.run(&["config", "--json"]);
    assert!(shown.stdout.contains("\"/tools/dockledger\""), "{shown:?}");
    for wrong in ["dockledger", "https://example.org/dockledger", "/a b", "/api", "/../x"] {
        let ended = Program::new().variable("DOCKLEDGER_HTTP_BASE_PATH", wrong).run(&["config"]);
        ended.fails(2, &["such as /dockledger", "http.base_path", wrong]);
    }
}
