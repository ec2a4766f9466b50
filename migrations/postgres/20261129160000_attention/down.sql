DROP INDEX changes_workload;
ALTER TABLE changes DROP COLUMN workload_name;
ALTER TABLE changes DROP COLUMN workload_kind;
ALTER TABLE changes DROP COLUMN differences;
ALTER TABLE changes DROP COLUMN name;
ALTER TABLE changes DROP COLUMN role;

-- Its columns are in the view's way: it is made anew, and those who could read it still can.
DO $$
DECLARE
    grants TEXT[];
    granted TEXT;
BEGIN
    SELECT array_agg(format(
            'GRANT %s ON containers_view TO %s%s',
            acl.privilege_type,
            CASE WHEN acl.grantee = 0 THEN 'PUBLIC' ELSE acl.grantee::regrole::text END,
            CASE WHEN acl.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END))
      INTO grants
      FROM pg_class c, aclexplode(c.relacl) acl
     WHERE c.oid = 'containers_view'::regclass AND acl.grantee <> c.relowner;

    DROP VIEW containers_view;
    ALTER TABLE containers DROP COLUMN attention_since;
    ALTER TABLE containers DROP COLUMN attention;
    ALTER TABLE containers DROP COLUMN start_error;
    ALTER TABLE containers DROP COLUMN health_since;
    ALTER TABLE containers DROP COLUMN ended_by_request;

    CREATE VIEW containers_view AS
    SELECT
        c.host, c.id, c.workload_id, c.workload_kind, c.role, c.container_id,
        c.name, c.image_ref, c.state, c.state_since, c.port, c.ports, c.exit_code, c.health, c.restart_count,
        c.oom_killed, c.started_at, c.finished_at, c.created_in_docker_at,
        CASE WHEN c.state = 'missing' THEN c.last_seen_at ELSE h.last_complete_pass_at END AS last_seen_at,
        c.subdomain, c.proxy_route_id, c.npm_proxy_id, c.image_tag, c.stage_id,
        c.created_at, c.updated_at, c.revision,
        w.name AS workload_name,
        hf.status AS host_status,
        h.last_complete_pass_at,
        COALESCE(
            c.stage_id,
            (SELECT s.id FROM stages s WHERE w.kind = 'project' AND s.project_id = w.ref_id AND s.name = c.role),
            (SELECT s.id FROM stages s JOIN stage_former_names f ON f.stage_id = s.id
              WHERE w.kind = 'project' AND s.project_id = w.ref_id AND f.name = c.role
              ORDER BY f.retired DESC LIMIT 1)
        ) AS effective_stage_id,
        c.flapping_since, c.recent_starts
    FROM containers c
    LEFT JOIN workloads w ON w.id = c.workload_id
    LEFT JOIN hosts h ON h.name = c.host
    LEFT JOIN host_freshness hf ON hf.name = c.host;

    FOREACH granted IN ARRAY COALESCE(grants, '{}') LOOP
        EXECUTE granted;
    END LOOP;
END $$;
