//! What happens to containers: the part of a seed's life that is not a fault.

use std::time::Duration;

use dockledger::simulation::{Health, NewContainer, Recreation, RestartPolicy, SimulatedState, World};

use super::dice::Dice;
use super::registry::BAKED_IMAGE;

/// Containers come and go, start, stop, crash, and are recreated by compose.
#[derive(Default)]
pub(crate) struct Life {
    born: u64,
    recreations: Vec<Recreation>,
}

/// Beyond this many, one is removed for each that is made.
const CROWD: usize = 14;

impl Life {
    /// One thing happens; what it was.
    pub(crate) fn step(&mut self, dice: &mut Dice, world: &mut World) -> String {
        let keys: Vec<String> = world.containers().map(|container| container.id.to_string()).collect();
        if keys.len() < 4 || (keys.len() < CROWD && dice.percent(30)) {
            return self.create(dice, world);
        }
        if dice.percent(20) && !self.recreations.is_empty() {
            return self.recreate(dice, world);
        }
        let Some(key) = dice.pick(&keys) else { return String::new() };
        let name = world.container(&key).map(|container| container.name.clone()).unwrap_or_default();
        let is_crowded = keys.len() >= CROWD;
        let (what, done) = self.change(dice, world, &key, &name, is_crowded);
        format!("{what} {name}{}", if done { "" } else { " (cannot)" })
    }

    fn change(
        &mut self,
        dice: &mut Dice,
        world: &mut World,
        key: &str,
        name: &str,
        is_crowded: bool,
    ) -> (&'static str, bool) {
        let state = world.container(key).map(|container| container.state.clone());
        match (dice.roll(if is_crowded { 24 } else { 20 }), state) {
            (0..=3, Ok(SimulatedState::Restarting)) => ("come back", world.come_back(key).is_ok()),
            (0..=4, _) => ("start", world.start(key).is_ok()),
            (5..=7, _) => ("stop", world.stop(key).is_ok()),
            (8, _) => ("restart", world.restart(key).is_ok()),
            (9 | 10, _) => ("crash", world.crash(key, [0, 1, 3_221_225_786][dice.roll(3) as usize]).is_ok()),
            (11, _) => ("run out of memory", world.run_out_of_memory(key).is_ok()),
            (12, Ok(SimulatedState::Paused)) => ("unpause", world.unpause(key).is_ok()),
            (12, _) => ("pause", world.pause(key).is_ok()),
            (13, _) => {
                ("speak", world.set_health(key, [Health::Healthy, Health::Unhealthy][dice.roll(2) as usize]).is_ok())
            }
            (14, _) => {
                let new_name = if dice.percent(40) { "legacy".to_owned() } else { format!("{name}-r") };
                ("rename", world.rename(key, &new_name).is_ok())
            }
            (15 | 16, _) => {
                let begun = world.begin_recreation(key).map(|recreation| self.recreations.push(recreation));
                ("begin to recreate", begun.is_ok())
            }
            _ => ("remove", world.remove(key, true).is_ok()),
        }
    }

    fn recreate(&mut self, dice: &mut Dice, world: &mut World) -> String {
        let at = dice.roll(self.recreations.len() as u64) as usize;
        let mut recreation = self.recreations.swap_remove(at);
        match world.step_recreation(&mut recreation) {
            Ok(Some(step)) => {
                self.recreations.push(recreation);
                format!("recreation: {step:?}")
            }
            // What else happened to the two made it impossible: compose gives up then.
            Ok(None) | Err(_) => "recreation ends".into(),
        }
    }

    fn create(&mut self, dice: &mut Dice, world: &mut World) -> String {
        self.born += 1;
        let (new, name) = self.draw(dice);
        let starts = dice.percent(75);
        // Each is made at a moment of its own.
        world.advance(Duration::from_millis(1));
        let made = if starts { world.run(new) } else { world.create(new) };
        format!("{} {name}{}", if starts { "run" } else { "create" }, if made.is_ok() { "" } else { " (cannot)" })
    }

    fn draw(&self, dice: &mut Dice) -> (NewContainer, String) {
        let service = if dice.percent(60) { "web" } else { "db" };
        let project = ["shop", "shop", "blog", "wild"][dice.roll(4) as usize];
        let name = format!("{service}-{}", self.born);
        let number = if dice.percent(75) { 1 } else { 2 };
        let plain = |name: &str| NewContainer::new(name, format!("example/{service}:1"));
        let (mut new, name) = match dice.roll(20) {
            0..=7 => (plain(&name).compose(project, service, number), name),
            8 => (plain(&name).compose(project, service, 1).label("com.docker.compose.oneoff", "True"), name),
            9 | 10 => {
                (plain(&name).label("tinyforge.static-site", if dice.percent(80) { "docs" } else { "nosuch" }), name)
            }
            11 | 12 => {
                let kind = if dice.percent(80) { "stack" } else { "site" };
                let role = if dice.percent(70) { "api" } else { "" };
                let new = plain(&name).label("tinyforge.workload.id", "w-tools").label("tinyforge.workload.kind", kind);
                (new.label("tinyforge.workload.role", role), name)
            }
            13..=16 => (plain(&name).label("tinyforge.workload.id", "w-app"), name),
            17 => (plain("legacy"), "legacy".into()),
            18 => (NewContainer::new(&name, BAKED_IMAGE), name),
            _ => (plain(&name), name),
        };
        if dice.percent(50) {
            new = new.publish(8_000 + (self.born % 900) as u16, 80);
        }
        if dice.percent(40) {
            new = new.restart(RestartPolicy::Always);
        }
        if dice.percent(30) {
            new = new.health_check();
        }
        (new, name)
    }
}
