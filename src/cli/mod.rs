//! The command line.
//!
//! Comes in: arguments, the environment, the configuration file, signals. Goes out: text or one JSON document on
//! stdout, faults and logs on stderr, a documented exit code. Never: a decision on containers, a row written by
//! anything but the store, text from the daemon that reaches a terminal unescaped.

mod adopt;
mod arguments;
mod audit;
mod beside;
mod changes;
mod claim;
mod command_line;
mod commands;
mod completions;
mod config;
mod context;
mod demo;
mod doctor;
mod exit;
mod forget;
mod freshness;
mod hosts;
pub mod logging;
mod manager;
mod migrate;
mod named_row;
mod notify;
mod once;
mod one_pass;
mod output;
mod passes;
mod project;
mod ps;
mod registered;
mod release;
mod rotate_secret;
mod routes;
mod rows_of_workload;
mod run;
mod service;
mod settings;
mod show;
mod site;
mod stack;
mod stage;
mod summary;
mod table;
mod token;
mod unassigned;

pub use arguments::Arguments;
pub use commands::execute;
pub use exit::{Exit, Failure};
