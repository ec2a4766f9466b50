//! What the page answers to anybody, browser or not: whole without scripts, with the headers that keep it safe.

use crate::support::asking::{ask, get};
use crate::support::showroom::Showroom;

#[test]
fn without_scripts_the_page_is_whole_and_its_form_filters() {
    let room = Showroom::furnished();
    let all = get(&room, "/").body;
    for expected in
        ["<form", "method=\"get\" action=\"/\"", "name=\"text\"", "name=\"kind\"", "name=\"host\"", "class=\"apply\""]
    {
        assert!(all.contains(expected), "{expected}");
    }
    assert!(all.contains("storefront-production-1") && all.contains("href=\"/?state=stopped\""));
    assert!(all.contains("<b><bdi>local</bdi>:</b>") && all.contains("complete pass"));
    let some = get(&room, "/?kind=site&host=&state=&text=handbook").body;
    assert!(some.contains("site-handbook") && !some.contains("storefront-production-1"));
    assert!(some.contains("1 container of "), "the count says what is shown");
    let nothing = get(&room, "/?state=paused&text=nowhere").body;
    assert!(nothing.contains("No container matches"));
    let unknown = get(&room, "/?state=bogus").body;
    assert!(unknown.contains("No row can be in the state <bdi>bogus</bdi>") && unknown.contains("attention; crashed"));
}

#[test]
fn what_is_down_whose_it_is_and_since_when_is_two_clicks_away() {
    let room = Showroom::furnished();
    let down = get(&room, "/?state=down").body;
    for name in ["backup-restic-1", "ci-builder-b-1", "mail-clamav-1", "files-cron-1"] {
        assert!(down.contains(name), "{name}");
    }
    assert!(!down.contains("chat-synapse-1"));
    let history = down.split("href=\"/containers/").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
    let history = get(&room, &format!("/containers/{history}")).body;
    assert!(history.contains("<svg") && history.contains("<rect"), "the history is drawn");
    let owner = down.split("href=\"/workloads/").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
    assert_eq!(get(&room, &format!("/workloads/{owner}")).status, 200);
    let unassigned = get(&room, "/unassigned").body;
    for fix in
        ["dockledger adopt experiment", "dockledger site add site-ghost --id site-ghost", "--project reports --stage"]
    {
        assert!(unassigned.contains(fix), "{fix}");
    }
    let (lacking, apart) = unassigned.split_once("Needs no owner").expect("the one-off stands apart");
    assert!(apart.contains("shop-web-run-3f1c") && !apart.contains("dockledger adopt"), "{apart}");
    let counted =
        lacking.split("Unassigned <span class=\"count alarming\">").nth(1).and_then(|rest| rest.split('<').next());
    assert_eq!(counted, Some(lacking.matches("data-key=\"lacking ").count().to_string().as_str()));
    for page in ["/hosts", "/passes"] {
        assert_eq!(get(&room, page).status, 200, "{page}");
    }
}

/// F1, F2: as any process tells it from the ledger, of a host that another one serves.
#[test]
fn a_refused_call_is_told_with_its_cure_in_both_languages() {
    let room = Showroom::furnished();
    room.execute(
        r#"UPDATE hosts SET refusals = '[{"call": "images", "request": "GET /images/{id}/json", "status": 403,
           "cause": "denied", "waiting_helps": false, "effect": "labels are not checked", "cure": "allow it (IMAGES=1)"}]'
           WHERE name = 'edge'"#,
    );
    for (language, words) in [("en", "is refused with status 403"), ("ru", "403")] {
        let hosts = ask(room.address, "GET", "/hosts", &format!("Accept-Language: {language}\r\n")).body;
        let card = hosts.split("data-key=\"card edge\"").nth(1).expect("its card");
        for expected in [words, "GET /images/{id}/json", "IMAGES=1"] {
            assert!(card.contains(expected), "{language}: {expected}: {card}");
        }
    }
}

