//! What people register: projects with their stages, stacks, static sites; the workload that each of them has; and what they
//! say of rows and hosts: claims, what is dismissed, what is ordered.
//!
//! Comes in: names and ids as people type them. Goes out: what is registered, or a [`super::RegistryError`] that says
//! what to do. Never: a parent without its workload, a secret that is stored, an observed column.

pub(super) mod audit;
pub(super) mod claims;
mod deployed;
pub(super) mod directory;
pub(super) mod dismiss;
pub(super) mod forget;
pub(super) mod hosts;
pub(super) mod notifications;
mod parents;
mod projects;
mod secret;
mod sites;
mod stacks;
mod stages;
mod workloads;

pub use parents::NewParent;
pub(crate) use parents::is_name;
pub(super) use parents::{require_id, require_name};
pub(super) use projects::find_project;
pub(super) use stacks::{add_stack_if_new, origin_of, require_adopted};
pub(super) use stages::{find_stage, matching_stages};
pub(super) use workloads::{find_workload, workload_name};
