//! What Dockledger itself orders, and an engine that no longer speaks old versions of the API.

use dockledger::docker::{Action, ContainerSource, Daemon, Endpoint, Grace};
use dockledger::model::ContainerId;

use super::case::EngineCase;
use super::{DOCKER_28, on_each_engine};
use crate::support::unpacked::{Release, Unpacked};

on_each_engine! {
    async fn each_action_reaches_its_container(release: Release, test: &str) {
        let Some(case) = EngineCase::start(test, release).await else { return };
        order_everything(&case).await;
        case.ends().await;
    }
}

/// As Docker 29 is from the start: list, events and actions.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_that_refuses_old_versions_of_the_api_is_followed_and_ordered() {
    let test = module_path!();
    let Some(engine) = Unpacked::start_with(test, DOCKER_28, "DOCKER_MIN_API_VERSION=1.44") else { return };
    assert_eq!(engine.get("/v1.43/containers/json").status, 400, "it refuses what is below its floor");
    let Some(case) = EngineCase::follow(engine).await else { return };
    order_everything(&case).await;
    case.ends().await;
}

async fn order_everything(case: &EngineCase) {
    case.write_compose(PLAIN);
    let up = case.compose(&["up", "-d"]).await;
    let id = ContainerId::new(&*up[0].id);
    let config = dockledger::config::Config::new(String::new());
    let daemon = Daemon::new(Endpoint::Unix(case.engine.socket()), &config);
    for (action, state) in [
        (Action::Stop(Grace::default()), "exited"),
        (Action::Start, "running"),
        (Action::Restart(Grace::default()), "running"),
    ] {
        daemon.act(&id, action).await.unwrap_or_else(|error| panic!("{action:?}: {error}"));
        let containers = case.until_true(&format!("{action:?}")).await;
        assert_eq!(containers[0].state, state, "{action:?}");
    }
    daemon.act(&id, Action::Remove).await.expect_err("it runs");
    case.compose(&["stop"]).await;
    daemon.act(&id, Action::Remove).await.unwrap_or_else(|error| panic!("removal: {error}"));
    assert!(case.until_true("Remove").await.is_empty());
}

const PLAIN: &str = r#"services:
  plain:
    image: dockledger-test:plain
    command: ["sleep", "36000"]
    stop_signal: SIGKILL
"#;
