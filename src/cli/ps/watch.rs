//! `ps --watch`: the table again whenever something in it is another.

use std::time::Duration;

use tokio::signal::unix::SignalKind;

use super::seen::Seen;
use crate::cli::context::runtime;
use crate::cli::exit::{Exit, Failure};
use crate::cli::one_pass::listen;
use crate::cli::output::Output;
use crate::model::{HostName, HostStatus, StoredRow};
use crate::wording::is_served;

/// Between two looks: ages are shown in seconds.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Prints what is seen until ^C, SIGTERM, or nobody reads it any more. A terminal is drawn anew as the ages grow; elsewhere
/// only what has changed is worth another table.
pub(super) fn execute(
    output: Output,
    mut look: impl FnMut() -> Result<Seen, Failure>,
    text: impl Fn(&Seen) -> String,
) -> Result<Exit, Failure> {
    let runtime = runtime()?;
    runtime.block_on(async {
        let mut interrupt = listen(SignalKind::interrupt())?;
        let mut terminate = listen(SignalKind::terminate())?;
        let mut told = None;
        loop {
            let seen = look()?;
            let now = Some(matter(&seen));
            if output.is_terminal() {
                output.text(&screen(&text(&seen), output.height))?;
            } else if now != told && !output.line(text(&seen).trim_end_matches('\n'))? {
                return Ok(Exit::Fine);
            }
            told = now;
            tokio::select! {
                () = tokio::time::sleep(LOOK_AGAIN) => {}
                _ = interrupt.recv() => return Ok(Exit::Fine),
                _ = terminate.recv() => return Ok(Exit::Fine),
            }
        }
    })
}

/// What makes a table another one: not that time goes by, nor that one more pass found the same.
#[derive(Debug, PartialEq)]
struct Matter {
    rows: Vec<StoredRow>,
    /// Of each host its status, the last error, and whether it is served.
    hosts: Vec<(HostName, Option<HostStatus>, Option<String>, bool)>,
}

fn matter(seen: &Seen) -> Matter {
    let timeless = |row: &StoredRow| {
        let mut row = StoredRow { last_complete_pass_at: None, ..row.clone() };
        row.observed.last_seen_at = None;
        row
    };
    let hosts = seen.hosts.iter().map(|host| {
        let served = is_served(host, seen.at);
        (host.name.clone(), host.status, host.last_error.clone(), served)
    });
    Matter { rows: seen.rows.iter().map(timeless).collect(), hosts: hosts.collect() }
}

/// A terminal's whole content, drawn over what is there so that nothing flickers; what it has no line for is left out.
fn screen(text: &str, height: Option<usize>) -> String {
    const TOP: &str = "\u{1b}[H";
    const CLEAR_LINE: &str = "\u{1b}[K";
    const CLEAR_BELOW: &str = "\u{1b}[J";
    // The last line is the cursor's.
    let fits = height.map_or(usize::MAX, |height| height.saturating_sub(1));
    let mut screen = TOP.to_owned();
    for line in text.lines().take(fits) {
        screen.push_str(line);
        screen.push_str(CLEAR_LINE);
        screen.push('\n');
    }
    screen + CLEAR_BELOW
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::freshness::tests::host;
    use crate::cli::ps::tests::row;
    use crate::model::{ContainerState, Timestamp};

    #[test]
    fn only_what_is_shown_of_a_container_or_a_host_makes_another_table() {
        let seen = || Seen { rows: vec![row()], hosts: vec![host()], at: Timestamp::from_millis(0) };
        let mut later = seen();
        later.at = Timestamp::from_millis(30_000);
        later.rows[0].last_complete_pass_at = Some(later.at);
        later.rows[0].observed.last_seen_at = Some(later.at);
        later.hosts[0].last_complete_pass_at = Some(later.at);
        assert_eq!(matter(&seen()), matter(&later));
        for change in [
            (|seen: &mut Seen| seen.rows[0].observed.state = ContainerState::Stopped) as fn(&mut Seen),
            |seen| seen.rows.clear(),
            |seen| seen.hosts[0].lease.holder = None,
            |seen| seen.hosts[0].status = Some(HostStatus::Unreachable),
        ] {
            let mut other = seen();
            change(&mut other);
            assert_ne!(matter(&seen()), matter(&other));
        }
    }

    #[test]
    fn a_screen_is_drawn_over_the_former_one_and_never_scrolls() {
        let drawn = screen("a\nb\nc\n", Some(3));
        assert_eq!(drawn, "\u{1b}[Ha\u{1b}[K\nb\u{1b}[K\n\u{1b}[J");
        assert_eq!(screen("a\nb\n", None).lines().count(), 3);
    }
}
