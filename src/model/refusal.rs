//! A call that the daemon, or a proxy before it, does not carry out: which, what came instead, what is not done because of
//! it, and the cure.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::word_enum::word_enum;

word_enum! {
    /// What a daemon is asked. A socket proxy allows and denies each kind by itself.
    DaemonCall {
        /// All containers, or some.
        List = "list",
        /// The stream of events.
        Events = "events",
        /// One container.
        Inspect = "inspect",
        /// One image.
        Images = "images",
        /// Who the daemon is.
        Info = "info",
        /// Which engine it is.
        Version = "version",
        /// Whether it answers.
        Ping = "ping",
        /// Start, stop, restart or remove.
        Actions = "actions",
    }
}

impl DaemonCall {
    /// Method and path.
    #[must_use]
    pub const fn request(self) -> &'static str {
        match self {
            Self::List => "GET /containers/json",
            Self::Events => "GET /events",
            Self::Inspect => "GET /containers/{id}/json",
            Self::Images => "GET /images/{id}/json",
            Self::Info => "GET /info",
            Self::Version => "GET /version",
            Self::Ping => "GET /_ping",
            Self::Actions => "POST /containers/{id}/start, stop, restart and DELETE /containers/{id}",
        }
    }

    /// The call of a method and path as errors name it; any other is an action.
    #[must_use]
    pub fn of_request(request: &str) -> Self {
        let read = Self::ALL.iter().copied().filter(|call| *call != Self::Actions);
        read.into_iter().find(|call| call.request() == request).unwrap_or(Self::Actions)
    }

    /// What allows it at the socket proxies that people use (Tecnativa's, linuxserver's, 11notes'), which take the same
    /// variables.
    #[must_use]
    pub const fn proxy_setting(self) -> &'static str {
        match self {
            Self::List | Self::Inspect => "CONTAINERS=1",
            Self::Events => "EVENTS=1",
            Self::Images => "IMAGES=1",
            Self::Info => "INFO=1",
            Self::Version => "VERSION=1",
            Self::Ping => "PING=1",
            Self::Actions => "POST=1, and ALLOW_START=1, ALLOW_STOP=1, ALLOW_RESTARTS=1 or CONTAINERS=1",
        }
    }

    /// The deadline over it, as the configuration names it; an action and the stream have none there.
    #[must_use]
    pub const fn deadline_setting(self) -> Option<&'static str> {
        match self {
            Self::List => Some("list_deadline"),
            Self::Inspect | Self::Images | Self::Ping => Some("inspect_deadline"),
            Self::Info | Self::Version => Some("identity_deadline"),
            Self::Events | Self::Actions => None,
        }
    }
}

/// A call that is not carried out, for as long as that stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
pub struct Refusal {
    /// Which.
    pub call: DaemonCall,
    /// Method and path.
    pub request: String,
    /// The HTTP status that came; `None` if no answer came in time.
    pub status: Option<u16>,
    /// What came instead of an answer; bounded and escaped.
    pub cause: String,
    /// Whether it may end by itself: a busy daemon answers later, a proxy that denies a call does not.
    pub waiting_helps: bool,
    /// What is not done because of it.
    pub effect: String,
    /// What ends it.
    pub cure: String,
    /// The one image that it is about; `None` if it is the whole call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// In how many passes in a row no answer came in time; 0 for an answer that refuses.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub passes: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands references")]
const fn is_zero(passes: &u32) -> bool {
    *passes == 0
}

impl Refusal {
    /// The status as a metric and a table show it.
    #[must_use]
    pub fn status_text(&self) -> String {
        self.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string())
    }

    /// One sentence for each trouble: calls that are refused alike, as a proxy does that denies all it was not told of, are
    /// one. In the order of the first call of each.
    #[must_use]
    pub fn sentences(refusals: &[Self]) -> Vec<String> {
        let mut groups: Vec<Vec<&Self>> = Vec::new();
        for refusal in refusals {
            match groups.iter_mut().find(|group| group[0].is_of_one_cause(refusal)) {
                Some(group) => group.push(refusal),
                None => groups.push(vec![refusal]),
            }
        }
        groups.iter().map(|group| sentence(group)).collect()
    }

