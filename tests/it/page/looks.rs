//! How the page looks and whom it shuts out: a phone's width, both schemes, what an accessibility checker finds.

use serde_json::{Value, json};

use super::acts::{acting, page_of, visit};
use super::bound::bound;
use super::browser;
use super::login::log_in;
use crate::support::chromium::{Browser, Screen, target};
use crate::support::showroom::Showroom;
use crate::support::skip::skip;

/// Copies of these are in `docs`.
const IN_THE_README: [&str; 2] = ["by-state-desk-light", "attention-phone-dark"];

/// Every page with a name for its screenshot. The history is that of a container with one.
fn pages(browser: &Browser, room: &Showroom) -> Vec<(&'static str, String)> {
    browser.go(&room.url("/?text=ci-queue"));
    browser.wait("document.querySelector('.rows tbody .c-name a')");
    let history = browser.text("document.querySelector('.rows tbody .c-name a').getAttribute('href')");
    let stack = browser.text("document.querySelector('.rows tbody .c-workload a').getAttribute('href')");
    vec![
        ("containers", "/".into()),
        ("by-state", "/?sort=state".into()),
        ("attention", "/?state=attention".into()),
        ("unmatched", "/?text=nowhere".into()),
        ("workloads", "/workloads".into()),
        ("routes", "/routes".into()),
        ("activity", "/activity".into()),
        ("project", "/workloads/w-storefront".into()),
        ("stack", stack),
        ("history", history),
        ("hosts", "/hosts".into()),
        ("unassigned", "/unassigned".into()),
        ("passes", "/passes".into()),
        ("failed", "/workloads/nobody".into()),
    ]
}

#[test]
fn no_page_is_wider_than_a_phone_and_each_is_kept_as_a_picture() {
    let Some(browser) = browser("no_page_is_wider_than_a_phone_and_each_is_kept_as_a_picture", "en") else { return };
    let room = Showroom::furnished();
    for (name, path) in pages(&browser, &room) {
        for (screen, device) in [(Screen::Desk, "desk"), (Screen::Phone, "phone")] {
            browser.screen(screen);
            for scheme in ["light", "dark"] {
                browser.scheme(scheme);
                browser.go(&room.url(&path));
                browser.wait("document.readyState === 'complete'");
                let name = format!("{name}-{device}-{scheme}");
                browser.keep_screenshot(&name);
                if IN_THE_README.contains(&name.as_str()) {
                    browser.keep_small_picture(&name);
                }
                let [shown, had] = ["document.documentElement.scrollWidth", "innerWidth"]
                    .map(|expression| browser.run(&format!("return {expression};")).as_i64().expect("a number"));
                assert!(shown <= had, "{name} on a {device} is {shown} wide of {had}");
            }
        }
    }
    assert_eq!(complaints_but_of_the_missing_page(&browser), Vec::<String>::new());
}

/// Words of letters and digits that stand on two lines. What has no place to be broken, such as an id, may be.
const BROKEN_WORDS: &str = r"
    const broken = [];
    const seen = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (seen.nextNode()) {
      const text = seen.currentNode;
      if (text.parentElement.closest('code, .reason, .unseen, script, option')) continue;
      for (const word of text.data.matchAll(/[\p{L}\p{N}]+/gu)) {
        if (word[0].length >= 24 || /[0-9a-f]{4}-[0-9a-f]{4}-/.test(text.data)) continue;
        const range = document.createRange();
        range.setStart(text, word.index);
        range.setEnd(text, word.index + word[0].length);
        const tops = new Set([...range.getClientRects()].filter((r) => r.width > 0).map((r) => Math.round(r.top)));
        if (tops.size > 1) broken.push(text.data.trim());
      }
    }
    return broken;";

