//! Names and labels that would rather be markup.

use dockledger::model::Timestamp;
use dockledger::simulation::{NewContainer, World};
use dockledger::store::NewParent;
use serde_json::json;

use super::browser;
use crate::support::showroom::Showroom;

/// B2 to B8, each as a compose project, a service, a name and an image.
const HOSTILE: [&str; 8] = [
    "line\n2026-01-01 INFO forged",
    "\u{1b}[31mred\u{1b}[0m",
    "\u{202e}gnp.exe",
    "<script>window.owned = 1</script>",
    "\"><img src=x onerror=\"window.owned = 1\">",
    "'\" onmouseover='window.owned = 1",
    "\"} 1\nfake{",
    "'; DROP TABLE containers; --",
];

/// B2, B3, B4, B5, B6, B7, B8: on every page they are text, and nothing of them is done.
#[test]
fn hostile_labels_and_names_are_text_on_every_page() {
    let Some(browser) = browser("hostile_labels_and_names_are_text_on_every_page", "en") else { return };
    let mut world = World::new(5, Timestamp::now());
    for (number, text) in HOSTILE.into_iter().enumerate() {
        let named = format!("n{number}{text}");
        world.run(NewContainer::new(named.clone(), text).compose("shop", text, 1)).expect("a fresh name");
        // Their owners are not registered.
        world.run(NewContainer::new(format!("u{named}"), text).compose(text, "web", 1)).expect("a fresh name");
        let site = NewContainer::new(format!("s{named}"), text).label("tinyforge.static-site", text);
        world.run(site).expect("a fresh name");
    }
    let room = Showroom::serve(world, |_, store| {
        store.add_stack(&NewParent::named("shop"), None).expect("a fresh stack");
    });
    browser.go(&room.url("/"));
    browser.wait("document.querySelectorAll('.rows tbody tr').length === 8");
    let links = browser.run("return [...document.querySelectorAll('.rows a')].map((a) => a.getAttribute('href'));");
    let mut paths: Vec<String> =
        links.as_array().expect("a list").iter().filter_map(|link| Some(link.as_str()?.to_owned())).collect();
    paths.sort();
    paths.dedup();
    assert!(paths.len() >= 9, "eight histories and the stack: {paths:?}");
    paths.extend(["/workloads", "/routes", "/activity", "/unassigned", "/hosts", "/passes"].map(str::to_owned));
    let quoted: String = ("/?text=\"><img src=x onerror=window.owned=1>&state=<script>").replace(' ', "%20");
    paths.push(quoted);
    for path in paths {
        browser.go(&room.url(&path));
        let seen = browser.run(
            "return { owned: window.owned ?? null,
                      made: document.querySelectorAll('main img, main script, [onerror], [onmouseover]').length,
                      odd: [...document.body.innerText].filter((c) => /[\\u0000-\\u0008\\u001b\\u202e]/.test(c)).length,
                      links: [...document.querySelectorAll('a')].filter((a) => !/^https?:$/.test(a.protocol)).length,
                      status: performance.getEntriesByType('navigation')[0].responseStatus };",
        );
        assert_eq!(seen, json!({ "owned": null, "made": 0, "odd": 0, "links": 0, "status": 200 }), "{path}");
    }
    browser.go(&room.url("/unassigned"));
    let text = browser.text("document.body.innerText");
    for shown in ["<script>window.owned = 1</script>", "\"><img src=x onerror=", "\\u{202e}gnp.exe", "\\u{1b}[31mred"] {
        assert!(text.contains(shown), "{shown} is not shown as text: {text}");
    }
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
