//! Who may do what, over real connections.

use std::os::unix::fs::PermissionsExt as _;

use dockledger::config::Config;
use hyper::StatusCode;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::cli::program::Program;
use crate::support::http::Served;
use crate::whole::ledger::Case;

/// A token of each scope, and the file that holds them.
pub(super) struct Tokens {
    pub(super) read: String,
    pub(super) deploy: String,
    pub(super) admin: String,
}

/// As an operator makes it.
fn token(name: &str, scope: &str) -> (String, String) {
    let made = Program::new().run(&["token", "new", name, "--scope", scope, "--json"]).json();
    let text = |field: &str| made[field].as_str().expect("a text").to_owned();
    assert!(!text("line").contains(&text("token")), "the file does not hold the token");
    (text("token"), text("line"))
}

fn write(config: &Config, lines: &[&str]) {
    let path = config.http.tokens.as_ref().expect("a file is named");
    std::fs::write(path, lines.join("\n")).expect("written");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("chmod");
}

pub(super) async fn guarded(case: &mut Case) -> (Served, Tokens) {
    guarded_with(case, &[]).await
}

/// With further lines in the file of tokens.
pub(super) async fn guarded_with(case: &mut Case, further: &[&str]) -> (Served, Tokens) {
    case.config.http.tokens = Some(case.path("tokens"));
    let [read, deploy, admin] = ["read", "deploy", "admin"].map(|scope| token(scope, scope));
    let mut lines = vec![&*read.1, &*deploy.1, &*admin.1];
    lines.extend(further);
    write(&case.config, &lines);
    (Served::start(&case.config).await, Tokens { read: read.0, deploy: deploy.0, admin: admin.0 })
}

pub(super) fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// B28.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_wrong_empty_or_huge_token_is_let_in() {
    let mut case = Case::with_shop(1).await;
    let (served, tokens) = guarded(&mut case).await;
    served.get("/api/v1/containers").await.is_problem(401, "unauthorized");
    let cut = &tokens.admin[..tokens.admin.len() - 1];
    for wrong in ["", "Bearer", "Bearer ", "Bearer x", &bearer(cut), &tokens.admin, &format!("Basic {}", tokens.admin)]
    {
        let answer = served.get_with("/api/v1/containers", &[("authorization", wrong)]).await;
        answer.is_problem(401, "unauthorized");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        assert!(!answer.body.contains(&tokens.admin), "{answer:?}");
    }
    let huge = bearer(&"x".repeat(1_000_000));
    let answer = served.get_with("/api/v1/containers", &[("authorization", &huge)]).await;
    assert_eq!(answer.status, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    served.get_with("/api/v1/containers", &[("authorization", &bearer(&tokens.read))]).await.json(200);
    served.get("/healthz").await.json(200);
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scope_includes_those_before_it_and_none_after() {
    let mut case = Case::with_shop(1).await;
    let (served, tokens) = guarded(&mut case).await;
    let ask = async |method: &str, path: &str, token: &str, body: &str| {
        let headers = [("authorization", bearer(token)), ("content-type", "application/json".to_owned())];
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        served.ask(method, path, &headers, body).await.status.as_u16()
    };
    let expected = [("read", &tokens.read, [200, 403, 403]), ("deploy", &tokens.deploy, [200, 200, 403])];
    for (scope, token, statuses) in expected.into_iter().chain([("admin", &tokens.admin, [200, 200, 201])]) {
        let read = ask("GET", "/api/v1/containers", token, "").await;
        let deploy = ask("POST", "/api/v1/passes", token, "").await;
        let admin = ask("POST", "/api/v1/projects", token, r#"{"name":"console"}"#).await;
        assert_eq!([read, deploy, admin], statuses, "{scope}");
    }
    served.ledger.stop().await;
}

/// Whatever is added later: what the document describes and is not meant for everybody needs a token.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_path_of_the_document_is_closed_without_a_token() {
    let mut case = Case::new();
    let (served, tokens) = guarded(&mut case).await;
    served.get("/api/v1/openapi.json").await.is_problem(401, "unauthorized");
    let document = served.get_with("/api/v1/openapi.json", &[("authorization", &bearer(&tokens.read))]).await.json(200);
    let mut asked = 0;
    for (path, operations) in document["paths"].as_object().expect("paths") {
        // What answers to nobody in particular, and what a secret of its own opens.
        if matches!(path.as_str(), "/healthz" | "/readyz" | "/hooks" | "/hooks/{secret}") {
            continue;
        }
        for method in operations.as_object().expect("operations").keys() {
            let answer = served.ask(&method.to_uppercase(), &filled(path), &[], "").await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}");
            asked += 1;
        }
    }
    assert!(asked > 20, "the document is not empty: {asked}");
    served.ledger.stop().await;
}

