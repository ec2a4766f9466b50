//! Labels, names and images that somebody with the socket may write: each costs at most its own container.

use dockledger::model::{RowId, StoredRow};
use dockledger::simulation::{NewContainer, SimulatedDaemon, World};
use dockledger::store::{NewParent, RowFilter, Store};
use serde_json::Value;

use super::hostile::{TEXTS, assert_harmless, in_each_place};
use crate::support::database::{TestDatabase, on_both_backends};
use crate::whole::ledger::{BEGIN, Ran, program_on};

/// The program beside a daemon and a ledger with the stack `shop`.
struct Shop<'a> {
    database: &'a TestDatabase,
    daemon: SimulatedDaemon,
    /// Of the stack.
    workload: String,
}

impl<'a> Shop<'a> {
    /// With four calm services, each with its row.
    fn new(database: &'a TestDatabase) -> Self {
        let stack = database.open().add_stack(&NewParent::named("shop"), None).expect("a fresh stack");
        let daemon = SimulatedDaemon::start(World::new(5, BEGIN)).expect("a simulated daemon");
        let shop = Self { database, daemon, workload: stack.workload_id.to_string() };
        for n in 0..4 {
            shop.run(calm(n));
        }
        assert_eq!(shop.once().code, 0);
        shop
    }

    fn run(&self, container: NewContainer) {
        self.daemon.with(|world| world.run(container)).expect("a fresh name");
    }

    fn program(&self, arguments: &[&str]) -> Ran {
        program_on(&self.database.config.database, &self.daemon.docker_host(), arguments)
    }

    fn once(&self) -> Ran {
        self.program(&["once", "--json", "-vv"])
    }

    /// Each calm service changes in another way: `c0` stops, `c1` goes, `c2` stays, `c4` comes.
    fn change_the_calm(&self) {
        self.daemon.with(|world| {
            world.stop("c0").expect("it runs");
            world.remove("c1", true).expect("it exists");
            world.run(calm(4)).expect("a fresh name");
        });
    }

    fn rows(&self) -> Vec<StoredRow> {
        let mut store = Store::open(&self.database.config, dockledger::store::OpenMode::Read).expect("it is there");
        store.rows(&RowFilter::default()).expect("the ledger can be read")
    }

    /// The pass was committed, and the calm services are as the daemon says.
    fn assert_the_calm_are_true(&self, ran: &Ran) -> Value {
        assert_eq!(ran.code, 0, "{} / {}", ran.stdout, ran.stderr);
        let report = ran.json();
        assert_eq!((&report["outcome"], &report["completeness"]), (&"committed".into(), &"complete".into()));
        assert_eq!((&report["missing"], &report["refused"]), (&1.into(), &0.into()), "{report}");
        let rows = self.rows();
        let state = |role: &str| {
            let row = rows.iter().find(|row| &*row.binding.role == role);
            row.map(|row| row.observed.state.to_string()).unwrap_or_default()
        };
        let states = ["s0", "s1", "s2", "s3", "s4"].map(state);
        assert_eq!(states, ["stopped", "missing", "running", "running", "running"]);
        report
    }
}

fn calm(n: usize) -> NewContainer {
    NewContainer::new(format!("c{n}"), "busybox").compose("shop", &format!("s{n}"), 1)
}

fn is_plain(id: &RowId) -> bool {
    id.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-%:".contains(&byte))
}

