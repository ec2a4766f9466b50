-- Whether somebody has to look at a row, why and since when: words with commas between them, the worst first. It is written
-- with what it follows from: whether the end of a container, or its removal, was asked for, since when a health check says
-- what it says, and why a process could not be started.

DROP VIEW containers_view;

ALTER TABLE containers ADD COLUMN ended_by_request BOOLEAN;
ALTER TABLE containers ADD COLUMN health_since BIGINT;
ALTER TABLE containers ADD COLUMN start_error TEXT;
ALTER TABLE containers ADD COLUMN attention TEXT NOT NULL DEFAULT '';
ALTER TABLE containers ADD COLUMN attention_since BIGINT;

UPDATE containers SET attention = rtrim(
    CASE WHEN state = 'missing' THEN 'missing,' ELSE '' END
    || CASE WHEN state IN ('stopped', 'restarting') AND exit_code <> 0 THEN 'crashed,' ELSE '' END
    || CASE WHEN oom_killed AND state IN ('stopped', 'restarting', 'running', 'paused') THEN 'out_of_memory,' ELSE '' END
    || CASE WHEN health = 'unhealthy' AND state IN ('restarting', 'running', 'paused') THEN 'unhealthy,' ELSE '' END
    || CASE WHEN flapping_since IS NOT NULL THEN 'flapping,' ELSE '' END, ',');
UPDATE containers SET attention_since = COALESCE(flapping_since, state_since) WHERE attention <> '';

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
    c.flapping_since, c.recent_starts,
    c.ended_by_request, c.health_since, c.start_error, c.attention, c.attention_since
FROM containers c
LEFT JOIN workloads w ON w.id = c.workload_id
LEFT JOIN hosts h ON h.name = c.host
LEFT JOIN host_freshness hf ON hf.name = c.host;

-- The history names whose container it tells of, and what else than the state differs, as JSON. A workload is named by its
-- line as long as it has one, and by what is noted when it is removed from then on.
ALTER TABLE changes ADD COLUMN role TEXT;
ALTER TABLE changes ADD COLUMN name TEXT;
ALTER TABLE changes ADD COLUMN differences TEXT;
ALTER TABLE changes ADD COLUMN workload_kind TEXT;
ALTER TABLE changes ADD COLUMN workload_name TEXT;
CREATE INDEX changes_workload ON changes (workload_id, revision);
