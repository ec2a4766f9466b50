//! Engines newer than the machine's own, each with the compose of its release: a project is taken through what people do
//! to it, and after each step every row is compared with what the engine itself says, by events alone.
//!
//! They are there after `./scripts/engines`; what is not unpacked is left out by name.

mod actions;
mod case;
mod ends;
mod faults;
mod images;
mod steps;
mod truth;

use crate::support::unpacked::{Kind, Release};

const DOCKER_26: Release = Release { name: "docker-26", kind: Kind::Docker };
const DOCKER_28: Release = Release { name: "docker-28", kind: Kind::Docker };
const PODMAN_5_4: Release = Release { name: "podman-5.4", kind: Kind::Podman };
const PODMAN_5_8: Release = Release { name: "podman-5.8", kind: Kind::Podman };

/// Writes each claim once and runs it on every engine.
macro_rules! on_each_engine {
    ($($(#[doc = $doc:literal])* async fn $name:ident($release:ident: Release, $test:ident: &str) $body:block)*) => {$(
        $(#[doc = $doc])*
        mod $name {
            use super::*;

            async fn claim($release: Release, $test: &str) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn docker_26() {
                claim(crate::real::engines::DOCKER_26, module_path!()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn docker_28() {
                claim(crate::real::engines::DOCKER_28, module_path!()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn podman_5_4() {
                claim(crate::real::engines::PODMAN_5_4, module_path!()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn podman_5_8() {
                claim(crate::real::engines::PODMAN_5_8, module_path!()).await;
            }
        }
    )*};
}
use on_each_engine;
