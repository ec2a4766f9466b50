//! The commands that ask the daemon, against a simulated one.

use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use dockledger::model::Timestamp;
use dockledger::simulation::{NewContainer, SimulatedDaemon, World};
use serde_json::Value;

use super::program::{Ended, Program};

/// Longer than anything here takes: only a fault makes a test wait for it.
const BOUND: Duration = Duration::from_secs(30);

/// How long a silent service is taken for alive without looking.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// A compose project of two services, and a plain container.
pub(crate) fn daemon() -> SimulatedDaemon {
    let mut world = World::new(7, Timestamp::now());
    for service in ["web", "db"] {
        let container = NewContainer::new(format!("shop-{service}-1"), "shop/image:1");
        world.run(container.compose("shop", service, 1)).expect("runs");
    }
    world.run(NewContainer::new("plain", "busybox")).expect("runs");
    SimulatedDaemon::start(world).expect("starts")
}

pub(crate) fn beside(daemon: &SimulatedDaemon) -> Program {
    Program::new().variable("DOCKER_HOST", &daemon.docker_host())
}

/// Runs a command that must succeed, and reads its document.
pub(crate) fn json(program: &Program, line: &str) -> Value {
    let ended = program.run(&line.split(' ').chain(["--json"]).collect::<Vec<_>>());
    assert_eq!(ended.code, Some(0), "{line}: {ended:?}");
    ended.json()
}

fn names(rows: &Value) -> Vec<&str> {
    let mut names: Vec<&str> =
        rows.as_array().expect("an array").iter().map(|row| row["name"].as_str().expect("a text")).collect();
    names.sort_unstable();
    names
}

#[test]
fn what_the_next_pass_adopts_is_not_called_unknown_and_nothing_is_written_by_the_look() {
    let daemon = daemon();
    let program = beside(&daemon);
    assert_eq!(program.run(&["migrate", "up"]).code, Some(0));
    let program = program.variable("DOCKLEDGER_AUTO_ADOPT", "true");
    assert_eq!(names(&json(&program, "unassigned")), ["plain"]);
    let text = program.run(&["unassigned"]).stdout;
    assert!(text.contains("compose project shop: the next pass registers it"), "{text}");
    assert_eq!(json(&program, "stack list"), serde_json::json!([]), "the look has registered nothing");
    let report = json(&program, "once");
    assert_eq!((&report["inserted"], &report["unassigned"]["no_label"]), (&2.into(), &1.into()), "{report}");
    assert_eq!(names(&json(&program, "unassigned")), ["plain"]);
    assert_eq!(names(&json(&program, "ps")), ["shop-db-1", "shop-web-1"]);
}

/// Registering what runs is asked for by name: it does not wait for the next pass.
#[test]
fn adopt_registers_also_what_the_next_pass_would() {
    let daemon = daemon();
    let program = beside(&daemon).variable("DOCKLEDGER_AUTO_ADOPT", "true");
    program.run(&["adopt", "--all"]);
    assert_eq!(names(&json(&program, "stack list")), ["shop"]);
}

#[test]
fn what_already_runs_is_adopted_and_then_known() {
    let daemon = daemon();
    let program = beside(&daemon);
    let report = json(&program, "once");
    assert_eq!((&report["outcome"], &report["listed"]), (&"committed".into(), &3.into()), "{report}");
    assert_eq!(report["unassigned"]["unknown_stack"], 2, "{report}");

    let unassigned = json(&program, "unassigned");
    assert_eq!(names(&unassigned), ["plain", "shop-db-1", "shop-web-1"]);
    let text = program.run(&["unassigned"]).stdout;
    assert!(text.contains("  dockledger adopt shop\n"), "{text}");

    let adopted = json(&program, "adopt --all");
    assert_eq!(adopted["registered"][0]["name"], "shop", "{adopted}");
    assert_eq!(adopted["report"]["inserted"], 2, "{adopted}");
    json(&program, "adopt plain --stack shop");
    let rows = json(&program, "ps --kind stack --state running");
    assert_eq!(names(&rows), ["plain", "shop-db-1", "shop-web-1"], "{rows}");
    assert_eq!(json(&program, "unassigned"), Value::Array(Vec::new()));

    let table = program.run(&["ps"]).stdout;
    assert!(table.starts_with("local: complete pass ") && table.contains("no service is running"), "{table}");
    assert!(table.contains("stack/shop"), "{table}");
}

