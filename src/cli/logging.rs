//! The program's logs: on stderr, never the library's business.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use super::output::wants_color;

/// From silent to talkative; each `-v` is one step to the right.
const LEVELS: [&str; 4] = ["warn", "info", "debug", "trace"];

/// Libraries that log each of their steps: more than `info` of them hides ours.
const CAPPED: [&str; 3] = ["bollard", "hyper", "hyper_util"];

/// Begins to log: a service from `info` on, a command from `warn` on, more with each `-v`.
pub fn start(is_service: bool, verbose: u8) {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(directives(is_service, verbose)))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal() && wants_color())
        .init();
}

fn directives(is_service: bool, verbose: u8) -> String {
    let step = usize::from(is_service) + usize::from(verbose);
    let level = LEVELS[step.min(LEVELS.len() - 1)];
    let cap = LEVELS[step.min(1)];
    CAPPED.iter().fold(level.to_owned(), |filter, target| format!("{filter},{target}={cap}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_never_say_more_than_info() {
        assert_eq!(directives(false, 0), "warn,bollard=warn,hyper=warn,hyper_util=warn");
        assert_eq!(directives(true, 0), "info,bollard=info,hyper=info,hyper_util=info");
        assert_eq!(directives(false, 9), "trace,bollard=info,hyper=info,hyper_util=info");
    }
}
