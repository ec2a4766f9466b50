//! What somebody with the socket can make the daemon say costs us no memory.

use std::process::{Command, Stdio};
use std::time::Duration;

use dockledger::simulation::{FaultProxy, NewContainer, Reply};

use crate::whole::ledger::{Case, Ran};

/// How much more than for calm containers may be held at once: an entry of at most 4 MiB, twice while its buffer grows,
/// and what the decoder makes of it.
const ALLOWANCE_KIB: u64 = 24 * 1024;

/// Runs `once` and reads the most memory that it ever had resident, in KiB. The kernel keeps the peak, so that only what
/// comes in the last moment before the end could be missed.
fn once_with_peak(case: &Case) -> (Ran, u64) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dockledger"));
    command.env_clear().args(["once", "--json", "--database", &case.config.database]);
    command.args(["--docker-host", case.config.docker_host.as_deref().expect("every case has one")]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program is built");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().expect("a child").is_none() {
        peak = std::fs::read_to_string(&status).ok().and_then(|text| peak_of(&text)).unwrap_or(peak);
        std::thread::sleep(Duration::from_millis(2));
    }
    let output = child.wait_with_output().expect("its output is read");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    let code = output.status.code().expect("it was not killed");
    (Ran { code, stdout: text(output.stdout), stderr: text(output.stderr) }, peak)
}

fn peak_of(status: &str) -> Option<u64> {
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Asserts that `once` over the case needs little more than over three calm containers.
async fn assert_bounded(what: &str, case: &Case) -> serde_json::Value {
    let (calm, least) = once_with_peak(&Case::with_shop(3).await);
    let (ran, most) = once_with_peak(case);
    assert_eq!((calm.code, ran.code), (0, 0), "{what}: {}", ran.stderr);
    assert!(least > 0 && most < least + ALLOWANCE_KIB, "{what}: {most} KiB, {least} KiB for calm containers");
    ran.json()
}

/// B13, B14, B15: values of 1 and 32 MiB, and 10,000 labels.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn huge_labels_are_read_in_bounded_memory_and_cost_one_container() {
    let case = Case::with_shop(3).await;
    let odd = |name: &str| NewContainer::new(name, "busybox").compose("shop", name, 1);
    case.daemon.with(|world| {
        world.run(odd("one").label("x", "v".repeat(1 << 20))).expect("fresh");
        world.run(odd("huge").label("x", "v".repeat(32 << 20))).expect("fresh");
        world.run(odd("huge-too").label("com.docker.compose.project", "v".repeat(32 << 20))).expect("fresh");
        world.run((0..10_000).fold(odd("many"), |many, n| many.label(format!("key-{n}"), "v"))).expect("fresh");
        world.stop("c0").expect("it runs");
        world.remove("c1", true).expect("it exists");
    });
    let report = assert_bounded("huge labels", &case).await;
    assert_eq!((&report["completeness"], &report["listed"]), (&"complete".into(), &6.into()), "{report}");
    assert_eq!((&report["inserted"], &report["missing"]), (&2.into(), &1.into()), "{report}");
    assert_eq!(report["quarantined"].as_array().map(Vec::len), Some(2), "{report}");
}

/// B14: the container has its row already when its label is found to be huge.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_whose_entry_became_huge_is_left_as_it_was() {
    let case = Case::with_shop(3).await;
    let id = case.daemon.with(|world| world.container("c1").expect("it exists").id.clone());
    let huge = format!("{{\"Id\":\"{id}\",\"State\":\"exited\",\"Labels\":{{\"x\":\"{}\"}}}}", "v".repeat(32 << 20));
    case.daemon.with(|world| world.set_entry("c1", Some(huge))).expect("it exists");
    let report = assert_bounded("a huge entry", &case).await;
    assert_eq!((&report["missing"], &report["updated"]), (&0.into(), &0.into()), "{report}");
    assert!(case.states().iter().all(|(_, state)| state == "running"));
}

/// B51: some 15 MB of listing, of which nothing is ours.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_thousand_containers_are_one_pass_in_bounded_memory() {
    let mut case = Case::with_shop(0).await;
    let entries: Vec<String> = (0..50_000)
        .map(|n| format!(r#"{{"Id":"{n:064x}","Names":["/n{n}"],"Image":"busybox","State":"running","Status":"Up","Labels":{{}}}}"#))
        .collect();
    let list = Reply::new(200, format!("[{}]", entries.join(",")));
    let info = Reply::new(200, r#"{"ID":"fifty-thousand","Name":"lab","DockerRootDir":"/var/lib/docker"}"#);
    let proxy = FaultProxy::playing([("/containers/json", list), ("/info", info)]).expect("a socket");
    case.config.docker_host = Some(proxy.docker_host());
    case.config.database = case.path("another.db").display().to_string();
    let (ran, peak) = once_with_peak(&case);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let report = ran.json();
    assert_eq!((&report["listed"], &report["unassigned"]["no_label"]), (&50_000.into(), &50_000.into()), "{report}");
    assert!(peak < 160 * 1024, "{peak} KiB");
}
