//! `migrate`: the schema of the database.

use serde_json::json;

use super::arguments::{GrantsArguments, MigrateCommand, Printing};
use super::context::Context;
use super::exit::{Exit, Failure};
use super::output::Output;
use super::settings::sqlite_path;
use super::table::Table;
use crate::config::Config;
use crate::store::Store;

pub(super) fn execute(command: &MigrateCommand, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    context.check_place(&config)?;
    match command {
        MigrateCommand::Up(printing) => up(printing, &config),
        MigrateCommand::Status(printing) => {
            context.must_exist(&config)?;
            status(printing, &config)
        }
        MigrateCommand::Grants(arguments) => grants(arguments, &config),
    }
}

fn up(printing: &Printing, config: &Config) -> Result<Exit, Failure> {
    let applied = Store::migrate_up(config)?;
    Output::of_this_process(printing.json).answer(&json!({ "applied": applied }), || {
        if applied.is_empty() {
            return "The schema is up to date.\n".into();
        }
        applied.iter().map(|name| format!("applied {name}\n")).collect()
    })?;
    Ok(Exit::Fine)
}

fn status(printing: &Printing, config: &Config) -> Result<Exit, Failure> {
    let migrations = Store::migration_status(config)?;
    let document: Vec<_> =
        migrations.iter().map(|(name, applied)| json!({ "name": name, "applied": applied })).collect();
    let output = Output::of_this_process(printing.json);
    output.answer(&document, || {
        let mut table = Table::new(&["MIGRATION", "STATUS"]);
        for (name, applied) in &migrations {
            table.row(vec![name.clone(), if *applied { "applied" } else { "pending" }.into()]);
        }
        table.render(output.width)
    })?;
    Ok(Exit::Fine)
}

fn grants(arguments: &GrantsArguments, config: &Config) -> Result<Exit, Failure> {
    if let Some(path) = sqlite_path(&config.database) {
        let sentence = format!(
            "cannot write grants for {}: SQLite has no roles, whoever may write the file may write every column; name a \
             PostgreSQL with --database",
            path.display()
        );
        return Err(Failure::new(Exit::Usage, sentence));
    }
    let sql = Store::grants_sql(config, &arguments.role, arguments.reader.as_deref())?;
    Output::of_this_process(false).text(&format!("{}\n", sql.trim_end()))?;
    Ok(Exit::Fine)
}
