//! `token`: makes what a caller of the API shows, and looks after the file of those that count.

use std::path::Path;

use serde::Serialize;

use super::arguments::{NewToken, RevokedToken, TokenCommand};
use super::context::Context;
use super::exit::{Exit, Failure};
use super::output::Output;
use super::table::Table;
use crate::http::KnownToken;

/// What `token new --json` prints.
#[derive(Serialize)]
struct Made<'a> {
    name: &'a str,
    scope: &'a str,
    /// The ids of the projects that it is bound to; none for all.
    projects: Vec<String>,
    /// Shown once: only its hash is kept.
    token: String,
    /// What the file of tokens needs.
    line: String,
}

/// What `token revoke --json` prints.
#[derive(Serialize)]
struct Revoked<'a> {
    name: &'a str,
}

pub(super) fn execute(command: &TokenCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        TokenCommand::New(new) => make(new, context)?,
        TokenCommand::List(printing) => {
            let config = context.config()?;
            let known = crate::http::known(file(config.http.tokens.as_deref())?).map_err(unusable)?;
            let output = Output::of_this_process(printing.json);
            output.answer(&known, || table(&known, output.width))?;
        }
        TokenCommand::Revoke(RevokedToken { name, printing }) => {
            let config = context.config()?;
            crate::http::revoke(file(config.http.tokens.as_deref())?, name).map_err(unusable)?;
            let told = || format!("token {name} is taken out; a running service reads the file again on SIGHUP\n");
            Output::of_this_process(printing.json).answer(&Revoked { name }, told)?;
        }
    }
    Ok(Exit::Fine)
}

fn make(new: &NewToken, context: &Context) -> Result<(), Failure> {
    let NewToken { name, scope, projects, printing } = new;
    let access = crate::http::scope(scope).expect("the grammar knows no other");
    if scope == "admin" && !projects.is_empty() {
        let sentence =
            "a token of the scope admin is bound to no project: leave --project out, or make one of the scope deploy";
        return Err(Failure::new(Exit::Usage, sentence));
    }
    let projects = ids(projects, context)?;
    let token = crate::http::fresh()
        .ok_or_else(|| Failure::new(Exit::Failed, "cannot make a token: the system gives no random bytes"))?;
    let line = crate::http::line(name, access, &token, &projects).ok_or_else(|| {
        let sentence = "the name of a token is 1 to 64 letters, digits, dots, underscores and dashes";
        Failure::new(Exit::Usage, sentence)
    })?;
    let made = Made { name, scope, projects, token, line };
    Output::of_this_process(printing.json).answer(&made, || text(&made))?;
    Ok(())
}

/// The ids behind names: a name may be another project's later, and the token with it.
fn ids(projects: &[String], context: &Context) -> Result<Vec<String>, Failure> {
    if projects.is_empty() {
        return Ok(Vec::new());
    }
    let config = context.config()?;
    let mut store = context.read(&config)?;
    projects.iter().map(|project| Ok(store.show_project(project)?.id)).collect()
}

fn file(named: Option<&Path>) -> Result<&Path, Failure> {
    named.ok_or_else(|| {
        let sentence = "no file of tokens is configured: http.tokens names it; `dockledger token new NAME --scope SCOPE` makes a \
                        line for it";
        Failure::new(Exit::Usage, sentence)
    })
}

fn unusable(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Usage, error.to_string())
}

fn table(known: &[KnownToken], width: usize) -> String {
    let mut table = Table::new(&["NAME", "SCOPE", "PROJECTS"]);
    for token in known {
        let projects = if token.projects.is_empty() { "all".to_owned() } else { token.projects.join(", ") };
        table.row(vec![token.name.clone(), token.scope.to_owned(), projects]);
    }
    table.render(width)
}

fn text(made: &Made<'_>) -> String {
    format!(
        "token (shown only now): {}\nadd this line to the file that http.tokens names, with mode 600; a running service \
         reads it again on SIGHUP:\n{}\n",
        made.token, made.line
    )
}
