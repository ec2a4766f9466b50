-- Each host keeps its own part of the history, for its own time. Up to which revision a host's part was removed stands in
-- its line; up to which that of hosts that are no more was, beside the counter.
ALTER TABLE hosts ADD COLUMN changes_pruned_to BIGINT NOT NULL DEFAULT 0;
ALTER TABLE revision_counter ADD COLUMN pruned_to BIGINT NOT NULL DEFAULT 0;

UPDATE revision_counter SET pruned_to = COALESCE((SELECT min(revision) FROM changes) - 1, value);

CREATE INDEX changes_host ON changes (host, revision);
