//! The demonstration, as a stranger tries it first.

use super::program::Program;

#[test]
fn a_demonstration_shows_a_life_and_leaves_nothing_behind() {
    let program = Program::new().variable("DOCKLEDGER_HTTP_LISTEN", "127.0.0.1:0");
    let temporary = program.path("temporary");
    std::fs::create_dir(&temporary).expect("a directory");
    let program = program.variable("TMPDIR", &temporary.display().to_string());
    let ended = program.run(&["demo", "--seed", "3", "--for", "6s"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for said in ["page     http://127.0.0.1:", "ledger   dockledger ps --database ", "-- rows to begin with: "] {
        assert!(ended.stdout.contains(said), "{said}: {}", ended.stdout);
    }
    let happened = ended.stdout.lines().filter(|line| line.ends_with("observed")).count();
    assert!(happened > 1, "more than the claimed row is seen to change: {}", ended.stdout);
    let left: Vec<_> = std::fs::read_dir(&temporary).expect("it is there").collect();
    assert!(left.is_empty(), "{left:?}");
}
