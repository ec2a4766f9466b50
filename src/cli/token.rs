//! `token`: makes what a caller of the API shows.

use serde::Serialize;

use super::arguments::{NewToken, TokenCommand};
use super::exit::{Exit, Failure};
use super::output::Output;

/// What `token new --json` prints.
#[derive(Serialize)]
struct Made<'a> {
    name: &'a str,
    scope: &'a str,
    /// Shown once: only its hash is kept.
    token: String,
    /// What the file of tokens needs.
    line: String,
}

pub(super) fn execute(command: &TokenCommand) -> Result<Exit, Failure> {
    let TokenCommand::New(NewToken { name, scope, printing }) = command;
    let access = crate::http::scope(scope).expect("the grammar knows no other");
    let token = crate::http::fresh()
        .ok_or_else(|| Failure::new(Exit::Failed, "cannot make a token: the system gives no random bytes"))?;
    let line = crate::http::line(name, access, &token).ok_or_else(|| {
        let sentence = "the name of a token is 1 to 64 letters, digits, dots, underscores and dashes";
        Failure::new(Exit::Usage, sentence)
    })?;
    let made = Made { name, scope, token, line };
    Output::of_this_process(printing.json).answer(&made, || text(&made))?;
    Ok(Exit::Fine)
}

fn text(made: &Made<'_>) -> String {
    format!(
        "token (shown only now): {}\nadd this line to the file that http.tokens names, with mode 600; a running service \
         reads it again on SIGHUP:\n{}\n",
        made.token, made.line
    )
}
