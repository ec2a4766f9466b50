//! One writer for each host, and an ordered end.

use std::process::Command;
use std::time::{Duration, Instant};

use dockledger::Mode;
use dockledger::model::{FailureKind, HostName};

use super::ledger::{Case, Ran, until};

/// I7.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn once_beside_a_running_service_ends_with_5_and_names_the_cure() {
    let case = Case::with_shop(2).await;
    let service = case.spawn(Mode::Service).await;
    until(&service, Duration::from_secs(5), "the boot pass", || service.watch_status().borrow().last_report.is_some())
        .await;
    let ran = case.program(&["once"]);
    assert_eq!(ran.code, 5, "{}{}", ran.stdout, ran.stderr);
    let said = ran.stdout + &ran.stderr;
    assert!(said.contains("SIGUSR1") && said.contains(&format!("{}", std::process::id())), "{said}");
    service.stop().await;
    assert_eq!(case.program(&["once"]).code, 0, "a stopped service leaves the host");
}

/// 5 is for a holder that lives and does not answer; one that does runs the pass (`cli::daemon`).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_holder_that_does_not_answer_at_its_control_socket_is_told_by_5() {
    let case = Case::with_shop(2).await;
    let service = case.spawn(Mode::Service).await;
    until(&service, Duration::from_secs(5), "the boot pass", || service.watch_status().borrow().last_report.is_some())
        .await;
    let socket = case.path("control.sock");
    let silent = std::os::unix::net::UnixListener::bind(&socket).expect("bound");
    let mut command = Command::new(env!("CARGO_BIN_EXE_dockledger"));
    command.env_clear().args(["once", "--database", &case.config.database]);
    command.args(["--docker-host", case.config.docker_host.as_deref().expect("it has one")]);
    command.env("DOCKLEDGER_HTTP_CONTROL_SOCKET", &socket).env("DOCKLEDGER_LIST_DEADLINE", "250ms");
    let ran = Ran::new(&mut command);
    assert_eq!(ran.code, 5, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("did not answer POST /api/v1/passes within"), "{}", ran.stderr);
    drop(silent);
    service.stop().await;
}

/// A second service gives up, and the first goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_service_on_the_same_host_gives_up() {
    let case = Case::with_shop(2).await;
    let first = case.spawn(Mode::Service).await;
    until(&first, Duration::from_secs(5), "the boot pass", || first.watch_status().borrow().last_report.is_some())
        .await;
    let second = case.spawn(Mode::Service).await;
    let ended = tokio::time::timeout(Duration::from_secs(5), second.ended()).await.expect("it ends");
    assert_eq!(ended.expect_err("it gave up").kind, FailureKind::LeaseLost);
    assert_eq!(first.reconcile().await.error, None);
    first.stop().await;
    assert_eq!(first.ended().await, Ok(()));
}

/// A machine that was given another name meets its own daemon: nobody may guess which of the two names is meant.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_under_another_name_is_refused_until_an_operator_decides() {
    let mut case = Case::with_shop(2).await;
    case.config.host = HostName::new("renamed");
    let refused = case.spawn(Mode::Service).await;
    let ended = tokio::time::timeout(Duration::from_secs(5), refused.ended()).await.expect("it ends");
    let failure = ended.expect_err("it was refused");
    assert_eq!(failure.kind, FailureKind::IdentityTaken);
    for cure in ["hosts rename local renamed", "hosts forget local", "hosts confirm renamed"] {
        assert!(failure.message.contains(cure), "{failure}");
    }
    case.store().confirm_host(&case.config.host).expect("its line is there");
    let confirmed = case.spawn(Mode::Service).await;
    assert_eq!(confirmed.reconcile().await.error, None);
    confirmed.stop().await;
}

/// Every caller is answered, whatever the daemon does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_with_a_hung_daemon_answers_every_caller_within_its_bound() {
    let case = Case::with_shop(2).await;
    case.daemon.hang_list(true);
    let ledger = case.spawn(Mode::Service).await;
    let callers: Vec<_> = (0..20)
        .map(|_| {
            let ledger = ledger.clone();
            tokio::spawn(async move { ledger.reconcile().await })
        })
        .collect();
    while case.daemon.requests().get("GET /containers/json").copied().unwrap_or(0) < 2 {
        tokio::task::yield_now().await;
    }
    let begin = Instant::now();
    ledger.stop().await;
    assert!(begin.elapsed() < case.config.list_deadline, "it did not wait for the daemon");
    for caller in callers {
        let report = tokio::time::timeout(Duration::from_secs(5), caller).await.expect("answered").expect("no panic");
        assert_eq!(report.error.expect("no pass ended").kind, FailureKind::Stopping);
    }
    ledger.stop().await;
    assert_eq!(ledger.reconcile().await.error.expect("stopped").kind, FailureKind::Stopping);
}
