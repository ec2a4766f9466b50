//! Start, stop and restart from the page of a container: confirmed, by whoever may, with what came of it.

use dockledger::model::ClaimRequest;
use dockledger::simulation::{Fault, FaultProxy, Reply};
use dockledger::store::{OpenMode, Store};

use super::browser;
use super::login::guarded_with;
use crate::support::asking::{Answer, ask};
use crate::support::showroom::Showroom;

/// Asks as a browser of whoever has the token does.
pub(super) fn visit(room: &Showroom, method: &str, path: &str, token: &str) -> Answer {
    ask(room.address, method, path, &format!("Accept: text/html\r\nAuthorization: Bearer {token}\r\n"))
}

/// The page of the first container that a search finds.
pub(super) fn page_of(room: &Showroom, text: &str, token: &str) -> String {
    let found = visit(room, "GET", &format!("/?text={text}"), token).body;
    let row = found.split("href=\"/containers/").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
    format!("/containers/{row}")
}

fn state(room: &Showroom, name: &str) -> String {
    room.daemon.with(|world| format!("{:?}", world.container(name).expect("it exists").state))
}

/// A service that acts on containers, behind a proxy that can fail, and a token of that scope.
pub(super) fn acting(scope: &str) -> (Showroom, String, FaultProxy) {
    acting_with(scope, |_| {})
}

/// The same, set up in another way.
pub(super) fn acting_with(scope: &str, set_up: impl FnOnce(&mut Showroom)) -> (Showroom, String, FaultProxy) {
    let mut proxy = None;
    let (room, token) = guarded_with(scope, |room| {
        set_up(room);
        let before = FaultProxy::before(room.daemon.socket()).expect("a socket");
        room.config.docker_host = Some(format!("unix://{}", before.socket().display()));
        room.config.actions.enabled = true;
        proxy = Some(before);
    });
    (room, token, proxy.expect("it was made"))
}

/// What the redirect of an order leads to.
fn outcome(room: &Showroom, answer: &Answer, page: &str, token: &str) -> String {
    let place = answer.header("location").expect("it leads on").to_owned();
    assert!(answer.status == 303 && place.starts_with(&format!("{page}?order=")), "{} {place}", answer.status);
    visit(room, "GET", &place, token).body
}

#[test]
fn an_order_is_confirmed_carried_out_and_told_without_scripts() {
    let (room, token, _proxy) = acting("admin");
    let page = page_of(&room, "wiki-search-1", &token);
    let offered = visit(&room, "GET", &page, &token).body;
    assert!(
        offered.contains(&format!("href=\"{page}/stop\"")) && offered.contains(&format!("href=\"{page}/restart\""))
    );
    assert!(!offered.contains(&format!("href=\"{page}/start\"")), "it runs");
    let asked = visit(&room, "GET", &format!("{page}/stop"), &token);
    assert!(asked.status == 200 && asked.body.contains("Stop <bdi>wiki-search-1</bdi>?"), "{}", asked.body);
    assert!(asked.body.contains(&format!("method=\"post\" action=\"{page}/stop\"")));
    assert_eq!(state(&room, "wiki-search-1"), "Running", "nothing was ordered yet");
    let told = outcome(&room, &visit(&room, "POST", &format!("{page}/stop"), &token), &page, &token);
    assert!(told.contains("<b>stop: done</b>") && told.contains(&format!("href=\"{page}/start\"")), "{told}");
    assert_eq!(state(&room, "wiki-search-1"), "Exited");
    let russian = format!("Accept-Language: ru\r\nAuthorization: Bearer {token}\r\n");
    let asked = ask(room.address, "GET", &format!("{page}/start"), &russian).body;
    assert!(asked.contains("Запустить <bdi>wiki-search-1</bdi>?") && asked.contains("Вернуться"), "{asked}");
    assert_eq!(visit(&room, "GET", &format!("{page}/remove"), &token).status, 404, "what cannot be undone has no page");
    let foreign = format!("Authorization: Bearer {token}\r\nOrigin: http://evil.example\r\n");
    assert_eq!(ask(room.address, "POST", &format!("{page}/start"), &foreign).status, 403);
    assert_eq!(state(&room, "wiki-search-1"), "Exited", "another site orders nothing");
}

