//! Which changes are asked for: one meaning for command line, API and streams. Pure.

use super::{
    Attention, Change, ChangeCause, ContainerId, ContainerState, HostName, Timestamp, WorkloadId, WorkloadKind,
};

/// Which changes; what is empty does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeFilter {
    /// Of this host.
    pub host: Option<HostName>,
    /// Of the workload with this id, name or `kind/name`; also of one that was removed.
    pub workload: Option<String>,
    /// Of one of these workloads: what a caller may see.
    pub workloads: Option<Vec<WorkloadId>>,
    /// Of the row with this id, or of the container with this name or id, or the start of an id.
    pub container: Option<String>,
    /// Of one of these kinds.
    pub kinds: Vec<ChangeKind>,
    /// That happened at this moment or later.
    pub from: Option<Timestamp>,
    /// That happened before this moment.
    pub to: Option<Timestamp>,
    /// Each of whose words is somewhere in what is told of the change, in whatever letters, or in an id.
    pub text: String,
    /// By which this became of a container.
    pub became: Option<Became>,
}

/// What became of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Became {
    /// It was not up, or not there, and is.
    Up,
    /// It was up and is not any more.
    Down,
    /// It is in this state from then on, or still.
    Into(ContainerState),
}

impl Became {
    /// Reads `up`, `down` or the word of a state.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        match word {
            "up" => Self::Up,
            "down" => Self::Down,
            state => Self::Into(ContainerState::parse(state)),
        }
    }

    fn holds(&self, change: &Change) -> bool {
        let was_up = change.from_state.as_ref().is_some_and(ContainerState::is_up);
        match self {
            Self::Up => !was_up && change.to_state.is_up(),
            Self::Down => was_up && !change.to_state.is_up(),
            Self::Into(state) => change.to_state == *state,
        }
    }
}

/// One kind of change that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// The state is another.
    State,
    /// Somebody has to look from then on, or has not any more.
    Attention,
    /// Somebody has to look for this reason from then on.
    Because(Attention),
    /// This column is another.
    Column(&'static str),
    /// It was made for this cause.
    Cause(ChangeCause),
}

/// The columns of `differences` that can be asked for, by the words that people use.
const COLUMNS: [(&str, &str); 11] = [
    ("health", "health"),
    ("name", "name"),
    ("image", "image_ref"),
    ("ports", "ports"),
    ("container", "container_id"),
    ("role", "role"),
    ("subdomain", "subdomain"),
    ("proxy_route", "proxy_route_id"),
    ("npm_proxy", "npm_proxy_id"),
    ("image_tag", "image_tag"),
    ("stage", "stage_id"),
];

impl ChangeKind {
    /// Reads one word; `None` for one that there is not.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let column = || COLUMNS.iter().find(|(name, column)| *name == word || *column == word);
        match word {
            "state" => Some(Self::State),
            "attention" => Some(Self::Attention),
            // Also told by its cause, where it runs again before any list shows it.
            word => Attention::parse(word)
                .map(Self::Because)
                .or_else(|| ChangeCause::parse(word).map(Self::Cause))
                .or_else(|| column().map(|(_, column)| Self::Column(column))),
        }
    }

    /// Every word.
    #[must_use]
    pub fn words() -> Vec<&'static str> {
        let mut words = vec!["state", "attention"];
        words.extend(Attention::ALL.iter().map(|reason| reason.as_str()));
        words.extend(COLUMNS.map(|(name, _)| name));
        let causes = ChangeCause::ALL.iter().map(|cause| cause.as_str());
        words.extend(causes.filter(|cause| Attention::parse(cause).is_none()));
        words
    }

    /// Whether a change is of that kind.
    #[must_use]
    pub fn holds(self, change: &Change) -> bool {
        match self {
            Self::State => change.from_state.as_ref() != Some(&change.to_state),
            Self::Attention => change.differences.contains_key("attention"),
            Self::Because(reason) => change.attention().0.contains(reason) || change.cause.as_str() == reason.as_str(),
            Self::Column(column) => change.differences.contains_key(column),
            Self::Cause(cause) => change.cause == cause,
        }
    }
}

