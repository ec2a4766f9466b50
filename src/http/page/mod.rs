//! The page: the ledger for people.
//!
//! Comes in: requests of browsers that [`super::auth`] let through. Goes out: HTML that is whole without scripts, a few
//! modules of our own that keep it live, in English and Russian. Never: a script or a style within the HTML, anything
//! from elsewhere, text of the daemon unescaped, a write to the ledger.
//!
//! ```text
//! visit       who asks: language, whether a module asks for a part of the page
//! frame       what is around each page: navigation, counts, freshness
//! texts       every text in both languages         language   which of them
//! row_view    a row as it is shown                 marks      states as shape and word
//! ages        moments as ages                      filters    which rows, kept in the URL
//! shown       a text of the daemon, made visible
//! links       addresses that keep filters       seen       what is new to the visitor
//! facts       what the ledger holds of a row       ports      which of them are links
//! bound       what a token bound to projects sees  audit     who ordered what
//! order       an order for a container, confirmed  acts      what a visitor may order
//! login       a token for a cookie, and back
//! timeline    the history of a row as a drawing    chart      durations of passes as a drawing
//! differences what else than the state a change changes
//! reply       a template, or what is shown in its place
//! lines       which lines of a page its reader has        held       what the pages that are open hold
//! assets      style and modules                    security   what a browser may do with the page
//! ```

mod activity;
mod activity_filters;
mod acts;
mod ages;
mod assets;
mod audit;
mod bound;
mod chart;
mod containers;
mod differences;
mod facts;
mod filters;
mod frame;
mod held;
mod history;
mod hosts;
mod known;
mod language;
mod lines;
mod links;
mod login;
mod marks;
mod order;
mod passes;
mod ports;
mod proxy_routes;
mod reply;
mod routes;
mod row_view;
mod security;
mod seen;
mod sentences;
mod shown;
mod texts;
mod timeline;
mod unassigned;
mod visit;
mod workload;
mod workloads;

pub(super) use held::Held;
pub(super) use routes::{nowhere, routes};
