//! What people ask of the condition of rows, and in which order they want them: one meaning for command line, API and page.
//! Pure.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::word_enum::word_enum;
use super::{Attention, AttentionSet, ContainerState, StoredRow, Timestamp};

/// One thing that can be asked of a row's state: `--state` of `ps`, `state=` of the API and the page. Several of them are
/// "or".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It is running, paused or restarting.
    Up,
    /// It is not up.
    Down,
    /// Somebody has to look at it.
    Attention,
    /// Somebody has to look at it for this reason.
    Because(Attention),
    /// It is in this state.
    In(ContainerState),
}

/// Every word that [`Condition::parse`] knows, for whoever wrote another one.
pub const CONDITION_WORDS: &str = "up, down, attention; crashed, out_of_memory, failed_to_start, unhealthy, flapping; \
     running, stopped, created, restarting, paused, removing, missing, failed";

impl Condition {
    /// Reads the word. One that is none of the ledger's may be a daemon's own state: [`Self::foreign_word`].
    #[must_use]
    pub fn parse(word: &str) -> Self {
        match word {
            "up" => Self::Up,
            "down" => Self::Down,
            "attention" => Self::Attention,
            // That is a state as well, and whoever asks for it wants all that is gone.
            "missing" => Self::In(ContainerState::Missing),
            word => Attention::parse(word).map_or_else(|| Self::In(ContainerState::parse(word)), Self::Because),
        }
    }

    /// Reads words with commas between them; empty ones count as absent.
    #[must_use]
    pub fn parse_all(words: &str) -> Vec<Self> {
        words.split(',').map(str::trim).filter(|word| !word.is_empty()).map(Self::parse).collect()
    }

    /// A word that the ledger does not know: it stands for something only if a row has it.
    #[must_use]
    pub fn foreign_word(&self) -> Option<&str> {
        match self {
            Self::In(ContainerState::Other(word)) => Some(word),
            Self::In(ContainerState::Forgotten) => Some(ContainerState::Forgotten.as_str()),
            _ => None,
        }
    }

    /// Whether a row is so.
    #[must_use]
    pub fn holds(&self, row: &StoredRow) -> bool {
        let observed = &row.observed;
        match self {
            Self::Up => observed.state.is_up(),
            Self::Down => !observed.state.is_up(),
            Self::Attention => !observed.attention.is_empty(),
            Self::Because(reason) => observed.attention.contains(*reason),
            Self::In(state) => observed.state == *state,
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Attention => "attention",
            Self::Because(reason) => reason.as_str(),
            Self::In(state) => state.as_str(),
        })
    }
}

word_enum! {
    /// What can be asked of a health.
    HealthCondition {
        /// The check has not yet said.
        Starting = "starting",
        /// It succeeds.
        Healthy = "healthy",
        /// It fails.
        Unhealthy = "unhealthy",
        /// There is no check, or nothing that it could check.
        None = "none",
    }
}

impl HealthCondition {
    /// Whether a row is so.
    #[must_use]
    pub fn holds(self, row: &StoredRow) -> bool {
        match self {
            Self::None => row.observed.health.is_none(),
            word => row.observed.health.as_deref() == Some(word.as_str()),
        }
    }
}

word_enum! {
    /// In which order rows come.
    RowOrder {
        /// By host and id: the order in which they are paged.
        Id = "id",
        /// What somebody has to look at first, the worst before the others; then what is down; then by name.
        Attention = "attention",
        /// By the container's name.
        Name = "name",
        /// By workload, then role, then name.
        Workload = "workload",
        /// By state, then name.
        State = "state",
        /// What changed its state last comes first.
        Since = "since",
    }
}

#[expect(clippy::derivable_impls, reason = "the enum comes out of a macro that derives none")]
impl Default for RowOrder {
    fn default() -> Self {
        Self::Id
    }
}

impl RowOrder {
    /// Sorts rows; what is alike stays in the order of host and id.
    pub fn sort(self, rows: &mut [StoredRow]) {
        let key = |row: &StoredRow| (row.host.to_string(), row.id.to_string());
        match self {
            Self::Id => rows.sort_by_cached_key(key),
            Self::Attention => rows.sort_by_cached_key(|row| (urgency(row), shown_name(row), key(row))),
            Self::Name => rows.sort_by_cached_key(|row| (shown_name(row), key(row))),
            Self::Workload => rows.sort_by_cached_key(|row| (owner(row), key(row))),
            Self::State => {
                rows.sort_by_cached_key(|row| (row.observed.state.to_string(), shown_name(row), key(row)));
            }
            Self::Since => rows.sort_by_cached_key(|row| (Reverse(row.observed.state_since), key(row))),
        }
    }
}

/// The worst first: by the worst reason, then what is down, then what is up.
fn urgency(row: &StoredRow) -> u8 {
    let observed = &row.observed;
    let reasons = u8::try_from(Attention::ALL.len()).unwrap_or(u8::MAX);
    match observed.attention.iter().next() {
        Some(reason) => reason as u8,
        None if !observed.state.is_up() => reasons,
        None => reasons.saturating_add(1),
    }
}

/// The container's name, or the row's id before a container was seen.
fn shown_name(row: &StoredRow) -> String {
    if row.observed.name.is_empty() { row.id.to_string() } else { row.observed.name.to_string() }
}

