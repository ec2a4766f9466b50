//! An update of the page carries what differs from what the page shows, and makes of it what a fresh load would show.

use dockledger::simulation::NewContainer;
use serde_json::json;

use super::browser;
use crate::support::asking::{Compressed, ask_compressed, get};
use crate::support::chromium::{Browser, wait_for};
use crate::support::showroom::Showroom;

/// What the page holds that got this answer.
fn tag(answer: &str) -> &str {
    answer.split("data-tag=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a place for the tag")
}

/// The live part, for a page that holds an answer of that tag.
fn update(room: &Showroom, path: &str, held: &str) -> Compressed {
    let answer = ask_compressed(room, path, &format!("dockledger-part: live\r\ndockledger-held: {held}\r\n"));
    assert_eq!((answer.status, answer.is_compressed), (200, true), "{path}");
    answer
}

fn lines(answer: &str) -> usize {
    answer.matches("<tr role=\"row\" data-key=\"").count()
}

#[test]
fn one_change_of_two_thousand_rows_is_less_than_4_kib() {
    let room = Showroom::crowded(2_000);
    let page = ask_compressed(&room, "/", "");
    assert!(page.is_compressed && page.body.contains("<!doctype html>"));
    assert_eq!(lines(&page.body), 2_000);
    room.daemon.with(|world| world.stop("stack-00000-web-1").expect("it runs"));
    room.reconcile();
    let changed = update(&room, "/", tag(&page.body));
    assert_eq!(lines(&changed.body), 1);
    assert!(changed.body.contains("stack-00000-web-1") && !changed.body.contains("<!doctype html>"));
    assert!(changed.bytes < 4_096, "{} bytes", changed.bytes);
    let unchanged = update(&room, "/", tag(&changed.body));
    assert_eq!((lines(&unchanged.body), tag(&unchanged.body)), (0, tag(&changed.body)));
    assert!(unchanged.body.matches("data-held").count() == 1, "what is held one after the other is told in one");
    // Another order of the same rows is told, too, and a filter.
    let ordered = update(&room, "/?sort=name", tag(&changed.body));
    assert_eq!(lines(&ordered.body), 0);
    let filtered = update(&room, "/?text=stack-00000", tag(&ordered.body));
    assert_eq!(lines(&filtered.body), 0);
    eprintln!(
        "the page {} of {} bytes, one change {} of {}, none {}, another order {}, a filter {}",
        page.bytes,
        page.body.len(),
        changed.bytes,
        changed.body.len(),
        unchanged.bytes,
        ordered.bytes,
        filtered.bytes
    );
}

#[test]
fn whoever_holds_what_nobody_knows_is_sent_the_whole() {
    let mut room = Showroom::furnished();
    let page = get(&room, "/").body;
    let held = tag(&page).to_owned();
    let kept = update(&room, "/", &held);
    assert!(kept.body.contains(&format!("data-base=\"{held} ")) && lines(&kept.body) < lines(&page));
    for unknown in ["", "0123456789abcdef", "no tag"] {
        let whole = update(&room, "/", unknown).body;
        assert!(!whole.contains("data-base") && !whole.contains("data-held"), "{unknown}");
        assert_eq!(lines(&whole), lines(&page), "{unknown}");
    }
    // Who loads the page is sent all of it, whatever he says that he holds.
    let loaded = ask_compressed(&room, "/", &format!("dockledger-held: {held}\r\n")).body;
    assert_eq!(lines(&loaded), lines(&page));
    room.stop();
    room.start_again();
    assert!(!update(&room, "/", &held).body.contains("data-base"), "another process knows nothing of it");
}

/// What is shown, but for what the page's modules own and the texts of ages; and the same of a fresh load.
const COMPARED: &str = "
    const plain = (live) => {
      const copy = live.cloneNode(true);
      copy.removeAttribute('data-now');
      copy.querySelectorAll('[data-keep]').forEach((kept) => kept.remove());
      copy.querySelectorAll('time').forEach((time) => (time.textContent = ''));
      copy.querySelectorAll('button.copy').forEach((button) => (button.textContent = ''));
      return copy.outerHTML;
    };
    const load = async () => {
      const answer = await window.fetched(location.href, { headers: { 'dockledger-part': 'live' }, cache: 'no-store' });
      const whole = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('live');
      return [plain(document.getElementById('live')), plain(whole)];
    };";

/// Counts the answers that leave something out, and keeps the browser's own `fetch` for the test.
fn watch(browser: &Browser) {
    browser.wait("document.getElementById('connection').textContent === 'live'");
    browser.run(
        "window.fetched = window.fetch.bind(window); window.partial = 0;
         window.fetch = async (...asked) => {
           const answer = await window.fetched(...asked);
           if ((await answer.clone().text()).includes('data-base=')) window.partial += 1;
           return answer;
         };",
    );
}

