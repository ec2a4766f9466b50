//! What the ledger tells those who ask over HTTP and those who are told without asking: metrics, hooks, notifications.

mod hooks;
mod metrics;
mod monitoring;
mod notifications;
mod served;
