DROP TRIGGER containers_foreign_move;
DROP TRIGGER containers_host_guard;
