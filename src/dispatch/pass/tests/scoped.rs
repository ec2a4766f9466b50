//! Passes over some containers: what they need, and when they have to look at the whole host.

use std::collections::HashMap;
use std::sync::Arc;

use super::driver::{opened, settings, with_order};
use super::*;
use crate::dispatch::PassOrder;
use crate::dispatch::rules::fixtures::{World, container, container_id, labelled, row, stopped, web, world};
use crate::docker::ImageAnswer;
use crate::model::{
    ChangeCause, ContainerId, ContainerState, Directory, DirectoryKeys, Examined, ExaminedContainer, HealthFact,
    HostStatus, Inspected, InspectedDetails, LedgerRow, ListedContainer, Listing, News, PassId, RowId, RowKeys, Scope,
    Trigger,
};
use crate::store::CommitPlan;

/// A pass over these containers that answers each request from the world, up to its commit or its end.
struct Scoped {
    asked: Vec<String>,
    plan: Option<Box<CommitPlan>>,
    finished: Finished,
}

fn scope(numbers: &[u32]) -> Scope {
    Scope::Containers(numbers.iter().map(|number| container_id(*number)).collect())
}

fn order(scope: Scope) -> PassOrder {
    PassOrder { pass: PassId::new("p"), trigger: Trigger::Event, scope, news: News::default() }
}

/// What a whole pass over the world teaches.
fn knowledge_of(world: &World) -> PassCache {
    run(world, Scope::Host, PassCache::default()).finished.cache
}

fn run(world: &World, scope: Scope, cache: PassCache) -> Scoped {
    run_ordered(world, order(scope), cache)
}

fn run_ordered(world: &World, order: PassOrder, cache: PassCache) -> Scoped {
    let mut driver = with_order(settings(), order, cache);
    let mut asked = Vec::new();
    let mut plan = None;
    while let Some((op, ask)) = driver.wanted.pop() {
        asked.push(format!("{ask:?}").split(['(', ' ']).next().unwrap_or_default().to_owned());
        match ask {
            Ask::Open(scope) => {
                driver.on(Event::SnapshotBegan(op));
                let rows = world.rows.iter().filter(|row| is_bound_in(row, &scope)).cloned().collect();
                driver.on(Event::Opened(op, Ok(Opened { rows: Arc::new(rows), ..opened(None) })));
            }
            Ask::Settle(_) => {
                let present = |(id, seen): (&ContainerId, &ExaminedContainer)| {
                    (id.clone(), Examined::Present(Box::new(seen.clone())))
                };
                driver.on(Event::Examined(op, world.examined.iter().map(present).collect()));
            }
            Ask::ReadNames(_) => driver.on(Event::Verified(op, world.verified.clone())),
            Ask::List(scope) => driver.on(Event::Listed(op, Ok(listed_in(world, &scope)))),
            Ask::ReadRows(ids) => driver.on(Event::RowsRead(op, Ok(rows_of(world, &ids)))),
            Ask::LookUp(keys) => driver.on(Event::Found(op, Ok(known_of(world, &keys)))),
            Ask::ReadImages(_) => driver.on(Event::ImagesRead(op, world.images.clone())),
            Ask::Verify(_) => driver.on(Event::Verified(op, world.verified.clone())),
            Ask::Commit(commit) => {
                plan = Some(commit);
                driver.on(Event::Committed(op, Ok(CommitReport::default())));
            }
            other => panic!("not expected: {other:?}"),
        }
    }
    Scoped { asked, plan, finished: driver.finished.expect("the pass is over") }
}

fn is_bound_in(row: &LedgerRow, scope: &Scope) -> bool {
    match scope {
        Scope::Host => true,
        Scope::Containers(scope) => row.binding.container_id.as_ref().is_some_and(|bound| scope.contains(bound)),
    }
}

/// As the store answers: of what was asked alone.
fn known_of(world: &World, keys: &DirectoryKeys) -> Directory {
    let mut known = world.directory.clone();
    known.workloads.retain(|key, _| keys.workloads.contains(key));
    known.sites.retain(|key, _| keys.sites.contains(key));
    known.stacks.retain(|key, _| keys.compose_projects.contains(key));
    known.adopted.retain(|key, _| keys.adopted_names.contains(key));
    known
}

fn rows_of(world: &World, keys: &RowKeys) -> Vec<LedgerRow> {
    let is_asked = |row: &&LedgerRow| keys.rows.contains(&row.id) || keys.workloads.contains(&row.binding.workload_id);
    world.rows.iter().filter(is_asked).cloned().collect()
}

