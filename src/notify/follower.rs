//! Follows the history and the host's status on behalf of one receiver: in order, each until it is taken.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::receiver::{Receiver, TellError};
use super::retry::{self, Next};
use super::selection::events_of;
use super::staleness::{Step, step};
use crate::LedgerHandle;
use crate::model::{
    Attention, Change, ContainerState, FailureKind, HostName, HostStatus, Notification, NotifyEvent, ReceiverKind,
    Revision, RowId, StoredRow, Timestamp,
};
use crate::runtime::Jitter;
use crate::runtime::panic_text;
use crate::store::{NotificationPlace, Readers, RowFilter, Store, StoreError};
use crate::telemetry::{DeliveryOutcome, Status};

/// Between two looks while the ledger says nothing: what deployers, operators and other processes write, and a host that
/// grows stale by itself.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);

/// Changes that are read at once.
const PAGE: usize = 200;

/// One receiver and how far it was told.
#[derive(Debug)]
pub(super) struct Follower {
    pub(super) ledger: LedgerHandle,
    pub(super) readers: Readers,
    pub(super) kind: ReceiverKind,
    pub(super) receiver: Arc<dyn Receiver>,
    pub(super) jitter: Jitter,
}

/// What changes while it follows.
#[derive(Debug)]
struct Course {
    place: NotificationPlace,
    /// What is stored of the place.
    kept: NotificationPlace,
    unfresh_since: Option<Instant>,
    is_trouble_told: bool,
    deferred: Vec<Deferred>,
}

/// A part of the history of this host.
#[derive(Debug)]
struct Page {
    /// Each change that is told.
    told: Vec<Telling>,
    /// The last change that was looked at.
    through: Revision,
    /// The oldest change that is kept, if changes before it were not told.
    lagged: Option<Revision>,
    is_last: bool,
}

/// What one change is told as, with its row as it is.
#[derive(Debug)]
struct Telling {
    events: Vec<NotifyEvent>,
    change: Change,
    row: Option<StoredRow>,
}

/// What may turn out to be asked for in a moment, and is told only if it does not. Kept in memory: the stored place stays
/// before it.
#[derive(Debug)]
struct Deferred {
    event: NotifyEvent,
    change: Change,
    met: Instant,
    until: Instant,
}

/// Others of its workload may be removed too: `compose down` gives each container ten seconds to end, one level of
/// dependencies after the other.
const REMOVAL_GRACE: Duration = Duration::from_secs(15);

/// A list may show an end before the stream tells that somebody asked for it.
const END_GRACE: Duration = Duration::from_millis(500);

impl Follower {
    /// Until the ledger ends.
    pub(super) async fn follow(self) {
        let mut status = self.ledger.watch_status();
        // Until then another process may have the host, and tells of it.
        if status.wait_for(is_ours).await.is_err() {
            return;
        }
        let Some(place) = self.begin().await else { return };
        let mut course =
            Course { place, kept: place, unfresh_since: None, is_trouble_told: false, deferred: Vec::new() };
        loop {
            let told = match self.tell_changes(&mut course).await {
                Ok(()) => self.tell_deferred(&mut course).await,
                error => error,
            };
            let is_told = told.is_ok();
            if let Err(error) = told {
                self.tell_trouble(&mut course, &error);
            }
            self.tell_staleness(&mut course).await;
            self.keep(&mut course).await;
            tokio::select! {
                changed = next_revision(&mut status, course.place.revision), if is_told => if !changed { return },
                () = sleep(course.look_after()) => {}
            }
        }
    }

    /// The stored place, as soon as it can be read; `None` if the ledger ends before.
    async fn begin(&self) -> Option<NotificationPlace> {
        loop {
            let (host, kind) = (self.ledger.config.host.clone(), self.kind);
            match self.ledger.registry(move |store| store.notification_place(&host, kind)).await {
                Ok(place) => return Some(place),
                Err(error) => tracing::debug!(%error, "where a receiver of notifications is cannot be read yet"),
            }
            if self.ledger.status().ended.is_some() {
                return None;
            }
            sleep(LOOK_INTERVAL).await;
        }
    }