/// Waits until the page shows what a fresh load shows: within the time of a refresh, since both go on.
fn is_as_loaded(browser: &Browser, after: &str) {
    let different = browser.run_later(&format!(
        "{COMPARED}
         const done = arguments[arguments.length - 1]; const begun = performance.now();
         const look = async () => {{
           const [shown, fresh] = await load();
           if (shown === fresh) return done(null);
           if (performance.now() - begun < 12000) return setTimeout(look, 100);
           const at = [...shown].findIndex((letter, at) => letter !== fresh[at]);
           done([shown.slice(at - 100, at + 200), fresh.slice(at - 100, at + 200)]);
         }};
         look();"
    ));
    assert_eq!(different, json!(null), "{after}");
}

fn web_of(stack: &str, name: &str) -> NewContainer {
    NewContainer::new(name, "web:1").compose(stack, "extra", 1)
}

/// An inspect corrects since when a row is in its state, and that is no change.
#[test]
fn what_is_written_without_a_change_is_shown_with_the_next_look() {
    let test = "what_is_written_without_a_change_is_shown_with_the_next_look";
    let Some(browser) = browser(test, "en") else { return };
    let room = Showroom::furnished();
    browser.go(&room.url("/?text=wiki-search"));
    watch(&browser);
    let since = "document.querySelector('.rows .c-since time').dateTime";
    let before = browser.text(since);
    room.execute("UPDATE containers SET state_since = state_since - 86400000 WHERE name = 'wiki-search-1'");
    // As each ten seconds.
    browser.run("dispatchEvent(new Event('popstate'));");
    browser.wait(&format!("{since} < '{before}'"));
    is_as_loaded(&browser, "a moment is corrected");
}

