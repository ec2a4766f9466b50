//! The figures as ratios, on the terminal and in a file.

use std::fmt::Write as _;
use std::time::Duration;

use crate::Figures;

/// Where the table is kept, under the build directory.
const KEPT_IN: &str = "bench/passes.md";

pub(crate) fn print_and_keep(figures: &[Figures], fsync: Duration) {
    let text = table(figures, fsync);
    println!("{text}");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), std::path::PathBuf::from);
    let file = target.join(KEPT_IN);
    std::fs::create_dir_all(file.parent().expect("a directory")).expect("the build directory is ours");
    std::fs::write(&file, &text).expect("the build directory is ours");
    println!("kept in {}", file.display());
}

fn table(figures: &[Figures], fsync: Duration) -> String {
    let mut text = format!("One fsync of one page costs {:.2} ms here.\n\n", ms(fsync));
    let mut line = |title: &str, cell: &dyn Fn(&Figures) -> String| {
        let cells: Vec<String> = figures.iter().map(cell).collect();
        writeln!(text, "| {title} | {} |", cells.join(" | ")).expect("a string takes all");
    };
    line("containers", &|f| f.containers.to_string());
    line("---", &|_| "---:".into());
    line("body, MiB", &|f| format!("{:.1}", f.body_bytes as f64 / 1_048_576.0));
    line("bare read, ms", &|f| format!("{:.2}", ms(f.bare)));
    line("steady pass, ms", &|f| format!("{:.2}", ms(f.steady)));
    line("first pass, ms", &|f| format!("{:.1}", ms(f.first)));
    line("seed pass steady, ms", &|f| format!("{:.1}", ms(f.seed_steady)));
    line("seed pass first, ms", &|f| format!("{:.1}", ms(f.seed_first)));
    line("**steady pass / bare read**", &|f| ratio(f.steady, f.bare));
    line("**seed pass / steady pass**", &|f| ratio(f.seed_steady, f.steady));
    line("**seed pass / first pass**", &|f| ratio(f.seed_first, f.first));
    line("steady pass by tick: commits", &|f| f.wal.commits.to_string());
    line("steady pass by tick: WAL, bytes", &|f| f.wal.bytes.to_string());
    line("first pass: WAL, KiB", &|f| (f.first_wal.bytes / 1024).to_string());
    line("seed pass steady: commits", &|f| f.seed_wal.commits.to_string());
    line("seed pass steady: WAL, KiB", &|f| (f.seed_wal.bytes / 1024).to_string());
    text
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn ratio(a: Duration, b: Duration) -> String {
    format!("**{:.2}**", a.as_secs_f64() / b.as_secs_f64())
}
