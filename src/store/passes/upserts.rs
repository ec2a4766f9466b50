//! The statements that write rows that are there: each names its own columns, so that an indexed one that did not change is
//! never set.

use diesel::prelude::*;
use diesel::upsert::excluded;

use crate::store::db::{Db, each_backend};
use crate::store::passes::rows::{Attended, FirstSight, Observation, Rebinding};
use crate::store::schema::containers;

macro_rules! excluded_columns {
    ($($column:ident),* $(,)?) => { ($(containers::$column.eq(excluded(containers::$column)),)*) };
}

pub(in crate::store) fn rebind(db: &mut Db, rows: &[Rebinding<'_>]) -> QueryResult<usize> {
    each_backend!(db, connection => diesel::insert_into(containers::table)
        .values(rows)
        .on_conflict((containers::host, containers::id))
        .do_update()
        .set(excluded_columns!(role, container_id, seen_container_id))
        .execute(connection))
}

pub(in crate::store) fn see_first(db: &mut Db, rows: &[FirstSight<'_>]) -> QueryResult<usize> {
    each_backend!(db, connection => diesel::insert_into(containers::table)
        .values(rows)
        .on_conflict((containers::host, containers::id))
        .do_update()
        .set(excluded_columns!(seen_container_id))
        .execute(connection))
}

pub(in crate::store) fn attend(db: &mut Db, rows: &[Attended<'_>]) -> QueryResult<usize> {
    each_backend!(db, connection => diesel::insert_into(containers::table)
        .values(rows)
        .on_conflict((containers::host, containers::id))
        .do_update()
        .set(excluded_columns!(ended_by_request, health_since, start_error, attention, attention_since))
        .execute(connection))
}

pub(in crate::store) fn observe(db: &mut Db, rows: &[Observation<'_>]) -> QueryResult<usize> {
    each_backend!(db, connection => diesel::insert_into(containers::table)
        .values(rows)
        .on_conflict((containers::host, containers::id))
        .do_update()
        .set(excluded_columns!(
            name,
            image_ref,
            state,
            state_since,
            port,
            ports,
            exit_code,
            health,
            restart_count,
            oom_killed,
            started_at,
            finished_at,
            created_in_docker_at,
            last_seen_at,
            flapping_since,
            recent_starts,
            recorded_state,
            details_owed,
            state_after,
            updated_at,
            revision,
        ))
        .execute(connection))
}
