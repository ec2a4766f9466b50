-- How a stack came into the ledger, and a container's name into a stack: what was adopted is taken back by `adopt --undo`, what
-- somebody added is not. Of what was there before nobody knows.
ALTER TABLE stacks ADD COLUMN origin TEXT NOT NULL DEFAULT 'unknown' CHECK (origin IN ('added', 'adopted', 'unknown'));
ALTER TABLE stack_adopted_names ADD COLUMN origin TEXT NOT NULL DEFAULT 'unknown' CHECK (origin IN ('added', 'adopted', 'unknown'));
