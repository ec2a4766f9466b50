//! A compose project through what people do to it.

use super::case::EngineCase;
use super::on_each_engine;
use super::truth::Listed;
use crate::support::unpacked::{Kind, Release};

on_each_engine! {
    async fn a_project_is_followed_through_all_that_compose_does(release: Release, test: &str) {
        let Some(mut case) = EngineCase::start(test, release).await else { return };
        follow_changes(&case).await;
        follow_scaling(&case).await;
        follow_a_one_off(&case).await;
        follow_orders(&mut case).await;
        follow_renaming(&case).await;
        if release.kind == Kind::Docker {
            // podman-compose removes a container before it makes its successor.
            assert_eq!(case.ever_missing(), [""; 0], "replaced and scaled, and never missing:\n{}", case.history());
        }
        let left = case.compose(&["down"]).await;
        assert!(left.is_empty(), "{left:?}");
        let missing = case.ever_missing();
        assert!(missing.iter().any(|id| id.ends_with(":web")) && missing.iter().any(|id| id.ends_with(":worker")));
        assert_eq!(case.compose(&["up", "-d"]).await.len(), 2);
        case.ends().await;
    }
}

/// `web` ends with code 0 when it is told to, `worker` is killed.
fn compose_file(revision: u32) -> String {
    format!(
        r#"services:
  web:
    image: dockledger-test:plain
    command: ["sh", "-c", "trap 'exit 0' TERM; sleep 36000 & wait"]
    ports: ["80"]
    environment: {{ REVISION: "{revision}" }}
  worker:
    image: dockledger-test:plain
    command: ["sleep", "36000"]
    stop_signal: SIGKILL
    depends_on: [web]
"#
    )
}

fn ids(containers: &[Listed], service: &str) -> Vec<String> {
    let of_service = containers.iter().filter(|container| container.service() == service && !container.is_one_off());
    of_service.map(|container| container.id.clone()).collect()
}

async fn follow_changes(case: &EngineCase) {
    case.write_compose(&compose_file(1));
    let first = case.compose(&["up", "-d"]).await;
    assert_eq!(first.len(), 2);
    case.write_compose(&compose_file(2));
    let second = case.compose(&["up", "-d"]).await;
    assert_eq!(second.len(), 2);
    assert_ne!(ids(&first, "web"), ids(&second, "web"), "it was made anew");
}

async fn follow_scaling(case: &EngineCase) {
    match case.engine.release.kind {
        Kind::Docker => {
            assert_eq!(ids(&case.compose(&["up", "-d", "--scale", "web=3"]).await, "web").len(), 3);
            assert_eq!(ids(&case.compose(&["up", "-d", "--scale", "web=2"]).await, "web").len(), 2);
            // Not the last one: what is left moves down.
            let left = case.command(&["rm", "--force", "shop-web-1"]).await;
            assert_eq!(ids(&left, "web").len(), 1);
            assert_eq!(ids(&case.compose(&["up", "-d", "--scale", "web=1"]).await, "web").len(), 1);
        }
        Kind::Podman => {
            // podman-compose scales up, from 1.6 on, and never down.
            for name in ["shop_web_2", "shop_web_3"] {
                let labels = ["com.docker.compose.project=shop", "com.docker.compose.service=web"];
                let number = format!("com.docker.compose.container-number={}", &name[name.len() - 1..]);
                let run =
                    ["run", "--detach", "--name", name, "--label", labels[0], "--label", labels[1], "--label", &number];
                case.command(&[&run[..], &["dockledger-test:plain", "sleep", "36000"]].concat()).await;
            }
            let left = case.command(&["rm", "--force", "--time", "0", "shop_web_2"]).await;
            assert_eq!(ids(&left, "web").len(), 2);
            let left = case.command(&["rm", "--force", "--time", "0", "shop_web_3"]).await;
            assert_eq!(ids(&left, "web").len(), 1);
        }
    }
}

async fn follow_a_one_off(case: &EngineCase) {
    let with = case.compose(&["run", "-d", "worker", "sleep", "36000"]).await;
    let one_off = with.iter().find(|container| container.is_one_off()).expect("it runs");
    case.command(&["rm", "--force", &one_off.id]).await;
}

async fn follow_orders(case: &mut EngineCase) {
    for order in ["stop", "start", "restart", "pause"] {
        case.compose(&[order]).await;
    }
    case.unpaused = true;
    case.compose(&["unpause"]).await;
    let kill: &[&str] = if case.engine.release.kind == Kind::Podman { &["kill", "--all"] } else { &["kill"] };
    let killed = case.compose(kill).await;
    assert!(killed.iter().all(|container| container.state == "exited"), "{killed:?}");
    case.unpaused = false;
    let up = case.compose(&["up", "-d", "--force-recreate"]).await;
    assert!(up.iter().all(|container| container.state == "running"), "{up:?}");
    for container in up {
        // Each by itself, and quickly one after the other.
        case.command(&["stop", "--time", "1", &container.id]).await;
        case.command(&["start", &container.id]).await;
        case.command(&["restart", "--time", "1", &container.id]).await;
        case.engine.command(&["kill", &container.id]);
        case.command(&["start", &container.id]).await;
    }
}

async fn follow_renaming(case: &EngineCase) {
    let name = if case.engine.release.kind == Kind::Podman { "shop_web_1" } else { "shop-web-1" };
    let containers = case.until_true("before it is renamed").await;
    let web = containers.iter().find(|container| container.service() == "web").expect("it runs").name.clone();
    let renamed = case.command(&["rename", &web, "renamed"]).await;
    assert!(renamed.iter().any(|container| container.name == "renamed"));
    // podman-compose knows its containers by their names.
    case.command(&["rename", "renamed", name]).await;
}
