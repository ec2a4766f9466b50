//! What is measured on the connection itself: how many statements a pass takes, and how they find their rows.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use diesel::connection::{InstrumentationEvent, SimpleConnection};
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::{CommitPlan, HostStamp, LeaseHolder, NewParent, OpenMode, PassStamp, Store, lease_time_to_live};
use crate::config::Config;
use crate::model::{Completeness, DirectoryKeys, HostStatus, PassId, PassOutcome, Scope, Timestamp, Trigger};
use crate::store::passes::pass::UNSEEN_ROWS;

fn store(directory: &tempfile::TempDir) -> Store {
    let path = directory.path().join("ledger.db");
    Store::open(&Config::new(path.to_str().expect("a plain path")), OpenMode::Write).expect("the ledger opens")
}

/// Everything that is sent from now on, begins and commits included.
fn statements(store: &mut Store) -> Arc<Mutex<Vec<String>>> {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let listener = heard.clone();
    store.with_connection(|db| {
        db.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::StartQuery { query, .. } = event {
                listener.lock().expect("one thread").push(query.to_string());
            }
        });
    });
    heard
}

fn explained(store: &mut Store, sql: &str) -> String {
    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = Text)]
        detail: String,
    }
    let mut steps: Vec<Step> = Vec::new();
    store.with_connection(|db| {
        steps = diesel::sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load(db).expect("a plan");
    });
    steps.into_iter().map(|step| step.detail).collect::<Vec<_>>().join("; ")
}

fn steady_plan() -> CommitPlan {
    CommitPlan {
        pass: PassStamp {
            id: PassId::fresh(),
            trigger: Trigger::Tick,
            scope: Scope::Host,
            completeness: Completeness::Complete,
            outcome: PassOutcome::Committed,
            started_at: Timestamp::now(),
            listed_at: Timestamp::now(),
            list_ms: 1,
            elapsed_ms: 1,
            listed: 0,
            error: None,
        },
        host: HostStamp {
            endpoint: "unix:///x".into(),
            identity: None,
            uses_confirmation: false,
            status: Some(HostStatus::Fresh),
            complete: true,
            interval: std::time::Duration::from_secs(30),
            refusals: None,
        },
        rows: Arc::default(),
        row_by_row: false,
    }
}

fn keys(prefix: &str, count: usize) -> BTreeSet<String> {
    (0..count).map(|number| format!("{prefix}{number}")).collect()
}

#[test]
fn a_steady_pass_takes_at_most_12_statements_and_one_for_each_2000_keys() {
    const KEYS: usize = 10_000;
    let directory = tempfile::tempdir().expect("a directory");
    let mut store = store(&directory);
    let holder = LeaseHolder::of_this_process();
    let host = "local".into();
    let time_to_live = lease_time_to_live(std::time::Duration::from_secs(30));
    let lease = store.acquire_lease(&host, &holder, time_to_live).expect("a lease");
    let heard = statements(&mut store);
    store.open_pass(&host, || {}).expect("opened");
    let names = DirectoryKeys {
        workloads: keys("w", KEYS),
        sites: keys("s", 1),
        compose_projects: keys("c", 1),
        adopted_names: keys("n", 1),
        elsewhere: None,
    };
    store.look_up(&names).expect("a directory");
    store.commit(&lease, &steady_plan()).expect("committed");
    let heard = heard.lock().expect("one thread");
    assert!(heard.iter().any(|sql| sql.contains("BEGIN IMMEDIATE")), "{heard:#?}");
    assert!(heard.len() <= 12 + KEYS / 2_000, "{heard:#?}");
    assert_eq!(heard.iter().filter(|sql| sql.starts_with("UPDATE")).count(), 1, "{heard:#?}");
}

fn bound_pages(store: &mut Store, pages: u32) {
    store.with_connection(|db| {
        db.batch_execute(&format!("PRAGMA max_page_count = {pages}")).expect("a setting");
    });
}

/// S3: SQLite rolls back by itself and then refuses our rollback; what is told is the cause, and the store works on.
#[test]
fn s3_a_full_disk_is_told_with_its_cure_and_survived() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut store = store(&directory);
    // No page more than there are: what a full disk does to the next one.
    bound_pages(&mut store, 1);
    let new = |number| NewParent { name: format!("stack-{number}"), ..NewParent::default() };
    let error = (0..10_000).find_map(|number| store.add_stack(&new(number), None).err()).expect("no room for so many");
    assert!(error.to_string().contains("is full; make room"), "{error}");
    let before = store.list_stacks().expect("it reads").len();
    bound_pages(&mut store, 100_000);
    store.add_site(&NewParent { name: "docs".into(), ..NewParent::default() }).expect("room again");
    assert_eq!(store.list_stacks().expect("it reads").len(), before);
}

#[test]
fn the_look_up_of_a_compose_project_is_an_index_search() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut store = store(&directory);
    store.add_stack(&NewParent { name: "shop".into(), ..NewParent::default() }, None).expect("a stack");
    let heard = statements(&mut store);
    store
        .look_up(&DirectoryKeys { compose_projects: ["shop".into()].into(), ..DirectoryKeys::default() })
        .expect("a directory");
    let sql = heard.lock().expect("one thread").first().cloned().expect("the query");
    let plan = explained(&mut store, sql.split(" -- ").next().expect("the query without its values"));
    assert!(plan.contains("SEARCH stacks USING INDEX sqlite_autoindex_stacks"), "{plan}");
    assert!(!plan.contains("SCAN"), "{plan}");
}

#[test]
fn the_look_for_new_bindings_reads_their_own_index_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    let plan = explained(&mut store(&directory), UNSEEN_ROWS);
    assert!(plan.contains("containers_unseen"), "{plan}");
}

#[test]
fn a_scoped_open_finds_its_rows_by_the_index_of_containers() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut store = store(&directory);
    let heard = statements(&mut store);
    store.open_containers(&"local".into(), &["c1".into(), "c2".into()].into(), || {}).expect("opened");
    let heard = heard.lock().expect("one thread").clone();
    let sql = heard.iter().find(|sql| sql.contains("container_id` IN")).expect("the query");
    let plan = explained(&mut store, sql.split(" -- ").next().expect("the query without its values"));
    assert!(plan.contains("SEARCH containers USING INDEX containers_bound"), "{plan}");
}