    async fn tell_changes(&self, course: &mut Course) -> Result<(), StoreError> {
        loop {
            let page = self.read(course.place.revision).await?;
            course.is_trouble_told = false;
            if page.through < course.place.revision {
                tracing::warn!(receiver = %self.kind, "the history was replaced: notifying from now on");
                course.place.revision = page.through;
            }
            if let Some(oldest) = page.lagged {
                self.tell_lagged(course, oldest).await;
            }
            for Telling { events, change, row } in page.told {
                let revision = change.revision;
                for event in events {
                    if course.takes_back(event, &change) {
                        continue;
                    }
                    if let Some(grace) = grace(event, row.as_ref()) {
                        let met = Instant::now();
                        course.deferred.push(Deferred { event, change: change.clone(), met, until: met + grace });
                        continue;
                    }
                    let told = self.notification(event, change.at, revision.0);
                    self.tell(&Notification { change: Some(change.clone()), row: row.clone(), ..told }).await;
                }
                course.place.revision = revision;
                self.keep(course).await;
            }
            course.place.revision = course.place.revision.max(page.through);
            if page.is_last {
                return Ok(());
            }
        }
    }

    /// Tells what did not turn out to be asked for.
    async fn tell_deferred(&self, course: &mut Course) -> Result<(), StoreError> {
        let is_due = |deferred: &Deferred| deferred.until <= Instant::now();
        while let Some(index) = course.deferred.iter().position(is_due) {
            let Deferred { event, change, met, .. } = &course.deferred[index];
            let (event, change, met) = (*event, change.clone(), *met);
            let (host, id) = (change.host.clone(), change.row_id.clone());
            let row = self.readers.read(move |store| row_of(store, &host, &id)).await?;
            // By now it is known that the removal was asked for: others of its workload may follow.
            let is_over = |grace: &Duration| met + *grace <= Instant::now();
            if let Some(grace) = known_grace(event, row.as_ref()).filter(|grace| !is_over(grace)) {
                course.deferred[index].until = met + grace;
                continue;
            }
            let reason = if event == NotifyEvent::Missing { Attention::Missing } else { Attention::Crashed };
            if row.as_ref().is_some_and(|row| row.observed.attention.contains(reason)) {
                let told = self.notification(event, change.at, change.revision.0);
                self.tell(&Notification { change: Some(change), row, ..told }).await;
            }
            course.deferred.remove(index);
            self.keep(course).await;
        }
        Ok(())
    }

    async fn read(&self, after: Revision) -> Result<Page, StoreError> {
        let config = Arc::clone(&self.ledger.config);
        self.readers.read(move |store| page(store, &config.host, &config.notify.events, after)).await
    }

    /// What was removed from the history cannot be told; that it was can.
    async fn tell_lagged(&self, course: &mut Course, oldest: Revision) {
        if self.ledger.config.notify.events.contains(&NotifyEvent::Lagged) {
            let told = self.notification(NotifyEvent::Lagged, Timestamp::now(), course.place.revision.0);
            self.tell(&Notification { oldest: Some(oldest), ..told }).await;
        }
        course.place.revision = Revision(oldest.0.saturating_sub(1));
        self.keep(course).await;
    }

    async fn tell_staleness(&self, course: &mut Course) {
        loop {
            let status = self.ledger.status().host_status();
            let is_unfresh = status.is_some_and(|status| status != HostStatus::Fresh);
            course.unfresh_since = is_unfresh.then(|| course.unfresh_since.unwrap_or_else(Instant::now));
            let unfresh_for = course.unfresh_since.map_or(Duration::ZERO, |since| since.elapsed());
            let stale_after = self.ledger.config.notify.stale_after;
            match step(&course.place, status, unfresh_for, stale_after, Timestamp::now()) {
                Step::Rest => return,
                Step::Begin(since) => {
                    (course.place.stale_since, course.place.stale_is_told) = (Some(since), false);
                    self.keep(course).await;
                }
                Step::TellStale(since) => {
                    self.tell_status(NotifyEvent::Stale, status, since).await;
                    course.place.stale_is_told = true;
                    self.keep(course).await;
                }
                Step::TellFresh(since) => {
                    self.tell_status(NotifyEvent::Fresh, status, since).await;
                    (course.place.stale_since, course.place.stale_is_told) = (None, false);
                    self.keep(course).await;
                }
            }
        }
    }