/// D7: the daemon may carry it out later.
#[test]
fn what_the_daemon_refused_is_told_as_failed_and_what_is_not_known_as_unknown() {
    let (room, token, proxy) = acting("admin");
    let page = page_of(&room, "wiki-search-1", &token);
    let id = room.daemon.with(|world| world.container("wiki-search-1").expect("it exists").id.clone());
    for (fault, word, wrong) in [
        (Fault::HangUp, "<b>stop: unknown</b>", "failed"),
        (Fault::Answer(Reply::new(500, "{\"message\":\"cannot stop it\"}")), "<b>stop: failed</b>", "unknown"),
    ] {
        proxy.heal();
        proxy.inject(fault.on(&format!("/containers/{id}/stop")));
        let told = outcome(&room, &visit(&room, "POST", &format!("{page}/stop"), &token), &page, &token);
        assert!(told.contains(word) && !told.contains(&format!("<b>stop: {wrong}</b>")), "{told}");
        assert!(told.contains("class=\"reason\""), "it says why");
    }
    assert!(!visit(&room, "GET", &page, &token).body.contains("class=\"outcome"), "told to whoever ordered it, once");
    assert!(!visit(&room, "GET", &format!("{page}?order=none"), &token).body.contains("class=\"outcome"));
}

#[test]
fn a_deployer_acts_on_instances_of_stages_and_on_nothing_else() {
    let (room, token, _proxy) = acting("deploy");
    let page = page_of(&room, "billing-staging-1", &token);
    let told = outcome(&room, &visit(&room, "POST", &format!("{page}/restart"), &token), &page, &token);
    assert!(told.contains("<b>restart: done</b>"), "{told}");
    let stack = page_of(&room, "wiki-search-1", &token);
    assert!(!visit(&room, "GET", &stack, &token).body.contains("class=\"act\""));
    for method in ["GET", "POST"] {
        let refused = visit(&room, method, &format!("{stack}/stop"), &token);
        assert!(refused.status == 403 && refused.body.contains("You may not do that here"), "{}", refused.body);
        assert!(
            refused.body.contains("<nav") && refused.body.contains("scope admin"),
            "within the frame, with the cure"
        );
    }
    assert_eq!(state(&room, "wiki-search-1"), "Running");
}

/// B25: a container whose own label names another project was taken by whoever claimed it.
#[test]
fn an_order_that_is_refused_at_its_turn_is_told_as_refused() {
    let (room, token, _proxy) = acting("deploy");
    let container = room.daemon.with(|world| world.container("reports-canary").expect("it exists").id.clone());
    let taken = ClaimRequest {
        project: "billing".into(),
        stage: Some("production".into()),
        row: Some("taken".into()),
        container_id: Some(container),
        ..ClaimRequest::default()
    };
    let mut store = Store::open(&room.config, OpenMode::Write).expect("the ledger opens");
    store.claim(&room.config.host, &taken).expect("nobody else has it");
    let page = "/containers/local/taken";
    let told = outcome(&room, &visit(&room, "POST", &format!("{page}/stop"), &token), page, &token);
    assert!(told.contains("<b>stop: refused</b>") && told.contains("name another owner"), "{told}");
    assert_eq!(state(&room, "reports-canary"), "Running");
}

#[test]
fn whoever_may_only_read_is_offered_nothing_and_orders_nothing() {
    let (room, token, _proxy) = acting("read");
    let page = page_of(&room, "billing-staging-1", &token);
    assert!(!visit(&room, "GET", &page, &token).body.contains("class=\"act\""));
    assert_eq!(visit(&room, "GET", &format!("{page}/stop"), &token).status, 403);
    assert_eq!(visit(&room, "POST", &format!("{page}/stop"), &token).status, 403);
    let nobody = |method: &str| ask(room.address, method, &format!("{page}/stop"), "").status;
    assert_eq!((nobody("GET"), nobody("POST")), (401, 401));
    assert_eq!(state(&room, "billing-staging-1"), "Running");

    let mut open = Showroom::furnished();
    open.stop();
    open.config.actions.enabled = true;
    open.start_again();
    let page = page_of(&open, "billing-staging-1", "");
    assert_eq!(ask(open.address, "POST", &format!("{page}/stop"), "").status, 403, "loopback may read");
    assert_eq!(state(&open, "billing-staging-1"), "Running");
}

