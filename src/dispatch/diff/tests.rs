mod ends;

use super::*;
use crate::dispatch::rules::fixtures::*;
use crate::model::{EventAction, ExaminedContainer, HealthFact, HealthWord, InspectedDetails, Ports, Told};

fn foreign(state: ContainerState, row: LedgerRow) -> LedgerRow {
    LedgerRow { observed: Observed { state, ..row.observed }, ..row }
}

/// The columns of a container that nobody described before, and of which a list alone tells.
fn first_sight(listed: &ListedContainer) -> Observed {
    let world = world(Vec::new(), Vec::new());
    Sight::new(listed, &world.input(), &News::default(), NOW).first().0
}

#[test]
fn steady_picture_writes_nothing() {
    let rows = vec![
        row("r1", "p", &container(1)),
        row("s:web", "s", &web(2, 1)),
        missing(row("r3", "p", &container(3))),
        row("t:site", "t", &stopped(labelled(4, "t", "", ""))),
    ];
    let world = world(vec![container(1), web(2, 1), stopped(labelled(4, "t", "", ""))], rows);
    let difference = world.diff();
    assert!(difference.rows.is_empty(), "{:#?}", difference.rows);
    assert_eq!((difference.assigned, difference.unchanged), (3, 3));
    assert!(difference.unassigned.is_empty() && difference.unverified.is_empty());
}

#[test]
fn each_observed_column_that_differs_is_written() {
    type Change = fn(&mut ListedContainer);
    let changes: [(&str, Change); 8] = [
        ("name", |listed| listed.name = "renamed".into()),
        ("image_ref", |listed| listed.image_ref = "app:2".into()),
        ("state", |listed| listed.state = ContainerState::Paused),
        ("port", |listed| listed.ports = Ports { lowest: 1, ..listed.ports.clone() }),
        ("ports", |listed| listed.ports = Ports { text: "443/tcp".into(), ..listed.ports.clone() }),
        ("exit_code", |listed| listed.exit_code = Some(137)),
        ("health", |listed| listed.health = HealthFact::Known("healthy".into())),
        ("created", |listed| listed.created_at = Some(NOW)),
    ];
    for (column, change) in changes {
        let mut listed = container(1);
        change(&mut listed);
        let write = world(vec![listed.clone()], vec![row("r1", "p", &container(1))]).only_write();
        let expected = first_sight(&listed);
        let observed = &write.observed;
        assert_eq!(write.cause, ChangeCause::Observed, "{column}");
        assert_eq!((&observed.name, &observed.image_ref), (&expected.name, &expected.image_ref), "{column}");
        assert_eq!((observed.port, &observed.ports), (expected.port, &expected.ports), "{column}");
        assert_eq!((observed.exit_code, &observed.health), (expected.exit_code, &expected.health), "{column}");
        assert_eq!(observed.created_in_docker_at, expected.created_in_docker_at, "{column}");
        let changed = column == "state";
        assert_eq!(write.details_owed, changed, "{column}");
        assert_eq!(observed.state_since == Some(NOW), changed, "{column}");
        assert_eq!(observed.restart_count, Some(2), "{column}");
        assert_eq!(write.from_state, Some(ContainerState::Running), "{column}");
        assert_eq!(write.expected, Some(Some(container_id(1))), "{column}");
    }
}

#[test]
fn what_the_listing_does_not_say_stays_for_the_same_container_alone() {
    let listed = ListedContainer { health: HealthFact::Keep, created_at: None, name: "renamed".into(), ..container(1) };
    let mut stored = row("r1", "p", &container(1));
    stored.observed.health = Some("healthy".into());
    let same = world(vec![listed.clone()], vec![stored.clone()]).only_write().observed;
    assert_eq!(same.health.as_deref(), Some("healthy"));
    assert_eq!(same.created_in_docker_at, container(1).created_at);
    stored.seen_container_id = Some(container_id(9));
    let another = world(vec![listed], vec![stored]).only_write().observed;
    assert_eq!((another.health, another.created_in_docker_at), (None, None));
    assert_eq!((another.restart_count, another.started_at), (None, None));
}

