-- What an older program cannot read is none.

ALTER TABLE containers DROP COLUMN state_after;

UPDATE containers SET exit_code = NULL WHERE exit_code NOT BETWEEN -2147483648 AND 2147483647;
UPDATE changes SET exit_code = NULL WHERE exit_code NOT BETWEEN -2147483648 AND 2147483647;
