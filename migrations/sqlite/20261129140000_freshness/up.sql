-- Whether a host is fresh is computed when it is asked, from how often its passes are to come.

DROP VIEW containers_view;

-- Of a row that was written before, the interval is that of the configuration without a word on it.
ALTER TABLE hosts ADD COLUMN interval_ms BIGINT NOT NULL DEFAULT 30000;

-- How far the rows of each host can be trusted at the moment of the question: whatever the last pass said, a host whose last
-- complete pass is older than three of its intervals is stale, by the database's own clock. A moment that lies as far in the
-- future was written by a clock that has been set back since, and tells nothing either.
CREATE VIEW host_freshness AS
SELECT
    h.name,
    CASE WHEN abs((julianday('now') - 2440587.5) * 86400000 - h.last_complete_pass_at) > 3 * h.interval_ms THEN 'stale' ELSE h.status END AS status
FROM hosts h;

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