/// F19
#[test]
fn an_exit_code_that_is_not_understood_is_none_and_never_the_former_one() {
    let ended = |code| ListedContainer { exit_code: code, ..stopped(container(1)) };
    let stored = row("r1", "p", &ended(Some(1)));
    let odd = world(vec![ended(None)], vec![stored.clone()]).only_write();
    assert_eq!((odd.observed.exit_code, odd.cause), (None, ChangeCause::Observed));
    let windows = world(vec![ended(Some(3_221_225_786))], vec![stored]).only_write();
    assert_eq!(windows.observed.exit_code, Some(3_221_225_786));
}

#[test]
fn listing_that_does_not_say_costs_no_write() {
    let silent = ListedContainer { health: HealthFact::Keep, created_at: None, ..container(1) };
    let mut stored = row("r1", "p", &container(1));
    stored.observed.health = Some("healthy".into());
    assert!(world(vec![silent], vec![stored]).diff().rows.is_empty());
}

#[test]
fn new_row_is_whole_and_owes_its_details() {
    let write = world(vec![web(1, 2)], vec![]).only_write();
    assert_eq!((write.id.as_str(), &*write.binding.role), ("s:web", "web"));
    assert_eq!(write.binding.container_id, Some(container_id(1)));
    assert_eq!((write.expected, write.from_state, write.foreign_state), (None, None, None));
    assert_eq!((write.cause, write.details_owed), (ChangeCause::Inserted, true));
    assert_eq!(write.observed, first_sight(&web(1, 2)));
    assert_eq!(write.observed.state_since, Some(NOW));
}

#[test]
fn created_container_is_created_since_its_creation() {
    let listed = in_state(ContainerState::Created, web(1, 1));
    let known = world(vec![listed.clone()], vec![]).only_write();
    assert_eq!(known.observed.state_since, listed.created_at.map(|at| at.plus(Duration::from_millis(999))));
    let unknown = world(vec![ListedContainer { created_at: None, ..listed }], vec![]).only_write();
    assert_eq!(unknown.observed.state_since, Some(NOW));
}

#[test]
fn row_that_somebody_bound_is_described_though_no_column_differs() {
    let mut bound = row("r1", "p", &container(1));
    bound.seen_container_id = None;
    let write = world(vec![container(1)], vec![bound]).only_write();
    assert_eq!((write.cause, write.details_owed), (ChangeCause::Observed, true));
    assert_eq!(write.observed.state_since, Some(NOW), "it says since when the new container is in that state");
}

#[test]
fn failed_row_is_left_alone_until_a_container_is_seen() {
    let mut failed = raw_row("r1", "p", ContainerState::Failed, None);
    failed.recorded_state = Some(ContainerState::Failed);
    assert!(world(vec![], vec![failed.clone()]).diff().rows.is_empty());
    failed.binding.container_id = Some(container_id(1));
    let write = world(vec![container(1)], vec![failed]).only_write();
    assert_eq!(write.observed.state, ContainerState::Running);
    assert_eq!(write.from_state, Some(ContainerState::Failed));
}

#[test]
fn row_goes_missing_with_its_other_columns_kept() {
    let stored = LedgerRow { details_owed: true, ..row("r1", "p", &container(1)) };
    let write = world(vec![], vec![stored.clone()]).gone(1).only_write();
    let expected = Observed {
        state: ContainerState::Missing,
        state_since: Some(NOW),
        last_seen_at: Some(LAST_PASS),
        ..stored.observed.clone()
    };
    assert_eq!(write.observed, expected.attended());
    assert_eq!((write.cause, write.details_owed), (ChangeCause::Missing, false));
    assert_eq!((write.binding, write.expected), (stored.binding, Some(Some(container_id(1)))));
}

