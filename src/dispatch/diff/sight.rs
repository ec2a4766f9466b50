//! One listed container as a row describes it, with what its list does not say. Pure.

use crate::dispatch::rules::AssignmentInput;
use crate::model::{
    AttentionSet, ContainerState, ExaminedContainer, HealthFact, LedgerRow, ListedContainer, News, Observed, Since,
    Timestamp, Told, is_image_name,
};

/// One container with all that is known of it now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sight<'a> {
    pub(super) container: &'a ListedContainer,
    /// What its inspect said, if it was in the same state.
    examined: Option<&'a ExaminedContainer>,
    told: Option<&'a Told>,
    /// Its image, as far as anybody but a row tells.
    image: &'a str,
    listed_at: Timestamp,
}

impl<'a> Sight<'a> {
    pub(super) fn new(
        container: &'a ListedContainer,
        facts: &'a AssignmentInput<'_>,
        news: &'a News,
        listed_at: Timestamp,
    ) -> Self {
        let examined = facts.examined.get(&container.id).filter(|seen| seen.listed.state == container.state);
        Self { container, examined, told: news.told.get(&container.id), image: facts.image_ref(container), listed_at }
    }

    /// When what is seen happened, as far as an event tells.
    pub(super) fn happened_at(&self) -> Timestamp {
        self.told.map_or(self.listed_at, |told| told.at.min(self.listed_at))
    }

    /// When it was started, as its inspect said before the list.
    pub(super) fn started_at(&self) -> Option<Timestamp> {
        self.examined?.details.started_at
    }

    /// Whether the observed columns describe this container as it is seen.
    pub(super) fn is_true_of(&self, row: &LedgerRow) -> bool {
        let (observed, container) = (&row.observed, self.container);
        row.seen_container_id.as_ref() == Some(&container.id)
            && observed.state == container.state
            && observed.name == container.name
            && *observed.image_ref == *self.image_beside(&observed.image_ref)
            && observed.port == container.ports.lowest
            && observed.ports == container.ports.text
            && observed.exit_code == container.exit_code
            && self.health().is_none_or(|health| observed.health.as_deref() == health)
            && (container.created_at.is_none() || observed.created_in_docker_at == container.created_at)
            && observed.last_seen_at.is_none()
            && self.is_attended_in(observed)
    }

    /// Whether what somebody would have to look for is as it is told now.
    fn is_attended_in(&self, observed: &Observed) -> bool {
        observed.ended_by_request == self.ended_by_request(Some(observed))
            && observed.start_error.as_deref() == self.start_error(Some(observed))
            && observed.oom_killed == self.oom_killed(Some(observed))
            && observed.attention == observed.reasons()
    }

    /// The columns of a container that the row did not describe before.
    pub(super) fn first(&self) -> (Observed, Since) {
        let since = Since::met(self.container, self.examined, self.told, None, self.listed_at);
        (self.described(self.image, since, None), since)
    }

    /// The columns of a container that the row described before: what nobody says stays.
    pub(super) fn next(&self, row: &LedgerRow) -> (Observed, Since) {
        let before = &row.observed;
        let since = match before.state_since {
            Some(at) if before.state == self.container.state => Since { at, after: row.state_after },
            _ => Since::met(self.container, self.examined, self.told, Some(before), self.listed_at),
        };
        (self.described(self.image_beside(&before.image_ref), since, Some(before)), since)
    }

    fn described(&self, image: &str, since: Since, before: Option<&Observed>) -> Observed {
        let container = self.container;
        let health = match self.health() {
            Some(told) => told.map(Into::into),
            None => before.and_then(|before| before.health.clone()),
        };
        let stored_health = before.and_then(|before| before.health.as_ref());
        let health_since = match &health {
            None => None,
            health if health.as_ref() == stored_health => before.and_then(|before| before.health_since),
            Some(_) => Some(self.happened_at()),
        };
        Observed {
            name: container.name.clone(),
            image_ref: image.into(),
            state: container.state.clone(),
            state_since: Some(since.at),
            port: container.ports.lowest,
            ports: container.ports.text.clone(),
            exit_code: container.exit_code,
            health,
            restart_count: before.and_then(|before| before.restart_count),
            oom_killed: self.oom_killed(before),
            started_at: before.and_then(|before| before.started_at),
            finished_at: before.and_then(|before| before.finished_at),
            created_in_docker_at: container.created_at.or_else(|| before?.created_in_docker_at),
            last_seen_at: None,
            flapping_since: before.and_then(|before| before.flapping_since),
            recent_starts: before.map_or(0, |before| before.recent_starts),
            ended_by_request: self.ended_by_request(before),
            health_since,
            start_error: self.start_error(before).map(Into::into),
            attention: AttentionSet::NONE,
            attention_since: None,
        }
        .attended()
    }

    /// As events tell; what was told of the end before this one tells nothing of it.
    fn ended_by_request(&self, before: Option<&Observed>) -> Option<bool> {
        let has_ended = |state: &ContainerState| matches!(state, ContainerState::Stopped | ContainerState::Restarting);
        if !has_ended(&self.container.state) {
            return None;
        }
        let is_same_end = |before: &&Observed| has_ended(&before.state) && before.exit_code == self.container.exit_code;
        let told = self.told.and_then(|told| told.by_request);
        told.or_else(|| before.filter(is_same_end)?.ended_by_request)
    }

    /// An event is ahead of the inspect that tells the same.
    fn oom_killed(&self, before: Option<&Observed>) -> Option<bool> {
        if self.told.is_some_and(|told| told.out_of_memory) {
            return Some(true);
        }
        before.and_then(|before| before.oom_killed)
    }

    fn start_error<'s>(&'s self, before: Option<&'s Observed>) -> Option<&'s str> {
        if self.container.state != ContainerState::Created {
            return None;
        }
        match self.examined {
            Some(examined) => examined.details.start_error.as_deref(),
            None => before.filter(|before| before.state == ContainerState::Created)?.start_error.as_deref(),
        }
    }

    /// The image of a container never changes: what the row calls it stays where the list shows no name any more.
    fn image_beside<'s>(&'s self, stored: &'s str) -> &'s str {
        let is_listed = is_image_name(&self.container.image_ref);
        let is_better = is_listed || (is_image_name(self.image) && !is_image_name(stored));
        if is_better || stored.is_empty() { self.image } else { stored }
    }

    /// `None` where nobody says: the stored value stays. The list's word goes first, then the inspect's. The event's is for
    /// an inspect that did not answer in time.
    fn health(&self) -> Option<Option<&'a str>> {
        let of_fact = |fact: &'a HealthFact| match fact {
            HealthFact::Known(word) => Some(Some(&**word)),
            HealthFact::Absent => Some(None),
            HealthFact::Keep => None,
        };
        let listed = of_fact(&self.container.health);
        listed.or_else(|| match (self.examined, &self.container.state) {
            (Some(examined), _) => of_fact(&examined.details.health),
            (None, ContainerState::Running) => Some(Some(self.told?.health?.as_str())),
            (None, _) => None,
        })
    }
}