#[test]
fn after_each_update_the_page_is_what_a_fresh_load_shows_and_the_focus_stays() {
    let test = "after_each_update_the_page_is_what_a_fresh_load_shows_and_the_focus_stays";
    let Some(browser) = browser(test, "en") else { return };
    let room = Showroom::furnished();
    browser.go(&room.url("/"));
    watch(&browser);
    let shown =
        "[...document.querySelectorAll('.rows tbody tr')].map((row) => row.querySelector('.c-name a').textContent)";
    let row = |name: &str| format!("[...document.querySelectorAll('.rows tbody tr')][{shown}.indexOf('{name}')]");
    // One in the middle has the focus, and a text beside it is selected.
    browser.run(&format!(
        "window.kept = {}; kept.querySelector('.c-name a').focus(); window.focused = document.activeElement;
         getSelection().selectAllChildren(kept.querySelector('.image')); window.selected = String(getSelection());",
        row("chat-synapse-1")
    ));
    let is_kept = "document.activeElement === window.focused && window.kept.isConnected
                   && window.selected !== '' && String(getSelection()) === window.selected"
        .replace('\n', " ");
    let step = |what: &str, is_seen: &str, act: &dyn Fn()| {
        act();
        browser.wait(is_seen);
        is_as_loaded(&browser, what);
        assert_eq!(browser.run(&format!("return {is_kept};")), json!(true), "{what}");
    };
    let state = |name: &str| format!("{}?.querySelector('.c-state').textContent", row(name));
    step("one stops and goes up", &format!("{} === 'stopped'", state("wiki-search-1")), &|| {
        room.daemon.with(|world| world.stop("wiki-search-1").expect("it runs"));
    });
    step("one starts and goes down", &format!("{} === 'running'", state("wiki-search-1")), &|| {
        room.daemon.with(|world| world.start("wiki-search-1").expect("it is stopped"));
    });
    step("one is new", &format!("{shown}.includes('blog-extra-1')"), &|| {
        room.daemon.with(|world| world.run(web_of("blog", "blog-extra-1")).expect("a fresh name"));
    });
    step(
        "several are new, and some stop",
        &format!("{shown}.includes('wiki-extra-1') && {} === 'stopped'", state("git-server-1")),
        &|| {
            room.daemon.with(|world| {
                world.run(web_of("wiki", "wiki-extra-1")).expect("a fresh name");
                world.run(web_of("chat", "chat-extra-1")).expect("a fresh name");
                world.stop("git-server-1").expect("it runs");
                world.pause("shop-web-1").expect("it runs");
            });
        },
    );
    step("one is gone", &format!("{} === 'missing'", state("blog-extra-1")), &|| {
        room.daemon.with(|world| {
            world.stop("blog-extra-1").expect("it runs");
            world.remove("blog-extra-1", false).expect("it is there");
        });
    });
    step("a line goes from the table", &format!("!{shown}.includes('blog-extra-1')"), &|| {
        room.execute("DELETE FROM containers WHERE name = 'blog-extra-1'");
        room.daemon.with(|world| world.unpause("shop-web-1").expect("it is paused"));
    });
    // The one that has the focus goes to another place.
    step("what has the focus moves", &format!("{} === 'paused'", state("chat-synapse-1")), &|| {
        room.daemon.with(|world| world.pause("chat-synapse-1").expect("it runs"));
    });
    let partial: u32 = browser.text("window.partial").parse().expect("a count");
    assert!(partial >= 7, "{partial} updates left something out");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn other_tables_filters_and_orders_are_what_a_fresh_load_shows() {
    let Some(browser) = browser("other_tables_filters_and_orders_are_what_a_fresh_load_shows", "ru") else { return };
    let room = Showroom::furnished();
    for path in
        ["/activity", "/workloads", "/unassigned", "/routes", "/hosts", "/passes", "/?text=wiki", "/?state=down"]
    {
        browser.go(&room.url(path));
        browser.wait("document.documentElement.classList.contains('scripted')");
        browser.wait("!document.getElementById('connection').classList.contains('off') && document.getElementById('connection').textContent");
        room.daemon.with(|world| world.stop("wiki-search-1").expect("it runs"));
        let stray = NewContainer::new("stray", "busybox");
        room.daemon.with(|world| world.run(stray).expect("a fresh name"));
        room.reconcile();
        browser.run("window.fetched = window.fetch.bind(window);");
        is_as_loaded(&browser, path);
        room.daemon.with(|world| {
            world.start("wiki-search-1").expect("it is stopped");
            world.stop("stray").expect("it runs");
            world.remove("stray", false).expect("it is there");
        });
        room.reconcile();
        is_as_loaded(&browser, path);
    }
    browser.go(&room.url("/"));
    browser.run("window.fetched = window.fetch.bind(window);");
    for link in [
        ".sorts a:last-of-type",
        ".chips a[href*='state=']",
        ".chips a:not([href*='state='])",
        ".sorts a:first-of-type",
    ] {
        browser.click(link);
        is_as_loaded(&browser, link);
    }
    browser.back();
    is_as_loaded(&browser, "back");
}

/// What another program does to the page, such as a browser's extension: it is loaded whole rather than shown wrong.
#[test]
fn a_page_whose_lines_another_took_away_is_whole_again() {
    let Some(browser) = browser("a_page_whose_lines_another_took_away_is_whole_again", "en") else { return };
    let room = Showroom::furnished();
    browser.go(&room.url("/?text=wiki"));
    watch(&browser);
    browser.run("document.querySelectorAll('.rows tbody tr')[1].remove();");
    room.daemon.with(|world| world.stop("wiki-search-1").expect("it runs"));
    is_as_loaded(&browser, "a line was taken away");
    wait_for("updates are small again", || {
        room.reconcile();
        browser.text("window.partial") != "0"
    });
}

/// Two answers for what the page held at first: the later one comes when its lines are shown no more, and is asked for anew.
#[test]
fn an_answer_for_lines_that_are_shown_no_more_is_asked_for_anew() {
    let Some(browser) = browser("an_answer_for_lines_that_are_shown_no_more_is_asked_for_anew", "en") else { return };
    let room = Showroom::furnished();
    browser.go(&room.url("/?text=wiki"));
    watch(&browser);
    // Two requests that say that they hold the same are on their way before the first is answered.
    browser.run(
        "const real = window.fetch; window.asked = []; window.gates = [];
         window.fetch = async (...asked) => {
           const number = window.asked.push(asked[1].headers['dockledger-held']);
           const answer = await real(...asked);
           const text = await answer.text();
           if (number <= 2) await new Promise((open) => window.gates.push(open));
           return new Response(text, { status: 200 });
         };",
    );
    room.daemon.with(|world| world.pause("wiki-search-1").expect("it runs"));
    browser.wait("window.gates.length === 1");
    room.daemon.with(|world| {
        world.unpause("wiki-search-1").expect("it is paused");
        world.stop("wiki-search-1").expect("it runs");
    });
    browser.wait("window.gates.length === 2");
    assert_eq!(browser.run("return window.asked[0] !== '' && window.asked[0] === window.asked[1];"), json!(true));
    browser.run("window.gates.forEach((open) => open());");
    browser.wait("document.querySelector('.rows').textContent.includes('stopped')");
    is_as_loaded(&browser, "the second answer was dropped");
    assert_eq!(browser.run("return window.asked.length > 2 && window.asked[2] !== window.asked[0];"), json!(true));
}
