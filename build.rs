//! Refuses profiles that would remove supervision, and rebuilds when a migration changes.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=migrations");
    println!("cargo::rerun-if-env-changed=CARGO_CFG_PANIC");
    if std::env::var("CARGO_CFG_PANIC").as_deref() == Ok("abort") {
        println!(
            "cargo::error=dockledger needs panic = \"unwind\": its supervisor restarts actors that panic, \
             and with \"abort\" one panic would end the process"
        );
    }
}
