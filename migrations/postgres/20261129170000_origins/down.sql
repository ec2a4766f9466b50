ALTER TABLE stack_adopted_names DROP COLUMN origin;
ALTER TABLE stacks DROP COLUMN origin;
