-- What a deployer writes in plain SQL reaches the history: its own columns, rows that it makes, removes, or takes their
-- container from. Who writes so neither takes a revision nor waits for those who do: what happened is noted here, and told
-- by the process that keeps the host. Our own writes of a state name `recorded_state` with it, and are told by themselves.
CREATE TABLE foreign_writes (
    seq          INTEGER NOT NULL PRIMARY KEY,
    at           BIGINT NOT NULL,
    host         TEXT NOT NULL,
    row_id       TEXT NOT NULL,
    action       TEXT NOT NULL CHECK (action IN ('inserted', 'updated', 'deleted')),
    workload_id  TEXT,
    role         TEXT,
    name         TEXT,
    container_id TEXT,
    state        TEXT NOT NULL,
    attention    TEXT NOT NULL,
    -- A deployer's columns before and after, as JSON.
    before       TEXT NOT NULL,
    after        TEXT NOT NULL
);

CREATE INDEX foreign_writes_host ON foreign_writes (host, seq);

-- A row that says of a container that it is up has one.
UPDATE containers SET state = 'created'
 WHERE container_id IS NULL AND state IN ('running', 'paused', 'restarting', 'removing', 'stopped');

CREATE TRIGGER containers_foreign_insert AFTER INSERT ON containers
WHEN NEW.recorded_state IS NULL
BEGIN
    INSERT INTO foreign_writes (at, host, row_id, action, workload_id, role, name, container_id, state, attention, before, after)
    VALUES (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), NEW.host, NEW.id, 'inserted', NEW.workload_id, NEW.role, NEW.name,
            NEW.container_id, NEW.state, NEW.attention,
            '{}',
            json_object('subdomain', NEW.subdomain, 'proxy_route_id', NEW.proxy_route_id, 'npm_proxy_id', NEW.npm_proxy_id, 'image_tag', NEW.image_tag, 'stage_id', NEW.stage_id, 'container_id', NEW.container_id));
END;

CREATE TRIGGER containers_foreign_update AFTER UPDATE OF subdomain, proxy_route_id, npm_proxy_id, image_tag, stage_id ON containers
WHEN OLD.subdomain IS NOT NEW.subdomain
   OR OLD.proxy_route_id IS NOT NEW.proxy_route_id
   OR OLD.npm_proxy_id IS NOT NEW.npm_proxy_id
   OR OLD.image_tag IS NOT NEW.image_tag
   OR OLD.stage_id IS NOT NEW.stage_id
BEGIN
    INSERT INTO foreign_writes (at, host, row_id, action, workload_id, role, name, container_id, state, attention, before, after)
    VALUES (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), NEW.host, NEW.id, 'updated', NEW.workload_id, NEW.role, NEW.name,
            NEW.container_id, NEW.state, NEW.attention,
            json_object('subdomain', OLD.subdomain, 'proxy_route_id', OLD.proxy_route_id, 'npm_proxy_id', OLD.npm_proxy_id, 'image_tag', OLD.image_tag, 'stage_id', OLD.stage_id, 'container_id', OLD.container_id),
            json_object('subdomain', NEW.subdomain, 'proxy_route_id', NEW.proxy_route_id, 'npm_proxy_id', NEW.npm_proxy_id, 'image_tag', NEW.image_tag, 'stage_id', NEW.stage_id, 'container_id', NEW.container_id));
END;

CREATE TRIGGER containers_foreign_unbind AFTER UPDATE OF container_id ON containers
WHEN OLD.container_id IS NOT NULL AND NEW.container_id IS NULL
BEGIN
    INSERT INTO foreign_writes (at, host, row_id, action, workload_id, role, name, container_id, state, attention, before, after)
    VALUES (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), NEW.host, NEW.id, 'updated', NEW.workload_id, NEW.role, NEW.name,
            NEW.container_id, CASE WHEN NEW.state IN ('failed', 'missing') THEN NEW.state ELSE 'created' END, NEW.attention,
            json_object('subdomain', OLD.subdomain, 'proxy_route_id', OLD.proxy_route_id, 'npm_proxy_id', OLD.npm_proxy_id, 'image_tag', OLD.image_tag, 'stage_id', OLD.stage_id, 'container_id', OLD.container_id),
            json_object('subdomain', NEW.subdomain, 'proxy_route_id', NEW.proxy_route_id, 'npm_proxy_id', NEW.npm_proxy_id, 'image_tag', NEW.image_tag, 'stage_id', NEW.stage_id, 'container_id', NEW.container_id));
    UPDATE containers SET state = 'created'
     WHERE host = NEW.host AND id = NEW.id AND state NOT IN ('created', 'failed', 'missing');
END;

CREATE TRIGGER containers_foreign_delete AFTER DELETE ON containers
BEGIN
    INSERT INTO foreign_writes (at, host, row_id, action, workload_id, role, name, container_id, state, attention, before, after)
    VALUES (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), OLD.host, OLD.id, 'deleted', OLD.workload_id, OLD.role, OLD.name,
            OLD.container_id, OLD.state, OLD.attention,
            json_object('subdomain', OLD.subdomain, 'proxy_route_id', OLD.proxy_route_id, 'npm_proxy_id', OLD.npm_proxy_id, 'image_tag', OLD.image_tag, 'stage_id', OLD.stage_id, 'container_id', OLD.container_id),
            '{}');
END;

CREATE TRIGGER containers_insert_guard BEFORE INSERT ON containers
WHEN NEW.recorded_state IS NULL
BEGIN
    SELECT RAISE(ABORT, 'containers.state is the daemon''s: who makes a row may write created or failed, and failed only while it has no container')
     WHERE NEW.state NOT IN ('created', 'failed');
    SELECT RAISE(ABORT, 'containers.workload_kind is that of the workload')
     WHERE EXISTS (SELECT 1 FROM workloads w WHERE w.id = NEW.workload_id AND w.kind <> NEW.workload_kind);
END;

CREATE TRIGGER containers_state_guard BEFORE UPDATE OF state ON containers
WHEN NEW.state <> OLD.state AND NEW.recorded_state IS NOT NEW.state
 AND NOT (NEW.state IN ('created', 'failed') AND NEW.container_id IS NULL)
BEGIN
    SELECT RAISE(ABORT, 'containers.state is the daemon''s: who makes a row may write created or failed, and failed only while it has no container');
END;

CREATE TRIGGER containers_kind_guard BEFORE UPDATE OF workload_id, workload_kind ON containers
WHEN EXISTS (SELECT 1 FROM workloads w WHERE w.id = NEW.workload_id AND w.kind <> NEW.workload_kind)
BEGIN
    SELECT RAISE(ABORT, 'containers.workload_kind is that of the workload');
END;
