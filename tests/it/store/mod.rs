//! The ledger on real databases.

mod actor;
mod audit;
mod build;
mod catalogue;
mod claims;
mod commit;
mod crash;
mod dismiss;
mod faults;
mod file_systems;
mod foreign;
mod frozen;
mod identities;
mod kept_rows;
mod leases;
mod order;
mod pooler;
mod queries;
mod readers;
mod registry;
mod retention;
mod schema;
mod scoped;
mod steady;
