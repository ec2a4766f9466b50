//! What stands is logged when it begins and when it ends, not in every pass.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dockledger::Mode;
use dockledger::model::{Completeness, HostStatus};
use dockledger::simulation::{Fault, FaultProxy};
use tracing_subscriber::fmt::MakeWriter;

use super::ledger::Case;

/// Keeps what is logged on this thread.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    /// The lines at `WARN` and above.
    fn warnings(&self) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().expect("one thread").clone()).expect("UTF-8");
        text.lines().map(str::to_owned).collect()
    }
}

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("one thread").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Kept {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn kept() -> (Kept, tracing::subscriber::DefaultGuard) {
    let kept = Kept::default();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_ansi(false).with_writer(kept.clone());
    (kept, tracing::subscriber::set_default(subscriber.finish()))
}

#[tokio::test]
async fn a_daemon_that_hangs_is_one_warning_however_many_passes_fail() {
    let mut case = Case::with_shop(1).await;
    let proxy = FaultProxy::before(case.daemon.socket()).expect("a socket");
    case.config.docker_host = Some(proxy.docker_host());
    case.config.list_deadline = Duration::from_millis(200);
    proxy.inject(Fault::Silent);
    let (kept, _guard) = kept();
    let ledger = case.spawn(Mode::Once { details_limit: 0 }).await;
    for _ in 0..3 {
        assert!(ledger.reconcile().await.error.is_some());
    }
    ledger.stop().await;
    let warnings = kept.warnings();
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    assert!(warnings[0].contains("passes fail"), "{warnings:?}");
}

#[tokio::test]
async fn a_database_that_cannot_be_opened_is_told_once() {
    let mut case = Case::new();
    case.config.database = case.directory.path().display().to_string();
    let (kept, _guard) = kept();
    let ledger = case.spawn(Mode::Once { details_limit: 0 }).await;
    for _ in 0..3 {
        assert!(ledger.reconcile().await.error.is_some());
    }
    ledger.stop().await;
    let told = kept.warnings().into_iter().filter(|line| line.contains("the database is unusable")).count();
    assert_eq!(told, 1);
}

/// A partial listing is no failing pass; that the rows may not be trusted is told all the same, once.
#[tokio::test]
async fn a_host_that_is_not_fresh_is_one_warning_however_many_passes_say_so() {
    let case = Case::with_shop(1).await;
    case.daemon.with(|world| world.inject_entry("{\"Names\":[\"/without-id\"]}"));
    let (kept, _guard) = kept();
    let ledger = case.spawn(Mode::Once { details_limit: 0 }).await;
    for _ in 0..3 {
        assert_eq!(ledger.reconcile().await.completeness, Completeness::Partial);
    }
    assert_eq!(ledger.status().host_status(), Some(HostStatus::Stale));
    ledger.stop().await;
    let warnings = kept.warnings();
    let told = warnings.iter().filter(|line| line.contains("out of date") && line.contains("stale"));
    assert_eq!(told.count(), 1, "{warnings:#?}");
}
