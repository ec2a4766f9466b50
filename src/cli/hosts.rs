//! `hosts`: how fresh each is and who writes it; what to do when a daemon or a name changed.

use serde_json::json;

use super::arguments::{HostsArguments, HostsCommand, Printing};
use super::context::Context;
use super::exit::{Exit, Failure};
use super::output::Output;
use super::registered::print_removed;
use super::table::{Table, object_text};
use crate::config::Config;
use crate::model::{HostName, HostRecord, HostStatus, Refusal, Timestamp};
use crate::wording::{escape, holder_text, is_served, since};

pub(super) fn execute(arguments: &HostsArguments, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    match &arguments.command {
        None => list(&arguments.printing, context, &config),
        Some(HostsCommand::List(printing)) => list(printing, context, &config),
        Some(HostsCommand::Confirm(arguments)) => {
            let name = arguments.name.as_deref().map_or_else(|| config.host.clone(), HostName::new);
            context.change(&config)?.confirm_host(&name)?;
            let done = format!("the next pass of {name} accepts the daemon that answers as its own");
            print_done("confirmed", &name, &done, arguments.printing.json)
        }
        Some(HostsCommand::Rename(arguments)) => {
            let (old, new) = (HostName::new(arguments.old.as_str()), HostName::new(arguments.new.as_str()));
            refuse_impossible_name(&config, &new)?;
            context.change(&config)?.rename_host(&old, &new)?;
            print_done("renamed", &new, &format!("{old} is now {new}, its rows included"), arguments.printing.json)
        }
        Some(HostsCommand::Forget(arguments)) => {
            let name = HostName::new(arguments.name.as_str());
            let rows = context.change(&config)?.forget_host(&name)?;
            print_removed("host", name.as_str(), rows, arguments.printing.json)
        }
    }
}

/// A name that no configuration could have must not get into the ledger by another way.
fn refuse_impossible_name(config: &Config, name: &HostName) -> Result<(), Failure> {
    let renamed = Config { host: name.clone(), ..config.clone() };
    renamed.check().map_err(|error| Failure::new(Exit::Usage, error.to_string()))
}

fn print_done(what: &str, name: &HostName, done: &str, json: bool) -> Result<Exit, Failure> {
    let document = json!({ what: name });
    Output::of_this_process(json).answer(&document, || object_text(&[(what, done.to_owned())]))?;
    Ok(Exit::Fine)
}

fn list(printing: &Printing, context: &Context, config: &Config) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    let mut hosts = context.read(config)?.hosts()?;
    hosts.retain(|host| context.host_filter().is_none_or(|name| host.name == *name));
    let output = Output::of_this_process(printing.json);
    output.answer(&hosts, || text(&hosts, output.width, now))?;
    Ok(Exit::Fine)
}

fn text(hosts: &[HostRecord], width: usize, now: Timestamp) -> String {
    if hosts.is_empty() {
        return "No host is in the ledger yet: `dockledger once` or `dockledger run` enters this one.\n".into();
    }
    let mut table =
        Table::new(&["HOST", "STATUS", "COMPLETE PASS", "UNCHANGED", "DAEMON", "ENGINE", "WRITTEN BY", "ERROR"]);
    table.dispense_with(&["ENGINE", "UNCHANGED", "DAEMON"]);
    for host in hosts {
        let complete =
            host.last_complete_pass_at.map_or_else(|| "never".into(), |at| format!("{} ago", since(Some(at), now)));
        let engine = [&host.engine, &host.engine_version].into_iter().flatten().cloned().collect::<Vec<_>>().join(" ");
        table.row(vec![
            host.name.to_string(),
            status(host, now),
            complete,
            host.unchanged_passes.to_string(),
            host.endpoint.clone().unwrap_or_else(|| "-".into()),
            engine,
            writer(host, now),
            host.last_error.clone().unwrap_or_default(),
        ]);
    }
    let mut text = table.render(width);
    for host in hosts {
        for warning in Refusal::sentences(&host.refusals) {
            text.push_str(&format!("{}: warning: {}\n", escape(host.name.as_str()), escape(&warning)));
        }
    }
    text
}

/// How far the rows can be trusted. Of a host that nobody writes now, that its last look was complete says little: it is
/// told beside.
fn status(host: &HostRecord, now: Timestamp) -> String {
    match host.status {
        Some(HostStatus::Fresh) if !is_served(host, now) => "not served".into(),
        Some(status) => status.to_string(),
        None => "-".into(),
    }
}

fn writer(host: &HostRecord, now: Timestamp) -> String {
    match &host.lease.holder {
        Some(holder) if is_served(host, now) => holder_text(holder),
        Some(holder) => format!("nobody (was {})", holder_text(holder)),
        None => "nobody".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::freshness::tests::host;

    #[test]
    fn a_host_says_who_writes_it() {
        let now = Timestamp::from_millis(112_000);
        let text = text(&[host()], 200, now);
        assert!(text.contains("fresh") && text.contains("12 s ago") && text.contains("docker 28.0.1"), "{text}");
        assert!(!text.contains("warning"), "{text}");
        assert_eq!(writer(&host(), now), "pid 7");
        let later = Timestamp::from_millis(300_000);
        assert_eq!(writer(&host(), later), "nobody (was pid 7)");
        assert_eq!((status(&host(), now), status(&host(), later)), ("fresh".into(), "not served".into()));
        let gone = HostRecord { status: Some(HostStatus::Unreachable), ..host() };
        assert_eq!(status(&gone, later), "unreachable");
    }

    #[test]
    fn a_host_cannot_be_given_an_impossible_name() {
        let config = Config::new("ledger.db");
        assert_eq!(refuse_impossible_name(&config, &HostName::new("a b")).expect_err("a space").exit(), Exit::Usage);
        assert!(refuse_impossible_name(&config, &HostName::new("east-1")).is_ok());
    }
}
