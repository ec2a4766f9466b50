//! The ways to a daemon: what holds by its socket holds over TLS and by way of ssh, too.

use std::time::Duration;

use dockledger::LedgerHandle;
use dockledger::model::{FailureKind, PassReport};
use serde_json::json;

use super::case::{RealCase, tell};
use super::freezes::frozen;
use super::recovery::complete_pass;
use super::relay::{Behind, Relay};
use super::restarts::killed_and_started_again;
use crate::support::skip::skip;
use crate::support::sshd::Sshd;

/// By which a daemon is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Its unix socket.
    Socket,
    /// TCP, with certificates on both sides.
    Tls,
    /// ssh, and `docker system dial-stdio` over there.
    Ssh,
}

/// A daemon that is reached by a relay, so that it can be broken in the middle of a list.
pub(super) struct Reached {
    pub(super) case: RealCase,
    pub(super) relay: Relay,
    _sshd: Option<Sshd>,
}

impl Reached {
    /// `None`, said aloud, where it cannot be.
    pub(super) fn start(test: &str, way: Way) -> Option<Self> {
        let mut case = if way == Way::Tls { RealCase::start_with_tls(test)? } else { RealCase::start(test)? };
        let mut sshd = None;
        let relay = match way {
            Way::Socket | Way::Ssh => Relay::before(Behind::Socket(case.daemon.socket())),
            Way::Tls => Relay::before(Behind::within_network_of(case.daemon.pid())),
        };
        case.config.docker_host = Some(relay.docker_host());
        match way {
            Way::Socket => {}
            Way::Tls => case.config.docker_cert_path = Some(case.daemon.client_certificates()),
            Way::Ssh => {
                let there = Sshd::start("").map_err(|why| skip(test, &why)).ok()?;
                case.config.docker_host = Some(there.docker_host(&relay.socket()));
                case.config.docker_ssh_config = Some(there.client_config());
                // A login takes its time, on a busy machine some seconds.
                case.config.list_deadline = Duration::from_secs(5);
                case.config.inspect_deadline = Duration::from_secs(5);
                sshd = Some(there);
            }
        }
        Some(Self { case, relay, _sshd: sshd })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_over_tls_that_is_frozen_costs_no_row() {
    frozen(module_path!(), Way::Tls).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_by_way_of_ssh_that_is_frozen_costs_no_row() {
    frozen(module_path!(), Way::Ssh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_over_tls_that_is_killed_and_started_again_costs_no_row() {
    killed_and_started_again(module_path!(), Way::Tls, "").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_by_way_of_ssh_that_is_killed_and_started_again_costs_no_row() {
    killed_and_started_again(module_path!(), Way::Ssh, "").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_is_cut_on_a_socket_costs_no_row() {
    cut(module_path!(), Way::Socket).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_is_cut_over_tls_costs_no_row() {
    cut(module_path!(), Way::Tls).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_is_cut_by_way_of_ssh_costs_no_row() {
    cut(module_path!(), Way::Ssh).await;
}

/// The connection ends in the middle of a list: that pass says so, and the next one lists anew.
async fn cut(test: &str, way: Way) {
    let Some(Reached { case, relay, _sshd }) = Reached::start(test, way) else { return };
    let long = json!({ "Labels": { "long": "x".repeat(64 * 1024) } });
    for n in 0..10 {
        case.create(&format!("large-{n}"), &["true"], &long);
    }
    let watch = case.watch();
    let ledger = case.spawn().await;
    complete_pass(&ledger, None).await;
    for round in 0..2 {
        let report = report_of_a_cut_list(&ledger, &relay).await;
        assert_eq!(report.error.map(|error| error.kind), Some(FailureKind::DaemonFailed), "its list was cut");
        let report = ledger.reconcile().await;
        assert_eq!(report.error, None, "the next list was not cut");
        case.until_equal(Duration::from_secs(20)).await;
        tell(&format!("{way:?}, cut in a list, round {round}: {} ms", report.duration_ms));
    }
    ledger.stop().await;
    watch.ends_without_a_wrong_one(&case);
}

/// A pass over what events told may come first and be cut in its place.
async fn report_of_a_cut_list(ledger: &LedgerHandle, relay: &Relay) -> PassReport {
    for _ in 0..10 {
        relay.cut_the_next_list();
        let report = ledger.reconcile().await;
        if report.error.is_some() {
            return report;
        }
        assert!(relay.has_cut(), "{report:?}");
    }
    panic!("no list of a whole pass was cut")
}
