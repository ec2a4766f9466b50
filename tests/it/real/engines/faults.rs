//! An engine that is restarted, killed and frozen under a compose project.

use std::time::Duration;

use dockledger::model::Trigger;
use tokio::time::Instant;

use super::case::EngineCase;
use super::on_each_engine;
use crate::support::unpacked::Release;

/// Longer than any of them takes to start again: Docker waits for what survived it.
const START_BOUND: Duration = Duration::from_secs(90);

on_each_engine! {
    /// D8, D9: told to end, and killed.
    async fn an_engine_that_is_restarted_is_followed_again(release: Release, test: &str) {
        let Some(mut case) = EngineCase::start(test, release).await else { return };
        for trigger in [Trigger::Reconnect, Trigger::Recovery] {
            case.expect(trigger);
        }
        case.write_compose(TWO);
        case.compose(&["up", "-d"]).await;
        for is_killed in [false, true] {
            if is_killed {
                case.engine.kill();
            } else {
                case.engine.terminate();
            }
            case.engine.start_again("");
            until_it_lists(&case).await;
            case.until_true(if is_killed { "killed and started again" } else { "ended and started again" }).await;
            // The stream is followed again.
            case.compose(&["up", "-d"]).await;
            case.compose(&["restart"]).await;
        }
        assert_eq!(case.ever_missing(), [""; 0]);
        case.ends().await;
    }

    /// D1: nothing answers, and a container ends meanwhile.
    async fn an_engine_that_was_frozen_is_followed_on(release: Release, test: &str) {
        let Some(mut case) = EngineCase::start(test, release).await else { return };
        for trigger in [Trigger::Reconnect, Trigger::Recovery, Trigger::Request] {
            case.expect(trigger);
        }
        case.write_compose(BRIEF);
        case.compose(&["up", "-d"]).await;
        let ledger = case.ledger.clone();
        case.engine.freeze();
        let request = tokio::spawn(async move { ledger.reconcile().await });
        // The fault itself: past the deadlines, and past the end of a container.
        tokio::time::sleep(Duration::from_secs(12)).await;
        case.engine.thaw();
        until_it_lists(&case).await;
        case.until_engine("the brief one's end", |containers| {
            containers.iter().any(|container| container.service() == "brief" && container.state == "exited")
        })
        .await;
        case.until_true("frozen for 12 s").await;
        request.await.expect("it is answered");
        case.compose(&["restart"]).await;
        assert_eq!(case.ever_missing(), [""; 0]);
        case.ends().await;
    }
}

async fn until_it_lists(case: &EngineCase) {
    let begun = Instant::now();
    while case.engine.try_get("/containers/json?all=1").map_or(0, |reply| reply.status) != 200 {
        assert!(begun.elapsed() < START_BOUND, "{} does not answer", case.engine.release.name);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

const TWO: &str = r#"services:
  returns:
    image: dockledger-test:plain
    command: ["sleep", "36000"]
    stop_signal: SIGKILL
    restart: always
  ends:
    image: dockledger-test:plain
    command: ["sleep", "36000"]
    stop_signal: SIGKILL
"#;

const BRIEF: &str = r#"services:
  stays:
    image: dockledger-test:plain
    command: ["sleep", "36000"]
    stop_signal: SIGKILL
  brief:
    image: dockledger-test:plain
    command: ["sleep", "6"]
    stop_signal: SIGKILL
"#;
