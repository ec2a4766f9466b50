ALTER TABLE hosts DROP COLUMN refusals;
