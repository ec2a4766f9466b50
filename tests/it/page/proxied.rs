//! The page below a path, behind a real nginx, in a real browser.

use std::os::unix::fs::PermissionsExt as _;

use dockledger::config::BasePath;
use serde_json::json;

use super::browser;
use crate::cli::program::Program;
use crate::support::nginx::Nginx;
use crate::support::showroom::Showroom;
use crate::support::skip::skip;

/// F24.
#[test]
fn f24_the_page_is_styled_live_and_signed_in_below_its_path() {
    let test = "f24_the_page_is_styled_live_and_signed_in_below_its_path";
    let mut room = Showroom::furnished();
    let made = Program::new().run(&["token", "new", "reader", "--scope", "read", "--json"]).json();
    let tokens = room.place("tokens");
    std::fs::write(&tokens, made["line"].as_str().expect("a line")).expect("written");
    std::fs::set_permissions(&tokens, std::fs::Permissions::from_mode(0o600)).expect("chmod");
    room.stop();
    room.config.http.tokens = Some(tokens);
    room.config.http.base_path = BasePath::parse("/dockledger").expect("a path");
    room.start_again();
    let locations = [
        "location /dockledger/ { proxy_pass http://SERVICE; }",
        "location /dockledger/ { proxy_pass http://SERVICE/; }",
    ];
    let nginx = match Nginx::before(room.address, &locations) {
        Ok(nginx) => nginx,
        Err(why) => return skip(test, &why),
    };
    for at in &nginx.servers {
        let Some(browser) = browser(test, "en") else { return };
        browser.go(&format!("http://{at}/dockledger"));
        browser.wait("location.pathname === '/dockledger/login'");
        browser.type_into("#token", made["token"].as_str().expect("a token"));
        browser.click(".login button");
        browser.wait("location.pathname === '/dockledger/'");
        browser.wait("document.getElementById('connection').textContent === 'live'");
        let background = "getComputedStyle(document.querySelector('.rows tbody tr')).display";
        assert_ne!(browser.text(background), "", "it is styled");
        assert_eq!(browser.run("return document.styleSheets[0].cssRules.length > 10;"), json!(true), "it is styled");

        browser.type_into("#text", "wiki");
        browser.wait("location.pathname + location.search === '/dockledger/?text=wiki'");
        browser
            .wait("[...document.querySelectorAll('.rows tbody tr')].every((row) => row.textContent.includes('wiki'))");
        let state = "[...document.querySelectorAll('.rows tbody tr')].find((row) => row.querySelector('.c-name a')\
                     .textContent === 'wiki-search-1')?.querySelector('.c-state')?.textContent";
        room.daemon.with(|world| world.stop("wiki-search-1").expect("it runs"));
        browser.wait(&format!("{state} === 'stopped'"));
        room.daemon.with(|world| world.start("wiki-search-1").expect("it is stopped"));
        browser.wait(&format!("{state} === 'running'"));

        browser.click(".rows .c-name a");
        browser.wait("location.pathname.startsWith('/dockledger/containers/local/')");
        browser.click(".languages button[lang=ru]");
        browser.wait("document.documentElement.lang === 'ru'");
        browser.wait("location.pathname.startsWith('/dockledger/containers/local/')");
        browser.click("nav a[href='/dockledger/hosts']");
        browser.wait("location.pathname === '/dockledger/hosts' && document.querySelector('li.card') !== null");
    }
}
