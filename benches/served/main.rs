//! What readers over HTTP cost the passes: 100 that ask without rest, 200 that follow the changes, and 1,000 that say
//! nothing. Prints ratios measured in one run, and writes them to `target/bench/served.md`.
//!
//! The readers are a process of their own. `cargo bench --bench served`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints what it measured")]

mod load;

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use dockledger::config::Config;
use dockledger::model::Timestamp;
use dockledger::simulation::{SimulatedDaemon, World};
use dockledger::store::{NewParent, OpenMode, Store};
use dockledger::{HttpService, LedgerBuilder, LedgerHandle};
use load::{Kind, Load};

/// As many as a busy host has.
const CONTAINERS: usize = 1_000;

/// An odd count has a median of its own.
const PASSES: usize = 41;

/// One row of the table.
struct Figures {
    load: &'static str,
    pass: Duration,
    pass_with_change: Duration,
    answers_a_second: f64,
    resident_kib: u64,
}

fn main() {
    if load::is_asked_for() {
        return load::run();
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let figures = runtime.block_on(measure());
    let table = table(&figures);
    println!("{table}");
    std::fs::create_dir_all("target/bench").expect("a directory");
    std::fs::write("target/bench/served.md", table).expect("written");
}

async fn measure() -> Vec<Figures> {
    let mut world = World::new(1, Timestamp::now());
    let population = world.populate("stack", CONTAINERS).expect("room for them all");
    let daemon = SimulatedDaemon::start(world).expect("a simulated daemon");
    let directory = tempfile::tempdir().expect("a directory");
    let mut config = Config::new(directory.path().join("ledger.db").display().to_string());
    config.docker_host = Some(daemon.docker_host());
    config.http.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config.interval = Duration::from_secs(300);
    let mut store = Store::open(&config, OpenMode::Write).expect("a fresh database");
    for project in &population.compose_projects {
        store.add_stack(&NewParent::named(project), None).expect("a fresh stack");
    }
    let http = HttpService::new(&config.http).expect("it may be served so");
    let ledger = LedgerBuilder::new(config).service(http.service()).spawn().await.expect("a ledger");
    ledger.reconcile().await;
    ledger.settle_details().await;
    let mut status = ledger.watch_status();
    let served = status.wait_for(|status| status.listening.is_some()).await.expect("it lives");
    let address = served.listening.expect("it was waited for");
    drop(served);
    let busiest = population.containers[0].as_str();
    let mut figures = Vec::new();
    for (name, kinds) in [
        ("none", &[][..]),
        ("200 streams", &[(Kind::Streams, 200)]),
        ("100 readers", &[(Kind::Readers, 100)]),
        ("100 readers, 200 streams", &[(Kind::Readers, 100), (Kind::Streams, 200)]),
        ("1,000 slow connections", &[(Kind::Slow, 1_000)]),
        ("none again", &[]),
    ] {
        eprintln!("measuring under: {name} …");
        let load = Load::start(address, kinds);
        figures.push(measured(name, &ledger, &daemon, busiest, &load).await);
        load.stop();
    }
    ledger.stop().await;
    figures
}

async fn measured(
    name: &'static str,
    ledger: &LedgerHandle,
    daemon: &SimulatedDaemon,
    container: &str,
    load: &Load,
) -> Figures {
    let (answers, begun) = (load.answers(), Instant::now());
    let (mut passes, mut with_change) = (Vec::new(), Vec::new());
    for _ in 0..PASSES {
        passes.push(pass(ledger).await);
        daemon.with(|world| world.restart(container)).expect("it runs");
        with_change.push(pass(ledger).await);
    }
    let answers_a_second = (load.answers() - answers) as f64 / begun.elapsed().as_secs_f64();
    let (pass, pass_with_change) = (median(passes), median(with_change));
    Figures { load: name, pass, pass_with_change, answers_a_second, resident_kib: resident_kib() }
}

async fn pass(ledger: &LedgerHandle) -> Duration {
    let begun = Instant::now();
    let report = ledger.reconcile().await;
    let duration = begun.elapsed();
    assert_eq!(report.error, None);
    assert_eq!(report.listed, CONTAINERS);
    duration
}

fn table(figures: &[Figures]) -> String {
    let quiet = &figures[0];
    let mut table = String::from(
        "| load | steady pass, ms | against none | pass with a change, ms | against none | answers/s | resident, MiB |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for line in figures {
        writeln!(
            table,
            "| {} | {:.2} | **{:.2}** | {:.2} | **{:.2}** | {:.0} | {:.1} |",
            line.load,
            millis(line.pass),
            line.pass.as_secs_f64() / quiet.pass.as_secs_f64(),
            millis(line.pass_with_change),
            line.pass_with_change.as_secs_f64() / quiet.pass_with_change.as_secs_f64(),
            line.answers_a_second,
            line.resident_kib as f64 / 1024.0
        )
        .expect("a String takes every write");
    }
    table
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

fn median(mut durations: Vec<Duration>) -> Duration {
    durations.sort_unstable();
    durations[durations.len() / 2]
}

/// Of this process, which is the simulated daemon and the ledger.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it is there");
    line.split_whitespace().next().and_then(|number| number.parse().ok()).expect("a number")
}