#[test]
fn container_that_no_pass_has_shown_was_never_seen() {
    let bound = raw_row("r1", "p", ContainerState::Created, Some(container_id(1)));
    let write = world(vec![], vec![bound]).gone(1).only_write();
    assert_eq!((write.observed.state, write.observed.last_seen_at), (ContainerState::Missing, None));
    assert_eq!(write.foreign_state, Some(ContainerState::Created));
}

#[test]
fn only_a_verified_absence_from_a_complete_listing_of_a_known_daemon_is_missing() {
    let lost = || world(vec![], vec![row("r1", "p", &container(1))]);
    for (why, world, unverified) in [
        ("not asked", lost(), 1),
        ("present", lost().present(1), 1),
        ("unanswered", lost().unanswered(1), 1),
        ("unknown daemon", lost().unidentified().gone(1), 1),
        ("partial", lost().partial().gone(1), 0),
        ("quarantined", lost().quarantined(1).gone(1), 0),
    ] {
        let difference = world.diff();
        assert!(difference.rows.is_empty(), "{why}");
        assert_eq!(difference.unverified.len(), unverified, "{why}");
    }
}

#[test]
fn complete_empty_listing_is_believed() {
    let rows = vec![row("r1", "p", &container(1)), row("s:web", "s", &web(2, 1))];
    let difference = world(vec![], rows).gone(1).gone(2).diff();
    assert_eq!(difference.rows.len(), 2);
    assert!(difference.rows.iter().all(|write| write.cause == ChangeCause::Missing));
}

#[test]
fn missing_row_returns_with_its_container() {
    let mut stored = missing(row("r1", "p", &container(1)));
    stored.observed.started_at = Some(LAST_PASS);
    for world in [
        world(vec![container(1)], vec![stored.clone()]),
        world(vec![container(1)], vec![stored.clone()]).partial(),
        world(vec![container(1)], vec![stored]).unidentified(),
    ] {
        let write = world.only_write();
        assert_eq!((write.cause, write.details_owed), (ChangeCause::Returned, true));
        assert_eq!((write.observed.state, write.observed.last_seen_at), (ContainerState::Running, None));
        assert_eq!((write.observed.state_since, write.observed.started_at), (Some(NOW), Some(LAST_PASS)));
    }
}

#[test]
fn row_that_is_not_missing_holds_no_time_of_its_own_when_it_was_last_seen() {
    let mut stored = row("r1", "p", &container(1));
    stored.observed.last_seen_at = Some(LAST_PASS);
    assert_eq!(world(vec![container(1)], vec![stored]).only_write().observed.last_seen_at, None);
}

#[test]
fn re_bound_row_is_one_change_and_never_missing() {
    let stored = row("s:web", "s", &web(1, 1));
    for world in [
        world(vec![web(2, 1)], vec![stored.clone()]).gone(1),
        world(vec![replacing(2), stopped(web(1, 1))], vec![stored.clone()]),
        world(vec![web(2, 1)], vec![missing(stored)]),
    ] {
        let write = world.only_write();
        assert_eq!((write.cause, write.details_owed), (ChangeCause::Rebound, true));
        assert_eq!(write.expected, Some(Some(container_id(1))));
        assert_eq!(write.binding.container_id, Some(container_id(2)));
        assert_eq!(write.from_state, world.rows[0].recorded_state);
        assert_eq!(write.observed, first_sight(&web(2, 1)), "nothing of the old container is left");
    }
}

/// Made by compose in place of replica 1.
fn replacing(number: u32) -> ListedContainer {
    let mut new = web(number, 1);
    new.claims.compose_replace = Some("web-1".into());
    new
}