#[test]
fn a_project_that_cannot_be_adopted_keeps_no_other_from_it() {
    let daemon = daemon();
    for (name, project) in [("blog-web-1", "blog"), ("evil-1", "a\u{1b}[31m")] {
        let container = NewContainer::new(name, "blog/image:1").compose(project, "web", 1);
        daemon.with(|world| world.run(container).expect("runs"));
    }
    let program = beside(&daemon);
    json(&program, "stack add blog --compose-project another");
    let ended = program.run(&["adopt", "--all", "--json"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("stack add NAME --compose-project blog"), "{ended:?}");
    let adopted = ended.json();
    assert_eq!((&adopted["registered"][0]["name"], &adopted["report"]["inserted"]), (&"shop".into(), &2.into()));
    assert_eq!(adopted["left_out"], Value::from(vec!["a\u{1b}[31m"]));
    json(&program, "stack add weblog --compose-project blog");
    assert_eq!(json(&program, "once")["inserted"], 1);
}

#[test]
fn a_second_pass_over_the_same_world_writes_nothing() {
    let daemon = daemon();
    let program = beside(&daemon);
    json(&program, "stack add shop");
    assert_eq!(json(&program, "once")["inserted"], 2);
    let report = json(&program, "once");
    assert_eq!((&report["inserted"], &report["updated"], &report["revision"]), (&0.into(), &0.into(), &Value::Null));
}

#[test]
fn a_claim_is_answered_after_a_pass_over_its_container() {
    let daemon = daemon();
    let program = beside(&daemon);
    json(&program, "project add shop --workload-id w1");
    json(&program, "stage add shop prod");
    let row = json(&program, "claim --project shop --stage prod --container plain --row r1");
    assert_eq!((&row["name"], &row["state"], &row["role"]), (&"plain".into(), &"running".into(), &"prod".into()));
    let id = row["container_id"].as_str().expect("bound");
    assert_eq!(id.len(), 64);
    let ended = program.run(&["claim", "--project", "shop", "--stage", "prod", "--container", "nothing-like-it"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
}

#[test]
fn a_container_that_goes_is_told_by_the_history() {
    let daemon = daemon();
    let program = beside(&daemon);
    json(&program, "stack add shop");
    json(&program, "once");
    daemon.with(|world| world.remove("shop-web-1", true).expect("removed"));
    assert_eq!(json(&program, "once")["missing"], 1);
    let changes = json(&program, "changes --since 0");
    let last = changes.as_array().expect("an array").last().expect("a change");
    assert_eq!((&last["to_state"], &last["cause"]), (&"missing".into(), &"missing".into()), "{changes}");
    assert_eq!(json(&program, "ps --state missing").as_array().map(Vec::len), Some(1));
    assert_eq!(json(&program, "doctor")[0]["ok"], true);
}

/// The service, and the socket by which it tells the manager of services.
pub(crate) struct Service {
    process: Option<Child>,
    manager: UnixDatagram,
}

impl Service {
    pub(crate) fn start(program: &Program) -> Self {
        Self::start_as(program, &["run"])
    }

    pub(crate) fn start_as(program: &Program, arguments: &[&str]) -> Self {
        let path = program.path("notify.sock");
        let manager = UnixDatagram::bind(&path).expect("bound");
        manager.set_read_timeout(Some(LOOK_AGAIN)).expect("set");
        let mut command = program.command(arguments);
        command.env("NOTIFY_SOCKET", &path);
        if !program.sets("DOCKLEDGER_HTTP_LISTEN") {
            command.env("DOCKLEDGER_HTTP_LISTEN", "127.0.0.1:0");
        }
        let process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        Self { process: Some(process), manager }
    }

    /// Waits until the manager is told this.
    pub(crate) fn tells(&mut self, what: &str) {
        let mut buffer = [0; 4096];
        let begin = Instant::now();
        while begin.elapsed() < BOUND {
            if let Ok(length) = self.manager.recv(&mut buffer) {
                if String::from_utf8_lossy(&buffer[..length]).lines().any(|line| line.starts_with(what)) {
                    return;
                }
            } else if self.process().try_wait().expect("a child").is_some() {
                panic!("it ended before it told {what}: {:?}", self.ends());
            }
        }
        panic!("{what} is not told within {BOUND:?}");
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.as_ref().expect("it has not been waited for").id()
    }

    fn process(&mut self) -> &mut Child {
        self.process.as_mut().expect("it has not been waited for")
    }

    pub(crate) fn signal(&mut self, name: &str) {
        let pid = self.process().id().to_string();
        let status = Command::new("kill").args([format!("-{name}"), pid]).status();
        assert!(status.expect("kill runs").success());
    }

    pub(crate) fn ends(&mut self) -> Ended {
        let process = self.process.take().expect("it has not been waited for");
        let pid = process.id().to_string();
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || sender.send(process.wait_with_output()));
        let ended = receiver.recv_timeout(BOUND).unwrap_or_else(|_| {
            let killed = Command::new("kill").args(["-KILL", &pid]).status();
            panic!("it does not end within {BOUND:?}; killed: {killed:?}");
        });
        Ended::from(ended.expect("its output is read"))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().and_then(|()| process.wait()).expect("a child that a failed test left behind ends");
        }
    }
}

#[test]
fn the_service_says_ready_feeds_the_watchdog_and_stops_in_order() {
    let daemon = daemon();
    let program = beside(&daemon).variable("WATCHDOG_USEC", "200000");
    json(&program, "stack add shop");
    let mut service = Service::start(&program);
    service.tells("READY=1");
    service.tells("WATCHDOG=1");
    let rows = json(&program, "ps");
    assert_eq!(names(&rows), ["shop-db-1", "shop-web-1"]);
    let header = program.run(&["ps"]).stdout;
    assert!(!header.contains("no service is running"), "{header}");
    service.signal("TERM");
    service.tells("STOPPING=1");
    let ended = service.ends();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""), "{ended:?}");
    for noise in ["Actor{", "passes fail"] {
        assert!(!ended.stderr.contains(noise), "{noise}: {}", ended.stderr);
    }
    assert!(ended.stderr.contains("stopped"), "{}", ended.stderr);
}