#[test]
fn nothing_is_offered_where_actions_are_off() {
    let (room, token) = guarded_with("admin", |_| {});
    let page = page_of(&room, "wiki-search-1", &token);
    assert!(!visit(&room, "GET", &page, &token).body.contains("class=\"act\""));
    let refused = visit(&room, "POST", &format!("{page}/stop"), &token);
    assert!(refused.status == 403 && refused.body.contains("actions.enabled"), "{}", refused.body);
    assert_eq!(state(&room, "wiki-search-1"), "Running");
}

#[test]
fn a_browser_stops_a_container_by_two_clicks() {
    let Some(browser) = browser("a_browser_stops_a_container_by_two_clicks", "en") else { return };
    let (room, token, _proxy) = acting("admin");
    let page = page_of(&room, "wiki-search-1", &token);
    browser.go(&room.url(&page));
    browser.wait("location.pathname === '/login'");
    browser.type_into("#token", &token);
    browser.click(".login button");
    browser.wait("document.querySelector('.act') !== null");
    browser.keep_screenshot("acts");
    browser.click(".act[href$='/stop']");
    browser.wait("document.querySelector('.confirm') !== null");
    browser.keep_screenshot("order");
    browser.click(".confirm .sure");
    browser.wait("document.querySelector('.outcome b')?.textContent === 'stop: done'");
    browser.keep_screenshot("ordered");
    assert_eq!(state(&room, "wiki-search-1"), "Exited");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn the_audit_says_who_did_what_when_to_which_container_and_what_came_of_it() {
    let (room, token, proxy) = acting("admin");
    let page = page_of(&room, "wiki-search-1", &token);
    let id = room.daemon.with(|world| world.container("wiki-search-1").expect("it exists").id.clone());
    assert!(visit(&room, "GET", "/audit", &token).body.contains("Nothing was ordered yet"));
    visit(&room, "POST", &format!("{page}/stop"), &token);
    proxy.inject(Fault::HangUp.on(&format!("/containers/{id}/start")));
    visit(&room, "POST", &format!("{page}/start"), &token);
    let audit = visit(&room, "GET", "/audit", &token).body;
    let rows: Vec<&str> = audit.split("data-key=\"order ").skip(1).collect();
    assert_eq!(rows.len(), 2, "{audit}");
    for (row, action, outcome) in [(rows[0], ">start<", ">unknown<"), (rows[1], ">stop<", ">done<")] {
        for expected in [action, outcome, "<bdi>ann</bdi>", "<bdi>wiki-search-1</bdi>", "<bdi>wiki</bdi>", "UTC</time>"]
        {
            assert!(row.contains(expected), "{expected}: {row}");
        }
    }
    let russian = format!("Accept-Language: ru\r\nAuthorization: Bearer {token}\r\n");
    let audit = ask(room.address, "GET", "/audit", &russian).body;
    for expected in ["<h1>Журнал</h1>", ">запуск<", ">неизвестно<", ">сделано<"] {
        assert!(audit.contains(expected), "{expected}: {audit}");
    }
    let of_row = visit(&room, "GET", &page, &token).body;
    let link = of_row.split("href=\"/audit?").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
    let narrowed = visit(&room, "GET", &format!("/audit?{}", link.replace("&amp;", "&").replace("&#38;", "&")), &token);
    assert_eq!(narrowed.body.matches("data-key=\"order ").count(), 2);
    assert!(visit(&room, "GET", "/audit?who=bob", &token).body.contains("No such order is kept"));
}

#[test]
fn the_audit_is_for_those_who_see_all_orders() {
    let (room, token, _proxy) = acting("deploy");
    assert!(!visit(&room, "GET", "/hosts", &token).body.contains("href=\"/audit\""));
    let refused = visit(&room, "GET", "/audit", &token);
    assert!(refused.status == 403 && refused.body.contains("<nav") && refused.body.contains("scope admin"));
    let (room, token, _proxy) = acting("admin");
    assert!(visit(&room, "GET", "/hosts", &token).body.contains("href=\"/audit\""));
}