#[test]
fn unbound_row_of_ours_is_bound() {
    let mut unbound = raw_row("s:web", "s", ContainerState::Created, None);
    unbound.recorded_state = Some(ContainerState::Created);
    let write = world(vec![web(1, 1)], vec![unbound]).only_write();
    assert_eq!((write.cause, write.expected), (ChangeCause::Observed, Some(None)));
    assert_eq!(write.binding.container_id, Some(container_id(1)));
}

#[test]
fn foreign_state_becomes_a_change_once() {
    let unbound = raw_row("r1", "p", ContainerState::Failed, None);
    let corrected = foreign(ContainerState::Failed, row("r2", "p", &container(2)));
    let guessed = LedgerRow { recorded_state: Some(ContainerState::Created), ..row("r3", "p", &container(3)) };
    let mut world = world(vec![container(2), container(3)], vec![unbound, corrected, guessed]);
    let difference = world.diff();
    let told: Vec<_> = difference
        .rows
        .iter()
        .map(|write| (write.id.as_str(), write.cause, write.foreign_state.clone(), write.from_state.clone()))
        .collect();
    let failed = Some(ContainerState::Failed);
    assert_eq!(
        told,
        [
            ("r1", ChangeCause::Deployer, None, None),
            ("r2", ChangeCause::Observed, failed.clone(), failed),
            ("r3", ChangeCause::Deployer, None, Some(ContainerState::Created)),
        ]
    );
    for (write, row) in difference.rows.iter().zip(&world.rows) {
        assert!(write.cause != ChangeCause::Deployer || write.observed == row.observed);
    }
    world.apply(&difference);
    assert!(world.diff().rows.is_empty());
}

#[test]
fn row_under_quarantine_is_not_touched() {
    let stored = foreign(ContainerState::Failed, row("r1", "p", &container(1)));
    assert!(world(vec![], vec![stored]).quarantined(1).diff().rows.is_empty());
}

#[test]
fn owed_details_stay_owed() {
    let renamed = ListedContainer { name: "renamed".into(), ..container(1) };
    let stored = LedgerRow { details_owed: true, ..row("r1", "p", &container(1)) };
    assert!(world(vec![renamed], vec![stored]).only_write().details_owed);
}

#[test]
fn writes_are_sorted_by_row_and_the_unassigned_by_container() {
    let listed = vec![web(3, 2), container(9), container(8), web(2, 1)];
    let difference = world(listed, vec![raw_row("r1", "p", ContainerState::Created, None)]).diff();
    let rows: Vec<_> = difference.rows.iter().map(|write| write.id.as_str()).collect();
    assert_eq!(rows, ["r1", "s:web", "s:web:2"]);
    let unassigned: Vec<_> = difference.unassigned.iter().map(|one| one.container_id.clone()).collect();
    assert_eq!(unassigned, [container_id(8), container_id(9)]);
    assert_eq!((difference.assigned, difference.unchanged), (2, 0));
}

fn flapping(recent: u32) -> News {
    News { starts: [(container_id(1), Starts { recent, is_flapping: recent > 3 })].into(), ..News::default() }
}

/// One row that is true, with what events told of its container.
fn with_news(row: LedgerRow, news: News) -> World {
    World { news, ..world(vec![container(1)], vec![row]) }
}

#[test]
fn details_that_an_event_calls_for_are_owed_without_a_change() {
    let news = News { details: [container_id(1)].into(), ..News::default() };
    let mut owes = row("r1", "p", &container(1));
    let write = with_news(owes.clone(), news.clone()).only_write();
    assert!(write.details_owed && write.is_silent);
    assert_eq!(write.observed, owes.observed);
    owes.details_owed = true;
    assert!(with_news(owes, news.clone()).diff().rows.is_empty(), "they are owed already");
    let ended = World { news, ..world(vec![stopped(container(1))], vec![row("r1", "p", &container(1))]) };
    assert!(!ended.only_write().is_silent, "its state is a change");
}

