//! Filters are kept in the URL, with and without scripts, by pointer and by keyboard.

use serde_json::json;

use super::browser;
use crate::support::chromium::Browser;
use crate::support::showroom::Showroom;

/// Names of the containers that are seen, joined.
const NAMES: &str =
    "[...document.querySelectorAll('.rows tbody tr:not([hidden]) .c-name a')].map((a) => a.textContent).join(' ')";

/// How many containers are seen.
const SHOWN: &str = "document.querySelectorAll('.rows tbody tr:not([hidden])').length";

const ENTER: &str = "\u{e007}";
const TAB: &str = "\u{e004}";

fn address(browser: &Browser) -> String {
    browser.text("location.pathname + location.search")
}

/// A word that a reload would lose.
fn mark_the_document(browser: &Browser) {
    browser.run("window.isTheSame = true;");
}

fn assert_not_reloaded(browser: &Browser) {
    assert_eq!(browser.run("return window.isTheSame === true;"), json!(true), "the page was loaded anew");
}

#[test]
fn each_filter_goes_into_the_url_and_back_leads_through_them_without_a_reload() {
    let test = "each_filter_goes_into_the_url_and_back_leads_through_them_without_a_reload";
    let Some(browser) = browser(test, "en") else { return };
    let room = Showroom::furnished();
    browser.go(&room.url("/"));
    browser.wait("document.documentElement.classList.contains('scripted')");
    mark_the_document(&browser);
    let all = browser.text(SHOWN);

    browser.click(".chips a[href='/?state=missing']");
    browser.wait(&format!("location.search === '?state=missing' && {SHOWN} === 3"));
    browser.run(
        "const kind = document.querySelector('[name=kind]'); kind.value = 'stack';
                 kind.dispatchEvent(new Event('input', { bubbles: true }));",
    );
    browser.wait(&format!("location.search.includes('kind=stack') && {SHOWN} === 2"));
    browser.type_into("#text", "cron");
    browser.wait(&format!("location.search.includes('text=cron') && {NAMES} === 'files-cron-1'"));
    assert_eq!(address(&browser), "/?text=cron&kind=stack&state=missing");
    browser.wait("document.getElementById('summary').textContent.startsWith('1 container of ')");
    assert_not_reloaded(&browser);

    browser.back();
    browser.wait(&format!("location.search === '?kind=stack&state=missing' && {SHOWN} === 2"));
    browser.wait("document.getElementById('text').value === ''");
    browser.back();
    browser.wait(&format!("location.search === '?state=missing' && {SHOWN} === 3"));
    browser.wait("document.querySelector('[name=kind]').value === ''");
    browser.back();
    browser.wait(&format!("location.search === '' && String({SHOWN}) === '{all}'"));
    assert_not_reloaded(&browser);
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn an_address_with_filters_shows_the_same_when_it_is_opened_anew() {
    let Some(browser) = browser("an_address_with_filters_shows_the_same_when_it_is_opened_anew", "en") else { return };
    let room = Showroom::furnished();
    browser.go(&room.url("/?kind=project&host=local&state=attention&text=production&sort=since"));
    browser.wait(&format!("{NAMES} === 'reports-production-2'"));
    let chosen = "[...document.querySelectorAll('select')].map((s) => s.value).join() + ' ' + text.value + ' '
                  + document.querySelector('.chips [aria-current]').textContent";
    assert!(browser.text(&chosen.replace('\n', "")).starts_with("project,local production need attention"));
    browser.click("a.reset");
    browser.wait(&format!("location.search === '' && {SHOWN} > 150"));
}

#[test]
fn a_slash_leads_to_the_search_and_everything_is_reached_by_the_keyboard() {
    let test = "a_slash_leads_to_the_search_and_everything_is_reached_by_the_keyboard";
    let Some(browser) = browser(test, "en") else { return };
    let room = Showroom::furnished();
    browser.go(&room.url("/"));
    browser.wait("document.documentElement.classList.contains('scripted')");
    browser.press(TAB);
    browser.wait("document.activeElement.matches('a.skip')");
    browser.wait("document.activeElement.getBoundingClientRect().top >= 0");
    browser.press(ENTER);
    browser.wait("document.activeElement.id === 'content'");
    browser.press("/");
    browser.wait("document.activeElement.id === 'text' && document.activeElement.value === ''");
    browser.type_into("#text", "wiki");
    browser.wait(&format!("{SHOWN} === 3"));
    assert_eq!(browser.text("document.activeElement.id"), "text", "the focus stays where it is while the page follows");
    browser.press(TAB);
    browser.wait("document.activeElement.name === 'kind'");
    let outline = "getComputedStyle(document.activeElement).outlineStyle";
    assert_ne!(browser.text(outline), "none", "the focus is seen");
    let reached = "const reached = []; return [...document.querySelectorAll('a, button, input, select')]
                   .filter((element) => element.tabIndex < 0).map((element) => element.outerHTML);";
    assert_eq!(browser.run(reached), json!([]), "nothing is beyond the keyboard");
}
