//! Two thousand containers: what is asked of the page per container is bounded, whatever machine it runs on.

use super::browser;
use crate::support::showroom::Showroom;

/// The times themselves are printed, and are no condition: a test that depends on the machine's load says nothing.
#[test]
fn two_thousand_containers_are_filtered_and_updated_row_by_row() {
    let Some(browser) = browser("two_thousand_containers_are_filtered_and_updated_row_by_row", "en") else { return };
    let room = Showroom::crowded(2_000);
    browser.go(&room.url("/"));
    browser.wait("document.getElementById('connection').textContent === 'live'");
    browser.wait("document.querySelectorAll('.rows tbody tr').length === 2000");
    let paint = browser.text(
        "performance.getEntriesByName('first-contentful-paint')[0].startTime.toFixed(0) + ' ms, '
         + (performance.getEntriesByType('navigation')[0].decodedBodySize / 1024).toFixed(0) + ' KiB'"
            .replace('\n', " ")
            .as_str(),
    );
    let filter = browser.run_later(
        "const done = arguments[arguments.length - 1]; const begun = performance.now();
         const text = document.getElementById('text'); text.value = 'stack-00042';
         text.dispatchEvent(new Event('input', { bubbles: true }));
         requestAnimationFrame(() => setTimeout(() => done([
           (performance.now() - begun).toFixed(0),
           document.querySelectorAll('.rows tbody tr:not([hidden])').length,
         ]), 0));",
    );
    assert_eq!(filter[1], 10, "the filter acts before the service answers");
    let answered = browser.run_later(
        "const done = arguments[arguments.length - 1]; const begun = performance.now();
         const look = () => document.querySelectorAll('.rows tbody tr').length === 10
           ? done((performance.now() - begun).toFixed(0)) : setTimeout(look, 1);
         look();",
    );
    browser.run("history.back();");
    browser.wait("document.querySelectorAll('.rows tbody tr').length === 2000");
    // An update touches the row that changed and no other.
    browser.run(
        "window.touched = new Set();
         new MutationObserver((records) => records.forEach(({ target }) => {
           const element = target.nodeType === 1 ? target : target.parentElement;
           const row = element?.closest('.rows tbody tr');
           if (row && !element.closest('time')) window.touched.add(row.dataset.key);
         })).observe(document.querySelector('.rows'), { subtree: true, childList: true, attributes: true, characterData: true });",
    );
    room.daemon.with(|world| world.stop("stack-00000-web-1").expect("it runs"));
    browser.wait(
        "[...document.querySelectorAll('.rows tbody tr')].some((row) => row.textContent.includes('stack-00000-web-1')
         && row.querySelector('.c-state').textContent === 'stopped')",
    );
    assert_eq!(browser.text("window.touched.size"), "1");
    eprintln!("first paint {paint}; filter {} ms on the page, answered {answered} ms later", filter[0]);
}