#[test]
fn flapping_begins_is_counted_and_ends_each_with_a_change() {
    let calm = row("r1", "p", &container(1));
    let began = with_news(calm.clone(), flapping(4)).only_write();
    assert_eq!((began.cause, began.is_silent), (ChangeCause::Flapping, false));
    assert_eq!((began.observed.flapping_since, began.observed.recent_starts), (Some(NOW), 4));

    let flaps = LedgerRow { observed: began.observed, ..calm.clone() };
    let again = with_news(flaps.clone(), flapping(5)).only_write();
    assert_eq!((again.cause, again.observed.flapping_since), (ChangeCause::Observed, Some(NOW)), "since its begin");
    assert_eq!(again.observed.recent_starts, 5);

    let ended = with_news(flaps.clone(), flapping(3)).only_write();
    assert_eq!(ended.cause, ChangeCause::Settled);
    assert_eq!((ended.observed.flapping_since, ended.observed.recent_starts), (None, 0));
    assert!(with_news(flaps, News::default()).diff().rows.is_empty(), "no news");
    assert!(with_news(calm.clone(), flapping(2)).diff().rows.is_empty(), "it never flapped");

    let crashed = World { news: flapping(4), ..world(vec![stopped(container(1))], vec![calm]) }.only_write();
    assert_eq!(crashed.cause, ChangeCause::Flapping, "its state changed with it, and that it flaps is told");
}

/// The process that counted the starts may have ended.
#[test]
fn flapping_that_nobody_counts_any_more_ends_with_the_window() {
    let mut flaps = row("r1", "p", &container(1));
    let long_ago = NOW.minus(FLAPPING_WINDOW + Duration::from_secs(1));
    (flaps.observed.flapping_since, flaps.observed.recent_starts) = (Some(long_ago), 4);
    flaps.observed.started_at = Some(NOW.minus(FLAPPING_WINDOW));
    flaps.observed = flaps.observed.attended();
    assert!(with_news(flaps.clone(), News::default()).diff().rows.is_empty(), "it started within the window");
    flaps.observed.started_at = Some(long_ago);
    assert_eq!(with_news(flaps, News::default()).only_write().cause, ChangeCause::Settled);
}

#[test]
fn what_went_missing_flaps_no_more() {
    let mut flaps = row("r1", "p", &container(1));
    flaps.observed.flapping_since = Some(NOW);
    let lost = world(Vec::new(), vec![flaps]).gone(1).only_write();
    assert_eq!(lost.observed.flapping_since, None);
}

fn told(action: EventAction, at: Timestamp) -> Told {
    let health = if let EventAction::Health(word) = action { word } else { None };
    let turn = (!matches!(action, EventAction::Health(_) | EventAction::Changed)).then_some((action, at));
    Told { at, turn, health, ..Told::default() }
}

fn news_of(number: u32, told: Told) -> News {
    News { told: [(container_id(number), told)].into(), ..News::default() }
}

const EARLIER: Timestamp = Timestamp::from_millis(990_000);

#[test]
fn a_change_is_told_for_when_the_daemon_says_that_it_happened() {
    let stored = row("r1", "p", &container(1));
    let renamed = ListedContainer { name: "renamed".into(), ..container(1) };
    for (listed, told, at) in [
        (stopped(container(1)), Some(told(EventAction::Ended, EARLIER)), EARLIER),
        (stopped(container(1)), Some(told(EventAction::Started, EARLIER)), NOW),
        (stopped(container(1)), None, NOW),
        (renamed.clone(), Some(told(EventAction::Changed, EARLIER)), EARLIER),
        (renamed.clone(), Some(told(EventAction::Changed, NOW.plus(Duration::from_secs(9)))), NOW),
        (renamed, None, NOW),
    ] {
        let news = told.clone().map_or_else(News::default, |told| news_of(1, told));
        let write = World { news, ..world(vec![listed], vec![stored.clone()]) }.only_write();
        assert_eq!(write.at, at, "{told:?}");
        let changes_state = write.observed.state != stored.observed.state;
        assert_eq!(write.observed.state_since, if changes_state { Some(at) } else { stored.observed.state_since });
    }
    let removed = news_of(1, told(EventAction::Removed, EARLIER));
    let lost = World { news: removed, ..world(Vec::new(), vec![stored]) }.gone(1).only_write();
    assert_eq!((lost.at, lost.observed.state_since), (EARLIER, Some(EARLIER)));
    let made = World { news: news_of(1, told(EventAction::Created, EARLIER)), ..world(vec![web(1, 1)], Vec::new()) };
    assert_eq!(made.only_write().at, EARLIER);
}

