-- Exit codes of Windows have 32 bits without sign: an INTEGER of SQLite holds them as it is. A state that only a list told of
-- began after `state_after`, until an inspect says when.

ALTER TABLE containers ADD COLUMN state_after BIGINT;

-- What was seen before this tells the begin of a pass; each is asked once for what the daemon says.
UPDATE containers SET state_after = 0, details_owed = TRUE
 WHERE seen_container_id = container_id AND state <> 'missing';
