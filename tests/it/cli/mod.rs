//! The built program: its words, its exit codes, what it leaves alone.

mod configuration;
mod faults;
mod help;
mod program;
