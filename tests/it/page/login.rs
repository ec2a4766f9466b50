//! Who is here: the way in, the way back to where one was going, and the way out.

use std::os::unix::fs::PermissionsExt as _;

use super::browser;
use crate::cli::program::Program;
use crate::support::asking::{Answer, ask, send};
use crate::support::chromium::Browser;
use crate::support::showroom::Showroom;

/// A service that asks for tokens, and the token of `ann`, who may do what `scope` says.
pub(super) fn guarded(scope: &str) -> (Showroom, String) {
    guarded_with(scope, |_| {})
}

/// The same, set up in another way.
pub(super) fn guarded_with(scope: &str, set_up: impl FnOnce(&mut Showroom)) -> (Showroom, String) {
    let mut room = Showroom::furnished();
    let made = Program::new().run(&["token", "new", "ann", "--scope", scope, "--json"]).json();
    let tokens = room.place("tokens");
    std::fs::write(&tokens, made["line"].as_str().expect("a line")).expect("written");
    std::fs::set_permissions(&tokens, std::fs::Permissions::from_mode(0o600)).expect("chmod");
    room.stop();
    room.config.http.tokens = Some(tokens);
    set_up(&mut room);
    room.start_again();
    (room, made["token"].as_str().expect("a token").to_owned())
}

/// In a browser, by hand.
pub(super) fn log_in(browser: &Browser, room: &Showroom, token: &str) {
    browser.go(&room.url("/login"));
    browser.wait("document.querySelector('#token') !== null");
    browser.type_into("#token", token);
    browser.click(".login button");
    browser.wait("location.pathname === '/'");
}

fn looked_at(room: &Showroom, path: &str, headers: &str) -> Answer {
    ask(room.address, "GET", path, &format!("Accept: text/html\r\n{headers}"))
}

#[test]
fn a_link_leads_through_the_login_to_where_it_points_and_nowhere_else() {
    let (room, token) = guarded("read");
    let asked = looked_at(&room, "/containers/local/w%3Aweb?x=1", "");
    let location = asked.header("location").expect("to the login").to_owned();
    assert_eq!((asked.status, location.as_str()), (303, "/login?next=%2Fcontainers%2Flocal%2Fw%253Aweb%3Fx%3D1"));
    let login = looked_at(&room, &location, "").body;
    assert!(login.contains("name=\"next\" value=\"/containers/local/w%3Aweb?x=1\""), "{login}");
    let elsewhere = looked_at(&room, "/login?next=%2F%2Fevil.example", "").body;
    assert!(elsewhere.contains("name=\"next\" value=\"/\"") && !elsewhere.contains("evil"), "{elsewhere}");

    let log_in = |body: &str| {
        let head = "Content-Type: application/x-www-form-urlencoded\r\n";
        send(room.address, "POST", "/login", head, body)
    };
    for (next, leads) in
        [("%2Fhosts%3Fx", "/hosts?x"), ("%2F%2Fevil.example", "/"), ("https%3A%2F%2Fevil.example", "/")]
    {
        let entered = log_in(&format!("token={token}&next={next}"));
        assert_eq!((entered.status, entered.header("location")), (303, Some(leads)), "{next}");
        let cookie = entered.header("set-cookie").expect("a cookie");
        assert!(cookie.contains("HttpOnly; SameSite=Lax; Path=/;"), "{cookie}");
    }
    let wrong = log_in("token=wrong&next=%2Fhosts");
    assert!(wrong.status == 401 && wrong.body.contains("value=\"/hosts\"") && wrong.body.contains("not known"));
}

#[test]
fn the_login_is_in_the_products_dress_and_both_languages_and_tells_nothing_of_the_ledger() {
    let (room, _) = guarded("read");
    for (language, words) in [("en", "Log in to Dockledger"), ("ru", "Вход в Dockledger")] {
        let login = looked_at(&room, "/login", &format!("Accept-Language: {language}\r\n"));
        assert!(login.body.contains(words) && login.body.contains("page.css"), "{}", login.body);
        assert!(!login.body.contains("class=\"freshness\"") && !login.body.contains("<nav"), "{}", login.body);
        let policy = login.header("content-security-policy").unwrap_or_default();
        assert!(policy.starts_with("default-src 'none'") && login.header("cache-control") == Some("no-store"));
        let lost = looked_at(&room, "/nowhere", &format!("Accept-Language: {language}\r\n"));
        assert!(lost.status == 404 && !lost.body.contains("class=\"freshness\""), "{}", lost.body);
    }
}

#[test]
fn who_is_logged_in_is_told_and_can_leave() {
    let Some(browser) = browser("who_is_logged_in_is_told_and_can_leave", "en") else { return };
    let (room, token) = guarded("read");
    browser.go(&room.url("/hosts"));
    browser.wait("location.pathname === '/login'");
    browser.keep_screenshot("login");
    browser.type_into("#token", &token);
    browser.click(".login button");
    browser.wait("location.pathname === '/hosts'");
    assert_eq!(browser.text("document.querySelector('.who bdi').textContent"), "ann");
    browser.click(".who button");
    browser.wait("location.pathname === '/login'");
    browser.go(&room.url("/hosts"));
    browser.wait("location.search === '?next=%2Fhosts'");
}
