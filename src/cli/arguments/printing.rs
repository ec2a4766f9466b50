//! How an answer is printed.

use clap::Args;

/// How the answer is printed.
#[derive(Args, Debug)]
pub(crate) struct Printing {
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}
