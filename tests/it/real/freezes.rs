//! D1, D2, D4: a daemon that is frozen.

use std::sync::Arc;
use std::time::Duration;

use dockledger::LedgerHandle;
use dockledger::model::ContainerState;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::case::{Containers, RealCase, rounds_asked_for, tell};
use super::recovery::{complete_pass, recovery};
use super::relay::Relay;
use super::watch::MissingWatch;
use super::ways::{Reached, Way};
use crate::support::dockerd::Part;

/// Longer than the ledger needs to follow a daemon that answers, and shorter than the interval: no tick helps it.
const BOUND: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_daemon_costs_no_row_and_its_thaw_ends_in_a_complete_pass() {
    frozen(module_path!(), Way::Socket).await;
}

/// Frozen before a list, in a list, and beside the stream of events.
pub(super) async fn frozen(test: &str, way: Way) {
    let Some(reached) = Reached::start(test, way) else { return };
    let Reached { mut case, relay, .. } = reached;
    // A list of some 640 KiB: more than sockets hold, so that it can be frozen in its middle.
    let long = json!({ "Labels": { "long": "x".repeat(64 * 1024) } });
    for n in 0..10 {
        case.create(&format!("large-{n}"), &["true"], &long);
    }
    let watch = case.watch();
    for (list_deadline, freezes) in freezes(way, case.config.list_deadline) {
        case.config.list_deadline = list_deadline;
        let ledger = case.spawn().await;
        complete_pass(&ledger, None).await;
        let freezing = Freezing { case: &case, ledger: &ledger, relay: &relay };
        for (round, frozen_for) in freezes.into_iter().enumerate() {
            case.until_equal(BOUND).await;
            match round % 3 {
                0 => freezing.before_a_list(frozen_for).await,
                1 => freezing.in_a_list(frozen_for).await,
                _ => freezing.beside_the_stream(&watch, frozen_for).await,
            }
        }
        ledger.stop().await;
    }
    watch.ends_without_a_wrong_one(&case);
}

/// The list's deadline, and how long the daemon is frozen under it: past the deadline, and, where real rounds are asked
/// for, 3 s to 15 s under the deadline as shipped, too.
fn freezes(way: Way, short: Duration) -> Vec<(Duration, Vec<Duration>)> {
    let Some(rounds) = rounds_asked_for() else {
        // By way of ssh the deadline is long: once past it has to do.
        let length = if way == Way::Ssh { short * 3 / 2 } else { short * 5 };
        return vec![(short, vec![length; 3])];
    };
    let longer = Duration::from_secs(12) / u32::try_from(rounds.max(2) - 1).expect("a few rounds");
    let lengths: Vec<_> =
        (0..rounds).map(|n| Duration::from_secs(3) + longer * u32::try_from(n).expect("few")).collect();
    let each_second = |from| lengths.iter().skip(from).step_by(2).copied().collect();
    vec![(Duration::from_secs(10), each_second(0)), (short, each_second(1))]
}

struct Freezing<'a> {
    case: &'a RealCase,
    ledger: &'a LedgerHandle,
    relay: &'a Relay,
}

impl Freezing<'_> {
    /// A list is asked for afterwards.
    async fn before_a_list(&self, frozen_for: Duration) {
        self.case.daemon.freeze(Part::Dockerd);
        self.thaw_with_a_request_waiting("before a list", frozen_for, "did not begin").await;
    }

    /// The list's answer has begun.
    async fn in_a_list(&self, frozen_for: Duration) {
        let daemon = Arc::clone(&self.case.daemon);
        self.relay.in_the_next_list(move || daemon.freeze(Part::Dockerd));
        self.thaw_with_a_request_waiting("in a list", frozen_for, "did not").await;
    }

    /// The pass that was asked for is answered, too: where it was given up meanwhile, with the reason.
    async fn thaw_with_a_request_waiting(&self, moment: &str, frozen_for: Duration, reason: &str) {
        let ledger = self.ledger.clone();
        let request = tokio::spawn(async move { ledger.reconcile().await });
        // The fault itself: the daemon stays frozen for so long.
        tokio::time::sleep(frozen_for).await;
        let deadline = self.case.config.list_deadline;
        let thaw = || self.case.daemon.thaw(Part::Dockerd);
        let recovery = recovery(self.case, self.ledger, thaw).await;
        recovery.tell(&format!("{moment}, frozen for {frozen_for:?}, list deadline {deadline:?}"));
        let report = request.await.expect("it does not panic");
        if frozen_for > self.case.config.pass_bound() {
            let says = report.error.expect("its pass was given up while the daemon was frozen").message;
            assert!(says.contains(reason), "{moment}: {says}");
        }
    }

    /// Nothing is asked for but the stream of events, and a container ends meanwhile: what it ended of and when, no list
    /// was there to tell.
    async fn beside_the_stream(&self, watch: &MissingWatch, frozen_for: Duration) {
        let id = self.case.create("brief", &["sleep", "1"], &Value::Null);
        self.case.order(&id, "start");
        self.case.until_equal(BOUND).await;
        self.case.daemon.freeze(Part::Dockerd);
        tokio::time::sleep(frozen_for).await;
        self.case.daemon.thaw(Part::Dockerd);
        let begun = Instant::now();
        let is_stopped = |of: &Containers| of.get(&id).is_some_and(|(_, state)| *state == ContainerState::Stopped);
        let mut lists = None;
        while !is_stopped(&self.case.says()) {
            if lists.is_none() && is_stopped(&self.case.has()) {
                lists = Some(begun.elapsed());
            }
            assert!(begun.elapsed() < BOUND, "the end of a container is not seen; the daemon lists it after {lists:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tell(&format!(
            "beside the stream, frozen for {frozen_for:?}: the daemon lists it after {lists:?}, the ledger after {:?}",
            begun.elapsed()
        ));
        watch.removes(&id);
        self.case.daemon.delete(&format!("/containers/{id}?force=1"));
    }
}
