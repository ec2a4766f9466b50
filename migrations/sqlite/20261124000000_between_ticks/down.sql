DROP VIEW containers_view;

ALTER TABLE containers DROP COLUMN recent_starts;
ALTER TABLE containers DROP COLUMN flapping_since;

-- A degraded pass wrote what it could, as a partial one does.
CREATE TABLE passes_anew (
    pass_id      TEXT NOT NULL PRIMARY KEY,
    host         TEXT NOT NULL,
    "trigger"    TEXT NOT NULL,
    scope        TEXT NOT NULL,
    completeness TEXT NOT NULL CHECK (completeness IN ('complete', 'partial', 'failed')),
    outcome      TEXT NOT NULL CHECK (outcome IN ('committed', 'partial', 'failed', 'wrong_daemon')),
    started_at   BIGINT NOT NULL,
    duration_ms  BIGINT NOT NULL,
    list_ms      BIGINT NOT NULL,
    listed       INTEGER NOT NULL,
    inserted     INTEGER NOT NULL,
    updated      INTEGER NOT NULL,
    missing      INTEGER NOT NULL,
    returned     INTEGER NOT NULL,
    error        TEXT
);

INSERT INTO passes_anew (pass_id, host, "trigger", scope, completeness, outcome, started_at, duration_ms, list_ms, listed, inserted,
    updated, missing, returned, error)
SELECT pass_id, host, "trigger", scope, completeness, CASE outcome WHEN 'degraded' THEN 'partial' ELSE outcome END, started_at, duration_ms, list_ms, listed, inserted,
    updated, missing, returned, error
FROM passes;

DROP TABLE passes;
ALTER TABLE passes_anew RENAME TO passes;
CREATE INDEX passes_host ON passes (host, started_at);

CREATE VIEW containers_view AS
SELECT
    c.host, c.id, c.workload_id, c.workload_kind, c.role, c.container_id,
    c.name, c.image_ref, c.state, c.state_since, c.port, c.ports, c.exit_code, c.health, c.restart_count,
    c.oom_killed, c.started_at, c.finished_at, c.created_in_docker_at,
    CASE WHEN c.state = 'missing' THEN c.last_seen_at ELSE h.last_complete_pass_at END AS last_seen_at,
    c.subdomain, c.proxy_route_id, c.npm_proxy_id, c.image_tag, c.stage_id,
    c.created_at, c.updated_at, c.revision,
    w.name AS workload_name,
    h.status AS host_status,
    h.last_complete_pass_at,
    COALESCE(
        c.stage_id,
        (SELECT s.id FROM stages s WHERE w.kind = 'project' AND s.project_id = w.ref_id AND s.name = c.role),
        (SELECT s.id FROM stages s JOIN stage_former_names f ON f.stage_id = s.id
          WHERE w.kind = 'project' AND s.project_id = w.ref_id AND f.name = c.role
          ORDER BY f.retired DESC LIMIT 1)
    ) AS effective_stage_id
FROM containers c
LEFT JOIN workloads w ON w.id = c.workload_id
LEFT JOIN hosts h ON h.name = c.host;
