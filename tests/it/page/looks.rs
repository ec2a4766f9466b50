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

/// Texts beyond the edge of the card that they stand in.
const OUTSIDE: &str = r"
    const outside = [];
    for (const cell of document.querySelectorAll('main td, main li.card, main dd, main p')) {
      const edge = (cell.closest('tr') ?? cell).getBoundingClientRect().right + 1;
      const seen = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
      while (seen.nextNode()) {
        const text = seen.currentNode;
        if (!text.data.trim() || text.parentElement.closest('.unseen, script, option, bdi, code')) continue;
        const range = document.createRange();
        range.selectNodeContents(text);
        if ([...range.getClientRects()].some((r) => r.width > 0 && r.right > edge)) outside.push(text.data.trim());
      }
    }
    return outside;";

/// What is too wide or breaks a word, of these pages at every width.
fn faults(browser: &Browser, room: &Showroom, language: &str, pages: &[(&str, String)]) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, path) in pages {
        browser.go(&room.url(path));
        browser.wait("document.readyState === 'complete'");
        for (width, scheme) in
            [320, 768, 1_024, 1_600].into_iter().flat_map(|width| [(width, "light"), (width, "dark")])
        {
            browser.screen(Screen::Wide(width));
            browser.scheme(scheme);
            let at = format!("{name}-{language}-{width}-{scheme}");
            browser.keep_screenshot(&at);
            for (fault, script) in [("breaks", BROKEN_WORDS), ("leaves its card with", OUTSIDE)] {
                let found = browser.run(script);
                if let Some(first) = found.as_array().and_then(|found| found.first()) {
                    faults.push(format!("{at} {fault} {first}"));
                }
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

/// What whoever may order containers about sees besides: what asks whether it is meant, what came of it, and who did what.
fn pages_of_orders(room: &Showroom, token: &str) -> Vec<(&'static str, String)> {
    let [stopped, runs] = ["wiki-search-1", "blog-cache-1"].map(|name| page_of(room, name, token));
    let ordered = visit(room, "POST", &format!("{stopped}/stop"), token);
    vec![
        ("audit", "/audit".into()),
        ("order-start", format!("{stopped}/start")),
        ("order-stop", format!("{runs}/stop")),
        ("order-restart", format!("{runs}/restart")),
        ("ordered", ordered.header("location").expect("it leads on").to_owned()),
    ]
}

/// What a token that is bound to projects is shown.
fn pages_of_projects() -> Vec<(&'static str, String)> {
    vec![("bound", "/".into()), ("bound-elsewhere", "/hosts".into())]
}

/// Those that only somebody who is logged in sees.
#[test]
fn nor_do_the_pages_of_those_who_act_or_are_bound_to_projects() {
    let test = "nor_do_the_pages_of_those_who_act_or_are_bound_to_projects";
    let (acting, admin, _proxy) = acting("admin");
    let of_orders = pages_of_orders(&acting, &admin);
    let (of_project, deploy) = bound("deploy");
    let mut faults = Vec::new();
    for language in ["en", "ru"] {
        let Some(browser) = browser(test, language) else { return };
        log_in(&browser, &acting, &admin);
        faults.extend(self::faults(&browser, &acting, language, &of_orders));
        log_in(&browser, &of_project, &deploy);
        faults.extend(self::faults(&browser, &of_project, language, &pages_of_projects()));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The page that is not there is told of as such.
fn complaints_but_of_the_missing_page(browser: &Browser) -> Vec<String> {
    browser.complaints().into_iter().filter(|complaint| !complaint.contains("/workloads/nobody")).collect()
}

/// The accessibility checker; `None`, said aloud, where it is not installed.
fn checker(test: &str) -> Option<String> {
    let axe = target().join("axe/node_modules/axe-core/axe.min.js");
    let read = std::fs::read_to_string(axe);
    if read.is_err() {
        skip(test, "axe-core is not in target/axe (`npm install --no-save --prefix target/axe axe-core`)");
    }
    read.ok()
}

/// What it calls serious or critical on these pages, in both schemes, on a desk and on a phone.
fn findings(axe: &str, browser: &Browser, room: &Showroom, pages: &[(&str, String)]) -> Vec<String> {
    let mut findings = Vec::new();
    for (name, path) in pages {
        for (screen, device) in [(Screen::Desk, "desk"), (Screen::Phone, "phone")] {
            for scheme in ["light", "dark"] {
                browser.screen(screen);
                browser.scheme(scheme);
                browser.go(&room.url(path));
                browser.run(axe);
                let found = browser.run_later(
                    "const done = arguments[arguments.length - 1];
                     axe.run(document, { resultTypes: ['violations'] })
                       .then((result) => done(result.violations))
                       .catch((error) => done([{ impact: 'critical', id: String(error), nodes: [] }]));",
                );
                for violation in found.as_array().expect("a list").iter().filter(|found| is_serious(found)) {
                    let node = &violation["nodes"][0];
                    findings.push(format!(
                        "{name} {device} {scheme}: {} {} {}",
                        violation["id"], node["html"], node["any"][0]["message"]
                    ));
                }
            }
        }
    }
    findings
}

#[test]
fn an_accessibility_checker_finds_nothing_serious_on_any_page_in_either_scheme() {
    let test = "an_accessibility_checker_finds_nothing_serious_on_any_page_in_either_scheme";
    let (Some(axe), Some(browser)) = (checker(test), browser(test, "en")) else { return };
    let room = Showroom::furnished();
    let findings = findings(&axe, &browser, &room, &pages(&browser, &room));
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

/// The login too, in Russian: its texts are longer.
#[test]
fn nor_does_it_on_the_pages_of_those_who_act_or_are_bound_to_projects() {
    let test = "nor_does_it_on_the_pages_of_those_who_act_or_are_bound_to_projects";
    let (Some(axe), Some(browser)) = (checker(test), browser(test, "ru")) else { return };
    let (acting, admin, _proxy) = acting("admin");
    let mut findings = findings(&axe, &browser, &acting, &[("login", "/login".into())]);
    log_in(&browser, &acting, &admin);
    findings.extend(self::findings(&axe, &browser, &acting, &pages_of_orders(&acting, &admin)));
    let (of_project, deploy) = bound("deploy");
    log_in(&browser, &of_project, &deploy);
    findings.extend(self::findings(&axe, &browser, &of_project, &pages_of_projects()));
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

fn is_serious(violation: &Value) -> bool {
    [json!("serious"), json!("critical")].contains(&violation["impact"])
}