fn listed_in(world: &World, scope: &Scope) -> Listed {
    let mut listing: Listing = world.listing.clone();
    if let Scope::Containers(scope) = scope {
        listing.containers.retain(|container| scope.contains(&container.id));
    }
    Listed { listing: Arc::new(listing), ..listed() }
}

/// One whose label claims the row `s:web`: no other row will do for it.
fn sole(number: u32) -> ListedContainer {
    labelled(number, "s", "stack", "web")
}

/// Row `s:web` is bound to container 1, `s:web:2` to container 2; both run.
fn two_replicas() -> World {
    let (first, second) = (web(1, 1), web(2, 2));
    let rows = vec![row("s:web", "s", &first), row("s:web:2", "s", &second)];
    world(vec![first, second], rows)
}

#[test]
fn a_scoped_pass_reads_lists_and_writes_its_own_rows_alone() {
    let mut world = two_replicas();
    let cache = knowledge_of(&world);
    world.listing.containers = vec![stopped(web(1, 1)), stopped(web(2, 2))];
    let scoped = run(&world, scope(&[1]), cache);
    assert_eq!(scoped.asked, ["Settle", "Open", "List", "LookUp", "Commit"]);
    let plan = scoped.plan.expect("something to write");
    assert_eq!(plan.rows.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["s:web"]);
    assert_eq!((plan.host.complete, plan.host.status), (false, None), "freshness is of whole passes");
    assert_eq!(scoped.finished.report.scope, scope(&[1]));
}

#[test]
fn a_scoped_pass_that_finds_nothing_new_writes_nothing_at_all() {
    let world = two_replicas();
    let scoped = run(&world, scope(&[1]), knowledge_of(&world));
    assert!(scoped.plan.is_none());
    assert_eq!((scoped.finished.report.unchanged, scoped.finished.report.error), (1, None));
}

#[test]
fn what_a_scoped_listing_lacks_is_missing_only_if_its_inspect_says_so() {
    let mut world = two_replicas();
    (world.rows, world.listing.containers) = (vec![world.rows.remove(0)], vec![world.listing.containers.remove(0)]);
    let cache = knowledge_of(&world);
    world.listing.containers.remove(0);
    let unsure = run(&world.clone().unanswered(1), scope(&[1]), cache);
    assert!(unsure.plan.is_none());
    assert_eq!(unsure.finished.report.unverified, 1);
    let gone = run(&world.gone(1), scope(&[1]), unsure.finished.cache);
    let plan = gone.plan.expect("the row goes missing");
    assert_eq!((plan.rows.len(), &plan.rows[0].observed.state), (1, &ContainerState::Missing));
}

/// compose makes the new container, then removes the old one: the event of the first may come after a pass over the second
/// has begun.
#[test]
fn a_row_whose_successor_is_beyond_the_scope_goes_over_to_it_and_is_not_missing_on_the_way() {
    let rows = || vec![row("s:web", "s", &web(1, 1))];
    let before = world(vec![web(1, 1)], rows());
    let after = world(vec![web(2, 1)], rows()).gone(1);
    let looked = run(&after, scope(&[1]), knowledge_of(&before));
    let plan = looked.plan.expect("there is something to write");
    let causes: Vec<_> = plan.rows.iter().map(|write| write.cause).collect();
    assert_eq!(causes, [ChangeCause::Rebound], "{:?}", looked.asked);
}

#[test]
fn a_new_container_is_bound_to_the_free_row_that_it_claims() {
    let mut world = two_replicas();
    let mut lost = world.rows[0].clone();
    lost.observed.state = ContainerState::Missing;
    world.rows[0] = lost;
    world.listing.containers.remove(0);
    let cache = knowledge_of(&world);
    world.listing.containers.push(web(3, 1));
    let scoped = run(&world, scope(&[3]), cache);
    assert_eq!(scoped.asked, ["Settle", "Open", "List", "LookUp", "ReadImages", "ReadRows", "LookUp", "Commit"]);
    let plan = scoped.plan.expect("bound");
    assert_eq!(plan.rows[0].expected, Some(Some(container_id(1))), "it is written over what was read");
    assert_eq!(plan.rows[0].binding.container_id, Some(container_id(3)));
}

#[test]
fn a_claim_on_a_row_that_is_bound_beyond_the_scope_looks_at_that_container_too() {
    let mut world = two_replicas();
    let cache = knowledge_of(&world);
    world.listing.containers.push(sole(3));
    let scoped = run(&world, scope(&[3]), cache);
    assert_eq!(
        scoped.asked,
        ["Settle", "Open", "List", "LookUp", "ReadImages", "ReadRows", "LookUp", "Open", "List", "LookUp"],
        "the one that is up keeps its row"
    );
    assert_eq!(scoped.finished.report.scope, scope(&[1, 3]));
}