    fn is_of_one_cause(&self, other: &Self) -> bool {
        let is_of_the_call = |refusal: &Self| refusal.status.is_some() && refusal.subject.is_none();
        is_of_the_call(self)
            && is_of_the_call(other)
            && (self.status, self.waiting_helps) == (other.status, other.waiting_helps)
    }

    /// Whether it is the same trouble, whatever the words in it.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        (self.call, self.status, self.waiting_helps) == (other.call, other.status, other.waiting_helps)
    }
}

fn sentence(group: &[&Refusal]) -> String {
    let [first, _, ..] = group else { return group.iter().map(ToString::to_string).collect() };
    let each = |part: fn(&Refusal) -> String, between: &str| {
        group.iter().map(|refusal| part(refusal)).collect::<Vec<_>>().join(between)
    };
    let requests = each(|refusal| refusal.request.clone(), ", ");
    let effects = each(|refusal| refusal.effect.clone(), "; ");
    let cures = each(|refusal| format!("{}: {}", refusal.call, refusal.cure), "; ");
    let waiting = if first.waiting_helps { "it may end by itself; else " } else { "" };
    let status = first.status_text();
    format!(
        "{} calls are refused with status {status} ({requests}; {}): {effects}; {waiting}for {cures}",
        group.len(),
        first.cause
    )
}

/// One sentence: the call, what came, what is not done, the cure.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { request, cause, effect, cure, .. } = self;
        let subject = self.subject.as_ref().map(|image| format!(" (image {image})")).unwrap_or_default();
        let waiting = if self.waiting_helps { "it may end by itself; else " } else { "" };
        match self.status {
            Some(status) => {
                write!(f, "{request}{subject} is refused with status {status} ({cause}): {effect}; {waiting}{cure}")
            }
            None => write!(f, "{request}{subject} is not answered ({cause}): {effect}; {waiting}{cure}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(call: DaemonCall, status: Option<u16>, subject: Option<&str>) -> Refusal {
        Refusal {
            call,
            request: call.request().to_owned(),
            status,
            cause: "denied".into(),
            waiting_helps: false,
            effect: format!("{call} is not done"),
            cure: format!("allow {}", call.proxy_setting()),
            subject: subject.map(str::to_owned),
            passes: 0,
        }
    }

    // F1, F2
    #[test]
    fn what_one_proxy_denies_is_one_sentence_with_every_call_effect_and_cure() {
        let denied = [DaemonCall::Inspect, DaemonCall::Images, DaemonCall::Info].map(|c| refused(c, Some(403), None));
        let [told] = &Refusal::sentences(&denied)[..] else { panic!("{:?}", Refusal::sentences(&denied)) };
        for refusal in &denied {
            for part in [&refusal.request, &refusal.effect, &refusal.cure] {
                assert!(told.contains(part), "{part}: {told}");
            }
        }
        assert!(told.starts_with("3 calls are refused with status 403"), "{told}");
    }

    #[test]
    fn other_troubles_are_sentences_of_their_own() {
        let apart = [
            refused(DaemonCall::Inspect, Some(403), None),
            refused(DaemonCall::Images, Some(500), Some("sha256:1")),
            refused(DaemonCall::Info, None, None),
            refused(DaemonCall::Version, None, None),
        ];
        assert_eq!(Refusal::sentences(&apart), apart.each_ref().map(ToString::to_string));
    }

    #[test]
    fn a_call_is_known_by_its_request() {
        for call in DaemonCall::ALL {
            assert_eq!(DaemonCall::of_request(call.request()), *call);
        }
        assert_eq!(DaemonCall::of_request("POST /containers/{id}/stop"), DaemonCall::Actions);
    }
}
