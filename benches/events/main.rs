//! How soon a change of a container is in the ledger: 200 changes, one after another, on a private daemon, from the
//! event's own time to the moment at which a reader of the database sees the row changed. Prints a table and writes it to
//! `target/bench/events.md`.
//!
//! `cargo bench --bench events` as root, with Docker installed. A number as argument makes so many changes.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints what it measured")]

#[path = "../../tests/it/support/certificates.rs"]
#[expect(dead_code, reason = "the tests do more with it")]
mod certificates;
#[path = "../../tests/it/support/dockerd.rs"]
#[expect(dead_code, reason = "the tests do more with it")]
mod dockerd;
#[path = "../../tests/it/support/engine.rs"]
#[expect(dead_code, reason = "the tests do more with it")]
mod engine;
mod measure;
mod stream;
mod table;

use dockerd::Dockerd;
use measure::{Change, Host};

/// Containers beside the one that changes.
const OTHERS: [usize; 2] = [5, 300];

/// As the bar says it.
const CHANGES: usize = 200;

fn main() {
    let changes = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(CHANGES);
    let daemon = match Dockerd::start() {
        Ok(daemon) => daemon,
        Err(why) => {
            eprintln!("cannot measure: {why}");
            return;
        }
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    measure::create(&daemon, "subject");
    let mut columns = Vec::new();
    let mut made = 0;
    for others in OTHERS {
        eprintln!("making {others} containers …");
        measure::make(&daemon, made..others);
        made = others;
        let mut host = runtime.block_on(Host::new(&daemon, others));
        for change in [Change::Ordered, Change::Killed] {
            eprintln!("{changes} changes beside {others} containers: {change:?} …");
            columns.push((others, change, host.measure(&daemon, change, changes)));
        }
        runtime.block_on(host.stop());
    }
    table::print_and_keep(changes, &columns);
}
