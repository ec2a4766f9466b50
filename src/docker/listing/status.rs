//! What the listing says of exit code and health. Pure.
//!
//! `Status` is a sentence for people that changes by itself ("Up 5 minutes"). Two facts are in it alone and are taken
//! from it: the number in `Exited (N)` and `Restarting (N)`, and the health at its end.

use std::ops::RangeInclusive;

use crate::model::{ContainerState, HealthFact};

/// What an exit code can be: Linux tells 0 to 255 and -1, Windows 32 bits without sign (`3221225786` is its Ctrl-C), which
/// older daemons tell with sign.
const EXIT_CODES: RangeInclusive<i64> = i32::MIN as i64..=u32::MAX as i64;

/// The exit code that goes with the state: never that of an earlier run.
pub(super) fn exit_code(state: &ContainerState, status: Option<&str>) -> Option<i64> {
    match state {
        ContainerState::Running | ContainerState::Created | ContainerState::Paused => None,
        _ => status.and_then(number_in_status),
    }
}

/// The health that goes with the state; `own` is the word of the listing's own field, which newer daemons have.
pub(super) fn health(state: &ContainerState, status: Option<&str>, own: Option<&str>) -> HealthFact {
    match state {
        ContainerState::Running | ContainerState::Paused | ContainerState::Restarting => {
            own.map_or_else(|| health_in_status(state, status), health_word)
        }
        ContainerState::Stopped | ContainerState::Created => HealthFact::Absent,
        _ => HealthFact::Keep,
    }
}

/// The exit code that a list would tell of a container whose inspect says this.
pub(super) fn examined_exit_code(word: &str, number: Option<i64>) -> Option<i64> {
    match word {
        "exited" | "stopped" | "restarting" => number.filter(|number| EXIT_CODES.contains(number)),
        _ => None,
    }
}

/// The health that goes with the state; `word` is the inspect's, if it has a health check. Lists of different engines
/// differ on what is paused or restarting, so that its stored value stays.
pub(in crate::docker) fn examined_health(state: &ContainerState, word: Option<&str>) -> HealthFact {
    match state {
        ContainerState::Running => word.map_or(HealthFact::Absent, health_word),
        ContainerState::Stopped | ContainerState::Created => HealthFact::Absent,
        _ => HealthFact::Keep,
    }
}

/// The N of `Exited (N) 2 hours ago` and `Restarting (N) 5 seconds ago`.
fn number_in_status(status: &str) -> Option<i64> {
    let rest = status.strip_prefix("Exited (").or_else(|| status.strip_prefix("Restarting ("))?;
    let (number, _) = rest.split_once(')')?;
    number.parse().ok().filter(|number| EXIT_CODES.contains(number))
}

/// The word in the brackets at the end of `Up 5 minutes (healthy)`.
fn health_in_status(state: &ContainerState, status: Option<&str>) -> HealthFact {
    let Some(status) = status else { return HealthFact::Keep };
    // Between two runs there is nothing whose health could be checked.
    if *state == ContainerState::Restarting && status.starts_with("Restarting (") {
        return HealthFact::Absent;
    }
    if *state != ContainerState::Running || !status.starts_with("Up ") {
        return HealthFact::Keep;
    }
    match status.strip_suffix(')').and_then(|open| open.rsplit_once(" (")) {
        Some((_, word)) => health_word(word.strip_prefix("health: ").unwrap_or(word)),
        // Docker says nothing where there is no check, and Podman before 6 says nothing of one. Which of the two it is an
        // inspect tells; what does not run has none, so that nothing old is kept.
        None => HealthFact::Keep,
    }
}

