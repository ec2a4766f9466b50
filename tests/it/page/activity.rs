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
    let told = one.split("id=\"summary\">").nth(1).and_then(|rest| rest.split(' ').next());
    let shown = one.matches("data-key=\"change ").count();
    assert_eq!(told, Some(shown.to_string().as_str()), "the count says what is shown");
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
    // Other containers of the furnished world may have changed too.
    browser.wait(&format!("{new}.some((row) => row.includes('wiki-search-1'))"));
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

#[test]
fn what_differs_besides_the_state_is_told_there_and_in_the_history_of_the_row() {
    let room = Showroom::furnished();
    let health = get(&room, "/activity?kind=health&text=wiki-app-1").body;
    let unhealthy = |page: &str| {
        let told = page.split("class=\"difference\"").find(|part| part.contains("Health:")).expect("a difference");
        told.contains(">healthy</bdi>") && told.contains("class=\"note bad\" title=\"unhealthy\">unhealthy</bdi>")
    };
    assert!(health.contains("<bdi>wiki-app-1</bdi>") && unhealthy(&health), "{health}");
    assert!(health.contains("Attention:") && !health.contains("backup-restic-1"), "{health}");
    let row = health.split("href=\"/containers/").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
    assert!(unhealthy(&get(&room, &format!("/containers/{row}")).body));
    let russian = ask(room.address, "GET", "/activity?kind=health", "Accept-Language: ru\r\n").body;
    assert!(russian.contains("Здоровье:") && russian.contains(">нездоров</bdi>"), "{russian}");
}

#[test]
fn the_kinds_of_change_are_those_of_the_history_and_an_unknown_one_is_refused() {
    let room = Showroom::furnished();
    for kind in dockledger::model::ChangeKind::words() {
        let page = get(&room, &format!("/activity?kind={kind}")).body;
        assert!(page.contains(&format!("<option value=\"{kind}\" selected>")), "{kind}");
    }
    let unknown = get(&room, "/activity?kind=bogus").body;
    assert!(unknown.contains("<bdi>bogus</bdi>") && unknown.contains("out_of_memory"), "{unknown}");
}

/// A row that was removed is known by what it was called last.
#[test]
fn what_is_gone_keeps_its_name() {
    let room = Showroom::furnished();
    room.execute("PRAGMA busy_timeout = 5000; DELETE FROM containers WHERE name = 'media-sonarr-1'");
    let found = get(&room, "/activity?text=media-sonarr-1").body;
    assert!(found.contains("<bdi>media-sonarr-1</bdi>") && found.contains("<bdi>media</bdi>"), "{found}");
    let row = found.split("href=\"/containers/").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
    assert!(get(&room, &format!("/containers/{row}")).body.contains("<h1><bdi>media-sonarr-1</bdi></h1>"));
}

/// Far beyond what one page shows: what is searched for lies below hundreds of other changes.
#[test]
fn a_search_and_a_choice_reach_the_whole_history_page_by_page() {
    let room = Showroom::furnished();
    room.execute(
        "PRAGMA busy_timeout = 5000;
         INSERT INTO changes (revision, at, host, row_id, from_state, to_state, cause, name)
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)
         SELECT 1000000 + i, '2026-01-01T00:00:00.000Z', 'local', 'busy:' || i, 'created', 'paused', 'observed', 'busy-' || i FROM n;
         UPDATE revision_counter SET value = 2000000",
    );
    let latest = get(&room, "/activity").body;
    assert!(latest.contains("busy-1500") && !latest.contains("backup-restic-1"), "{latest}");
    for query in ["text=BACKUP-restic", "state=missing&text=files-cron", "state=down&text=backup", "state=up&text=wiki"]
    {
        let found = get(&room, &format!("/activity?{query}")).body;
        assert!(found.contains("data-key=\"change ") && !found.contains("busy-"), "{query}: {found}");
    }
    let mut seen = Vec::new();
    let mut path = "/activity?text=busy".to_owned();
    loop {
        let page = get(&room, &path).body;
        let revisions = page.split("data-key=\"change ").skip(1).filter_map(|rest| rest.split('"').next());
        seen.extend(revisions.filter_map(|revision| revision.parse::<i64>().ok()));
        let Some(older) = page.split("\" rel=\"next\"").next().filter(|before| before.len() < page.len()) else {
            break;
        };
        path = older.rsplit("href=\"").next().expect("a link").replace("&amp;", "&").replace("&#38;", "&");
        assert!(seen.len() < 2_000, "it ends");
    }
    assert_eq!(seen, (1_000_001..=1_001_500).rev().collect::<Vec<i64>>(), "each once, the latest first");
    let last = get(&room, &path).body;
    assert!(last.contains("href=\"/activity?text=busy\""), "back to the latest: {last}");
}
