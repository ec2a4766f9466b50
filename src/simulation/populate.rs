//! Many containers at once, like those of a busy host.

use super::container::{NewContainer, RestartPolicy};
use super::error::WorldError;
use super::world::World;
use crate::model::ContainerId;

/// What [`World::populate`] made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Population {
    /// The compose projects: registered as stacks, they make every container of the population assignable.
    pub compose_projects: Vec<String>,
    /// The containers, in the order of their creation.
    pub containers: Vec<ContainerId>,
}

/// Services of each compose project. Ten: a host of 10,000 containers then has 1,000 stacks.
const SERVICES: [&str; 10] =
    ["web", "api", "worker", "scheduler", "database", "cache", "search", "mail", "metrics", "proxy"];

impl World {
    /// Makes `n` containers of compose projects `NAME-00000`, `NAME-00001` …, ten services each. Each entry of the
    /// listing is about 1.5 KB long and has some twenty labels; nine of ten run, the tenth has ended.
    pub fn populate(&mut self, name: &str, n: usize) -> Result<Population, WorldError> {
        let mut population = Population::default();
        for index in 0..n {
            let project = format!("{name}-{:05}", index / SERVICES.len());
            let service = SERVICES[index % SERVICES.len()];
            let new = compose_container(&project, service, index);
            let id = self.run(new)?;
            if index % 10 == 9 {
                self.crash(id.as_str(), if index % 20 == 9 { 1 } else { 0 })?;
            }
            population.containers.push(id);
            if population.compose_projects.last() != Some(&project) {
                population.compose_projects.push(project);
            }
        }
        Ok(population)
    }
}

/// A container as `docker compose up` makes it from an image of a careful author, behind a proxy that reads labels.
fn compose_container(project: &str, service: &str, index: usize) -> NewContainer {
    let directory = format!("/srv/{project}");
    let route = format!("traefik.http.routers.r{index}");
    let image = format!("registry.example.org/{service}:1.{}", index % 7);
    let labelled = NewContainer::new(format!("{project}-{service}-1"), image.as_str())
        .compose(project, service, 1)
        .label("com.docker.compose.depends_on", "")
        .label("com.docker.compose.project.config_files", format!("{directory}/compose.yaml"))
        .label("com.docker.compose.project.working_dir", directory)
        .label("com.docker.compose.version", "2.37.1")
        .label("org.opencontainers.image.title", service)
        .label("org.opencontainers.image.version", format!("1.{}", index % 7))
        .label("org.opencontainers.image.revision", "3f6e2a9b7c1d")
        .label("org.opencontainers.image.licenses", "Apache-2.0")
        .label("org.opencontainers.image.vendor", "Example")
        .label("traefik.enable", "true")
        .label(format!("{route}.rule"), format!("Host(`{service}.{project}.test`)"))
        .label(format!("{route}.entrypoints"), "websecure")
        .label(format!("{route}.tls.certresolver"), "default")
        .label("maintainer", "ops@example.org")
        .restart(if index % 10 == 9 { RestartPolicy::No } else { RestartPolicy::Always });
    match u16::try_from(20_000 + index / 5) {
        Ok(port) if index.is_multiple_of(5) => labelled.publish(port, 8080),
        _ => labelled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    #[test]
    fn an_entry_is_as_long_as_a_real_one_of_compose() {
        let mut world = World::new(1, Timestamp::from_millis(1_800_000_000_000));
        let population = world.populate("stack", 1_000).unwrap();
        let length = world.render_list(true).len() / 1_000;
        assert!((1_300..1_600).contains(&length), "{length} bytes");
        assert_eq!((population.containers.len(), population.compose_projects.len()), (1_000, 100));
        assert!(world.containers().all(|container| (19..=22).contains(&container.labels.len())));
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        let list = || {
            let mut world = World::new(7, Timestamp::from_millis(1_800_000_000_000));
            world.populate("stack", 50).unwrap();
            world.render_list(true)
        };
        assert_eq!(list(), list());
    }
}
