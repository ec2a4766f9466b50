//! Names and ids: only a whole id is an id, and a name is nobody's for ever.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use dockledger::simulation::{FaultProxy, NewContainer};

use super::hostile::assert_harmless;
use crate::whole::ledger::Case;

/// A project with a stage, beside a shop of two.
async fn with_project() -> Case {
    let case = Case::with_shop(2).await;
    for line in [&["project", "add", "api"][..], &["stage", "add", "api", "live"]] {
        assert_eq!(case.program(line).code, 0);
    }
    case
}

fn claim(case: &Case, container: &str) -> i32 {
    let ran = case.program(&["claim", "--project", "api", "--stage", "live", "--json", "--container", container]);
    assert_harmless("claim", &ran);
    ran.code
}

/// B23: dockerd takes names of any length.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_of_four_thousand_characters_is_cut_and_its_container_kept_true() {
    let case = Case::with_shop(1).await;
    let long = "n".repeat(4_000);
    let container =
        |service: &str| NewContainer::new(format!("{service}{long}"), "busybox").compose("shop", service, 1);
    case.daemon.with(|world| {
        world.run(container("a")).expect("fresh");
        // Cut, both look alike.
        world.run(container("b")).expect("fresh");
        world
            .run(NewContainer::new(long.clone(), "busybox").label("com.docker.compose.project", "shop"))
            .expect("fresh");
    });
    let report = case.once().await;
    assert_eq!((report.error.as_ref(), report.inserted), (None, 3));
    case.daemon.with(|world| world.stop(&format!("a{long}"))).expect("it runs");
    assert_eq!(case.once().await.updated, 1);
    assert!(case.rows().iter().all(|row| row.observed.name.len() <= 255 && row.id.as_str().len() < 1_000));
    let table = case.program(&["ps"]);
    // Piped, it is not cut to a width; each name is to what the ledger keeps of it.
    assert!(table.stdout.lines().all(|line| line.chars().count() <= 3 * 255 + 200), "{}", table.stdout);
}

/// B24, B26: short, ambiguous, upper-case, and a name that is the begin of another's id.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_an_id_that_is_meant_is_claimed() {
    let case = with_project().await;
    let plain = |name: &str| case.daemon.with(|world| world.run(NewContainer::new(name, "busybox"))).expect("fresh");
    let victim = plain("victim");
    let decoy = plain(victim.short());
    for refused in [victim.as_str()[..63].to_uppercase(), victim.as_str().to_uppercase(), String::new(), "/".into()] {
        assert_ne!(claim(&case, &refused), 0, "{refused:?}");
    }
    // Enough containers that two ids begin alike.
    let ids: Vec<_> = (0..17).map(|n| plain(&format!("p{n}"))).collect();
    let ambiguous = ids
        .iter()
        .map(|id| &id.as_str()[..1])
        .find(|first| ids.iter().filter(|id| id.as_str().starts_with(first)).count() > 1);
    assert_ne!(claim(&case, ambiguous.expect("seventeen ids, sixteen digits")), 0);
    assert_eq!(claim(&case, victim.short()), 0);
    let bound: Vec<_> = case.rows().into_iter().filter(|row| &*row.binding.role == "live").collect();
    assert_eq!(bound.len(), 1);
    assert_eq!(bound[0].binding.container_id.as_ref(), Some(&decoy), "a name comes before the begin of an id");
}

/// B25: what was claimed by a name is bound by id; the next bearer of the name gets nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_bearer_of_a_name_does_not_get_the_row() {
    let case = with_project().await;
    let first = case.daemon.with(|world| world.run(NewContainer::new("api", "busybox"))).expect("fresh");
    assert_eq!(claim(&case, "api"), 0);
    case.daemon.with(|world| {
        world.remove("api", true).expect("it exists");
        world.run(NewContainer::new("api", "evil")).expect("the name is free");
    });
    assert_eq!(case.once().await.missing, 1);
    let row = case.rows().into_iter().find(|row| &*row.binding.role == "live").expect("it was claimed");
    assert_eq!((row.binding.container_id.as_ref(), row.observed.state.to_string()), (Some(&first), "missing".into()));
    assert_eq!(&*row.observed.image_ref, "busybox");
}

/// B27: an id that is a path, bound by a deployer in plain SQL or asked for on the command line.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_that_is_a_path_asks_the_daemon_for_nothing_else() {
    let mut case = with_project().await;
    let proxy = FaultProxy::before(case.daemon.socket()).expect("a socket");
    case.config.docker_host = Some(proxy.docker_host());
    let odd = ["../../info", "a/b", "%2e%2e%2f", "x?force=1", "x#y", "..", ".", "x\r\nDELETE /containers/x", "ф\0"];
    for (n, id) in odd.iter().enumerate() {
        assert_ne!(claim(&case, id.trim_end_matches('\0')), 0, "{id:?} is no container");
        let row = format!("odd-{n}");
        let line = ["claim", "--project", "api", "--stage", "live", "--row", &row, "--json"];
        assert_eq!(case.program(&line).code, 0);
        let id = id.replace('\'', "''").trim_end_matches('\0').to_owned();
        let mut database = SqliteConnection::establish(&case.config.database).expect("the file opens");
        let bound = format!("UPDATE containers SET container_id = '{id}' WHERE id = '{row}'");
        database.batch_execute(&bound).expect("a deployer may write what it likes");
    }
    let report = case.once().await;
    assert_eq!((report.error.as_ref(), report.listed), (None, 2));
    let traffic = proxy.traffic().borrow().clone();
    for path in traffic.requests.keys() {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let expected = match parts.as_slice() {
            ["info" | "version"] | ["containers", "json"] => true,
            ["containers", id, "json"] => id.bytes().all(|b| b.is_ascii_alphanumeric() || b"%-_~:".contains(&b)),
            _ => false,
        };
        assert!(expected, "asked for {path}");
    }
    assert_eq!(case.daemon.with(|world| world.containers().len()), 2, "and nothing was done to any");
}
