//! `config`: the effective configuration, and where each value came from.

use serde_json::{Value, json};

use super::arguments::Printing;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::output::Output;
use super::settings::{KEYS, Settings};
use super::table::Table;
use crate::wording::escape;

pub(super) fn execute(printing: &Printing, context: &Context) -> Result<Exit, Failure> {
    let settings = context.settings()?;
    let output = Output::of_this_process(printing.json);
    output.answer(&document(&settings), || text(&settings, output.width))?;
    Ok(Exit::Fine)
}

/// `{"file": …, "values": {"interval": {"value": "30s", "from": "default"}, …}, "warnings": ["…"]}`
fn document(settings: &Settings) -> Value {
    let values: serde_json::Map<String, Value> = KEYS
        .iter()
        .map(|key| {
            let from = settings.origin(key.name).to_string();
            (key.name.to_owned(), json!({ "value": (key.show)(&settings.config), "from": from }))
        })
        .collect();
    json!({ "file": settings.file, "values": values, "warnings": settings.warnings })
}

fn text(settings: &Settings, width: usize) -> String {
    let mut table = Table::new(&["KEY", "VALUE", "FROM"]);
    for key in KEYS {
        let value = match (key.show)(&settings.config) {
            Value::String(text) => text,
            Value::Null => "-".into(),
            other => other.to_string(),
        };
        table.row(vec![key.name.into(), value, settings.origin(key.name).to_string()]);
    }
    let mut text = table.render(width);
    for warning in &settings.warnings {
        text.push_str(&format!("\nwarning: {}\n", escape(warning)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::settings::Origin;
    use crate::config::Config;

    #[test]
    fn each_value_is_shown_with_its_source_and_without_a_password() {
        let mut settings = Settings {
            config: Config::new("postgres://ledger:hunter2@db/x"),
            origins: [("database", Origin::Variable("DATABASE_URL".into()))].into(),
            file: None,
            warnings: Vec::new(),
        };
        settings.config.docker_host = Some("tcp://user:hunter2@host:2375".into());
        let (document, text) = (document(&settings), text(&settings, 160));
        assert_eq!(
            document["values"]["database"],
            json!({"value": "postgres://ledger:***@db/x", "from": "$DATABASE_URL"})
        );
        assert_eq!(document["values"]["interval"], json!({"value": "30s", "from": "default"}));
        assert_eq!(document["file"], Value::Null);
        assert!(!document.to_string().contains("hunter2") && !text.contains("hunter2"), "{text}");
        assert_eq!(text.lines().count(), KEYS.len() + 1);
        settings.warnings.push("a\u{1b}b is ignored".into());
        let (document, text) = (super::document(&settings), super::text(&settings, 160));
        assert_eq!(document["warnings"], json!(["a\u{1b}b is ignored"]));
        assert!(text.ends_with("warning: a\\u{1b}b is ignored\n"), "{text}");
    }
}
