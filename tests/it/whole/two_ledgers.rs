//! Two ledgers in one process.

use std::time::Duration;

use dockledger::Mode;
use dockledger::model::{ContainerState, HostName};
use dockledger::simulation::{NewContainer, World};

use super::ledger::{BEGIN, Case, until};

/// Name and state of each row of a host.
fn rows_of(case: &Case, host: &HostName) -> Vec<(String, ContainerState)> {
    let rows = case.rows().into_iter().filter(|row| row.host == *host);
    rows.map(|row| (row.observed.name.into(), row.observed.state)).collect()
}

/// A name, a registry or a static that both shared would show here.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_ledgers_in_one_process_keep_their_own_hosts_and_end_apart() {
    let here = Case::with_shop(2).await;
    let mut world = World::new(2, BEGIN);
    world.set_engine_id("another");
    let mut there = Case::with_world(world);
    there.config.host = "there".into();
    there.config.database.clone_from(&here.config.database);
    let container = NewContainer::new("c9", "busybox").compose("shop", "s9", 1);
    there.daemon.with(|world| world.run(container)).expect("a fresh name");

    let (first, second) = (here.spawn(Mode::Service).await, there.spawn(Mode::Service).await);
    let (of_first, of_second) = tokio::join!(first.reconcile(), second.reconcile());
    assert_eq!((of_first.error, of_second.error), (None, None));
    let shop = [("c0".to_owned(), ContainerState::Running), ("c1".to_owned(), ContainerState::Running)];
    assert_eq!(rows_of(&here, first.host()), shop);
    assert_eq!(rows_of(&here, second.host()), [("c9".to_owned(), ContainerState::Running)]);

    here.daemon.hang_list(true);
    here.daemon.with(|world| world.kill("c0")).expect("it runs");
    first.stop().await;
    assert_eq!(first.ended().await, Ok(()));
    there.daemon.with(|world| world.stop("c9")).expect("it runs");
    let stopped = [("c9".to_owned(), ContainerState::Stopped)];
    until(&second, Duration::from_secs(5), "the other ledger follows its daemon", || {
        rows_of(&here, second.host()) == stopped
    })
    .await;
    assert_eq!(rows_of(&here, first.host()), shop);
    assert_eq!(second.status().restarts.len(), 0);
    second.stop().await;
}
