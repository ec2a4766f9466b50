//! The program's logs: on stderr, never the library's business.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use super::output::wants_color;

/// From quiet to talkative; each `-v` is one step to the right.
const LEVELS: [&str; 3] = ["info", "debug", "trace"];

/// Libraries that log each of their steps: more than `info` of them hides ours.
const CAPPED: [&str; 3] = ["bollard", "hyper", "hyper_util"];

/// An actor's own name and number around each line tell people nothing: ractor's spans are left out, its warnings stay.
const UNSPANNED: &str = "ractor=warn";

/// Begins to log: a service from `info` on, more with each `-v`. A command logs warnings of the command line and of the
/// daemon's address alone: what the ledger itself would warn of is the command's own fault, which is told once, or stands in its answer.
pub fn start(is_service: bool, verbose: u8) {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(directives(is_service, verbose)))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal() && wants_color())
        .init();
}

fn directives(is_service: bool, verbose: u8) -> String {
    if !is_service && verbose == 0 {
        return "error,dockledger::cli=warn,dockledger::docker::endpoint=warn".into();
    }
    let step = usize::from(verbose) - usize::from(!is_service);
    let level = LEVELS[step.min(LEVELS.len() - 1)];
    let level = format!("{level},{UNSPANNED}");
    CAPPED.iter().fold(level, |filter, target| format!("{filter},{target}=info"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_never_say_more_than_info() {
        assert_eq!(directives(false, 0), "error,dockledger::cli=warn,dockledger::docker::endpoint=warn");
        assert_eq!(directives(false, 1), "info,ractor=warn,bollard=info,hyper=info,hyper_util=info");
        assert_eq!(directives(true, 0), "info,ractor=warn,bollard=info,hyper=info,hyper_util=info");
        assert_eq!(directives(false, 9), "trace,ractor=warn,bollard=info,hyper=info,hyper_util=info");
    }
}
