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
//! timeline    the history of a row as a drawing    chart      durations of passes as a drawing
//! reply       a template, or what is shown in its place
//! assets      style and modules                    security   what a browser may do with the page
//! ```

mod ages;
mod assets;
mod chart;
mod containers;
mod filters;
mod frame;
mod history;
mod hosts;
mod known;
mod language;
mod marks;
mod passes;
mod ports;
mod reply;
mod routes;
mod row_view;
mod security;
mod texts;
mod timeline;
mod unassigned;
mod visit;
mod workload;

pub(super) use routes::routes;
