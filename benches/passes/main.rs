//! How fast a pass is, as ratios measured in one run: ours beside the same work done row by row, and beside reading the
//! same body from the socket and throwing it away. Prints a table and writes it to `target/bench/passes.md`.
//!
//! `cargo bench --bench passes` measures N = 100, 1,000 and 10,000; numbers as arguments measure others.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints what it measured")]

mod bare;
mod disk;
mod ours;
mod seed;
mod table;

use std::time::Duration;

use dockledger::model::Timestamp;
use dockledger::simulation::{SimulatedDaemon, World};

/// One size, measured. Medians.
struct Figures {
    containers: usize,
    body_bytes: usize,
    bare: Duration,
    steady: Duration,
    first: Duration,
    seed_steady: Duration,
    seed_first: Duration,
    wal: disk::WalGrowth,
    first_wal: disk::WalGrowth,
    seed_wal: disk::WalGrowth,
}

fn main() {
    let sizes: Vec<usize> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![100, 1_000, 10_000] } else { sizes };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let fsync = disk::fsync_price();
    let figures: Vec<Figures> = sizes.into_iter().map(|size| runtime.block_on(measure(size))).collect();
    table::print_and_keep(&figures, fsync);
}

async fn measure(containers: usize) -> Figures {
    eprintln!("measuring {containers} containers …");
    // Rounds are fewer where one takes seconds; an odd count has a median of its own.
    let rounds = if containers >= 10_000 { 9 } else { 21 };
    let mut world = World::new(1, Timestamp::from_millis(1_800_000_000_000));
    let stacks = world.populate("stack", containers).expect("room for them all").compose_projects;
    let daemon = SimulatedDaemon::start(world).expect("a simulated daemon");
    // The first list renders the body, which the daemon keeps.
    let (body_bytes, _) = bare::read_and_throw_away(&daemon.socket());

    let mut firsts = Vec::new();
    let mut first_wal = disk::WalGrowth::default();
    for _ in 0..3 {
        let ledger = ours::Ours::new(&daemon, &stacks).await;
        firsts.push(ledger.pass(containers, 0).await);
        first_wal = ledger.wal();
        ledger.stop().await;
    }

    let ledger = ours::Ours::new(&daemon, &stacks).await;
    ledger.pass(containers, 0).await;
    ledger.pass(0, containers).await;
    let (mut bares, mut steadies) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        // In turn, so that a machine that slows down slows both.
        bares.push(bare::read_and_throw_away(&daemon.socket()).1);
        steadies.push(ledger.pass(0, containers).await);
    }
    ledger.stop().await;
    let wal = ours::wal_of_one_tick(&daemon, &stacks).await;

    let seed_rounds = if containers >= 10_000 { 1 } else { 3 };
    let (mut seed_firsts, mut seed_steadies) = (Vec::new(), Vec::new());
    let mut seed_wal = disk::WalGrowth::default();
    for _ in 0..seed_rounds {
        let mut seed = seed::Seed::new(&daemon, &stacks);
        seed_firsts.push(seed.pass().await);
        seed.forget_wal();
        seed_steadies.push(seed.pass().await);
        seed_wal = seed.wal();
    }
    Figures {
        containers,
        body_bytes,
        bare: median(bares),
        steady: median(steadies),
        first: median(firsts),
        seed_steady: median(seed_steadies),
        seed_first: median(seed_firsts),
        wal,
        first_wal,
        seed_wal,
    }
}

fn median(mut durations: Vec<Duration>) -> Duration {
    durations.sort_unstable();
    durations[durations.len() / 2]
}
