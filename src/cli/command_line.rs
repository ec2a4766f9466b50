//! How the program has to be called to mean the same ledger: what suggested commands begin with. Pure.

use std::path::{Path, PathBuf};

use super::settings::{Flags, Origin, Settings, sqlite_path};
use crate::config::without_password;
use crate::wording::shell_word;

/// The program's name and the flags that lead to its ledger, quoted for a shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommandLine {
    /// What a command begins with.
    pub(crate) text: String,
    /// Flags whose values cannot be shown: a password is in them, or what cannot be typed.
    pub(crate) withheld: Vec<&'static str>,
}

/// The keys that say which ledger, which host and which daemon are meant.
const LEADING: [(&str, &str); 3] = [("database", "--database"), ("host", "--host"), ("docker_host", "--docker-host")];

/// As a person calls it who has just called it with these flags, in the same shell and directory.
pub(crate) fn as_it_was_called(flags: &Flags) -> CommandLine {
    let config = flags.config.as_ref().map(|path| ("--config", path.display().to_string()));
    let keys = flags.keys.iter().map(|(_, flag, value)| (*flag, value.clone()));
    of_flags(config.into_iter().chain(keys))
}

/// As a person calls it beside a service, from anywhere: what the service has by its environment is not in that person's.
pub(crate) fn beside_a_service(flags: &Flags, settings: &Settings, file_by_variable: Option<&str>) -> CommandLine {
    let file = flags.config.clone().or_else(|| file_by_variable.map(PathBuf::from));
    let config = file.map(|path| ("--config", absolute(&path)));
    let keys = LEADING.into_iter().filter_map(|(key, flag)| {
        let value = match (key, settings.origin(key)) {
            (_, Origin::Default | Origin::File(_)) => None,
            ("database", _) => Some(database(&settings.config.database)),
            ("host", _) => Some(settings.config.host.to_string()),
            (_, _) => settings.config.docker_host.clone(),
        };
        Some((flag, value?))
    });
    of_flags(config.into_iter().chain(keys))
}

fn of_flags(flags: impl Iterator<Item = (&'static str, String)>) -> CommandLine {
    let mut line = CommandLine { text: "dockledger".into(), withheld: Vec::new() };
    for (flag, value) in flags {
        match shell_word(&value).filter(|_| without_password(&value) == value) {
            Some(word) => line.text.push_str(&format!(" {flag} {word}")),
            None => line.withheld.push(flag),
        }
    }
    line
}

fn database(address: &str) -> String {
    sqlite_path(address).map_or_else(|| address.to_owned(), |path| absolute(&path))
}

fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::settings::{Surroundings, load};

    fn flags(config: Option<&str>, keys: &[(&'static str, &'static str, &str)]) -> Flags {
        let keys = keys.iter().map(|(key, flag, value)| (*key, *flag, (*value).to_owned())).collect();
        Flags { config: config.map(Into::into), keys }
    }

    #[test]
    fn the_flags_that_were_given_are_given_again_but_for_what_must_not_be_shown() {
        let given = flags(
            Some("my file.toml"),
            &[("host", "--host", "east"), ("database", "--database", "postgres://u:secret@db/x")],
        );
        let line = as_it_was_called(&given);
        assert_eq!(line.text, "dockledger --config 'my file.toml' --host east");
        assert_eq!(line.withheld, ["--database"]);
        assert_eq!(as_it_was_called(&Flags::default()).text, "dockledger");
    }

    #[test]
    fn beside_a_service_stands_also_what_it_has_by_its_environment() {
        let variables = [("DOCKLEDGER_DATABASE", "/srv/l.db"), ("DOCKLEDGER_HOST", "east"), ("HOME", "/nowhere")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let surroundings = Surroundings { variables, ..Surroundings::of_this_process() };
        let given = flags(None, &[("host", "--host", "west")]);
        let settings = load(&given, &surroundings).expect("loaded");
        let line = beside_a_service(&given, &settings, None);
        assert_eq!(line.text, "dockledger --database /srv/l.db --host west");
        let by_file = beside_a_service(&given, &settings, Some("/etc/other.toml"));
        assert!(by_file.text.starts_with("dockledger --config /etc/other.toml "), "{}", by_file.text);
    }
}
