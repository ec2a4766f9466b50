-- How far each receiver of notifications was told.

CREATE TABLE notifications (
    host          TEXT NOT NULL CHECK (host <> ''),
    name          TEXT NOT NULL CHECK (name <> ''),
    -- The last change that was told or needs no telling.
    revision      BIGINT NOT NULL,
    -- Since when the host is not kept true, once that is to be told.
    stale_since   TIMESTAMPTZ,
    stale_is_told BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (host, name)
);
