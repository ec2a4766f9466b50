//! The shape of the code: which room may name which, and that no two files name each other in a circle.
//!
//! It reads the `use` lines and the paths of `src`, and follows re-exports to the file that has the item.

mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use self::sources::{Name, Sources};

/// Each room, and those that it may name. A room stands below all that it names, so that the table cannot hold a circle.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("reply", &[]),
    ("config", &["model"]),
    ("runtime", &[]),
    ("telemetry", &["model"]),
    ("docker", &["model", "reply", "config", "runtime"]),
    ("store", &["model", "reply", "config", "runtime", "telemetry"]),
    ("dispatch", &["model", "reply", "config", "runtime", "telemetry", "docker", "store"]),
    ("events", &["model", "reply", "config", "runtime", "telemetry", "docker"]),
    ("tick", &["model", "reply", "config", "runtime", "telemetry", "store", "dispatch"]),
    (
        "supervisor",
        &["model", "reply", "config", "runtime", "telemetry", "docker", "store", "dispatch", "events", "tick"],
    ),
    ("simulation", &["model", "config", "runtime", "docker", "store"]),
];

/// Rooms above these, each of which may name any room before it.
const ABOVE: &[&str] = &["ledger", "wording", "notify", "http", "cli"];

#[test]
fn rooms_name_only_those_below_them() {
    let sources = Sources::read();
    let table = table();
    let mut met: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut forbidden = String::new();
    for name in sources.names().filter(|name| name.from.room() != name.to.room()) {
        *met.entry((name.from.room().into(), name.to.room().into())).or_default() += 1;
        let is_allowed = table.get(name.from.room()).is_some_and(|rooms| rooms.contains(name.to.room()));
        // It stands behind the seams, for tests of every room.
        let is_simulated = name.is_test && name.to.room() == "simulation";
        if !is_allowed && !is_simulated {
            let _ = writeln!(forbidden, "{name}");
        }
    }
    for ((from, to), times) in &met {
        println!("{from:<11} -> {to:<11} {times}");
    }
    assert!(forbidden.is_empty(), "these name a room that theirs may not name:\n{forbidden}");
    let unknown: Vec<_> = sources.rooms().filter(|room| !table.contains_key(room)).collect();
    assert!(unknown.is_empty(), "the table does not say what these rooms may name: {unknown:?}");
}

#[test]
fn no_file_names_another_in_a_circle() {
    let sources = Sources::read();
    let mut named: BTreeMap<&str, Vec<&Name>> = BTreeMap::new();
    // A door declares its files and hands on what they have: that is no use of them.
    for name in sources.code_names().filter(|name| !name.from.is_door() && name.from != name.to) {
        named.entry(name.from.as_str()).or_default().push(name);
    }
    let mut circles = String::new();
    for circle in circles_of(&named) {
        let within = |name: &&&Name| circle.contains(name.to.as_str());
        for name in circle.iter().flat_map(|file| named[file].iter()).filter(within) {
            let _ = writeln!(circles, "{name}");
        }
        circles.push('\n');
    }
    assert!(circles.is_empty(), "these name each other in a circle:\n{circles}");
}

/// What each room may name.
fn table() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let mut table = BTreeMap::new();
    for (room, rooms) in ARROWS {
        for below in *rooms {
            assert!(table.contains_key(below), "{room} stands above {below}, which it may name");
        }
        table.insert(*room, rooms.iter().copied().collect::<BTreeSet<_>>());
    }
    for room in ABOVE {
        let below = table.keys().copied().collect();
        table.insert(*room, below);
    }
    table
}

/// The sets of files that reach each other (Tarjan's strongly connected components of more than one file).
fn circles_of<'a>(named: &BTreeMap<&'a str, Vec<&'a Name>>) -> Vec<BTreeSet<&'a str>> {
    let mut walk =
        Walk { named, numbers: BTreeMap::new(), lows: BTreeMap::new(), path: Vec::new(), circles: Vec::new() };
    for file in named.keys() {
        if !walk.numbers.contains_key(file) {
            walk.visit(file);
        }
    }
    walk.circles
}

struct Walk<'m, 'a> {
    named: &'m BTreeMap<&'a str, Vec<&'a Name>>,
    numbers: BTreeMap<&'a str, usize>,
    lows: BTreeMap<&'a str, usize>,
    path: Vec<&'a str>,
    circles: Vec<BTreeSet<&'a str>>,
}

impl<'a> Walk<'_, 'a> {
    fn visit(&mut self, file: &'a str) {
        let number = self.numbers.len();
        self.numbers.insert(file, number);
        self.lows.insert(file, number);
        self.path.push(file);
        for name in self.named.get(file).into_iter().flatten() {
            let next = name.to.as_str();
            if !self.numbers.contains_key(next) {
                self.visit(next);
            }
            if self.path.contains(&next) {
                let low = self.lows[file].min(self.lows[next]);
                self.lows.insert(file, low);
            }
        }
        if self.lows[file] == number {
            let begin = self.path.iter().position(|on_path| *on_path == file).expect("it is on the path");
            let circle: BTreeSet<_> = self.path.drain(begin..).collect();
            if circle.len() > 1 {
                self.circles.push(circle);
            }
        }
    }
}
