//! The figures, on the terminal and in a file.

use std::fmt::Write as _;
use std::time::Duration;

use crate::measure::{Change, Latency};

/// Where the table is kept, under the build directory.
const KEPT_IN: &str = "bench/events.md";

type Column = (usize, Change, Vec<Latency>);

pub(crate) fn print_and_keep(changes: usize, columns: &[Column]) {
    let text = table(changes, columns);
    println!("{text}");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), std::path::PathBuf::from);
    let file = target.join(KEPT_IN);
    std::fs::create_dir_all(file.parent().expect("a directory")).expect("the build directory is ours");
    std::fs::write(&file, &text).expect("the build directory is ours");
    println!("kept in {}", file.display());
}

fn table(changes: usize, columns: &[Column]) -> String {
    let mut text = format!("{changes} changes each; ms from the event's own time.\n\n");
    text.push_str(
        "| containers | change | until | p50 | p90 | p99 | max |\n| ---: | --- | --- | ---: | ---: | ---: | ---: |\n",
    );
    for (others, change, latencies) in columns {
        let what = match change {
            Change::Ordered => "start, stop",
            Change::Killed => "kill",
        };
        let mut line = |until: &str, of: fn(&Latency) -> Duration| {
            let mut sorted: Vec<Duration> = latencies.iter().map(of).collect();
            sorted.sort_unstable();
            let at = |percent: usize| sorted[(sorted.len() * percent).div_ceil(100).max(1) - 1].as_secs_f64() * 1000.0;
            let (p50, p90, p99, max) = (at(50), at(90), at(99), at(100));
            writeln!(text, "| {others} | {what} | {until} | {p50:.1} | {p90:.1} | {p99:.1} | {max:.1} |")
                .expect("a string takes all");
        };
        line("delivered", |latency| latency.delivery);
        line("listed by the daemon", |latency| latency.listed);
        line("**seen in the ledger**", |latency| latency.seen);
        line("seen, beyond the list", Latency::beyond_the_list);
    }
    text
}