/// A path of the document with a word in each of its places.
fn filled(path: &str) -> String {
    path.split('/').map(|part| if part.starts_with('{') { "x" } else { part }).collect::<Vec<_>>().join("/")
}

/// Every local user, every container on the host's network and every page that fools a browser reaches loopback.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_tokens_loopback_reads_and_changes_nothing() {
    let case = Case::with_shop(1).await;
    let served = Served::start(&case.config).await;
    let before = (served.passes_asked_for(), case.states());
    let document = served.get("/api/v1/openapi.json").await.json(200);
    let (mut read, mut refused) = (0, 0);
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for method in operations.as_object().expect("operations").keys().map(|method| method.to_uppercase()) {
            let answer = served.ask(&method, &filled(path), &[("content-type", "application/json")], "{}").await;
            let is_closed = matches!(answer.status.as_u16(), 401 | 403);
            let is_an_administrators = matches!(path.as_str(), "/api/v1/audit" | "/api/v1/settings");
            let reads = matches!(method.as_str(), "GET" | "HEAD" | "OPTIONS") && !is_an_administrators;
            if reads || path.starts_with("/hooks") {
                assert!(!is_closed, "{method} {path}: {answer:?}");
                read += 1;
            } else {
                answer.is_problem(401, "unauthorized");
                let socket = served.control.to_str().expect("UTF-8");
                for cure in ["dockledger token new", "http.tokens", "--unix-socket", socket] {
                    assert!(answer.body.contains(cure), "{method} {path} lacks {cure}: {answer:?}");
                }
                refused += 1;
            }
        }
    }
    assert!(read > 10 && refused > 10, "{read} and {refused}");
    let foreign = served.ask("POST", "/api/v1/passes", &[("authorization", "Bearer x")], "").await;
    foreign.is_problem(401, "unauthorized");
    served.ask("DELETE", "/api/v1/stacks/shop?force=true", &[], "").await.is_problem(401, "unauthorized");
    assert_eq!((served.passes_asked_for(), case.states()), before, "nothing changed and no pass ran");
    for page in ["/", "/hosts", "/unassigned", "/passes", "/metrics"] {
        assert_eq!(served.get(page).await.status, StatusCode::OK, "{page}");
    }
    served.order("POST", "/api/v1/passes", &[], "").await.json(200);
    served.order("DELETE", "/api/v1/stacks/shop?force=true", &[], "").await.json(200);
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_tokens_a_hook_works_by_its_secret() {
    let case = Case::with_shop(1).await;
    let secret = case.store().add_site(&dockledger::store::NewParent::named("docs")).expect("fresh").webhook_secret;
    let served = Served::start(&case.config).await;
    let ran = served.ask("POST", &format!("/hooks/{secret}?wait"), &[], "").await.json(200);
    assert_eq!(ran["outcome"], "committed");
    served.ledger.stop().await;
}

/// B29: a page whose name was made to point to us reads nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_host_is_refused_whatever_it_asks() {
    let mut case = Case::with_shop(1).await;
    case.config.http.allowed_hosts = vec!["ledger.example.org".into()];
    let served = Served::start(&case.config).await;
    for (host, status) in [("evil.example", 421), ("localhost", 200), ("ledger.example.org", 200), ("127.0.0.1:1", 200)]
    {
        let answer = served.get_with("/api/v1/containers", &[("host", host)]).await;
        assert_eq!(answer.status.as_u16(), status, "{host}: {answer:?}");
    }
    let refused = served.get_with("/api/v1/containers", &[("host", "evil.example")]).await;
    refused.is_problem(421, "foreign_host");
    served.get_with("/healthz", &[("host", "balancer.example")]).await.json(200);
    served.ledger.stop().await;
}