/// Shorter than this, the start of an id is nobody's.
const SHORTEST_ID: usize = 4;

impl ChangeFilter {
    /// Whether nothing is narrowed.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a change passes.
    #[must_use]
    pub fn lets_pass(&self, change: &Change) -> bool {
        let is = |host: &HostName| change.host == *host;
        let is_seen = |seen: &Vec<WorkloadId>| change.workload_id.as_ref().is_some_and(|id| seen.contains(id));
        self.host.as_ref().is_none_or(is)
            && self.workload.as_ref().is_none_or(|workload| is_of_workload(change, workload))
            && self.workloads.as_ref().is_none_or(is_seen)
            && self.container.as_ref().is_none_or(|container| is_of_container(change, container))
            && (self.kinds.is_empty() || self.kinds.iter().any(|kind| kind.holds(change)))
            && self.from.is_none_or(|from| change.at >= from)
            && self.to.is_none_or(|to| change.at < to)
            && self.became.as_ref().is_none_or(|became| became.holds(change))
            && holds_words(change, &self.text)
    }
}

/// Whether each word is somewhere in what is shown of the change, or in an id.
fn holds_words(change: &Change, text: &str) -> bool {
    if text.trim().is_empty() {
        return true;
    }
    let text_of = |text: &Option<String>| text.clone().unwrap_or_default();
    let mut haystack = vec![
        text_of(&change.name),
        text_of(&change.role),
        text_of(&change.workload_name),
        change.workload_id.as_ref().map(ToString::to_string).unwrap_or_default(),
        change.host.to_string(),
        change.row_id.to_string(),
        change.container_id.as_ref().map(ToString::to_string).unwrap_or_default(),
        change.from_state.as_ref().map(ToString::to_string).unwrap_or_default(),
        change.to_state.to_string(),
    ];
    for difference in change.differences.values() {
        haystack.extend([text_of(&difference.from), text_of(&difference.to)]);
    }
    let haystack = haystack.join("\n").to_lowercase();
    text.split_whitespace().all(|word| haystack.contains(&word.to_lowercase()))
}

fn is_of_workload(change: &Change, asked: &str) -> bool {
    let name = change.workload_name.as_deref();
    let of_kind = asked
        .split_once('/')
        .and_then(|(kind, name)| Some((WorkloadKind::parse(kind)?, name)))
        .is_some_and(|(kind, asked)| change.workload_kind == Some(kind) && name == Some(asked));
    of_kind || name == Some(asked) || change.workload_id.as_ref().is_some_and(|id| id.as_str() == asked)
}

