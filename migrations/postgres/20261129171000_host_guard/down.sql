DROP TRIGGER containers_foreign_move ON containers;
DROP TRIGGER containers_host_guard ON containers;
DROP FUNCTION note_foreign_move();
DROP FUNCTION guard_host();