#[test]
fn what_needs_attention_comes_first_and_is_counted_in_the_navigation() {
    let room = Showroom::furnished();
    let all = get(&room, "/").body;
    let count = all.split("class=\"count alarming\">").nth(1).and_then(|rest| rest.split('<').next()).expect("a count");
    let needing = get(&room, "/?state=attention").body;
    let shown = needing.matches("<td role=\"cell\" class=\"c-state\">").count();
    assert_eq!(count, shown.to_string());
    let place = |name: &str| all.find(&format!("<bdi>{name}</bdi>")).expect(name);
    assert!(place("files-cron-1") < place("reports-production-2"), "what is gone before what crashed");
    assert!(place("reports-production-2") < place("wiki-app-1"), "what crashed before what is unwell");
    assert!(place("wiki-app-1") < place("backup-restic-1"), "what needs attention before what was stopped by request");
    assert!(place("backup-restic-1") < place("chat-synapse-1"), "what is down before what is up");
    let crashed = get(&room, "/?state=crashed").body;
    assert!(crashed.contains("crashed, exit code 1<") && !crashed.contains("wiki-app-1"));
}

#[test]
fn an_empty_ledger_says_what_to_do_next() {
    let room = Showroom::empty();
    let empty = get(&room, "/").body;
    assert!(empty.contains("dockledger adopt --all") && empty.contains("href=\"/unassigned\""), "{empty}");
    assert!(get(&room, "/unassigned").body.contains("Every container that the daemon lists has an owner"));
}

#[test]
fn every_answer_of_the_page_forbids_what_it_did_not_bring() {
    let room = Showroom::empty();
    let assets = asset_of(&room, "page.css");
    for path in ["/", "/hosts", "/workloads/nobody", &assets, "/assets/x/none.js"] {
        let answer = get(&room, path);
        let policy = answer.header("content-security-policy").unwrap_or_default().to_owned();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{path}: {policy}");
        assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        let inline = [" onclick=", " onload=", " style=", "<style", "javascript:"];
        assert!(!inline.iter().any(|inline| answer.body.contains(inline)), "{path}");
        assert!(!answer.body.contains("<script>") && !answer.body.contains("https://"), "{path}");
    }
}

/// The path of a part of the page, as a page names it.
fn asset_of(room: &Showroom, name: &str) -> String {
    let page = get(room, "/").body;
    let path = page.split('"').find(|part| part.starts_with("/assets/") && part.ends_with(name));
    path.expect("the page names it").to_owned()
}

/// B36.
#[test]
fn parts_of_the_page_are_kept_by_their_hash_and_no_path_leads_out_of_them() {
    let room = Showroom::empty();
    let path = asset_of(&room, "page.js");
    let module = get(&room, &path);
    assert_eq!((module.status, module.header("content-type")), (200, Some("text/javascript; charset=utf-8")));
    assert_eq!(module.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(get(&room, "/assets/old/page.js").header("cache-control"), Some("no-cache"));
    for path in [
        "/assets/x/../../../etc/passwd",
        "/assets/x/..%2f..%2f..%2fetc%2fpasswd",
        "/assets/%2e%2e/%2e%2e",
        "/assets//etc/passwd",
        "/assets/x/page.css%00.js",
        "/../Cargo.toml",
    ] {
        let answer = get(&room, path);
        assert!((400..500).contains(&answer.status), "{path}: {}", answer.status);
        assert!(!answer.body.contains("root:"), "{path}");
    }
}

#[test]
fn what_is_not_there_is_told_as_a_page() {
    let room = Showroom::empty();
    for path in ["/workloads/nobody", "/containers/local/nothing", "/nowhere", "/hosts/nowhere"] {
        let answer = ask(room.address, "GET", path, "Accept: text/html\r\nAccept-Language: ru\r\n");
        assert!(
            answer.body.contains("href=\"/hosts\"") && answer.body.contains("class=\"freshness\""),
            "{path}: in the frame"
        );
        assert!(answer.header("content-security-policy").is_some(), "{path}");
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.body.contains("Здесь ничего нет") && answer.body.contains("lang=\"ru\""), "{path}");
    }
}
