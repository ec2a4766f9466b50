-- The ledger. The columns of `containers` have one owner each: see migrations/README.md.

CREATE TABLE projects (
    id         TEXT NOT NULL PRIMARY KEY CHECK (id <> ''),
    name       TEXT NOT NULL UNIQUE CHECK (name <> ''),
    created_at TIMESTAMPTZ NOT NULL DEFAULT date_trunc('milliseconds', now())
);

CREATE TABLE stages (
    id            TEXT NOT NULL PRIMARY KEY CHECK (id <> ''),
    project_id    TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name          TEXT NOT NULL CHECK (name <> ''),
    max_instances INTEGER,
    created_at    TIMESTAMPTZ NOT NULL DEFAULT date_trunc('milliseconds', now()),
    UNIQUE (project_id, name)
);

-- The names that stages bore before. `retired` grows within a project: the greatest bore a name last.
CREATE TABLE stage_former_names (
    stage_id TEXT NOT NULL REFERENCES stages (id) ON DELETE CASCADE,
    name     TEXT NOT NULL,
    retired  BIGINT NOT NULL,
    PRIMARY KEY (stage_id, name)
);

CREATE TABLE stacks (
    id                   TEXT NOT NULL PRIMARY KEY CHECK (id <> ''),
    name                 TEXT NOT NULL UNIQUE CHECK (name <> ''),
    compose_project_name TEXT UNIQUE CHECK (compose_project_name <> ''),
    created_at           TIMESTAMPTZ NOT NULL DEFAULT date_trunc('milliseconds', now())
);

CREATE TABLE stack_adopted_names (
    container_name TEXT NOT NULL PRIMARY KEY CHECK (container_name <> ''),
    stack_id       TEXT NOT NULL REFERENCES stacks (id) ON DELETE CASCADE
);

CREATE INDEX stack_adopted_names_stack ON stack_adopted_names (stack_id);

CREATE TABLE static_sites (
    id         TEXT NOT NULL PRIMARY KEY CHECK (id <> ''),
    name       TEXT NOT NULL UNIQUE CHECK (name <> ''),
    created_at TIMESTAMPTZ NOT NULL DEFAULT date_trunc('milliseconds', now())
);

-- `webhook_secret` holds a digest: a copy of the database reveals no secret.
CREATE TABLE workloads (
    id             TEXT NOT NULL PRIMARY KEY CHECK (id <> '' AND id NOT LIKE '%:%'),
    kind           TEXT NOT NULL CHECK (kind IN ('project', 'stack', 'site')),
    ref_id         TEXT NOT NULL,
    name           TEXT NOT NULL,
    webhook_secret TEXT NOT NULL UNIQUE CHECK (webhook_secret LIKE 'sha256:%'),
    created_at     TIMESTAMPTZ NOT NULL DEFAULT date_trunc('milliseconds', now()),
    UNIQUE (kind, ref_id)
);

CREATE TABLE containers (
    host                 TEXT NOT NULL CHECK (host <> ''),
    id                   TEXT NOT NULL CHECK (id <> ''),
    -- binding
    workload_id          TEXT NOT NULL REFERENCES workloads (id),
    workload_kind        TEXT NOT NULL CHECK (workload_kind IN ('project', 'stack', 'site')),
    role                 TEXT NOT NULL DEFAULT '',
    container_id         TEXT CHECK (container_id <> ''),
    -- observed
    name                 TEXT NOT NULL DEFAULT '',
    image_ref            TEXT NOT NULL DEFAULT '',
    state                TEXT NOT NULL DEFAULT 'created' CHECK (state <> '' AND state <> 'forgotten'),
    state_since          TIMESTAMPTZ,
    port                 INTEGER NOT NULL DEFAULT 0,
    ports                TEXT NOT NULL DEFAULT '',
    exit_code            INTEGER,
    health               TEXT,
    restart_count        BIGINT,
    oom_killed           BOOLEAN,
    started_at           TIMESTAMPTZ,
    finished_at          TIMESTAMPTZ,
    created_in_docker_at TIMESTAMPTZ,
    last_seen_at         TIMESTAMPTZ,
    -- the deployer's
    subdomain            TEXT,
    proxy_route_id       TEXT,
    npm_proxy_id         TEXT,
    image_tag            TEXT,
    stage_id             TEXT,
    -- whoever writes the row
    created_at           TIMESTAMPTZ NOT NULL DEFAULT date_trunc('milliseconds', now()),
    updated_at           TIMESTAMPTZ NOT NULL DEFAULT date_trunc('milliseconds', now()),
    revision             BIGINT NOT NULL DEFAULT 0,
    -- how far Dockledger has come with the row
    recorded_state       TEXT,
    seen_container_id    TEXT,
    details_owed         BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (host, id)
) WITH (fillfactor = 60);

