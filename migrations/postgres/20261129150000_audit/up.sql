-- What was ordered of containers, by whom, and what came of it. Written before the order goes out, as `unknown`: what a process
-- leaves behind that ends in between is true.

CREATE TABLE audit (
    -- Grows with time.
    id           TEXT NOT NULL PRIMARY KEY CHECK (id <> ''),
    at           TIMESTAMPTZ NOT NULL,
    who          TEXT NOT NULL,
    action       TEXT NOT NULL CHECK (action IN ('start', 'stop', 'restart', 'remove')),
    host         TEXT NOT NULL,
    row_id       TEXT NOT NULL,
    workload_id  TEXT,
    container_id TEXT,
    outcome      TEXT NOT NULL CHECK (outcome IN ('ok', 'refused', 'failed', 'unknown')),
    duration_ms  BIGINT,
    error        TEXT
);
