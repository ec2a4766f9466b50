//! The text of `Status`, as the engine words it for people.

use std::time::Duration;

use super::container::{Health, HealthForm, SimulatedContainer, SimulatedState};
use crate::model::Timestamp;

/// What `docker ps` shows as the status at `now`.
pub(super) fn status_text(container: &SimulatedContainer, form: HealthForm, now: Timestamp) -> String {
    let since = |moment: Option<Timestamp>| human(moment.map_or(Duration::ZERO, |moment| moment.age(now)));
    match &container.state {
        SimulatedState::Created => "Created".into(),
        SimulatedState::Running => match container.health.filter(|_| form == HealthForm::InStatus) {
            None => format!("Up {}", since(container.started_at)),
            Some(Health::Starting) => format!("Up {} (health: starting)", since(container.started_at)),
            Some(health) => format!("Up {} ({})", since(container.started_at), health.as_str()),
        },
        SimulatedState::Paused => format!("Up {} (Paused)", since(container.started_at)),
        SimulatedState::Restarting => {
            format!("Restarting ({}) {} ago", container.exit_code, since(container.finished_at))
        }
        SimulatedState::Exited => format!("Exited ({}) {} ago", container.exit_code, since(container.finished_at)),
        SimulatedState::Dead => "Dead".into(),
        SimulatedState::Removing => "Removal In Progress".into(),
        SimulatedState::Other(word) => word.clone(),
    }
}

/// A duration as the engine rounds it: seconds, then minutes, hours, days, weeks, months and years.
fn human(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let minutes = seconds / 60;
    let hours = (seconds + 1_800) / 3_600;
    match () {
        () if seconds < 1 => "Less than a second".into(),
        () if seconds == 1 => "1 second".into(),
        () if seconds < 60 => format!("{seconds} seconds"),
        () if minutes == 1 => "About a minute".into(),
        () if minutes < 60 => format!("{minutes} minutes"),
        () if hours == 1 => "About an hour".into(),
        () if hours < 48 => format!("{hours} hours"),
        () if hours < 24 * 14 => format!("{} days", hours / 24),
        () if hours < 24 * 60 => format!("{} weeks", hours / 24 / 7),
        () if hours < 24 * 365 * 2 => format!("{} months", hours / 24 / 30),
        () => format!("{} years", seconds / 3_600 / 24 / 365),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_rounded_as_the_engine_rounds_them() {
        for (seconds, expected) in [
            (0, "Less than a second"),
            (1, "1 second"),
            (59, "59 seconds"),
            (60, "About a minute"),
            (119, "About a minute"),
            (120, "2 minutes"),
            (3_599, "59 minutes"),
            (3_600, "About an hour"),
            (5_400, "2 hours"),
            (47 * 3_600, "47 hours"),
            (48 * 3_600, "2 days"),
            (14 * 86_400, "2 weeks"),
            (60 * 86_400, "2 months"),
            (730 * 86_400, "2 years"),
        ] {
            assert_eq!(human(Duration::from_secs(seconds)), expected, "{seconds} s");
        }
    }
}