    async fn tell_status(&self, event: NotifyEvent, status: Option<HostStatus>, since: Timestamp) {
        if self.ledger.config.notify.events.contains(&event) {
            // Its id follows from the begin alone, which is stored.
            let told = self.notification(event, since, 0);
            self.tell(&Notification { at: Timestamp::now(), status, since: Some(since), ..told }).await;
        }
    }

    fn notification(&self, event: NotifyEvent, at: Timestamp, number: i64) -> Notification {
        Notification::new(event, &self.ledger.config.host, at, number)
    }

    /// Tells one thing until it is taken or too old; what makes us panic, for a minute.
    async fn tell(&self, notification: &Notification) {
        let (begun, mut failures) = (Instant::now(), 0);
        let live = self.ledger.status().live().clone();
        loop {
            match self.try_once(notification).await {
                Ok(()) => {
                    live.told(self.kind, DeliveryOutcome::Delivered);
                    if failures > 0 {
                        tracing::info!(receiver = %self.kind, failures, "notifications are delivered again");
                    }
                    return;
                }
                Err(error) => {
                    failures += 1;
                    live.told(self.kind, DeliveryOutcome::Failed);
                    // A fault of ours does not pass by waiting, and those behind this one are to be told.
                    let is_ours = matches!(error, TellError::Panicked(_));
                    let age = if is_ours { Duration::MAX } else { notification.at.age(Timestamp::now()) };
                    let give_up_after = self.ledger.config.notify.give_up_after;
                    match retry::next(failures, begun.elapsed(), age, give_up_after, self.jitter.next()) {
                        Next::After(wait) => self.wait(notification, failures, &error, wait).await,
                        Next::GiveUp => {
                            live.told(self.kind, DeliveryOutcome::Dropped);
                            tracing::error!(receiver = %self.kind, id = %notification.id, %error, "notification expired; dropped");
                            return;
                        }
                    }
                }
            }
        }
    }

    /// Each try is a task of its own: one that panics costs itself, and goes with who waits for it.
    async fn try_once(&self, notification: &Notification) -> Result<(), TellError> {
        let (receiver, notification) = (Arc::clone(&self.receiver), notification.clone());
        let mut tries = JoinSet::new();
        tries.spawn(async move { receiver.tell(&notification).await });
        match tries.join_next().await.expect("it was spawned") {
            Ok(told) => told,
            Err(error) => {
                let text = error.try_into_panic().map_or_else(|_| "cancelled".into(), |panic| panic_text(&*panic));
                Err(TellError::Panicked(text))
            }
        }
    }

    async fn wait(&self, notification: &Notification, failures: u32, error: &TellError, wait: Duration) {
        let id = &notification.id;
        if failures == 1 {
            tracing::warn!(receiver = %self.kind, %id, %error, "notification failed; will retry");
        } else {
            tracing::debug!(receiver = %self.kind, %id, failures, %error, "notification failed");
        }
        sleep(wait).await;
    }

    /// Stores the place. What cannot be stored is stored later: after a restart something may be told again.
    async fn keep(&self, course: &mut Course) {
        let place = course.place_to_keep();
        if place == course.kept {
            return;
        }
        let (host, kind) = (self.ledger.config.host.clone(), self.kind);
        match self.ledger.registry(move |store| store.keep_notification_place(&host, kind, &place)).await {
            Ok(()) => course.kept = place,
            Err(error) => self.tell_trouble(course, &error),
        }
    }

    fn tell_trouble(&self, course: &mut Course, error: &StoreError) {
        if !std::mem::replace(&mut course.is_trouble_told, true) {
            tracing::warn!(receiver = %self.kind, %error, "reading or recording notifications failed; will retry");
        }
    }
}