fn owner(row: &StoredRow) -> (String, String, String) {
    let workload = row.workload_name.clone().unwrap_or_else(|| row.binding.workload_id.to_string());
    (workload, row.binding.role.to_string(), shown_name(row))
}

/// How many rows there are, by what people ask first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
pub struct RowSummary {
    /// All of them.
    pub rows: usize,
    /// Those that are up.
    pub up: usize,
    /// Those that are not.
    pub down: usize,
    /// Those that somebody has to look at.
    pub attention: usize,
    /// For each reason; one row may have several.
    pub reasons: BTreeMap<String, usize>,
    /// For each state.
    pub states: BTreeMap<String, usize>,
    /// Since when the first of them needs somebody.
    pub attention_since: Option<Timestamp>,
}

impl RowSummary {
    /// Counts rows.
    #[must_use]
    pub fn of<'a>(rows: impl IntoIterator<Item = &'a StoredRow>) -> Self {
        let mut summary = Self::default();
        for reason in Attention::ALL {
            summary.reasons.insert(reason.to_string(), 0);
        }
        for row in rows {
            summary.add(&row.observed.state, row.observed.attention, row.observed.attention_since);
        }
        summary
    }

    fn add(&mut self, state: &ContainerState, attention: AttentionSet, since: Option<Timestamp>) {
        self.rows += 1;
        *(if state.is_up() { &mut self.up } else { &mut self.down }) += 1;
        *self.states.entry(state.to_string()).or_default() += 1;
        for reason in attention.iter() {
            *self.reasons.entry(reason.to_string()).or_default() += 1;
        }
        if !attention.is_empty() {
            self.attention += 1;
            self.attention_since = self.attention_since.into_iter().chain(since).min();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Binding, DeployerColumns, HostName, Observed, Revision, RowId, WorkloadId, WorkloadKind};

    fn row(name: &str, observed: Observed) -> StoredRow {
        let at = Timestamp::from_millis(0);
        StoredRow {
            id: RowId::new(name),
            host: HostName::new("local"),
            binding: Binding {
                workload_id: WorkloadId::new("w"),
                workload_kind: WorkloadKind::Stack,
                role: "".into(),
                container_id: None,
            },
            observed: Observed { name: name.into(), ..observed }.attended(),
            deployer: DeployerColumns::default(),
            created_at: at,
            updated_at: at,
            revision: Revision(1),
            workload_name: None,
            host_status: None,
            last_complete_pass_at: None,
        }
    }

    fn rows() -> Vec<StoredRow> {
        use ContainerState as S;
        vec![
            row("fine", Observed::unseen(S::Running)),
            row("ill", Observed { health: Some("unhealthy".into()), ..Observed::unseen(S::Running) }),
            row("crashed", Observed { exit_code: Some(3), ..Observed::unseen(S::Stopped) }),
            row("done", Observed { exit_code: Some(0), ..Observed::unseen(S::Stopped) }),
            row("lost", Observed::unseen(S::Missing)),
            row("odd", Observed::unseen(S::Other("hibernating".into()))),
        ]
    }

    #[test]
    fn each_word_means_one_thing() {
        let rows = rows();
        let of = |words: &str| -> Vec<&str> {
            let conditions = Condition::parse_all(words);
            let holds = |row: &&StoredRow| conditions.iter().any(|condition| condition.holds(row));
            rows.iter().filter(holds).map(|row| &*row.observed.name).collect()
        };
        for (words, names) in [
            ("up", &["fine", "ill"][..]),
            ("down", &["crashed", "done", "lost", "odd"]),
            ("attention", &["ill", "crashed", "lost"]),
            ("crashed", &["crashed"]),
            ("unhealthy, missing", &["ill", "lost"]),
            ("stopped", &["crashed", "done"]),
            ("hibernating", &["odd"]),
            ("", &[]),
        ] {
            assert_eq!(of(words), names, "{words}");
        }
        for word in CONDITION_WORDS.split([',', ';']).map(str::trim) {
            assert_eq!(Condition::parse(word).foreign_word(), None, "{word}");
            assert_eq!(Condition::parse(word).to_string(), word);
        }
        assert_eq!(Condition::parse("bogus").foreign_word(), Some("bogus"));
        assert_eq!(Condition::parse("forgotten").foreign_word(), Some("forgotten"), "no row is ever so");
    }

    #[test]
    fn trouble_comes_first_then_what_is_down_then_by_name() {
        let mut rows = rows();
        RowOrder::Attention.sort(&mut rows);
        let names: Vec<&str> = rows.iter().map(|row| &*row.observed.name).collect();
        assert_eq!(names, ["lost", "crashed", "ill", "done", "odd", "fine"]);
        RowOrder::Name.sort(&mut rows);
        assert!(rows.is_sorted_by_key(|row| row.observed.name.clone()));
    }

    #[test]
    fn the_counts_are_of_the_same_words() {
        let rows = rows();
        let summary = RowSummary::of(&rows);
        let count = |word: &str| rows.iter().filter(|row| Condition::parse(word).holds(row)).count();
        assert_eq!((summary.rows, summary.up, summary.down), (6, count("up"), count("down")));
        assert_eq!(summary.attention, count("attention"));
        assert!(summary.reasons.iter().all(|(word, counted)| *counted == count(word)), "{summary:?}");
        assert!(summary.states.iter().all(|(word, counted)| *counted == count(word)), "{summary:?}");
        assert_eq!(summary.reasons.len(), Attention::ALL.len(), "a reason that no row has is told with 0");
    }
}
