//! Containers that end by themselves and are started again, and such as are ill.

use super::case::EngineCase;
use super::on_each_engine;
use crate::support::unpacked::{Kind, Release};

on_each_engine! {
    async fn a_container_that_crashes_again_and_again_is_followed(release: Release, test: &str) {
        let Some(case) = EngineCase::start(test, release).await else { return };
        case.write_compose(CRASHING);
        case.engine.compose(&["up", "-d"]);
        case.until_engine("the last of its restarts", |containers| {
            containers.first().is_some_and(|container| container.restarts() == 4 && container.state == "exited")
        })
        .await;
        case.until_true("crashed until its engine gave up").await;
        let row = &case.rows()[0];
        assert_eq!((&row["exit_code"], &row["restart_count"]), (&3.into(), &4.into()), "{row}");
        assert!(!row["flapping_since"].is_null(), "{row}");
        case.ends().await;
    }

    async fn a_health_check_is_followed_from_its_start_to_its_failure(release: Release, test: &str) {
        let Some(case) = EngineCase::start(test, release).await else { return };
        case.write_compose(CHECKED);
        let up = case.compose(&["up", "-d"]).await;
        let name = up[0].name.clone();
        for (word, change) in [("healthy", ": >/well"), ("unhealthy", "busybox rm /well"), ("healthy", ": >/well")] {
            case.engine.command(&["exec", &name, "sh", "-c", change]);
            if release.kind == Kind::Podman {
                check_once(&case, &name);
            }
            case.until_engine(word, |containers| containers[0].health() == Some(word)).await;
            case.until_true(&format!("it is {word}")).await;
            assert_eq!(case.rows()[0]["health"], word);
        }
        case.compose(&["stop"]).await;
        assert!(case.rows()[0]["health"].is_null(), "stopped, it has none");
        case.compose(&["start"]).await;
        case.ends().await;
    }
}

/// Its checks are timers of systemd, and there is none here. It says by its exit code what the check said.
fn check_once(case: &EngineCase, name: &str) {
    case.engine.try_command(&["healthcheck", "run", name]);
}

const CRASHING: &str = r#"services:
  crashes:
    image: dockledger-test:plain
    command: ["sh", "-c", "exit 3"]
    restart: "on-failure:4"
"#;

const CHECKED: &str = r#"services:
  checked:
    image: dockledger-test:plain
    command: ["sleep", "36000"]
    stop_signal: SIGKILL
    healthcheck:
      test: ["CMD", "cat", "/well"]
      interval: 1s
      timeout: 5s
      retries: 1
"#;
