//! Runs seeds on as many threads as there are cores, and says how to replay one that fails.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use dockledger::simulation::PLANNED_PANIC;

use super::faults::WORDS;
use super::simulation::{self, Outcome};

/// Some seconds of the unoptimised build.
pub(crate) const USUAL_SEEDS: u64 = 150;

/// From so many seeds on, every fault must have been met.
const ENOUGH_FOR_EVERY_FAULT: u64 = 150;

/// A number in the environment.
pub(crate) fn number(key: &str) -> Option<u64> {
    let text = std::env::var(key).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{key}={text} is no number")))
}

/// Keeps planned panics off the output.
pub(crate) fn be_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let message = panic.payload().downcast_ref::<String>();
            if !message.is_some_and(|message| message.starts_with(PLANNED_PANIC)) {
                usual(panic);
            }
        }));
    });
}

/// One seed, with all that it did.
pub(crate) fn replay(seed: u64) {
    be_quiet();
    let outcome = simulation::run(seed);
    say(&outcome.log.join("\n"));
    fail_if_broken(seed, &outcome);
}

/// The first seeds, until one fails.
pub(crate) fn run_all(seeds: u64) {
    be_quiet();
    let next = AtomicU64::new(0);
    let has_failed = AtomicBool::new(false);
    let failed: Mutex<Option<(u64, Outcome)>> = Mutex::new(None);
    let met: Mutex<BTreeMap<&'static str, u64>> = Mutex::default();
    let work = || {
        while !has_failed.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds {
                return;
            }
            let outcome = simulation::run(seed);
            for (word, count) in &outcome.met {
                *met.lock().expect("no thread panics while it counts").entry(word).or_default() += count;
            }
            if outcome.violation.is_some() {
                has_failed.store(true, Ordering::Relaxed);
                failed.lock().expect("no thread panics while it notes a failure").get_or_insert((seed, outcome));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    if let Some((seed, outcome)) = failed.into_inner().expect("every thread has ended") {
        fail_if_broken(seed, &outcome);
    }
    let met = met.into_inner().expect("every thread has ended");
    let table: Vec<String> = met.iter().map(|(word, count)| format!("{count:>9}  {word}")).collect();
    say(&format!("{seeds} seeds met\n{}", table.join("\n")));
    if seeds >= ENOUGH_FOR_EVERY_FAULT {
        let never: Vec<&str> = WORDS.into_iter().filter(|word| !met.contains_key(word)).collect();
        assert!(never.is_empty(), "never met: {never:?}");
    }
}

fn fail_if_broken(seed: u64, outcome: &Outcome) {
    let Some(violation) = &outcome.violation else { return };
    let last: Vec<&str> = outcome.log.iter().rev().take(12).rev().map(String::as_str).collect();
    panic!(
        "seed {seed} breaks {} at its line {}: {}\n{}\nreplay it: DOCKLEDGER_SEED={seed} cargo test --test seeds \
         every_invariant -- --nocapture",
        violation.invariant,
        outcome.log.len(),
        violation.what,
        last.join("\n")
    );
}

#[expect(clippy::print_stdout, reason = "a table and a log for whoever runs it with --nocapture")]
fn say(text: &str) {
    println!("{text}");
}
