//! The pages that answer for many rows at once: workloads and routes.

use super::browser;
use crate::support::asking::get;
use crate::support::showroom::Showroom;

/// The cells of the table's first row, joined.
fn first_row(html: &str) -> String {
    let body = html.split("<tbody").nth(1).expect("a table");
    body.split("</tr>").next().unwrap_or_default().to_owned()
}

#[test]
fn the_workloads_are_told_with_how_many_are_up_and_what_is_down_first() {
    let room = Showroom::furnished();
    let page = get(&room, "/workloads").body;
    let place = |name: &str| page.find(&format!("<bdi>{name}</bdi></a> <span class=\"sub\">")).expect(name);
    assert!(place("backup") < place("blog"), "one of its containers is down: {}", first_row(&page));
    let backup = page.split("data-key=\"workload ").find(|row| row.contains("<bdi>backup</bdi>")).expect("its row");
    for expected in ["2 / 3", "backup-restic-1", "stopped", "href=\"/workloads/"] {
        assert!(backup.contains(expected), "{expected}: {backup}");
    }
    let sites = get(&room, "/workloads?kind=site&text=handbook").body;
    assert!(sites.contains("1 workload") && sites.contains("handbook") && !sites.contains("<bdi>backup</bdi>"));
    let nothing = get(&room, "/workloads?text=nowhere").body;
    assert!(nothing.contains("No workload matches"));
    assert!(get(&Showroom::empty(), "/workloads").body.contains("dockledger adopt --all"));
}

#[test]
fn a_route_is_told_with_its_workload_stage_container_port_and_state() {
    let room = Showroom::furnished();
    let page = get(&room, "/routes?text=storefront.staging").body;
    assert!(page.contains("1 route"), "{page}");
    let row = first_row(&page);
    for expected in [
        "storefront.staging",
        "href=\"/workloads/w-storefront\"",
        "<bdi>staging</bdi>",
        "storefront-staging-1",
        "running",
    ] {
        assert!(row.contains(expected), "{expected}: {row}");
    }
    assert!(get(&Showroom::empty(), "/routes").body.contains("No row bears a subdomain"));
}

#[test]
fn a_route_to_what_is_down_comes_first() {
    let room = Showroom::furnished();
    room.daemon.with(|world| world.stop("webhooks-production-1").expect("it runs"));
    room.reconcile();
    let row = first_row(&get(&room, "/routes").body);
    assert!(row.contains("webhooks.production") && row.contains("stopped"), "{row}");
}

#[test]
fn the_workloads_follow_the_ledger_and_their_filters_need_no_reload() {
    let test = "the_workloads_follow_the_ledger_and_their_filters_need_no_reload";
    let Some(browser) = browser(test, "en") else { return };
    let room = Showroom::furnished();
    browser.go(&room.url("/workloads"));
    browser.wait("document.getElementById('connection').textContent === 'live'");
    browser.run("window.isTheSame = true;");
    browser.type_into("#text", "wiki");
    browser.wait("location.search === '?text=wiki' && document.querySelectorAll('.filtered tbody tr').length === 1");
    room.daemon.with(|world| world.stop("wiki-search-1").expect("it runs"));
    browser.wait("document.querySelector('.filtered tbody').innerText.includes('wiki-search-1')");
    assert_eq!(browser.text("window.isTheSame"), "true");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_stack_shows_services_and_a_project_stages_and_subdomains() {
    let room = Showroom::furnished();
    let project = get(&room, "/workloads/w-storefront").body;
    assert!(project.contains(">Stage</th>") && project.contains("<bdi>storefront.staging</bdi>"));
    let shop = get(&room, "/workloads?text=shop").body;
    let stack = shop.split("href=\"/workloads/").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
    let stack = get(&room, &format!("/workloads/{stack}")).body;
    assert!(
        stack.contains(">Service</th>") && stack.contains("<td role=\"cell\" class=\"c-workload\"><bdi>postgres</bdi>")
    );
}