/// The list that showed a change may be older than the word of it.
#[test]
fn an_event_that_comes_after_the_list_dates_the_state_without_a_change() {
    let mut stored = row("r1", "p", &in_state(ContainerState::Paused, container(1)));
    (stored.observed.state_since, stored.state_after) = (Some(NOW), Some(Timestamp::from_millis(980_000)));
    let listed = || vec![in_state(ContainerState::Paused, container(1))];
    let paused = |at| news_of(1, told(EventAction::Paused, at));
    let write = World { news: paused(EARLIER), ..world(listed(), vec![stored.clone()]) }.only_write();
    assert_eq!((write.observed.state_since, write.state_after), (Some(EARLIER), None));
    assert!(write.is_silent);
    let too_early = World { news: paused(Timestamp::from_millis(970_000)), ..world(listed(), vec![stored.clone()]) };
    assert!(too_early.diff().rows.is_empty(), "it is of a pause before");
    let of_another =
        World { news: news_of(2, told(EventAction::Paused, EARLIER)), ..world(listed(), vec![stored.clone()]) };
    assert!(of_another.diff().rows.is_empty());

    let mut gone = missing(row("r1", "p", &container(1)));
    (gone.observed.state_since, gone.state_after) = (Some(NOW), stored.state_after);
    let removed = news_of(1, told(EventAction::Removed, EARLIER));
    let write = World { news: removed, ..world(Vec::new(), vec![gone.clone()]) }.only_write();
    assert_eq!((write.observed.state_since, write.is_silent), (Some(EARLIER), true));
    assert_eq!(write.observed.state, ContainerState::Missing);
    assert!(world(Vec::new(), vec![gone]).diff().rows.is_empty());
}

/// `compose down` as the lists show it, some of it before the word of the removals comes.
#[test]
fn a_workload_that_went_as_asked_for_needs_nobody_and_one_container_of_it_does() {
    let asked = |number, by_request| {
        news_of(number, Told { by_request: Some(by_request), ..told(EventAction::Removed, EARLIER) })
    };
    let (first, second) = (row("r1", "p", &container(1)), row("r2", "p", &container(2)));
    let needs = |write: &RowWrite| write.observed.attention.to_string();

    let one = World { news: asked(1, true), ..world(vec![container(2)], vec![first.clone(), second.clone()]) }.gone(1);
    let write = one.only_write();
    assert_eq!((write.cause, needs(&write).as_str()), (ChangeCause::Missing, "missing"), "the other one is there");
    assert_eq!(write.observed.ended_by_request, Some(true));

    let lost = LedgerRow { observed: write.observed, recorded_state: Some(ContainerState::Missing), ..first };
    let last = World { news: asked(2, true), ..world(Vec::new(), vec![lost.clone(), second.clone()]) }.gone(2);
    let writes = last.diff().rows;
    assert_eq!(writes.len(), 2);
    assert!(writes.iter().all(|write| write.cause == ChangeCause::Removed && needs(write).is_empty()), "{writes:?}");

    let mut dated_only = lost.clone();
    (dated_only.observed.state_since, dated_only.state_after) = (Some(NOW), Some(Timestamp::from_millis(980_000)));
    let mut both = asked(2, true);
    both.join(asked(1, true));
    let last = World { news: both, ..world(Vec::new(), vec![dated_only, second.clone()]) }.gone(2);
    let writes = last.diff().rows;
    assert!(writes.iter().all(|write| !write.is_silent && needs(write).is_empty()), "{writes:?}");

    let by_itself = World { news: asked(2, false), ..world(Vec::new(), vec![lost.clone(), second]) }.gone(2);
    assert_eq!(by_itself.only_write().cause, ChangeCause::Missing, "and the first one keeps its reason too");

    let unexplained = Observed { ended_by_request: None, ..lost.observed.clone() };
    let late = World { news: asked(1, true), ..world(Vec::new(), vec![LedgerRow { observed: unexplained, ..lost }]) };
    let write = late.only_write();
    assert_eq!((write.cause, needs(&write).as_str()), (ChangeCause::Removed, ""), "its word came after the list");
}