on_both_backends! {
    /// B1, B2, B3, B4, B5, B6, B8, B11, B16, B17: in the name, the image and each label that counts.
    fn a_hostile_text_costs_its_own_container_and_is_printed_harmless(database: &TestDatabase) {
        let shop = Shop::new(database);
        let mut with_row = 0;
        let mut without = 0;
        for (number, text) in TEXTS {
            for (container, has_row) in in_each_place(number, text, &shop.workload) {
                shop.run(container);
                if has_row { with_row += 1 } else { without += 1 }
            }
        }
        shop.change_the_calm();
        let ran = shop.once();
        let report = shop.assert_the_calm_are_true(&ran);
        assert_eq!(report["inserted"], with_row + 1, "{report}");
        let unassigned: i64 = report["unassigned"].as_object().expect("counts").values().filter_map(Value::as_i64).sum();
        assert_eq!(unassigned, without, "{report}");
        for row in shop.rows() {
            assert!(is_plain(&row.id), "{}", row.id);
            let texts = [&row.observed.name, &row.observed.image_ref];
            assert!(texts.iter().all(|text| !text.contains('\0') && text.len() <= 512), "{texts:?}");
        }
        assert!(ran.stderr.contains("container has no row"), "they are named in the log: {}", ran.stderr);
        assert_harmless("once --json -vv", &ran);
        for line in [
            "once", "ps", "ps --json", "unassigned", "unassigned --json", "changes --since 0", "changes --json",
            "passes", "hosts", "doctor", "routes", "adopt --all", "stack list", "stack list --json", "once -vv",
        ] {
            assert_harmless(line, &shop.program(&line.split(' ').collect::<Vec<_>>()));
        }
        assert_eq!(shop.program(&["once", "--json"]).json()["updated"], 0, "what was hostile is steady too");
    }

    /// B9, B10, B12, B13, B15: what is not looked for may be anything, at any length.
    fn keys_and_values_that_do_not_count_cost_nothing(database: &TestDatabase) {
        let shop = Shop::new(database);
        let odd = |name: &str| NewContainer::new(name, "busybox").compose("shop", name, 1);
        shop.run(odd("empty-key").label("", "B9").label(" ", ""));
        shop.run(odd("spaces").label("com.docker.compose.project ", "other").label("a b\tc", "B10"));
        shop.run(odd("long-key").label("k".repeat(5_000), "B12"));
        shop.run(odd("long-value").label("x", "v".repeat(1 << 20)));
        shop.run((0..10_000).fold(odd("many"), |many, n| many.label(format!("key-{n}"), "B15")));
        shop.change_the_calm();
        let report = shop.assert_the_calm_are_true(&shop.once());
        assert_eq!(report["inserted"], 6, "{report}");
        let details = database.line(&["count(*)"], "FROM containers WHERE started_at IS NOT NULL");
        assert_eq!(details, "10", "each has its details; the inspects were as odd as the list");
    }

    /// B13: a value that counts is cut, marked, and matches nothing; the same of a name.
    fn a_long_value_that_counts_matches_nothing(database: &TestDatabase) {
        let shop = Shop::new(database);
        let long = "v".repeat(1 << 20);
        let plain = |name: &str| NewContainer::new(name, "busybox");
        shop.run(plain("project").compose(&long, "web", 1));
        shop.run(plain("workload").label("tinyforge.workload.id", &*long));
        shop.run(plain("site").label("tinyforge.static-site", &*long));
        shop.run(plain("service").compose("shop", &long, 1));
        shop.run(plain("image").compose("shop", "image", 1).label("x", &*long));
        shop.change_the_calm();
        let report = shop.assert_the_calm_are_true(&shop.once());
        let reasons = ["unknown_stack", "unknown_workload", "unknown_site"].map(|reason| &report["unassigned"][reason]);
        assert_eq!(reasons, [&1, &1, &1].map(|n| Value::from(*n)).each_ref(), "{report}");
        let longest = database.line(&["max(length(id))", "max(length(role))"], "FROM containers");
        let lengths: Vec<usize> = longest.split('|').map(|length| length.parse().expect("a number")).collect();
        assert!(lengths.iter().all(|length| *length <= 2_000), "{longest}");
    }

    /// B16: half of a surrogate pair, which no JSON library turns into a character.
    fn half_a_surrogate_costs_at_most_its_container(database: &TestDatabase) {
        let shop = Shop::new(database);
        let raw = |n: u32, rest: &str| format!("{{\"Id\":\"{n:064x}\",\"Image\":\"busybox\",\"State\":\"running\",{rest}}}");
        shop.daemon.with(|world| {
            world.inject_entry(raw(1, r#""Names":["/\ud800"],"Labels":{}"#));
            world.inject_entry(raw(2, r#""Names":["/b"],"Labels":{"com.docker.compose.project":"\udc00"}"#));
            world.inject_entry(raw(3, r#""Names":["/c"],"Labels":{"\ud800":"\udfff","x":"\ud800\ud800"}"#));
        });
        shop.change_the_calm();
        let ran = shop.once();
        let report = shop.assert_the_calm_are_true(&ran);
        assert_eq!(report["listed"], 7, "each is present: {report}");
        assert_harmless("once", &ran);
    }
}

/// B17, S20: a server's database in another encoding would refuse what any container may carry, in look-ups too.
#[test]
fn a_database_that_cannot_hold_every_character_is_refused_with_its_cure() {
    let Some(database) = TestDatabase::postgres(module_path!()) else { return };
    let (before, after) = database.config.database.split_once("/test_").expect("a database of a test");
    let (_, parameters) = after.split_once('?').expect("where the server is");
    let daemon = SimulatedDaemon::start(World::new(5, BEGIN)).expect("a simulated daemon");
    let stack = NewContainer::new("emoji", "busybox").compose("👾", "👾", 1);
    daemon.with(|world| world.run(stack)).expect("a fresh name");
    for (encoding, code) in [("LATIN1", 4), ("SQL_ASCII", 0)] {
        database.execute(&format!("CREATE DATABASE {encoding} ENCODING '{encoding}' TEMPLATE template0"));
        let url = format!("{before}/{}?{parameters}", encoding.to_lowercase());
        let on = |line: &[&str]| program_on(&url, &daemon.docker_host(), line);
        let added = on(&["stack", "add", "emoji", "--compose-project", "👾"]);
        let ran = on(&["once", "--json"]);
        assert_eq!((added.code, ran.code), (code, code), "{encoding}: {}{}", added.stderr, ran.stderr);
        if code == 0 {
            assert_eq!(ran.json()["inserted"], 1, "{}", ran.stdout);
        } else {
            assert!(added.stderr.contains("LATIN1") && added.stderr.contains("createdb"), "{}", added.stderr);
        }
    }
}
