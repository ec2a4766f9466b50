//! What the tests share: real parts that are started once, and the word for what cannot run here.

pub(crate) mod asking;
pub(crate) mod certificates;
pub(crate) mod chromium;
pub(crate) mod clients;
pub(crate) mod containers;
pub(crate) mod database;
pub(crate) mod dockerd;
pub(crate) mod engine;
pub(crate) mod http;
pub(crate) mod nginx;
pub(crate) mod pgbouncer;
pub(crate) mod podman;
pub(crate) mod postgres;
pub(crate) mod replies;
pub(crate) mod showroom;
pub(crate) mod skip;
pub(crate) mod sshd;
pub(crate) mod unpacked;
