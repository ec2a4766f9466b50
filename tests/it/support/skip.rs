//! What cannot run where it is started says so by name, and fails where everything must run.

/// Says that `test` is left out, and why. Under `DOCKLEDGER_TESTS_REQUIRE_ALL=1`, as `scripts/test` sets it, that is a
/// failure.
#[expect(clippy::print_stderr, reason = "what is left out is told where the tests' own words are")]
pub(crate) fn skip(test: &str, why: &str) {
    assert!(
        std::env::var_os("DOCKLEDGER_TESTS_REQUIRE_ALL").is_none(),
        "{test} cannot be left out here, yet it cannot run: {why}"
    );
    eprintln!("skipped: {test}: {why}");
}

/// Says that `test` is left out since nobody unpacked its engine. Under `DOCKLEDGER_TESTS_ENGINES`, a list of those that
/// were, it is a failure for these.
#[expect(clippy::print_stderr, reason = "what is left out is told where the tests' own words are")]
pub(crate) fn skip_unpacked(test: &str, engine: &str) {
    let asked_for = std::env::var("DOCKLEDGER_TESTS_ENGINES").unwrap_or_default();
    assert!(!asked_for.split_whitespace().any(|name| name == engine), "{test}: {engine} is not in target/engines");
    eprintln!("skipped: {test}: {engine} is not unpacked; ./scripts/engines {engine} does it");
}
