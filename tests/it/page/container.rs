//! The page of one container.

use super::browser;
use crate::support::asking::get;
use crate::support::showroom::Showroom;

/// The page of the first container that a search finds.
fn page_of(room: &Showroom, text: &str) -> String {
    let found = get(room, &format!("/?text={text}")).body;
    let row = found.split("href=\"/containers/").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
    format!("/containers/{row}")
}

#[test]
fn a_container_is_told_with_links_moments_ids_and_commands() {
    let room = Showroom::furnished();
    let path = page_of(&room, "storefront-staging-1");
    let page = get(&room, &path).body;
    for expected in [
        "docker logs --tail 100 storefront-staging-1",
        "docker inspect storefront-staging-1",
        "href=\"http://127.0.0.1:",
        "<bdi>staging</bdi>",
        "<bdi>storefront.staging</bdi>",
        "class=\"copy\"",
        "UTC</time>",
    ] {
        assert!(page.contains(expected), "{expected}: {page}");
    }
}

#[test]
fn an_id_is_copied_and_moments_are_told_by_the_visitors_clock() {
    let Some(browser) = browser("an_id_is_copied_and_moments_are_told_by_the_visitors_clock", "en") else { return };
    let room = Showroom::furnished();
    browser.devtools("Emulation.setTimezoneOverride", &serde_json::json!({ "timezoneId": "Asia/Kolkata" }));
    browser.go(&room.url(&page_of(&room, "storefront-staging-1")));
    browser.wait("document.querySelector('time[data-moment]').textContent.includes('GMT+5:30')");
    browser.run("navigator.clipboard.writeText = async (text) => { window.written = text; };");
    browser.click(".facts .copy");
    browser.wait("/^[0-9a-f]{64}$/.test(window.written)");
    browser.click(".commands .copy");
    browser.wait("window.written === 'docker logs --tail 100 storefront-staging-1'");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
