//! English and Russian, by the browser or by hand, and nothing left untranslated.

use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};
use dockledger::simulation::{Fault, FaultProxy, NewContainer, Reply};

use super::acts::{acting_with, page_of, visit};
use super::browser;
use super::login::log_in;
use crate::support::asking::{Answer, ask};
use crate::support::chromium::Browser;
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

/// The Latin words of the page that is shown but for what has to be such: our name, names of containers and owners, commands, what the daemon says itself, ids,
/// moments and the other language's own name.
fn left_in_english(browser: &Browser) -> Vec<String> {
    let left = browser.run(
        "const copy = document.body.cloneNode(true);
         for (const own of copy.querySelectorAll('bdi, code, q, button[lang=en], .brand, script, time, option, .c-ports'))
           own.remove();
         for (const facts of copy.querySelectorAll('dd')) facts.remove();
         const said = [...copy.querySelectorAll('[aria-label], [placeholder]')]
           .map((e) => e.getAttribute('aria-label') ?? e.getAttribute('placeholder'));
         const texts = copy.textContent + ' ' + said.join(' ') + ' ' + document.title.split(' · ')[0];
         return texts.match(/[A-Za-z]{2,}/g) ?? [];",
    );
    let names = [
        "API",
        "Docker",
        "PEM",
        "SQLite",
        "PostgreSQL",
        "TLS",
        "STAGE",
        "Swarm",
        "ci",
        "compose",
        "edge",
        "hibernating",
        "id",
        "local",
        "queue",
        "search",
        "storefront",
        "wiki",
    ];
    let left = left.as_array().expect("a list").iter().filter_map(|word| word.as_str());
    left.filter(|word| !names.contains(word) && !word.eq_ignore_ascii_case("id")).map(str::to_owned).collect()
}

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
        let left = left_in_english(&browser);
        assert!(left.is_empty(), "{path}: {left:?}");
    }
}

fn pass(room: &Showroom, token: &str) -> Answer {
    ask(room.address, "POST", "/api/v1/passes", &format!("Authorization: Bearer {token}\r\n"))
}

/// Calls that a proxy denies, containers that are contested or labelled wrongly, an order that failed, a daemon whose list
/// fails, another host that was left with an error. The path that the order led to.
fn trouble(room: &Showroom, proxy: &FaultProxy, token: &str) -> String {
    let wrong = NewContainer::new("mislabelled", "x:1").label("tinyforge.workload.id", "w-reports");
    let second = NewContainer::new("docs-again", "x:1").label("tinyforge.static-site", "site-docs");
    room.daemon.with(|world| {
        world.run(wrong.label("tinyforge.workload.kind", "site")).expect("a fresh name");
        world.run(second).expect("a fresh name");
        world
            .run(NewContainer::new("a-task", "x:1").label("com.docker.swarm.service.name", "mailer"))
            .expect("a fresh name");
    });
    for call in ["/events", "/images/", "/info"] {
        proxy.inject(Fault::Answer(Reply::new(403, "denied by the rules")).on(call));
    }
    assert_eq!(pass(room, token).status, 200);
    let page = page_of(room, "wiki-search-1", token);
    let id = room.daemon.with(|world| world.container("wiki-search-1").expect("it exists").id.clone());
    let fails = Reply::new(500, "{\"message\":\"cannot stop it\"}");
    proxy.inject(Fault::Answer(fails).on(&format!("/containers/{id}/stop")));
    let ordered = visit(room, "POST", &format!("{page}/stop"), token);
    proxy.inject(Fault::Answer(Reply::new(500, "the list is broken")).on("/containers/json"));
    pass(room, token);
    room.execute(
        "PRAGMA busy_timeout = 5000; UPDATE hosts SET status = 'unreachable', last_error = 'cannot reach the Docker daemon at unix:///x.sock: Broken pipe \
         (os error 32); check the address (--docker-host, DOCKER_HOST, `docker context ls`)' WHERE name = 'edge'",
    );
    ordered.header("location").expect("it leads on").to_owned()
}

/// The words of the daemon and of the system stay as they were said.
#[test]
fn no_word_of_ours_is_left_in_english_where_everything_is_in_trouble() {
    let test = "no_word_of_ours_is_left_in_english_where_everything_is_in_trouble";
    let Some(browser) = browser(test, "ru") else { return };
    let (room, token, proxy) = acting_with("admin", |room| room.config.store_deadline = Duration::from_secs(1));
    let ordered = trouble(&room, &proxy, &token);
    log_in(&browser, &room, &token);
    let mut other = SqliteConnection::establish(&room.config.database).expect("the file opens");
    other.batch_execute("PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE").expect("the lock is free within that time");
    std::thread::scope(|scope| {
        scope.spawn(|| pass(&room, &token));
        browser.wait("document.querySelector('.freshness')?.textContent.includes('реестр не записывается')");
        for (path, quoted) in [
            ("/", "cannot stop"),
            ("/hosts", "denied by the rules"),
            ("/hosts", "Broken pipe"),
            ("/passes", "the list is broken"),
            ("/unassigned", ""),
            ("/audit", "cannot stop it"),
            (&ordered, "cannot stop it"),
            (&format!("{}/start", ordered.split('?').next().expect("a path")), ""),
        ] {
            browser.go(&room.url(path));
            assert_eq!(left_in_english(&browser), Vec::<String>::new(), "{path}");
            let said = browser.text("[...document.querySelectorAll('q')].map((q) => q.textContent).join(' ')");
            assert!(path == "/" || said.contains(quoted), "{path}: {said}");
        }
        other.batch_execute("COMMIT").expect("it is ours");
    });
}
