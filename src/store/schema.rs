//! The tables as both backends know them; kept by hand, since each backend spells the types in its own way.

use diesel::{allow_tables_to_appear_in_same_query, table};

table! {
    projects (id) {
        id -> Text,
        name -> Text,
        created_at -> crate::store::db::moment::UtcTimestamp,
    }
}

table! {
    stages (id) {
        id -> Text,
        project_id -> Text,
        name -> Text,
        max_instances -> Nullable<Integer>,
        created_at -> crate::store::db::moment::UtcTimestamp,
    }
}

table! {
    stage_former_names (stage_id, name) {
        stage_id -> Text,
        name -> Text,
        retired -> BigInt,
    }
}

table! {
    stacks (id) {
        id -> Text,
        name -> Text,
        compose_project_name -> Nullable<Text>,
        created_at -> crate::store::db::moment::UtcTimestamp,
        origin -> Text,
    }
}

table! {
    stack_adopted_names (container_name) {
        container_name -> Text,
        stack_id -> Text,
        origin -> Text,
    }
}

table! {
    static_sites (id) {
        id -> Text,
        name -> Text,
        created_at -> crate::store::db::moment::UtcTimestamp,
    }
}

table! {
    workloads (id) {
        id -> Text,
        kind -> Text,
        ref_id -> Text,
        name -> Text,
        webhook_secret -> Text,
        created_at -> crate::store::db::moment::UtcTimestamp,
    }
}

table! {
    containers (host, id) {
        host -> Text,
        id -> Text,
        workload_id -> Text,
        workload_kind -> Text,
        role -> Text,
        container_id -> Nullable<Text>,
        name -> Text,
        image_ref -> Text,
        state -> Text,
        state_since -> Nullable<crate::store::db::moment::UtcTimestamp>,
        port -> Integer,
        ports -> Text,
        exit_code -> Nullable<BigInt>,
        health -> Nullable<Text>,
        restart_count -> Nullable<BigInt>,
        oom_killed -> Nullable<Bool>,
        started_at -> Nullable<crate::store::db::moment::UtcTimestamp>,
        finished_at -> Nullable<crate::store::db::moment::UtcTimestamp>,
        created_in_docker_at -> Nullable<crate::store::db::moment::UtcTimestamp>,
        last_seen_at -> Nullable<crate::store::db::moment::UtcTimestamp>,
        flapping_since -> Nullable<crate::store::db::moment::UtcTimestamp>,
        recent_starts -> Integer,
        subdomain -> Nullable<Text>,
        proxy_route_id -> Nullable<Text>,
        npm_proxy_id -> Nullable<Text>,
        image_tag -> Nullable<Text>,
        stage_id -> Nullable<Text>,
        created_at -> crate::store::db::moment::UtcTimestamp,
        updated_at -> crate::store::db::moment::UtcTimestamp,
        revision -> BigInt,
        recorded_state -> Nullable<Text>,
        seen_container_id -> Nullable<Text>,
        details_owed -> Bool,
        state_after -> Nullable<crate::store::db::moment::UtcTimestamp>,
        ended_by_request -> Nullable<Bool>,
        health_since -> Nullable<crate::store::db::moment::UtcTimestamp>,
        start_error -> Nullable<Text>,
        attention -> Text,
        attention_since -> Nullable<crate::store::db::moment::UtcTimestamp>,
    }
}

table! {
    containers_view (host, id) {
        host -> Text,
        id -> Text,
        workload_id -> Text,
        workload_kind -> Text,
        role -> Text,
        container_id -> Nullable<Text>,
        name -> Text,
        image_ref -> Text,
        state -> Text,
        state_since -> Nullable<crate::store::db::moment::UtcTimestamp>,
        port -> Integer,
        ports -> Text,
        exit_code -> Nullable<BigInt>,
        health -> Nullable<Text>,
        restart_count -> Nullable<BigInt>,
        oom_killed -> Nullable<Bool>,
        started_at -> Nullable<crate::store::db::moment::UtcTimestamp>,
        finished_at -> Nullable<crate::store::db::moment::UtcTimestamp>,
        created_in_docker_at -> Nullable<crate::store::db::moment::UtcTimestamp>,
        last_seen_at -> Nullable<crate::store::db::moment::UtcTimestamp>,
        flapping_since -> Nullable<crate::store::db::moment::UtcTimestamp>,
        recent_starts -> Integer,
        subdomain -> Nullable<Text>,
        proxy_route_id -> Nullable<Text>,
        npm_proxy_id -> Nullable<Text>,
        image_tag -> Nullable<Text>,
        stage_id -> Nullable<Text>,
        created_at -> crate::store::db::moment::UtcTimestamp,
        updated_at -> crate::store::db::moment::UtcTimestamp,
        revision -> BigInt,
        workload_name -> Nullable<Text>,
        host_status -> Nullable<Text>,
        last_complete_pass_at -> Nullable<crate::store::db::moment::UtcTimestamp>,
        effective_stage_id -> Nullable<Text>,
        ended_by_request -> Nullable<Bool>,
        health_since -> Nullable<crate::store::db::moment::UtcTimestamp>,
        start_error -> Nullable<Text>,
        attention -> Text,
        attention_since -> Nullable<crate::store::db::moment::UtcTimestamp>,
    }
}