/// F11: what it meets there is not of its business.
#[test]
fn a_new_replica_takes_the_next_slot_without_a_look_at_the_others() {
    let mut world = two_replicas();
    let cache = knowledge_of(&world);
    world.listing.containers.push(web(3, 3));
    let scoped = run(&world, scope(&[3]), cache);
    let plan = scoped.plan.expect("a row is made");
    assert_eq!(plan.rows.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["s:web:3"]);
    assert_eq!(scoped.finished.report.scope, scope(&[3]));
}

/// F11: an event names the container that went alone; who moves down has to be seen.
#[test]
fn the_loss_of_a_replica_looks_at_the_others_of_its_service() {
    let mut world = two_replicas();
    world.rows.push(row("s:api", "s", &container(9)));
    world.listing.containers.push(container(9));
    let cache = knowledge_of(&world);
    world.listing.containers.remove(0);
    let scoped = run(&world.gone(1), scope(&[1]), cache);
    let plan = scoped.plan.expect("it moves down");
    assert_eq!(plan.rows.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["s:web"]);
    assert_eq!(plan.rows[0].leaves.as_ref().map(RowId::as_str), Some("s:web:2"));
    assert_eq!(scoped.finished.report.scope, scope(&[1, 2]), "and at nobody else");
}

/// F11: compose's replacement is told by an event of its own, before anything happens to the one that it replaces.
#[test]
fn a_replacement_looks_at_the_one_that_it_replaces() {
    let mut world = two_replicas();
    let cache = knowledge_of(&world);
    let mut new = web(3, 1);
    new.state = ContainerState::Created;
    new.claims.compose_replace = Some(container_id(1).to_string().into());
    world.listing.containers.push(new);
    let scoped = run(&world, scope(&[3]), cache);
    assert!(scoped.plan.is_none(), "it waits");
    assert_eq!(scoped.finished.report.scope, scope(&[1, 3]));
}

#[test]
fn a_row_with_another_known_claimant_makes_it_the_whole_host() {
    let mut world = two_replicas();
    world.listing.containers.push(sole(3));
    let cache = knowledge_of(&world);
    world.listing.containers[0] = stopped(web(1, 1));
    let scoped = run(&world, scope(&[1]), cache);
    let plan = scoped.plan.expect("the claimant that is up takes the row");
    assert_eq!(plan.rows[0].binding.container_id, Some(container_id(3)));
    assert_eq!(scoped.finished.report.scope, Scope::Host);
}

#[test]
fn a_claimant_that_a_scoped_pass_met_is_known_to_the_next_and_forgotten_with_its_end() {
    let mut world = two_replicas();
    let cache = knowledge_of(&world);
    world.listing.containers.push(stopped(sole(3)));
    let met = run(&world, scope(&[1, 3]), cache);
    assert_eq!(met.finished.report.scope, scope(&[1, 3]), "both are in scope");
    let whole = run(&world, scope(&[1]), met.finished.cache);
    assert_eq!(whole.finished.report.scope, Scope::Host, "a rival beyond the scope");
    world.listing.containers.pop();
    let gone = run(&world, scope(&[3]), whole.finished.cache);
    let alone = run(&world, scope(&[1]), gone.finished.cache);
    assert_eq!(alone.finished.report.scope, scope(&[1]));
}

/// Its row would be marked missing, or stay with the one that ended, although a claimant runs.
#[test]
fn a_claimant_that_could_not_be_judged_yet_is_known_all_the_same() {
    let mut world = two_replicas();
    world.listing.containers.push(sole(3));
    let unanswered = world.clone().image("plain", ImageAnswer::Unanswered);
    let cache = knowledge_of(&unanswered);
    world.listing.containers.remove(0);
    let plan = run(&world.gone(1), scope(&[1]), cache).plan.expect("the row goes over");
    assert_eq!(plan.rows[0].binding.container_id, Some(container_id(3)));
}

#[test]
fn what_an_event_tells_of_is_owed_anew_also_where_it_was_owed_before() {
    let mut world = two_replicas();
    world.rows.iter_mut().for_each(|row| row.details_owed = true);
    let mut told = order(scope(&[1, 2]));
    told.news.details = [container_id(2)].into();
    let finished = run_ordered(&world, told, knowledge_of(&world)).finished;
    let rows = |pending: &[(RowId, ContainerId)]| pending.iter().map(|(row, _)| row.to_string()).collect::<Vec<_>>();
    assert_eq!(
        (rows(&finished.new_pending), rows(&finished.old_pending)),
        (vec!["s:web:2".into()], vec!["s:web".into()])
    );
}

