//! English and Russian, by the browser or by hand, and nothing left untranslated.

use super::browser;
use crate::support::showroom::Showroom;

#[test]
fn the_browser_chooses_the_language_and_the_hand_overrules_it() {
    let Some(browser) = browser("the_browser_chooses_the_language_and_the_hand_overrules_it", "ru,en") else { return };
    let room = Showroom::furnished();
    browser.go(&room.url("/?state=stopped"));
    assert_eq!(browser.text("document.documentElement.lang"), "ru");
    assert!(browser.text("document.body.innerText").contains("остановлен"));
    browser.click(".languages button[lang=en]");
    browser.wait("document.documentElement.lang === 'en'");
    assert_eq!(browser.text("location.pathname + location.search"), "/?state=stopped", "where the visitor was");
    browser.go(&room.url("/hosts"));
    assert_eq!(browser.text("document.documentElement.lang"), "en", "the choice is kept");
    browser.click(".languages button[lang=ru]");
    browser.wait("document.documentElement.lang === 'ru'");
}

/// What stays in Latin letters: our name, names of containers and owners, commands, what the daemon says itself, ids,
/// moments and the other language's own name.
#[test]
fn no_word_of_the_page_is_left_in_english_for_a_russian() {
    let Some(browser) = browser("no_word_of_the_page_is_left_in_english_for_a_russian", "ru") else { return };
    let room = Showroom::furnished();
    browser.go(&room.url("/?text=ci-queue"));
    let link = |selector: &str| browser.text(&format!("document.querySelector('{selector}').getAttribute('href')"));
    let (history, stack) = (link(".rows .c-name a"), link(".rows .c-workload a"));
    for path in [
        "/",
        "/workloads",
        "/routes",
        "/activity",
        "/workloads/w-storefront",
        &stack,
        &history,
        "/hosts",
        "/unassigned",
        "/passes",
        "/workloads/x",
    ] {
        browser.go(&room.url(path));
        let left = browser.run(
            "const copy = document.body.cloneNode(true);
             for (const own of copy.querySelectorAll('bdi, code, [lang=en], .brand, script, time, option, .c-ports'))
               own.remove();
             for (const facts of copy.querySelectorAll('dd')) facts.remove();
             const said = [...copy.querySelectorAll('[aria-label], [placeholder]')]
               .map((e) => e.getAttribute('aria-label') ?? e.getAttribute('placeholder'));
             const texts = copy.textContent + ' ' + said.join(' ') + ' ' + document.title.split(' · ')[0];
             return (texts.match(/[A-Za-z]{2,}/g) ?? []).filter((word) => !/^(id|compose|hibernating)$/i.test(word));",
        );
        let left: Vec<&str> = left.as_array().expect("a list").iter().filter_map(|word| word.as_str()).collect();
        let names = ["storefront", "ci", "queue", "local", "STAGE"];
        let left: Vec<&str> = left.into_iter().filter(|word| !names.contains(word)).collect();
        assert!(left.is_empty(), "{path}: {left:?}");
    }
}