CREATE UNIQUE INDEX containers_bound ON containers (host, container_id) WHERE container_id IS NOT NULL;
CREATE INDEX containers_workload ON containers (workload_id);
CREATE INDEX containers_stage ON containers (stage_id) WHERE stage_id IS NOT NULL;
-- Bound by somebody else, and no pass has looked yet: empty but for a moment. An equation, since PostgreSQL takes an
-- inequality for true of nearly every row and then reads the whole table.
CREATE INDEX containers_unseen ON containers (host)
    WHERE CASE WHEN container_id IS NULL OR seen_container_id = container_id THEN 0 ELSE 1 END = 1;

CREATE TABLE hosts (
    name                  TEXT NOT NULL PRIMARY KEY CHECK (name <> ''),
    endpoint              TEXT,
    engine                TEXT,
    engine_version        TEXT,
    engine_identity       TEXT,
    -- Set by `hosts confirm`: the next identity is taken on trust.
    identity_confirmed    BOOLEAN NOT NULL DEFAULT FALSE,
    last_complete_pass_at TIMESTAMPTZ,
    last_pass_id          TEXT,
    status                TEXT CHECK (status IN ('fresh', 'stale', 'unreachable', 'degraded', 'wrong_daemon')),
    last_error            TEXT,
    unchanged_passes      BIGINT NOT NULL DEFAULT 0,
    lease_holder          TEXT,
    lease_generation      BIGINT NOT NULL DEFAULT 0,
    lease_expires_at      TIMESTAMPTZ
) WITH (fillfactor = 20);

CREATE TABLE passes (
    pass_id      TEXT NOT NULL PRIMARY KEY,
    host         TEXT NOT NULL,
    "trigger"    TEXT NOT NULL,
    scope        TEXT NOT NULL,
    completeness TEXT NOT NULL CHECK (completeness IN ('complete', 'partial', 'failed')),
    outcome      TEXT NOT NULL CHECK (outcome IN ('committed', 'partial', 'failed', 'wrong_daemon')),
    started_at   TIMESTAMPTZ NOT NULL,
    duration_ms  BIGINT NOT NULL,
    list_ms      BIGINT NOT NULL,
    listed       INTEGER NOT NULL,
    inserted     INTEGER NOT NULL,
    updated      INTEGER NOT NULL,
    missing      INTEGER NOT NULL,
    returned     INTEGER NOT NULL,
    error        TEXT
);

CREATE INDEX passes_host ON passes (host, started_at);

-- One row: a sequence would number changes in another order than they commit in.
CREATE TABLE revision_counter (
    id    INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    value BIGINT NOT NULL
);

INSERT INTO revision_counter (id, value) VALUES (1, 0);

CREATE TABLE changes (
    revision     BIGINT NOT NULL PRIMARY KEY,
    at           TIMESTAMPTZ NOT NULL,
    host         TEXT NOT NULL,
    row_id       TEXT NOT NULL,
    container_id TEXT,
    workload_id  TEXT,
    from_state   TEXT,
    to_state     TEXT NOT NULL,
    exit_code    INTEGER,
    cause        TEXT NOT NULL,
    pass_id      TEXT
);

CREATE INDEX changes_at ON changes (at);

-- What readers ask: rows with their owner's name, their host's freshness and the stage that they belong to.
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