impl Course {
    /// What begins to need no attention before that it did was told: then neither is.
    fn takes_back(&mut self, event: NotifyEvent, change: &Change) -> bool {
        let is_end = matches!(event, NotifyEvent::Recovered | NotifyEvent::Returned | NotifyEvent::Forgotten);
        let is_same = |deferred: &Deferred| deferred.change.row_id == change.row_id;
        let untold = self.deferred.iter().position(is_same).filter(|_| is_end);
        untold.map(|index| self.deferred.remove(index)).is_some()
    }

    /// After a restart, what is deferred is read again.
    fn place_to_keep(&self) -> NotificationPlace {
        let before = |deferred: &Deferred| Revision(deferred.change.revision.0.saturating_sub(1));
        let first = self.deferred.iter().map(before).min();
        let revision = first.map_or(self.place.revision, |first| first.min(self.place.revision));
        NotificationPlace { revision, ..self.place }
    }

    fn look_after(&self) -> Duration {
        let now = Instant::now();
        let due = self.deferred.iter().map(|deferred| deferred.until.saturating_duration_since(now)).min();
        due.map_or(LOOK_INTERVAL, |due| due.min(LOOK_INTERVAL))
    }
}

/// How long to wait for a word that it was asked for; `None` where none is to come.
fn grace(event: NotifyEvent, row: Option<&StoredRow>) -> Option<Duration> {
    let observed = &row?.observed;
    let is_open = observed.ended_by_request != Some(false);
    match (event, &observed.state) {
        (NotifyEvent::Missing, ContainerState::Missing) if is_open => known_grace(event, row).or(Some(END_GRACE)),
        (NotifyEvent::Crashed, ContainerState::Stopped) if is_open => Some(END_GRACE),
        _ => None,
    }
}

/// How long to wait for others of its workload, of what is known to be removed as somebody asked for.
fn known_grace(event: NotifyEvent, row: Option<&StoredRow>) -> Option<Duration> {
    let observed = &row?.observed;
    let is_asked_for = observed.state == ContainerState::Missing && observed.ended_by_request == Some(true);
    (event == NotifyEvent::Missing && is_asked_for).then_some(REMOVAL_GRACE)
}

fn row_of(store: &mut Store, host: &HostName, row: &RowId) -> Result<Option<StoredRow>, StoreError> {
    let filter = RowFilter { host: Some(host.clone()), row: Some(row.clone()), ..RowFilter::default() };
    Ok(store.rows(&filter)?.pop())
}

/// Whether a pass of this process ended that did not find the host in another's hands.
fn is_ours(status: &Status) -> bool {
    let is_lost = |kind| matches!(kind, FailureKind::LeaseLost | FailureKind::IdentityTaken);
    let report = status.last_report.as_ref();
    report.is_some_and(|report| !report.error.as_ref().is_some_and(|error| is_lost(error.kind)))
}

/// Waits until a pass has committed a change after that revision; whether the ledger lives.
async fn next_revision(status: &mut tokio::sync::watch::Receiver<Status>, after: Revision) -> bool {
    let is_later = |status: &Status| status.last_report.as_ref().and_then(|report| report.revision) > Some(after);
    status.wait_for(is_later).await.is_ok()
}

fn page(store: &mut Store, host: &HostName, events: &[NotifyEvent], after: Revision) -> Result<Page, StoreError> {
    let read = store.changes(Some(after), Some(host), PAGE)?;
    let is_last = read.changes.len() < PAGE;
    let last = read.changes.last().map_or(after, |change| change.revision);
    let through = if is_last { read.latest } else { last };
    let mut told = Vec::new();
    for change in read.changes {
        let events: Vec<NotifyEvent> = events_of(&change).into_iter().filter(|event| events.contains(event)).collect();
        if !events.is_empty() {
            let row = row_of(store, host, &change.row_id)?;
            told.push(Telling { events, change, row });
        }
    }
    Ok(Page { told, through, lagged: read.lagged.then_some(read.oldest), is_last })
}

#[cfg(all(test, feature = "sqlite", feature = "testkit"))]
mod tests;
