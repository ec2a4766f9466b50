-- Calls that the daemon, or a proxy before it, does not carry out, as JSON: whoever reads the host's line can tell.
ALTER TABLE hosts ADD COLUMN refusals TEXT;
