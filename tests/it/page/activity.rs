//! What happened lately, of all rows, and what of it is new.

use super::browser;
use crate::support::asking::{ask, get};
use crate::support::showroom::Showroom;

#[test]
fn the_history_of_all_rows_is_told_and_narrowed() {
    let room = Showroom::furnished();
    let all = get(&room, "/activity").body;
    for expected in ["backup-restic-1", "<bdi>backup</bdi>", "verified gone", "went down"] {
        assert!(all.contains(expected), "{expected}");
    }
    let gone = get(&room, "/activity?state=missing&host=local").body;
    assert!(
        gone.contains("files-cron-1") && gone.contains("thumbnails-staging-3") && !gone.contains("backup-restic-1")
    );
    let one = get(&room, "/activity?workload=w-thumbnails&cause=missing").body;
    assert!(one.contains("thumbnails-staging-3") && !one.contains("files-cron-1"));
    assert!(one.contains("1 change of the last"), "the count says what is shown");
    assert!(get(&room, "/activity?text=nowhere").body.contains("No change matches"));
    assert!(get(&room, "/workloads/w-thumbnails").body.contains("href=\"/activity?workload=w%2Dthumbnails\""));
}

#[test]
fn a_mark_made_by_hand_says_what_is_new_without_scripts() {
    let room = Showroom::furnished();
    let marked = ask(room.address, "POST", "/activity/seen/1?back=%2Factivity", "");
    assert_eq!((marked.status, marked.header("location")), (303, Some("/activity")));
    let cookie = marked.header("set-cookie").expect("a cookie");
    assert!(cookie.starts_with("dockledger_seen=1; Path=/; ") && cookie.contains("SameSite=Lax"), "{cookie}");
    let latest = get(&room, "/activity").body;
    let latest = latest.split("data-revision=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a revision");
    let seen = latest.parse::<i64>().expect("a number") - 20;
    let page = ask(room.address, "GET", "/activity", &format!("Cookie: dockledger_seen={seen}\r\n")).body;
    assert!(
        page.contains("new since your last visit") && page.contains("class=\"new\"") && page.contains("Mark as seen")
    );
    let begins = page.find("Below is what was there").expect("where it ends");
    assert!(page.rfind("class=\"new\"").expect("it is there") < begins);
    assert!(!get(&room, "/activity").body.contains("class=\"new\""), "nothing is new to who was never there");
}

#[test]
fn what_happens_is_seen_at_once_and_is_new_at_the_next_visit() {
    let test = "what_happens_is_seen_at_once_and_is_new_at_the_next_visit";
    let Some(browser) = browser(test, "en") else { return };
    let room = Showroom::furnished();
    browser.go(&room.url("/activity"));
    browser.wait("document.getElementById('connection').textContent === 'live'");
    assert_eq!(browser.text("document.querySelectorAll('#activity .new').length"), "0");
    browser.go(&room.url("/hosts"));
    room.daemon.with(|world| world.stop("wiki-search-1").expect("it runs"));
    let count = "document.querySelector('nav a[href=\"/activity\"] .count')?.textContent";
    browser.wait(&format!("{count} > 0"));
    browser.go(&room.url("/activity"));
    let new = "[...document.querySelectorAll('#activity .new')].map((row) => row.innerText)";
    browser.wait(&format!("{new}.length > 0 && {new}.every((row) => row.includes('wiki-search-1'))"));
    browser.wait("document.querySelector('#activity .divider') !== null");
    browser.wait("document.getElementById('connection').textContent === 'live'");
    room.daemon.with(|world| world.start("wiki-search-1").expect("it is stopped"));
    browser.wait(
        "[...document.querySelector('#activity .new').querySelectorAll('.state')].at(-1).textContent === 'running'",
    );
    browser.click(".news button");
    browser.wait("document.querySelectorAll('#activity .new').length === 0 && location.pathname === '/activity'");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
