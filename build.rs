//! Rebuilds when a migration changes: they are embedded, and the compiler does not see their folder.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=migrations");
}
