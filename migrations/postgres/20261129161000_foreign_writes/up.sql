-- What a deployer writes in plain SQL reaches the history: its own columns, rows that it makes, removes, or takes their
-- container from. Who writes so neither takes a revision nor waits for those who do: what happened is noted here, and told
-- by the process that keeps the host. Our own writes of a state name `recorded_state` with it, and are told by themselves.
CREATE TABLE foreign_writes (
    seq          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at           TIMESTAMPTZ NOT NULL,
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

-- Whoever may write a row may have it noted, and needs no right on the notes.
CREATE FUNCTION note_foreign_write() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO foreign_writes (at, host, row_id, action, workload_id, role, name, container_id, state, attention, before, after)
        VALUES (date_trunc('milliseconds', clock_timestamp()), NEW.host, NEW.id, 'inserted', NEW.workload_id, NEW.role, NEW.name,
                NEW.container_id, NEW.state, NEW.attention,
                '{}', jsonb_build_object('subdomain', NEW.subdomain, 'proxy_route_id', NEW.proxy_route_id, 'npm_proxy_id', NEW.npm_proxy_id, 'image_tag', NEW.image_tag, 'stage_id', NEW.stage_id, 'container_id', NEW.container_id)::text);
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO foreign_writes (at, host, row_id, action, workload_id, role, name, container_id, state, attention, before, after)
        VALUES (date_trunc('milliseconds', clock_timestamp()), NEW.host, NEW.id, 'updated', NEW.workload_id, NEW.role, NEW.name,
                NEW.container_id, NEW.state, NEW.attention,
                jsonb_build_object('subdomain', OLD.subdomain, 'proxy_route_id', OLD.proxy_route_id, 'npm_proxy_id', OLD.npm_proxy_id, 'image_tag', OLD.image_tag, 'stage_id', OLD.stage_id, 'container_id', OLD.container_id)::text, jsonb_build_object('subdomain', NEW.subdomain, 'proxy_route_id', NEW.proxy_route_id, 'npm_proxy_id', NEW.npm_proxy_id, 'image_tag', NEW.image_tag, 'stage_id', NEW.stage_id, 'container_id', NEW.container_id)::text);
    ELSE
        INSERT INTO foreign_writes (at, host, row_id, action, workload_id, role, name, container_id, state, attention, before, after)
        VALUES (date_trunc('milliseconds', clock_timestamp()), OLD.host, OLD.id, 'deleted', OLD.workload_id, OLD.role, OLD.name,
                OLD.container_id, OLD.state, OLD.attention,
                jsonb_build_object('subdomain', OLD.subdomain, 'proxy_route_id', OLD.proxy_route_id, 'npm_proxy_id', OLD.npm_proxy_id, 'image_tag', OLD.image_tag, 'stage_id', OLD.stage_id, 'container_id', OLD.container_id)::text, '{}');
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION guard_foreign_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'containers.state is the daemon''s: who makes a row may write created or failed, and failed only while it has no container' USING ERRCODE = 'check_violation';
END $$;

CREATE FUNCTION guard_workload_kind() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM workloads w WHERE w.id = NEW.workload_id AND w.kind <> NEW.workload_kind) THEN
        RAISE EXCEPTION 'containers.workload_kind is that of the workload' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

-- Before the row is written: it has no container whose state it could tell.
CREATE FUNCTION unbind_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.state := 'created';
    RETURN NEW;
END $$;

CREATE TRIGGER containers_foreign_insert AFTER INSERT ON containers FOR EACH ROW
WHEN (NEW.recorded_state IS NULL) EXECUTE FUNCTION note_foreign_write();

CREATE TRIGGER containers_foreign_update AFTER UPDATE OF subdomain, proxy_route_id, npm_proxy_id, image_tag, stage_id ON containers FOR EACH ROW
WHEN (OLD.subdomain IS DISTINCT FROM NEW.subdomain
   OR OLD.proxy_route_id IS DISTINCT FROM NEW.proxy_route_id
   OR OLD.npm_proxy_id IS DISTINCT FROM NEW.npm_proxy_id
   OR OLD.image_tag IS DISTINCT FROM NEW.image_tag
   OR OLD.stage_id IS DISTINCT FROM NEW.stage_id) EXECUTE FUNCTION note_foreign_write();

CREATE TRIGGER containers_foreign_unbind AFTER UPDATE OF container_id ON containers FOR EACH ROW
WHEN (OLD.container_id IS NOT NULL AND NEW.container_id IS NULL) EXECUTE FUNCTION note_foreign_write();

CREATE TRIGGER containers_foreign_delete AFTER DELETE ON containers FOR EACH ROW EXECUTE FUNCTION note_foreign_write();

CREATE TRIGGER containers_insert_guard BEFORE INSERT ON containers FOR EACH ROW
WHEN (NEW.recorded_state IS NULL AND NEW.state NOT IN ('created', 'failed')) EXECUTE FUNCTION guard_foreign_state();

CREATE TRIGGER containers_insert_kind_guard BEFORE INSERT ON containers FOR EACH ROW
WHEN (NEW.recorded_state IS NULL) EXECUTE FUNCTION guard_workload_kind();

CREATE TRIGGER containers_state_guard BEFORE UPDATE OF state ON containers FOR EACH ROW
WHEN (NEW.state <> OLD.state AND NEW.recorded_state IS DISTINCT FROM NEW.state
      AND NOT (NEW.state IN ('created', 'failed') AND NEW.container_id IS NULL))
EXECUTE FUNCTION guard_foreign_state();

CREATE TRIGGER containers_kind_guard BEFORE UPDATE OF workload_id, workload_kind ON containers FOR EACH ROW
EXECUTE FUNCTION guard_workload_kind();

CREATE TRIGGER containers_unbind_state BEFORE UPDATE OF container_id ON containers FOR EACH ROW
WHEN (OLD.container_id IS NOT NULL AND NEW.container_id IS NULL AND NEW.state NOT IN ('created', 'failed', 'missing'))
EXECUTE FUNCTION unbind_state();