fn is_of_container(change: &Change, asked: &str) -> bool {
    let is_id = |id: &str| id == asked || (asked.len() >= SHORTEST_ID && id.starts_with(asked));
    let former = change.differences.get("container_id").and_then(|difference| difference.from.as_deref());
    change.row_id.as_str() == asked
        || change.name.as_deref() == Some(asked)
        || change.container_id.as_ref().map(ContainerId::as_str).is_some_and(is_id)
        || former.is_some_and(is_id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ContainerState, Difference, Differences, Revision, RowId};

    fn change() -> Change {
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let difference = |from: &str, to: &str| Difference::new(given(from), given(to));
        Change {
            revision: Revision(1),
            at: Timestamp::from_millis(5_000),
            host: HostName::new("local"),
            row_id: RowId::new("w:web"),
            container_id: Some("abcdef0123".into()),
            workload_id: Some("w".into()),
            workload_kind: Some(WorkloadKind::Stack),
            workload_name: Some("shop".into()),
            role: Some("web".into()),
            name: Some("shop-web-1".into()),
            from_state: Some(ContainerState::Running),
            to_state: ContainerState::Running,
            exit_code: None,
            cause: ChangeCause::Observed,
            differences: Differences::from([
                ("health".to_owned(), difference("healthy", "unhealthy")),
                ("attention".to_owned(), difference("", "unhealthy")),
            ]),
            pass_id: None,
        }
    }

    #[test]
    fn each_filter_narrows_by_its_own() {
        let text = |text: &str| Some(text.to_owned());
        let at = |second: i64| Some(Timestamp::from_millis(second * 1000));
        let all = ChangeFilter::default;
        for (filter, passes) in [
            (all(), true),
            (ChangeFilter { host: Some(HostName::new("local")), ..all() }, true),
            (ChangeFilter { host: Some(HostName::new("edge")), ..all() }, false),
            (ChangeFilter { workload: text("shop"), ..all() }, true),
            (ChangeFilter { workload: text("stack/shop"), ..all() }, true),
            (ChangeFilter { workload: text("site/shop"), ..all() }, false),
            (ChangeFilter { workload: text("w"), ..all() }, true),
            (ChangeFilter { workloads: Some(vec!["v".into(), "w".into()]), ..all() }, true),
            (ChangeFilter { workloads: Some(vec!["v".into()]), ..all() }, false),
            (ChangeFilter { workloads: Some(Vec::new()), ..all() }, false),
            (ChangeFilter { container: text("shop-web-1"), ..all() }, true),
            (ChangeFilter { container: text("w:web"), ..all() }, true),
            (ChangeFilter { container: text("abcdef"), ..all() }, true),
            (ChangeFilter { container: text("abc"), ..all() }, false),
            (ChangeFilter { container: text("shop"), ..all() }, false),
            (ChangeFilter { from: at(5), ..all() }, true),
            (ChangeFilter { from: at(6), ..all() }, false),
            (ChangeFilter { to: at(5), ..all() }, false),
            (ChangeFilter { to: at(6), ..all() }, true),
            (ChangeFilter { text: " ".into(), ..all() }, true),
            (ChangeFilter { text: "SHOP web".into(), ..all() }, true),
            (ChangeFilter { text: "shop-web-1 unhealthy abcdef01".into(), ..all() }, true),
            (ChangeFilter { text: "shop nowhere".into(), ..all() }, false),
            (ChangeFilter { became: Some(Became::parse("running")), ..all() }, true),
            (ChangeFilter { became: Some(Became::parse("stopped")), ..all() }, false),
            (ChangeFilter { became: Some(Became::parse("up")), ..all() }, false),
            (ChangeFilter { became: Some(Became::parse("down")), ..all() }, false),
        ] {
            assert_eq!(filter.lets_pass(&change()), passes, "{filter:?}");
        }
    }

    #[test]
    fn a_container_comes_up_and_goes_down_whatever_the_states_are() {
        let became = |from: Option<&str>, to: &str| Change {
            from_state: from.map(ContainerState::parse),
            to_state: ContainerState::parse(to),
            ..change()
        };
        for (change, up, down) in [
            (became(None, "running"), true, false),
            (became(Some("stopped"), "restarting"), true, false),
            (became(Some("running"), "paused"), false, false),
            (became(Some("running"), "stopped"), false, true),
            (became(Some("paused"), "missing"), false, true),
            (became(Some("stopped"), "missing"), false, false),
            (became(None, "created"), false, false),
        ] {
            assert_eq!((Became::Up.holds(&change), Became::Down.holds(&change)), (up, down), "{change:?}");
        }
    }

    #[test]
    fn kinds_are_asked_for_in_the_words_of_what_differs() {
        let of = |word: &str| ChangeKind::parse(word).expect(word).holds(&change());
        for (word, holds) in [
            ("health", true),
            ("attention", true),
            ("unhealthy", true),
            ("crashed", false),
            ("observed", true),
            ("state", false),
            ("image", false),
            ("removed", false),
        ] {
            assert_eq!(of(word), holds, "{word}");
        }
        let crashed = Change { cause: ChangeCause::Crashed, ..change() };
        assert!(ChangeKind::parse("crashed").expect("a word").holds(&crashed), "it runs again already");
        assert!(ChangeKind::words().iter().all(|word| ChangeKind::parse(word).is_some()));
        assert_eq!(ChangeKind::parse("bogus"), None);
    }
}
