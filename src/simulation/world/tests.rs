use super::*;
use crate::simulation::{Health, NewContainer, RestartPolicy, SimulatedState};

fn world() -> World {
    World::new(1, Timestamp::from_millis(1_800_000_000_000))
}

fn status(world: &World, key: &str) -> String {
    let entry = world.entry(world.container(key).unwrap());
    entry["Status"].as_str().unwrap().to_owned()
}

#[test]
fn status_follows_the_life_of_a_container() {
    let mut world = world();
    world.create(NewContainer::new("web", "nginx:1").restart(RestartPolicy::Always).health_check()).unwrap();
    assert_eq!(status(&world, "web"), "Created");
    world.start("web").unwrap();
    world.advance(Duration::from_secs(300));
    assert_eq!(status(&world, "web"), "Up 5 minutes (health: starting)");
    world.set_health("web", Health::Healthy).unwrap();
    assert_eq!(status(&world, "web"), "Up 5 minutes (healthy)");
    world.pause("web").unwrap();
    assert_eq!(status(&world, "web"), "Up 5 minutes (Paused)");
    world.unpause("web").unwrap();
    world.crash("web", 1).unwrap();
    world.advance(Duration::from_secs(5));
    assert_eq!(status(&world, "web"), "Restarting (1) 5 seconds ago");
    world.come_back("web").unwrap();
    world.kill("web").unwrap();
    world.advance(Duration::from_secs(7_200));
    assert_eq!(status(&world, "web"), "Exited (137) 2 hours ago");
    world.set_state("web", SimulatedState::Dead).unwrap();
    assert_eq!(status(&world, "web"), "Dead");
    world.set_state("web", SimulatedState::Removing).unwrap();
    assert_eq!(status(&world, "web"), "Removal In Progress");
}

#[test]
fn only_a_policy_that_says_so_restarts() {
    for (policy, exit_code, restarts) in [
        (RestartPolicy::No, 1, false),
        (RestartPolicy::OnFailure, 0, false),
        (RestartPolicy::OnFailure, 1, true),
        (RestartPolicy::Always, 0, true),
    ] {
        let mut world = world();
        let id = world.run(NewContainer::new("web", "nginx:1").restart(policy)).unwrap();
        world.crash(id.as_str(), exit_code).unwrap();
        let container = world.container("web").unwrap();
        assert_eq!(container.state == SimulatedState::Restarting, restarts, "{policy:?} after {exit_code}");
        assert_eq!(container.restart_count, i64::from(restarts));
    }
}

#[test]
fn a_name_is_given_once_and_free_after_removal() {
    let mut world = world();
    let id = world.create(NewContainer::new("web", "nginx:1")).unwrap();
    let refusal = world.create(NewContainer::new("web", "nginx:1")).unwrap_err();
    assert_eq!(refusal, WorldError::NameTaken { name: "web".into(), holder: id.to_string() });
    assert_eq!(refusal.status(), 409);
    world.remove("web", false).unwrap();
    assert_ne!(world.create(NewContainer::new("web", "nginx:1")).unwrap(), id);
}

#[test]
fn an_image_gives_its_labels_and_the_container_wins() {
    let mut world = world();
    let labels = [("who", "image"), ("only", "image")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    world.add_image("shop:1", labels.into());
    world.create(NewContainer::new("web", "shop:1").label("who", "creator")).unwrap();
    let labels = &world.container("web").unwrap().labels;
    assert_eq!((labels["who"].as_str(), labels["only"].as_str()), ("creator", "image"));
}

#[test]
fn compose_replaces_a_service_step_by_step() {
    let mut world = world();
    let old = world.run(NewContainer::new("shop-web-1", "shop:1").compose("shop", "web", 1)).unwrap();
    let mut recreation = world.begin_recreation("shop-web-1").unwrap();
    world.step_recreation(&mut recreation).unwrap();
    let replacement = world.container(&format!("{}_shop-web-1", old.short())).unwrap().clone();
    assert_eq!(replacement.state, SimulatedState::Created);
    assert_eq!(replacement.labels["com.docker.compose.replace"], "shop-web-1");
    assert_eq!(world.container("shop-web-1").unwrap().id, old);
    while world.step_recreation(&mut recreation).unwrap().is_some() {}
    let now = world.container("shop-web-1").unwrap();
    assert_eq!((now.id.clone(), now.state.clone()), (replacement.id, SimulatedState::Running));
    assert!(world.container(old.as_str()).is_err());
}

#[test]
fn a_container_is_found_by_an_unambiguous_short_id() {
    let mut world = world();
    let id = world.create(NewContainer::new("web", "nginx:1")).unwrap();
    assert_eq!(world.find(id.short()).unwrap(), id);
    assert_eq!(world.find("").unwrap_err(), WorldError::NoSuchContainer(String::new()));
    for index in 0..40 {
        world.create(NewContainer::new(format!("other-{index}"), "nginx:1")).unwrap();
    }
    assert!(matches!(world.find(&id.as_str()[..1]), Err(WorldError::Ambiguous(_))));
}

#[test]
fn an_entry_can_be_anything() {
    let mut world = world();
    world.create(NewContainer::new("web", "nginx:1")).unwrap();
    world.set_entry("web", Some("null".into())).unwrap();
    world.inject_entry("{\"Id\":7}");
    assert_eq!(world.render_list(true), b"[null,{\"Id\":7}]\n");
}