/// What is too wide or breaks a word, of these pages at every width.
fn faults(browser: &Browser, room: &Showroom, language: &str, pages: &[(&str, String)]) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, path) in pages {
        browser.go(&room.url(path));
        browser.wait("document.readyState === 'complete'");
        for (width, scheme) in [(320, "light"), (768, "dark"), (1_024, "light"), (1_600, "light")] {
            browser.screen(Screen::Wide(width));
            browser.scheme(scheme);
            let at = format!("{name}-{language}-{width}-{scheme}");
            browser.keep_screenshot(&at);
            let broken = browser.run(BROKEN_WORDS);
            if let Some(first) = broken.as_array().and_then(|broken| broken.first()) {
                faults.push(format!("{at}: {first}"));
            }
            let over = browser.run("return document.documentElement.scrollWidth - innerWidth;");
            if over.as_i64().is_none_or(|over| over > 0) {
                faults.push(format!("{at}: {over} pixels too wide"));
            }
        }
    }
    faults
}

#[test]
fn no_word_is_broken_and_nothing_overflows_from_320_to_1600_pixels() {
    let test = "no_word_is_broken_and_nothing_overflows_from_320_to_1600_pixels";
    let room = Showroom::furnished();
    let mut faults = Vec::new();
    for language in ["en", "ru"] {
        let Some(browser) = browser(test, language) else { return };
        faults.extend(self::faults(&browser, &room, language, &pages(&browser, &room)));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Those that only somebody who is logged in sees.
#[test]
fn nor_do_the_pages_of_those_who_act_or_are_bound_to_projects() {
    let test = "nor_do_the_pages_of_those_who_act_or_are_bound_to_projects";
    let (acting, admin, _proxy) = acting("admin");
    let row = page_of(&acting, "wiki-search-1", &admin);
    let ordered = visit(&acting, "POST", &format!("{row}/stop"), &admin);
    let ordered = ordered.header("location").expect("it leads on").to_owned();
    let (of_project, deploy) = bound("deploy");
    let mut faults = Vec::new();
    for language in ["en", "ru"] {
        let Some(browser) = browser(test, language) else { return };
        let pages = [("audit", "/audit".into()), ("order", format!("{row}/start")), ("ordered", ordered.clone())];
        log_in(&browser, &acting, &admin);
        faults.extend(self::faults(&browser, &acting, language, &pages));
        log_in(&browser, &of_project, &deploy);
        let pages = [("bound", "/".into()), ("bound-elsewhere", "/hosts".into())];
        faults.extend(self::faults(&browser, &of_project, language, &pages));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The page that is not there is told of as such.
fn complaints_but_of_the_missing_page(browser: &Browser) -> Vec<String> {
    browser.complaints().into_iter().filter(|complaint| !complaint.contains("/workloads/nobody")).collect()
}

/// No finding that the checker calls serious or critical.
#[test]
fn an_accessibility_checker_finds_nothing_serious_on_any_page_in_either_scheme() {
    let test = "an_accessibility_checker_finds_nothing_serious_on_any_page_in_either_scheme";
    let axe = target().join("axe/node_modules/axe-core/axe.min.js");
    let Ok(axe) = std::fs::read_to_string(axe) else {
        return skip(test, "axe-core is not in target/axe (`npm install --no-save --prefix target/axe axe-core`)");
    };
    let Some(browser) = browser(test, "en") else { return };
    let room = Showroom::furnished();
    let mut findings = Vec::new();
    for (name, path) in pages(&browser, &room) {
        for (screen, scheme) in [(Screen::Desk, "light"), (Screen::Desk, "dark"), (Screen::Phone, "dark")] {
            browser.screen(screen);
            browser.scheme(scheme);
            browser.go(&room.url(&path));
            browser.run(&axe);
            let found = browser.run_later(
                "const done = arguments[arguments.length - 1];
                 axe.run(document, { resultTypes: ['violations'] })
                   .then((result) => done(result.violations))
                   .catch((error) => done([{ impact: 'critical', id: String(error), nodes: [] }]));",
            );
            for violation in found.as_array().expect("a list").iter().filter(|found| is_serious(found)) {
                let node = &violation["nodes"][0];
                findings.push(format!(
                    "{name} {scheme}: {} {} {}",
                    violation["id"], node["html"], node["any"][0]["message"]
                ));
            }
        }
    }
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

fn is_serious(violation: &Value) -> bool {
    [json!("serious"), json!("critical")].contains(&violation["impact"])
}