fn health_word(word: &str) -> HealthFact {
    match word {
        "starting" | "healthy" | "unhealthy" => HealthFact::Known(word.into()),
        "none" | "" => HealthFact::Absent,
        _ => HealthFact::Keep,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // F19
    #[test]
    fn the_exit_code_is_the_number_in_exited_and_restarting() {
        for (state, status, expected) in [
            ("exited", "Exited (0) 2 hours ago", Some(0)),
            ("exited", "Exited (137) Less than a second ago", Some(137)),
            ("exited", "Exited (-1) 3 days ago", Some(-1)),
            ("exited", "Exited (3221225786) 1 hour ago", Some(3_221_225_786)),
            ("exited", "Exited (4294967295) 1 hour ago", Some(u32::MAX.into())),
            ("exited", "Exited (-2147483648) 1 hour ago", Some(i32::MIN.into())),
            ("restarting", "Restarting (1) 5 seconds ago", Some(1)),
            ("restarting", "Restarting (3221225477) 5 seconds ago", Some(3_221_225_477)),
            ("running", "Up 5 minutes", None),
            ("running", "Exited (3) 1 second ago", None),
            ("created", "Created", None),
            ("paused", "Up 2 minutes (Paused)", None),
            ("dead", "Dead", None),
            ("removing", "Removal In Progress", None),
            ("exited", "", None),
            ("exited", "Exited (4294967296) 1 hour ago", None),
            ("exited", "Exited (-2147483649) 1 hour ago", None),
            ("exited", "Exited (0x10) 1 hour ago", None),
            ("exited", "Exited () 1 hour ago", None),
            ("exited", "Exited (1", None),
            ("hibernating", "Deep asleep", None),
        ] {
            assert_eq!(exit_code(&ContainerState::from_daemon(state), Some(status)), expected, "{state}: {status}");
        }
        assert_eq!(exit_code(&ContainerState::Stopped, None), None);
    }

    #[test]
    fn an_inspect_tells_the_same_exit_code() {
        for (word, number, expected) in [
            ("exited", Some(3_221_225_786), Some(3_221_225_786)),
            ("stopped", Some(7), Some(7)),
            ("restarting", Some(-1), Some(-1)),
            ("exited", Some(1 << 33), None),
            ("exited", None, None),
            ("running", Some(0), None),
            ("paused", Some(0), None),
            ("created", Some(0), None),
            ("dead", Some(1), None),
        ] {
            assert_eq!(examined_exit_code(word, number), expected, "{word} {number:?}");
        }
    }

    #[test]
    fn the_health_is_the_word_at_the_end_of_the_status() {
        let known = |word: &str| HealthFact::Known(word.into());
        for (state, status, expected) in [
            ("running", "Up 5 minutes", HealthFact::Keep),
            ("running", "Up About an hour (healthy)", known("healthy")),
            ("running", "Up 2 days (unhealthy)", known("unhealthy")),
            ("running", "Up 1 second (health: starting)", known("starting")),
            ("running", "Up 1 second (starting)", known("starting")),
            ("running", "Up 1 second (puzzled)", HealthFact::Keep),
            ("running", "Läuft", HealthFact::Keep),
            ("paused", "Up 2 minutes (Paused)", HealthFact::Keep),
            ("restarting", "Restarting (1) 5 seconds ago", HealthFact::Absent),
            ("exited", "Exited (0) 2 hours ago", HealthFact::Absent),
            ("created", "Created", HealthFact::Absent),
            ("removing", "Removal In Progress", HealthFact::Keep),
            ("hibernating", "Up 1 hour (healthy)", HealthFact::Keep),
        ] {
            assert_eq!(health(&ContainerState::from_daemon(state), Some(status), None), expected, "{state}: {status}");
        }
    }

    #[test]
    fn the_listings_own_field_comes_before_the_status() {
        let running = ContainerState::Running;
        let status = Some("Up 5 minutes (unhealthy)");
        assert_eq!(health(&running, status, Some("healthy")), HealthFact::Known("healthy".into()));
        assert_eq!(health(&running, status, Some("none")), HealthFact::Absent);
        assert_eq!(health(&running, status, Some("reset")), HealthFact::Keep);
        let paused = ContainerState::Paused;
        assert_eq!(health(&paused, Some("Up (Paused)"), Some("healthy")), HealthFact::Known("healthy".into()));
        assert_eq!(health(&ContainerState::Stopped, None, Some("unhealthy")), HealthFact::Absent);
    }
}