/// B30.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_another_site_runs_no_pass() {
    let mut case = Case::with_shop(1).await;
    let (served, tokens) = guarded(&mut case).await;
    let form = ("content-type", "application/x-www-form-urlencoded");
    let entered = served.ask("POST", "/login", &[form], &format!("token={}", tokens.deploy)).await;
    let session = ("cookie", entered.header("set-cookie").split(';').next().expect("a pair"));
    for foreign in [("origin", "http://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")] {
        served.ask("POST", "/api/v1/passes", &[foreign, session], "").await.is_problem(403, "foreign_origin");
    }
    let own = format!("http://{}", served.address);
    served.ask("POST", "/api/v1/passes", &[("origin", &own), session], "").await.json(200);
    let cross = served.ask("GET", "/api/v1/containers", &[("origin", "http://evil.example")], "").await;
    assert_eq!(cross.header("access-control-allow-origin"), "", "no other site may read the answer");
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_trades_a_token_for_a_cookie_that_pages_cannot_read() {
    let mut case = Case::with_shop(1).await;
    let (served, tokens) = guarded(&mut case).await;
    let form = ("content-type", "application/x-www-form-urlencoded");
    let refused = served.ask("POST", "/login", &[form], "token=wrong").await;
    assert_eq!((refused.status, refused.header("set-cookie")), (StatusCode::UNAUTHORIZED, ""));
    let shown = served.get_with("/login", &[("accept-language", "ru")]).await;
    assert!(shown.body.contains("Токен") && shown.header("content-security-policy").starts_with("default-src 'none'"));

    let entered = served.ask("POST", "/login", &[form], &format!("token={}", tokens.read)).await;
    assert_eq!((entered.status, entered.header("location")), (StatusCode::SEE_OTHER, "/"));
    let cookie = entered.header("set-cookie").to_owned();
    assert!(["HttpOnly", "SameSite=Lax", "Path=/"].iter().all(|part| cookie.contains(part)), "{cookie}");
    assert!(!cookie.contains(&tokens.read), "the cookie is not the token");
    let asked = format!("token={}", tokens.read);
    let behind_tls = served.ask("POST", "/login", &[form, ("x-forwarded-proto", "https")], &asked).await;
    assert!(behind_tls.header("set-cookie").contains("; Secure"));

    let session = cookie.split(';').next().expect("a pair");
    served.get_with("/api/v1/containers", &[("cookie", session)]).await.json(200);
    served.ask("POST", "/api/v1/passes", &[("cookie", session)], "").await.is_problem(403, "forbidden");
    let both = [("cookie", session), ("authorization", "Bearer wrong")];
    served.get_with("/api/v1/containers", &both).await.is_problem(401, "unauthorized");
    let left = served.ask("POST", "/logout", &[("cookie", session)], "").await;
    assert_eq!(left.header("location"), "/login");
    served.get_with("/api/v1/containers", &[("cookie", session)]).await.is_problem(401, "unauthorized");
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_taken_out_of_the_file_ends_with_its_sessions() {
    let mut case = Case::with_shop(1).await;
    let (served, tokens) = guarded(&mut case).await;
    let form = ("content-type", "application/x-www-form-urlencoded");
    let entered = served.ask("POST", "/login", &[form], &format!("token={}", tokens.deploy)).await;
    let session = entered.header("set-cookie").split(';').next().expect("a pair").to_owned();
    served.get_with("/api/v1/containers", &[("cookie", &session)]).await.json(200);

    write(&case.config, &["nonsense"]);
    served.http.reload().expect_err("no token");
    served.get_with("/api/v1/containers", &[("cookie", &session)]).await.json(200);
    let (other, line) = token("other", "read");
    write(&case.config, &[&line]);
    assert!(served.http.reload().expect("a token"));
    for headers in [("cookie", session.as_str()), ("authorization", &bearer(&tokens.deploy))] {
        served.get_with("/api/v1/containers", &[headers]).await.is_problem(401, "unauthorized");
    }
    served.get_with("/api/v1/containers", &[("authorization", &bearer(&other))]).await.json(200);
    served.ledger.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_by_the_control_socket_needs_no_token() {
    let mut case = Case::with_shop(1).await;
    case.config.http.control_socket = Some(case.path("control/ledger.sock"));
    let (served, _) = guarded(&mut case).await;
    let mut socket = tokio::net::UnixStream::connect(case.path("control/ledger.sock")).await.expect("it is served");
    socket.write_all(b"POST /api/v1/passes HTTP/1.0\r\n\r\n").await.expect("asked");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.expect("answered");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("HTTP/1.0 200"), "{head}");
    let report: Value = serde_json::from_str(body).expect("a report");
    assert_eq!(report["outcome"], "committed");
    served.ledger.stop().await;
}

/// B44, and the start that would open the ledger to the network.
#[test]
fn a_service_that_everybody_could_use_is_not_started() {
    let program = Program::new().variable("DOCKLEDGER_HTTP_LISTEN", "0.0.0.0:0");
    let ended = program.run(&["run"]);
    ended.fails(2, &["there are no tokens", "dockledger token new", "0.0.0.0:0"]);

    let (secret, line) = token("ci", "deploy");
    let path = program.file("tokens", line);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("chmod");
    let program = program.variable("DOCKLEDGER_HTTP_TOKENS", &path);
    let ended = program.run(&["run"]);
    ended.fails(2, &["is open to others", "chmod 600"]);
    assert!(!ended.stderr.contains(&secret));
}
