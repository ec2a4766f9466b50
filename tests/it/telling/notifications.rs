//! Receivers are told what happens: each change once and in order, again until they take it, also after a restart; and
//! nobody else is.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dockledger::config::{AddressRange, ReceiverUrl};
use dockledger::model::{ReceiverKind, Revision};
use dockledger::simulation::{Fault, FaultProxy, NewContainer};
use dockledger::store::{NewParent, NotificationPlace};
use dockledger::telemetry::DeliveryOutcome;
use dockledger::{LedgerBuilder, LedgerHandle, notify_service};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinSet;

use super::served::BOUND;
use crate::support::database::{TestDatabase, on_both_backends};
use crate::whole::ledger::{Case, until};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// One request as it came.
#[derive(Debug)]
struct Heard {
    head: String,
    body: Value,
    text: String,
}

impl Heard {
    fn word(&self, key: &str) -> &str {
        self.body[key].as_str().unwrap_or_else(|| panic!("no {key} in {}", self.text))
    }

    fn header(&self, name: &str) -> &str {
        let found = self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        found.unwrap_or_else(|| panic!("no {name} in {}", self.head))
    }
}

/// A receiver over HTTP, and whether it takes what it hears.
struct Fake {
    address: SocketAddr,
    heard: UnboundedReceiver<Heard>,
    takes: Arc<AtomicBool>,
    _serving: JoinSet<()>,
}

impl Fake {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let (sender, heard) = unbounded_channel();
        let takes = Arc::new(AtomicBool::new(true));
        let (mut serving, is_taken) = (JoinSet::new(), Arc::clone(&takes));
        serving.spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let Some(request) = request(&mut stream).await else { continue };
                let takes = is_taken.load(Ordering::SeqCst);
                let status = if takes { "204 No Content" } else { "503 Not Now" };
                let _ = stream.write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").as_bytes()).await;
                let _ = sender.send(request);
            }
        });
        Self { address, heard, takes, _serving: serving }
    }

    async fn next(&mut self) -> Heard {
        tokio::time::timeout(BOUND, self.heard.recv()).await.expect("it is told soon").expect("it listens")
    }

    /// The next one that is another event than those that it has not taken.
    async fn next_of(&mut self, event: &str) -> Heard {
        loop {
            let heard = self.next().await;
            if heard.word("event") == event {
                return heard;
            }
        }
    }
}

async fn request(stream: &mut TcpStream) -> Option<Heard> {
    let mut bytes = Vec::new();
    loop {
        let mut piece = [0; 4096];
        let length = stream.read(&mut piece).await.ok().filter(|length| *length > 0)?;
        bytes.extend_from_slice(&piece[..length]);
        let text = String::from_utf8(bytes.clone()).ok()?;
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let head = head.to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok())?;
        if body.len() >= length {
            return Some(Heard { head, body: serde_json::from_str(body).ok()?, text: body.to_owned() });
        }
    }
}

/// Tells that receiver what happens in the case.
fn tells(case: &mut Case, fake: &Fake) {
    let path = case.path("secret");
    std::fs::write(&path, format!("{SECRET}\n")).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("chmod");
    let notify = &mut case.config.notify;
    notify.url = ReceiverUrl::parse(&format!("http://{}/told", fake.address));
    notify.secret_file = Some(path.display().to_string());
    notify.allowed_addresses = vec![AddressRange::parse("127.0.0.1").expect("a range")];
}

async fn serve(case: &Case) -> LedgerHandle {
    let notify = notify_service(&case.config.notify).expect("there are receivers");
    LedgerBuilder::new(case.config.clone()).service(notify).spawn().await.expect("nothing is wrong with it")
}

/// Waits until the receiver's place is stored: what is committed from then on is told.
async fn is_placed(case: &Case, ledger: &LedgerHandle) {
    let is_there = || {
        let mut store = case.store();
        // One that is not there yet is made here, which is as good.
        store.notification_place(&case.config.host, ReceiverKind::Webhook).is_ok()
    };
    until(ledger, BOUND, "a first pass", || ledger.status().last_report.is_some()).await;
    assert!(is_there());
}

/// It crashes, and is gone at once: nobody asked for that.
fn remove(case: &Case, name: &str) {
    case.daemon.with(|world| {
        world.crash(name, 3).expect("it runs");
        world.remove(name, false).expect("it is there");
    });
}