/// What an inspect said of the container of that number, which is listed as running.
fn inspected(number: u32, details: InspectedDetails) -> (ContainerId, ExaminedContainer) {
    let details = InspectedDetails { state: Some(ContainerState::Running), ..details };
    (container_id(number), ExaminedContainer { details, ..ExaminedContainer::from(container(number)) })
}

// F12
#[test]
fn a_health_that_no_list_tells_is_the_inspects_and_else_the_events() {
    let silent = || ListedContainer { health: HealthFact::Keep, ..container(1) };
    let said = |word: &str| HealthFact::Known(word.into());
    let details = |health| InspectedDetails { health, ..InspectedDetails::default() };
    let event = || news_of(1, told(EventAction::Health(Some(HealthWord::Unhealthy)), EARLIER));
    for (listed, inspect, news, expected) in [
        (silent(), Some(said("healthy")), News::default(), Some("healthy")),
        (silent(), Some(said("healthy")), event(), Some("healthy")),
        (silent(), Some(HealthFact::Absent), News::default(), None),
        (silent(), Some(HealthFact::Keep), News::default(), Some("starting")),
        (silent(), None, event(), Some("unhealthy")),
        (silent(), None, News::default(), Some("starting")),
        (ListedContainer { health: said("healthy"), ..silent() }, Some(said("unhealthy")), event(), Some("healthy")),
        (stopped(container(1)), None, event(), None),
    ] {
        let mut stored = row("r1", "p", &container(1));
        stored.observed.health = Some("starting".into());
        let mut world = World { news, ..world(vec![listed], vec![stored]) };
        world.examined.extend(inspect.clone().map(|health| inspected(1, details(health))));
        let difference = world.diff();
        world.apply(&difference);
        assert_eq!(world.rows[0].observed.health.as_deref(), expected, "{inspect:?}");
        assert!(world.diff().rows.is_empty());
    }
}

// F9
#[test]
fn an_images_id_takes_no_name_from_a_row_and_a_name_takes_the_place_of_an_id() {
    let id = format!("sha256:{}", "ab".repeat(32));
    let listed = |image: &str| ListedContainer { image_ref: image.into(), ..container(1) };
    for (stored, listed, expected) in [
        ("app:1", listed(&id), None),
        (&*id, listed("app:1"), Some("app:1")),
        (&*id, listed(&id), None),
        ("", listed(&id), Some(&*id)),
        ("app:1", listed("<none>"), None),
        ("app:1", listed("app:2"), Some("app:2")),
    ] {
        let mut row = row("r1", "p", &container(1));
        row.observed.image_ref = stored.into();
        let written = world(vec![listed.clone()], vec![row.clone()]).diff().rows;
        assert_eq!(written.first().map(|write| &*write.observed.image_ref), expected, "{stored} {}", listed.image_ref);
        let ended = world(vec![stopped(listed.clone())], vec![row]).only_write();
        assert_eq!(&*ended.observed.image_ref, expected.unwrap_or(stored), "also where something else is written");
    }
}
