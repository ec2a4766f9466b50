//! What a token that is bound to projects is shown.

use dockledger::store::{OpenMode, Store};

use super::acts::{page_of, visit};
use super::login::guarded_with;
use crate::support::asking::{ask, send};
use crate::support::showroom::Showroom;

/// A service that acts on containers, and a token of that scope for the project `billing` alone.
pub(super) fn bound(scope: &str) -> (Showroom, String) {
    guarded_with(scope, |room| {
        let mut store = Store::open(&room.config, OpenMode::Read).expect("the ledger opens");
        let id = store.show_project("billing").expect("it is registered").id;
        let tokens = room.config.http.tokens.clone().expect("a file is named");
        let line = std::fs::read_to_string(&tokens).expect("a line");
        std::fs::write(&tokens, format!("{} project={id}\n", line.trim_end())).expect("written");
        room.config.actions.enabled = true;
    })
}

#[test]
fn a_bound_token_is_led_from_the_login_to_what_it_may_do_and_to_its_containers() {
    let (room, token) = bound("deploy");
    let head = "Content-Type: application/x-www-form-urlencoded\r\n";
    let entered = send(room.address, "POST", "/login", head, &format!("token={token}&next="));
    assert_eq!((entered.status, entered.header("location")), (303, Some("/")));
    let home = visit(&room, "GET", "/", &token);
    assert_eq!(home.status, 200, "{}", home.body);
    for expected in ["What this token may do", "claims containers", "<bdi>billing</bdi>", "billing-staging-1", "<nav"] {
        assert!(home.body.contains(expected), "{expected}: {}", home.body);
    }
    for hidden in ["storefront", "wiki", "href=\"/hosts\"", "href=\"/audit\""] {
        assert!(!home.body.contains(hidden), "{hidden}");
    }
    let russian = format!("Accept: text/html\r\nAccept-Language: ru\r\nAuthorization: Bearer {token}\r\n");
    assert!(ask(room.address, "GET", "/", &russian).body.contains("Что может этот токен"));
    let (room, token) = bound("read");
    let home = visit(&room, "GET", "/", &token).body;
    assert!(home.contains("sees their containers.") && !home.contains("claims containers"));
}

#[test]
fn what_is_not_within_its_projects_is_refused_in_the_frame_and_shows_nothing() {
    let (room, token) = bound("deploy");
    for path in ["/hosts", "/activity", "/passes", "/unassigned", "/workloads", "/audit", "/routes"] {
        let refused = visit(&room, "GET", path, &token);
        assert_eq!(refused.status, 403, "{path}");
        assert!(refused.body.contains("not within its projects") && !refused.body.contains("wiki"), "{path}");
    }
    let program = ask(room.address, "GET", "/hosts", &format!("Authorization: Bearer {token}\r\n"));
    assert_eq!((program.status, program.header("content-type")), (403, Some("application/problem+json")));
    for path in ["/workloads/w-storefront", "/containers/local/nobody"] {
        let hidden = visit(&room, "GET", path, &token);
        assert!(hidden.status == 404 && !hidden.body.contains("<bdi>storefront"), "{path}: {}", hidden.body);
    }
    let mut store = Store::open(&room.config, OpenMode::Read).expect("the ledger opens");
    let rows = store.rows(&dockledger::store::RowFilter::default()).expect("read");
    let theirs = rows.iter().find(|row| &*row.observed.name == "storefront-staging-1").expect("a row");
    for (method, path) in [("GET", ""), ("GET", "/stop"), ("POST", "/stop")] {
        let asked = visit(&room, method, &format!("/containers/local/{}{path}", theirs.id), &token);
        assert!(asked.status == 404 && !asked.body.contains("<bdi>storefront"), "{method} {path}: {}", asked.body);
    }
}

#[test]
fn within_its_projects_it_sees_and_acts() {
    let (room, token) = bound("deploy");
    let page = page_of(&room, "", &token);
    let shown = visit(&room, "GET", &page, &token).body;
    assert!(shown.contains("<bdi>billing</bdi>") && shown.contains(&format!("href=\"{page}/stop\"")), "{shown}");
    assert!(visit(&room, "GET", "/workloads/w-billing", &token).body.contains("billing-staging-1"));
    let ordered = visit(&room, "POST", &format!("{page}/stop"), &token);
    let place = ordered.header("location").expect("it leads on");
    assert!(visit(&room, "GET", place, &token).body.contains("<b>stop: done</b>"));
}
