//! `completions SHELL`.

use clap::CommandFactory;

use super::arguments::{Arguments, CompletionsArguments};
use super::exit::{Exit, Failure};
use super::output::Output;

pub(super) fn execute(arguments: &CompletionsArguments) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "dockledger", &mut script);
    Output::of_this_process(false).text(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Fine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_offers_the_words_of_a_state_and_of_a_kind() {
        let mut script = Vec::new();
        clap_complete::generate(clap_complete::Shell::Bash, &mut Arguments::command(), "dockledger", &mut script);
        let script = String::from_utf8(script).expect("UTF-8");
        for words in ["up down attention crashed", "project stack site"] {
            assert!(script.contains(words), "{words}");
        }
    }
}