#[test]
fn without_a_complete_listing_before_it_every_pass_is_whole() {
    let mut world = two_replicas();
    let scoped = run(&world, scope(&[1]), PassCache::default());
    assert_eq!(scoped.finished.report.scope, Scope::Host);
    world = world.partial();
    let partial = run(&world, Scope::Host, PassCache::default());
    assert_eq!(run(&world, scope(&[1]), partial.finished.cache).finished.report.scope, Scope::Host);
}

#[test]
fn a_scoped_pass_that_fails_is_told_of_the_host() {
    let world = two_replicas();
    let mut driver = with_order(settings(), order(scope(&[1])), knowledge_of(&world));
    let (settle, _) = driver.wanted.pop().expect("its container is inspected first");
    driver.on(Event::Examined(settle, HashMap::new()));
    let (open, list) = driver.open_then_list();
    driver.on(Event::Opened(open, Ok(opened(None))));
    driver.on(Event::Listed(list, Err(refused())));
    let (_, plan) = driver.plan();
    assert_eq!((plan.host.status, plan.host.complete), (Some(HostStatus::Unreachable), false));
}

/// D7: a container that is stuck hangs its inspect.
#[test]
fn the_list_waits_for_the_snapshot_and_for_the_daemon_to_settle_and_not_for_ever() {
    let world = two_replicas();
    for snapshot_first in [true, false] {
        let mut driver = with_order(settings(), order(scope(&[1])), knowledge_of(&world));
        let (settle, _) = driver.wanted.pop().expect("settle");
        let (open, _) = driver.wanted.pop().expect("open");
        let (snapshot, settled) = (Event::SnapshotBegan(open), Event::Deadline(settle, None));
        let (first, second) = if snapshot_first { (snapshot, settled) } else { (settled, snapshot) };
        driver.on(first);
        assert!(driver.wanted.is_empty(), "one of the two is not enough");
        driver.on(second);
        driver.asked("List");
        assert_eq!(driver.stuck, ["docker"], "a lane that hangs is replaced");
    }
}

// F12
#[test]
fn what_inspects_say_before_a_scoped_list_makes_up_for_what_the_list_lacks() {
    let mut world = two_replicas();
    let cache = knowledge_of(&world);
    world.listing.containers[0].health = HealthFact::Keep;
    let details = InspectedDetails { health: HealthFact::Known("healthy".into()), ..InspectedDetails::default() };
    let seen = ExaminedContainer { details, ..ExaminedContainer::from(web(1, 1)) };
    world.examined.insert(container_id(1), seen);
    let scoped = run(&world, scope(&[1]), cache);
    assert_eq!(scoped.asked, ["Settle", "Open", "List", "LookUp", "Commit"], "no other inspect");
    let plan = scoped.plan.expect("something to write");
    assert_eq!(plan.rows[0].observed.health.as_deref(), Some("healthy"));
}

// F9
#[test]
fn what_an_image_was_called_is_asked_once_and_known_from_then_on() {
    let mut world = two_replicas();
    let image = format!("sha256:{}", "ab".repeat(32));
    world.listing.containers.push(ListedContainer { image_ref: image.into(), ..web(3, 3) });
    let details = InspectedDetails { image_ref: Some("app:1".into()), ..InspectedDetails::default() };
    world.verified.insert(container_id(3), Inspected::Present(details));
    let first = run(&world, Scope::Host, PassCache::default());
    assert_eq!(first.asked, ["Open", "List", "LookUp", "ReadNames", "ReadImages", "Commit"]);
    let again = run(&world, Scope::Host, first.finished.cache);
    assert_eq!(again.asked, ["Open", "List", "LookUp", "Commit"]);
    for scoped in [first.plan, again.plan] {
        assert_eq!(&*scoped.expect("a row is made").rows[0].observed.image_ref, "app:1");
    }
}

#[test]
fn an_inspect_for_a_name_that_hangs_ends_with_its_worker_and_is_not_asked_again_in_the_pass() {
    let mut driver = with_order(settings(), order(Scope::Host), PassCache::default());
    let (open, list) = driver.open_then_list();
    driver.on(Event::Opened(open, Ok(opened(None))));
    let mut untagged = listed();
    let listing = Arc::make_mut(&mut untagged.listing);
    listing.containers[0].image_ref = format!("sha256:{}", "ab".repeat(32)).into();
    driver.on(Event::Listed(list, Ok(untagged)));
    let look_up = driver.asked("LookUp");
    driver.on(Event::Found(look_up, Ok(directory())));
    let names = driver.asked("ReadNames");
    driver.on(Event::DockerUp);
    let again = driver.asked("ReadNames");
    assert_ne!(names, again, "the next life of the lane is asked");
    driver.on(Event::Deadline(again, None));
    assert_eq!(driver.stuck, ["docker"]);
    driver.plan();
}
