//! The page follows the ledger by itself, in order, and says when it cannot.

use std::time::Duration;

use dockledger::store::NewParent;
use serde_json::json;

use super::browser;
use crate::support::chromium::{Browser, wait_for};
use crate::support::dockerd::{Dockerd, PLAIN_IMAGE};
use crate::support::showroom::{Showroom, address_of, spawn};
use crate::support::skip::skip;

/// From a change at the daemon to what is seen.
const CLAIMED: Duration = Duration::from_secs(2);

fn state_of(name: &str) -> String {
    format!(
        "[...document.querySelectorAll('.rows tbody tr')].find((row) => row.querySelector('.c-name a').textContent \
         === '{name}')?.querySelector('.c-state')?.textContent"
    )
}

fn wait_until_live(browser: &Browser) {
    browser.wait("document.getElementById('connection').textContent === 'live'");
}

#[test]
fn a_container_that_stops_is_seen_within_two_seconds_where_the_reader_is() {
    let test = "a_container_that_stops_is_seen_within_two_seconds_where_the_reader_is";
    let Some(browser) = browser(test, "en") else { return };
    let room = Showroom::furnished();
    browser.go(&room.url("/?text=wiki"));
    wait_until_live(&browser);
    browser.run(
        "window.kept = document.querySelector('.rows tbody tr'); text.focus();
         window.other = [...document.querySelectorAll('.rows tbody tr')].at(-1);",
    );
    room.daemon.with(|world| world.stop("wiki-search-1").expect("it runs"));
    browser.wait_at_most(CLAIMED, &format!("{} === 'stopped'", state_of("wiki-search-1")));
    let untouched =
        "return document.activeElement.id === 'text' && window.kept.isConnected && window.other.isConnected;";
    assert_eq!(browser.run(untouched), json!(true), "focus and rows stay");
    browser.wait("document.getElementById('announce').textContent !== ''");

    room.daemon.with(|world| world.start("wiki-search-1").expect("it is stopped"));
    browser.wait_at_most(CLAIMED, &format!("{} === 'running'", state_of("wiki-search-1")));
    let unassigned = "document.querySelector('nav a[href=\"/unassigned\"] .count').textContent";
    let before: usize = browser.text(unassigned).parse().expect("a count");
    let stray = dockledger::simulation::NewContainer::new("stray", "busybox");
    room.daemon.with(|world| world.run(stray).expect("a fresh name"));
    room.reconcile();
    browser.wait(&format!("{unassigned} === '{}'", before + 1));
}

/// The promise of the whole program, with nothing simulated.
#[test]
fn a_real_container_that_is_killed_is_seen_within_two_seconds() {
    let test = "a_real_container_that_is_killed_is_seen_within_two_seconds";
    let daemon = match Dockerd::shared() {
        Ok(daemon) => daemon,
        Err(why) => return skip(test, &why),
    };
    let Some(browser) = browser(test, "en") else { return };
    let (_config, _directory, ledger, runtime) = spawn(&daemon.docker_host(), |_, store| {
        store.add_stack(&NewParent::named("seen"), None).expect("a fresh stack");
    });
    let address = address_of(&ledger);
    wait_for("the stream is open", || ledger.status().stream.is_some_and(|stream| stream.is_open));
    let body = json!({ "Image": PLAIN_IMAGE, "Cmd": ["sleep", "1000"], "HostConfig": { "NetworkMode": "none" }, "Labels": {
        "com.docker.compose.project": "seen", "com.docker.compose.service": "web",
        "com.docker.compose.config-hash": "0".repeat(64),
    } });
    assert_eq!(daemon.post("/containers/create?name=seen-web-1", &body).status, 201);
    assert_eq!(daemon.order("/containers/seen-web-1/start").status, 204);
    browser.go(&format!("http://{address}/?text=seen-web"));
    wait_until_live(&browser);
    browser.wait(&format!("{} === 'running'", state_of("seen-web-1")));
    assert_eq!(daemon.order("/containers/seen-web-1/kill").status, 204);
    browser.wait_at_most(CLAIMED, &format!("{} === 'stopped'", state_of("seen-web-1")));
    browser.wait("document.querySelector('.rows .note')?.textContent === 'exit code 137'");
    assert_eq!(daemon.delete("/containers/seen-web-1").status, 204);
    browser.wait(&format!("{} === 'missing'", state_of("seen-web-1")));
    runtime.block_on(ledger.stop());
}

