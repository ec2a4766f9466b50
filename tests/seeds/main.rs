//! Thousands of schedules of faults, each fixed by its seed, through the whole ledger on a paused clock.
//!
//! A seed draws what happens to containers, what a deployer writes, which calls hang, fail or lie, which actor dies, and
//! how much time passes in between. After each step every invariant is checked. What a seed did is replayed by its number:
//!
//! ```text
//! DOCKLEDGER_SEEDS=10000 cargo test --release --test seeds -- --nocapture
//! DOCKLEDGER_SEED=4711 cargo test --test seeds every_invariant -- --nocapture
//! ```
//!
//! A handler that is wedged in synchronous code cannot be shown on a paused clock: the supervisor's own tests do.

mod clock;
mod deployer;
mod dice;
mod faults;
mod followers;
mod invariants;
mod ledger;
mod life;
mod registry;
mod runner;
mod simulation;
mod truth;

#[test]
fn every_invariant_holds_after_every_step_of_every_seed() {
    match runner::number("DOCKLEDGER_SEED") {
        Some(seed) => runner::replay(seed),
        None => runner::run_all(runner::number("DOCKLEDGER_SEEDS").unwrap_or(runner::USUAL_SEEDS)),
    }
}

#[test]
fn a_seed_run_twice_does_the_same() {
    runner::be_quiet();
    for seed in 0..20 {
        let (first, second) = (simulation::run(seed), simulation::run(seed));
        let differs = first.log.iter().zip(&second.log).position(|(first, second)| first != second);
        if let Some(at) = differs {
            panic!("seed {seed} differs at line {at}:\n{}\n{}", first.log[at], second.log[at]);
        }
        assert_eq!(first.log.len(), second.log.len(), "seed {seed}");
        assert_eq!(first.met, second.met, "seed {seed}");
    }
}
