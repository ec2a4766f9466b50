//! The tests that need more than one room: real databases, sockets, daemons, the built program.
//!
//! One binary, so that it links once and shares what is slow to start.

mod cli;
mod docker;
mod faults;
mod house;
mod http;
mod page;
mod real;
mod simulation;
mod store;
mod support;
mod telling;
mod whole;
