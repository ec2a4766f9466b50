DROP INDEX changes_host;
ALTER TABLE revision_counter DROP COLUMN pruned_to;
ALTER TABLE hosts DROP COLUMN changes_pruned_to;