table! {
    hosts (name) {
        name -> Text,
        endpoint -> Nullable<Text>,
        engine -> Nullable<Text>,
        engine_version -> Nullable<Text>,
        engine_identity -> Nullable<Text>,
        identity_confirmed -> Bool,
        last_complete_pass_at -> Nullable<crate::store::db::moment::UtcTimestamp>,
        last_pass_id -> Nullable<Text>,
        status -> Nullable<Text>,
        last_error -> Nullable<Text>,
        unchanged_passes -> BigInt,
        interval_ms -> BigInt,
        lease_holder -> Nullable<Text>,
        lease_generation -> BigInt,
        lease_expires_at -> Nullable<crate::store::db::moment::UtcTimestamp>,
        changes_pruned_to -> BigInt,
        refusals -> Nullable<Text>,
    }
}

table! {
    host_freshness (name) {
        name -> Text,
        status -> Nullable<Text>,
    }
}

table! {
    passes (pass_id) {
        pass_id -> Text,
        host -> Text,
        trigger -> Text,
        scope -> Text,
        completeness -> Text,
        outcome -> Text,
        started_at -> crate::store::db::moment::UtcTimestamp,
        duration_ms -> BigInt,
        list_ms -> BigInt,
        listed -> Integer,
        inserted -> Integer,
        updated -> Integer,
        missing -> Integer,
        returned -> Integer,
        error -> Nullable<Text>,
    }
}

table! {
    audit (id) {
        id -> Text,
        at -> crate::store::db::moment::UtcTimestamp,
        who -> Text,
        action -> Text,
        host -> Text,
        row_id -> Text,
        workload_id -> Nullable<Text>,
        container_id -> Nullable<Text>,
        outcome -> Text,
        duration_ms -> Nullable<BigInt>,
        error -> Nullable<Text>,
    }
}

table! {
    revision_counter (id) {
        id -> Integer,
        value -> BigInt,
        pruned_to -> BigInt,
    }
}

table! {
    changes (revision) {
        revision -> BigInt,
        at -> crate::store::db::moment::UtcTimestamp,
        host -> Text,
        row_id -> Text,
        container_id -> Nullable<Text>,
        workload_id -> Nullable<Text>,
        from_state -> Nullable<Text>,
        to_state -> Text,
        exit_code -> Nullable<BigInt>,
        cause -> Text,
        pass_id -> Nullable<Text>,
        role -> Nullable<Text>,
        name -> Nullable<Text>,
        differences -> Nullable<Text>,
        workload_kind -> Nullable<Text>,
        workload_name -> Nullable<Text>,
    }
}

table! {
    foreign_writes (seq) {
        seq -> BigInt,
        at -> crate::store::db::moment::UtcTimestamp,
        host -> Text,
        row_id -> Text,
        action -> Text,
        workload_id -> Nullable<Text>,
        role -> Nullable<Text>,
        name -> Nullable<Text>,
        container_id -> Nullable<Text>,
        state -> Text,
        attention -> Text,
        before -> Text,
        after -> Text,
    }
}

table! {
    notifications (host, name) {
        host -> Text,
        name -> Text,
        revision -> BigInt,
        stale_since -> Nullable<crate::store::db::moment::UtcTimestamp>,
        stale_is_told -> Bool,
    }
}

allow_tables_to_appear_in_same_query!(
    audit,
    changes,
    containers,
    containers_view,
    foreign_writes,
    host_freshness,
    hosts,
    notifications,
    passes,
    projects,
    stack_adopted_names,
    stacks,
    stage_former_names,
    stages,
    static_sites,
    workloads,
);