/// The first answer is held back until the second is shown: it says less than what is shown, and is dropped.
#[test]
fn a_later_answer_is_never_overwritten_by_an_earlier_one() {
    let Some(browser) = browser("a_later_answer_is_never_overwritten_by_an_earlier_one", "en") else { return };
    let room = Showroom::furnished();
    browser.go(&room.url("/?text=wiki"));
    wait_until_live(&browser);
    browser.run(
        "const real = window.fetch; let number = 0; window.answers = 0;
         window.release = () => {}; const gate = new Promise((open) => (window.release = open));
         window.fetch = async (...asked) => {
           const isFirst = ++number === 1;
           const answer = await real(...asked);
           const text = await answer.text();
           if (isFirst) { window.isHeld = true; await gate; }
           window.answers += 1;
           return new Response(text, { status: 200 });
         };",
    );
    room.daemon.with(|world| world.pause("wiki-search-1").expect("it runs"));
    browser.wait("window.isHeld === true");
    room.daemon.with(|world| {
        world.unpause("wiki-search-1").expect("it is paused");
        world.stop("wiki-search-1").expect("it runs");
    });
    browser.wait(&format!("{} === 'stopped'", state_of("wiki-search-1")));
    browser.run(
        "window.shown = []; const cell = document.querySelector('.rows');
         new MutationObserver(() => window.shown.push(document.querySelector('.rows').textContent.includes('paused')))
           .observe(document.body, { subtree: true, childList: true, characterData: true });
         window.before = window.answers; window.release();",
    );
    browser.wait("window.answers > window.before");
    // What would be done with the answer is done before the next turn of the page's loop.
    browser.run_later("setTimeout(arguments[arguments.length - 1], 0);");
    assert_eq!(browser.text(&state_of("wiki-search-1")), "stopped");
    assert_eq!(browser.run("return window.shown.includes(true);"), json!(false));
}

/// Two filters one after the other, the first one's answer last.
#[test]
fn the_answer_to_a_filter_that_was_left_is_not_shown() {
    let Some(browser) = browser("the_answer_to_a_filter_that_was_left_is_not_shown", "en") else { return };
    let room = Showroom::furnished();
    browser.go(&room.url("/"));
    wait_until_live(&browser);
    browser.run(
        "const real = window.fetch; window.late = false; let open; const gate = new Promise((o) => (open = o));
         window.release = open;
         window.fetch = async (address, options) => {
           if (!String(address).includes('state=missing')) return real(address, options);
           const answer = await real(address, { ...options, signal: undefined });
           const text = await answer.text();
           window.isHeld = true;
           await gate;
           setTimeout(() => (window.late = true), 0);
           return new Response(text, { status: 200 });
         };",
    );
    browser.click(".chips a[href='/?state=missing']");
    browser.wait("window.isHeld === true");
    browser.click(".chips a[href='/?state=paused']");
    let shown = "[...document.querySelectorAll('.rows tbody .c-state')].map((cell) => cell.textContent).join()";
    browser.wait(&format!("{shown} === 'paused'"));
    browser.run("window.release();");
    browser.wait("window.late === true");
    assert_eq!(browser.text(shown), "paused");
    assert_eq!(browser.text("location.search"), "?state=paused");
}

#[test]
fn a_service_that_goes_away_is_told_of_and_one_that_comes_back_is_followed() {
    let test = "a_service_that_goes_away_is_told_of_and_one_that_comes_back_is_followed";
    let Some(browser) = browser(test, "en") else { return };
    let mut room = Showroom::furnished();
    browser.go(&room.url("/?text=wiki"));
    wait_until_live(&browser);
    room.stop();
    browser.wait("document.getElementById('connection').textContent === 'reconnecting…'");
    let banner = "document.getElementById('silence')";
    browser.wait(&format!("!{banner}.hidden && {banner}.textContent.includes('has not answered since')"));
    let colour = "getComputedStyle(document.querySelector('.rows .c-state .state')).color";
    let quiet = "getComputedStyle(document.querySelector('.rows .c-since time')).color";
    assert_eq!(browser.text(colour), browser.text(quiet), "nothing looks well that nobody vouches for");
    room.daemon.with(|world| world.stop("wiki-search-1").expect("it runs"));
    room.start_again();
    wait_until_live(&browser);
    browser.wait(&format!("{} === 'stopped'", state_of("wiki-search-1")));
    browser.wait(&format!("{banner}.hidden && !document.documentElement.classList.contains('silent')"));
}

/// The edge's rows were written by a service that ended.
#[test]
fn rows_of_a_host_that_nobody_serves_are_grey_and_the_others_are_not() {
    let test = "rows_of_a_host_that_nobody_serves_are_grey_and_the_others_are_not";
    let Some(browser) = browser(test, "en") else { return };
    let room = Showroom::furnished();
    browser.go(&room.url("/?text=caddy"));
    let stale = "[...document.querySelectorAll('.rows tr.stale .c-host')].map((cell) => cell.textContent).join()";
    assert_eq!(browser.text(stale), "edge");
    assert!(browser.text("document.querySelector('tr.stale').innerText").contains("as last seen"));
    assert!(browser.text("document.querySelector('.freshness').innerText").contains("shown as last seen"));
    let colour =
        |of: &str| browser.text(&format!("getComputedStyle(document.querySelector('{of} .c-state .shape')).color"));
    assert_ne!(colour("tr.stale"), colour(".rows tbody tr:not(.stale)"));
}