/// `compose down`, one after the other: nobody hears of it, neither that something is gone nor that all is well again.
#[tokio::test]
async fn a_workload_that_is_removed_as_somebody_asked_for_is_told_to_nobody() {
    let mut case = Case::with_shop(3).await;
    case.store().add_stack(&NewParent::named("other"), None).expect("a fresh stack");
    case.daemon
        .with(|world| world.run(NewContainer::new("sentinel", "busybox").compose("other", "one", 1)))
        .expect("run");
    let mut fake = Fake::new().await;
    tells(&mut case, &fake);
    let ledger = serve(&case).await;
    is_placed(&case, &ledger).await;
    let is_open = || ledger.watch_status().borrow().stream.as_ref().is_some_and(|stream| stream.is_open);
    until(&ledger, BOUND, "the stream is open", is_open).await;
    for name in ["c0", "c1", "c2"] {
        case.daemon.with(|world| world.remove(name, true)).expect("it is there");
        ledger.reconcile().await;
    }
    case.daemon.with(|world| world.crash("sentinel", 3)).expect("it runs");
    let heard = fake.next().await;
    assert_eq!((heard.word("event"), heard.body["row"]["name"].as_str()), ("crashed", Some("sentinel")), "{heard:?}");
    ledger.stop().await;
    assert!(fake.heard.try_recv().is_err(), "and nothing else");
}

#[tokio::test]
async fn what_goes_missing_is_told_once_signed_and_in_order() {
    let mut case = Case::with_shop(3).await;
    let mut fake = Fake::new().await;
    tells(&mut case, &fake);
    let ledger = serve(&case).await;
    is_placed(&case, &ledger).await;
    let mut revisions = Vec::new();
    for name in ["c1", "c0", "c2"] {
        remove(&case, name);
        ledger.reconcile().await;
        let heard = fake.next().await;
        assert_eq!((heard.word("event"), heard.word("host")), ("missing", "local"), "{heard:?}");
        assert_eq!(heard.body["row"]["name"], name, "{heard:?}");
        assert_eq!(
            (heard.header("x-dockledger-id"), heard.header("x-dockledger-event")),
            (heard.word("id"), "missing")
        );
        let signature = heard.header("x-dockledger-signature").to_owned();
        let seconds = signature.strip_prefix("t=").and_then(|rest| rest.split_once(",v1=")).expect("a signature");
        assert!(seconds.0.parse::<u64>().is_ok() && seconds.1.len() == 64, "{signature}");
        assert!(!heard.text.contains(SECRET) && !heard.head.contains(SECRET));
        revisions.push(heard.body["change"]["revision"].as_i64().expect("a number"));
    }
    assert!(revisions.is_sorted(), "{revisions:?}");
    ledger.stop().await;
    assert!(fake.heard.try_recv().is_err(), "each was told once");
}

/// A receiver that is down hears everything when it is back, in order, and what it did not take under the same id; so it
/// does if the service was started anew in between.
#[tokio::test]
async fn what_is_not_taken_is_told_again_also_after_a_restart() {
    let mut case = Case::with_shop(3).await;
    let mut fake = Fake::new().await;
    tells(&mut case, &fake);
    let ledger = serve(&case).await;
    is_placed(&case, &ledger).await;
    fake.takes.store(false, Ordering::SeqCst);
    for name in ["c0", "c1"] {
        remove(&case, name);
        ledger.reconcile().await;
    }
    let first = fake.next().await;
    let again = fake.next().await;
    assert_eq!(first.word("id"), again.word("id"), "the second waits for the first");
    assert!(ledger.status().live().times_told(ReceiverKind::Webhook, DeliveryOutcome::Failed) >= 1);
    ledger.stop().await;
    remove(&case, "c2");
    while fake.heard.try_recv().is_ok() {}

    fake.takes.store(true, Ordering::SeqCst);
    let ledger = serve(&case).await;
    let names: Vec<String> = {
        let mut names = Vec::new();
        for _ in 0..3 {
            let heard = fake.next().await;
            if names.is_empty() {
                assert_eq!(heard.word("id"), first.word("id"), "a receiver knows that it has heard of it");
            }
            names.push(heard.body["row"]["name"].as_str().expect("a name").to_owned());
        }
        names
    };
    assert_eq!(names, ["c0", "c1", "c2"]);
    ledger.stop().await;
    assert!(fake.heard.try_recv().is_err());
}

/// An actor that dies loses nothing, and no pass waits for its receiver.
#[tokio::test]
async fn a_notify_actor_that_is_killed_goes_on_where_it_was() {
    let mut case = Case::with_shop(2).await;
    let mut fake = Fake::new().await;
    tells(&mut case, &fake);
    let ledger = serve(&case).await;
    is_placed(&case, &ledger).await;
    fake.takes.store(false, Ordering::SeqCst);
    remove(&case, "c0");
    ledger.reconcile().await;
    let first = fake.next().await;
    let notify = ledger.cell().get_children().into_iter().max_by_key(|child| child.get_id().pid());
    notify.expect("the guests are born last").kill();
    fake.takes.store(true, Ordering::SeqCst);
    remove(&case, "c1");
    ledger.reconcile().await;
    assert!(case.states().iter().all(|(_, state)| state == "missing"), "passes go on: {:?}", case.states());
    let mut ids = vec![first.word("id").to_owned()];
    while ids.iter().collect::<std::collections::BTreeSet<_>>().len() < 2 {
        ids.push(fake.next().await.word("id").to_owned());
    }
    assert_eq!(ids[ids.len() - 2], ids[0], "the first was told again, then the second");
    ledger.stop().await;
}

