-- The history of one row is read without a look at all others.
CREATE INDEX changes_row ON changes (host, row_id, revision);
