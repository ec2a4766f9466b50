//! `adopt --undo`: what was adopted belongs to nobody again.

use serde::Serialize;

use crate::cli::arguments::AdoptArguments;
use crate::cli::context::Context;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::config::Config;
use crate::store::Store;
use crate::wording::escape;

/// What one name meant, and what went with it.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Undone {
    /// The container that left its stack; `None` where a whole stack went.
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<String>,
    /// The stack that went, or that the container left.
    stack: String,
    /// Of a stack that went.
    #[serde(skip_serializing_if = "Option::is_none")]
    compose_project: Option<String>,
    rows_forgotten: usize,
    /// Whether `auto_adopt` brings it back in the next pass.
    comes_back: bool,
}

pub(super) fn execute(arguments: &AdoptArguments, context: &Context, config: &Config) -> Result<Exit, Failure> {
    let mut store = context.change(config)?;
    let mut undone = Vec::new();
    for name in &arguments.names {
        undone.push(undo(&mut store, name, arguments.force, config)?);
    }
    Output::of_this_process(arguments.printing.json).answer(&undone, || undone.iter().map(text).collect())?;
    Ok(Exit::Fine)
}

/// A container that was adopted by name goes before a stack of the same name: it was adopted last, into a stack that was
/// there.
fn undo(store: &mut Store, name: &str, force: bool, config: &Config) -> Result<Undone, Failure> {
    if let Some((stack, rows_forgotten)) = store.leave_stack(name, force)? {
        let container = Some(name.to_owned());
        return Ok(Undone { container, stack, compose_project: None, rows_forgotten, comes_back: false });
    }
    let Some((stack, rows_forgotten)) = store.unadopt_stack(name, force)? else {
        let sentence = format!(
            "nothing that was adopted is called {name:?}: no stack, no compose project of one, no container that joined one by \
             name; `dockledger stack list` shows those that exist"
        );
        return Err(Failure::new(Exit::Failed, sentence));
    };
    let compose_project = stack.compose_project;
    let comes_back = config.auto_adopt && compose_project.is_some();
    Ok(Undone { container: None, stack: stack.name, compose_project, rows_forgotten, comes_back })
}

fn text(undone: &Undone) -> String {
    let (stack, rows) = (escape(&undone.stack), undone.rows_forgotten);
    let mut text = match &undone.container {
        Some(container) => format!("{} left stack {stack}; rows forgotten: {rows}\n", escape(container)),
        None => format!("stack {stack} is no more; rows forgotten: {rows}; its containers are as they were\n"),
    };
    if undone.comes_back {
        text.push_str(
            "  auto_adopt is on: the next pass registers it again, unless `ignore` leaves its containers out\n",
        );
    }
    text
}