#[tokio::test]
async fn that_the_rows_are_not_kept_true_is_told_once_and_so_is_its_end() {
    let mut case = Case::with_shop(1).await;
    let mut fake = Fake::new().await;
    tells(&mut case, &fake);
    let proxy = FaultProxy::before(case.daemon.socket()).expect("a socket");
    case.config.docker_host = Some(proxy.docker_host());
    case.config.list_deadline = Duration::from_millis(200);
    case.config.notify.stale_after = Duration::ZERO;
    let ledger = serve(&case).await;
    is_placed(&case, &ledger).await;
    proxy.inject(Fault::Silent);
    for _ in 0..3 {
        assert!(ledger.reconcile().await.error.is_some());
    }
    let stale = fake.next_of("stale").await;
    proxy.heal();
    until(&ledger, BOUND, "a pass succeeds", || {
        ledger.status().host_status() == Some(dockledger::model::HostStatus::Fresh)
    })
    .await;
    let fresh = fake.next().await;
    assert_eq!((fresh.word("event"), fresh.word("since")), ("fresh", stale.word("since")), "{fresh:?}");
    ledger.stop().await;
    assert!(fake.heard.try_recv().is_err(), "each was told once");
}

/// B38, R7: without the operator's word nothing on this machine is told, and the rows are kept true all the same.
#[tokio::test]
async fn b38_a_receiver_on_this_machine_is_told_nothing_unless_it_is_allowed() {
    let mut case = Case::with_shop(1).await;
    let mut fake = Fake::new().await;
    tells(&mut case, &fake);
    case.config.notify.allowed_addresses.clear();
    let ledger = serve(&case).await;
    is_placed(&case, &ledger).await;
    remove(&case, "c0");
    ledger.reconcile().await;
    assert_eq!(case.states()[0].1, "missing", "the rows are kept true");
    let tried = || ledger.status().live().times_told(ReceiverKind::Webhook, DeliveryOutcome::Failed) > 0;
    let trying = async {
        while !tried() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(BOUND, trying).await.expect("it is tried");
    assert!(fake.heard.try_recv().is_err(), "nobody connected");
    ledger.stop().await;
}

#[tokio::test]
async fn a_program_is_told_beside_a_receiver_that_is_down() {
    let mut case = Case::with_shop(1).await;
    let fake = Fake::new().await;
    tells(&mut case, &fake);
    fake.takes.store(false, Ordering::SeqCst);
    let told = case.path("told.json");
    case.config.notify.command = ["/usr/bin/tee", "-a"].map(str::to_owned).to_vec();
    case.config.notify.command.push(told.display().to_string());
    let ledger = serve(&case).await;
    is_placed(&case, &ledger).await;
    case.store().notification_place(&case.config.host, ReceiverKind::Command).expect("it is made or there");
    remove(&case, "c0");
    ledger.reconcile().await;
    let taken = async {
        while ledger.status().live().times_told(ReceiverKind::Command, DeliveryOutcome::Delivered) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(BOUND, taken).await.expect("it is told");
    let told = std::fs::read_to_string(&told).expect("it was written");
    let told: Value = serde_json::from_str(&told).expect("one document");
    assert_eq!(told["event"], "missing", "{told}");
    ledger.stop().await;
}

on_both_backends! {
    fn a_receivers_place_is_kept_renamed_and_forgotten_with_its_host(database: &TestDatabase) {
        let mut store = database.open();
        let host = database.config.host.clone();
        let begun = store.notification_place(&host, ReceiverKind::Webhook).expect("it is made");
        assert_eq!(begun, NotificationPlace { revision: Revision(0), stale_since: None, stale_is_told: false });
        let since = dockledger::model::Timestamp::from_millis(1_700_000_000_123);
        let place = NotificationPlace { revision: Revision(7), stale_since: Some(since), stale_is_told: true };
        store.keep_notification_place(&host, ReceiverKind::Webhook, &place).expect("it is kept");
        assert_eq!(store.notification_place(&host, ReceiverKind::Webhook).expect("it is there"), place);
        let other = store.notification_place(&host, ReceiverKind::Command).expect("it is made");
        assert_eq!(other.revision, Revision(0), "each has its own");

        database.execute("INSERT INTO hosts (name) VALUES ('local')");
        let new = dockledger::model::HostName::new("web-1");
        store.rename_host(&host, &new).expect("nobody writes it");
        assert_eq!(store.notification_place(&new, ReceiverKind::Webhook).expect("it is there"), place);
        store.forget_host(&new).expect("nobody writes it");
        assert_eq!(database.line(&["count(*)"], "FROM notifications"), "0");
    }
}