#[test]
fn a_manager_that_does_not_read_keeps_nothing_up() {
    let daemon = daemon();
    let program = beside(&daemon).variable("WATCHDOG_USEC", "2000");
    json(&program, "stack add shop");
    let mut service = Service::start(&program);
    service.tells("READY=1");
    // From here on nobody reads: the socket's queue is full after a few watchdogs.
    daemon.with(|world| world.stop("shop-web-1").expect("stopped"));
    for _ in 0..3 {
        service.signal("USR1");
        assert_eq!(program.run(&["ps"]).code, Some(0));
    }
    service.signal("TERM");
    assert_eq!(service.ends().code, Some(0));
}

#[test]
fn a_signal_runs_a_pass_now() {
    let daemon = daemon();
    let program = beside(&daemon).variable("DOCKLEDGER_INTERVAL", "5min");
    json(&program, "stack add shop");
    let mut service = Service::start(&program);
    service.tells("READY=1");
    daemon.with(|world| world.stop("shop-web-1").expect("stopped"));
    service.signal("USR1");
    while names(&json(&program, "ps --state stopped")) != ["shop-web-1"] {
        service.tells("STATUS=");
    }
    service.signal("INT");
    assert_eq!(service.ends().code, Some(0));
}

/// Each command prints what it would print alone.
#[test]
fn beside_a_service_commands_hand_their_work_to_it() {
    let daemon = daemon();
    let program = beside(&daemon);
    json(&program, "project add shop --workload-id w1");
    json(&program, "stage add shop prod");
    let mut service = Service::start(&program);
    service.tells("READY=1");
    let report = json(&program, "once");
    assert_eq!((&report["trigger"], &report["listed"]), (&"request".into(), &3.into()), "{report}");
    let text = program.run(&["once"]);
    assert!(text.code == Some(0) && text.stdout.contains("rows"), "the text is made of the same report: {text:?}");
    let row = json(&program, "claim --project shop --stage prod --container plain");
    assert_eq!((&row["name"], &row["state"]), (&"plain".into(), &"running".into()), "{row}");
    let adopted = json(&program, "adopt shop");
    // Another pass of the service may have met the stack before the one that was asked for.
    assert_eq!((&adopted["left_to_service"], &adopted["report"]["assigned"]), (&false.into(), &3.into()), "{adopted}");
    daemon.with(|world| world.stop("shop-web-1").expect("stopped"));
    daemon.hang_list(true);
    let unanswered = program.run(&["once", "--json"]);
    assert_ne!(unanswered.code, Some(0), "the service's failure is the command's");
    service.signal("TERM");
    assert_eq!(service.ends().code, Some(0));
    assert!(!program.path("control/service.sock").exists(), "the socket goes with the service");
}

#[test]
fn a_service_that_was_killed_is_told_at_once_and_its_host_taken_over() {
    let daemon = daemon();
    let program = beside(&daemon);
    let mut service = Service::start(&program);
    service.tells("READY=1");
    service.signal("KILL");
    assert_eq!(service.ends().code, None);
    let header = program.run(&["ps"]).stdout;
    assert!(header.contains("no service is running"), "{header}");
    assert!(program.run(&["hosts"]).stdout.contains("nobody (was pid "));
    assert_eq!(json(&program, "once")["outcome"], "committed");
}

#[test]
fn a_hung_daemon_neither_keeps_the_service_from_ready_nor_from_stopping() {
    let daemon = daemon();
    daemon.hang_list(true);
    let program = beside(&daemon).variable("DOCKLEDGER_LIST_DEADLINE", "200ms");
    let mut service = Service::start(&program);
    service.tells("READY=1");
    service.signal("TERM");
    assert_eq!(service.ends().code, Some(0));
    let ended = program.run(&["once"]);
    assert_eq!(ended.code, Some(1), "only its list hangs, so that it is reached: {ended:?}");
}
