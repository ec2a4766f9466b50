//! Images that compose builds, and tags that move on.

use super::case::EngineCase;
use super::on_each_engine;
use crate::support::engine::PLAIN_IMAGE;
use crate::support::unpacked::Release;

on_each_engine! {
    /// Compose bakes the labels of project and service into what it builds; its containers are the stack's all the same.
    async fn a_service_that_compose_builds_is_followed_through_a_rebuild(release: Release, test: &str) {
        let Some(case) = EngineCase::start(test, release).await else { return };
        case.write_compose(BUILT);
        for version in ["1", "2"] {
            case.write("built/version", version);
            case.write("built/Dockerfile", DOCKERFILE);
            // podman-compose keeps a container whose image was built anew, unless it is told to make it anew.
            let up = case.compose(&["up", "-d", "--build", "--force-recreate"]).await;
            assert_eq!(up.len(), 1, "{up:?}");
            assert_eq!(case.rows().len(), 1);
        }
        case.compose(&["restart"]).await;
        case.ends().await;
    }

    /// F9: the list then tells the image's id.
    async fn a_tag_that_moved_on_leaves_the_name_of_what_runs(release: Release, test: &str) {
        let Some(case) = EngineCase::start(test, release).await else { return };
        case.write_compose(PLAIN);
        let up = case.compose(&["up", "-d"]).await;
        let name = case.rows()[0]["image_ref"].clone();
        case.engine.import_image(PLAIN_IMAGE, &[("moved", "on")]);
        case.until_true("its tag moved on").await;
        case.command(&["restart", "--time", "0", &up[0].id]).await;
        assert_eq!(case.rows()[0]["image_ref"], name);
        case.compose(&["up", "-d", "--force-recreate"]).await;
        assert_eq!(case.rows()[0]["image_ref"], name);
        case.ends().await;
    }
}

const BUILT: &str = r#"services:
  built:
    build: ./built
    command: ["sleep", "36000"]
    stop_signal: SIGKILL
"#;

const DOCKERFILE: &str = "FROM dockledger-test:plain\nCOPY version /version\n";

const PLAIN: &str = r#"services:
  plain:
    image: dockledger-test:plain
    command: ["sleep", "36000"]
    stop_signal: SIGKILL
"#;
