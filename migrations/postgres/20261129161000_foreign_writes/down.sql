DROP TRIGGER containers_unbind_state ON containers;
DROP TRIGGER containers_kind_guard ON containers;
DROP TRIGGER containers_state_guard ON containers;
DROP TRIGGER containers_insert_kind_guard ON containers;
DROP TRIGGER containers_insert_guard ON containers;
DROP TRIGGER containers_foreign_delete ON containers;
DROP TRIGGER containers_foreign_unbind ON containers;
DROP TRIGGER containers_foreign_update ON containers;
DROP TRIGGER containers_foreign_insert ON containers;

DROP FUNCTION unbind_state();
DROP FUNCTION guard_workload_kind();
DROP FUNCTION guard_foreign_state();
DROP FUNCTION note_foreign_write();

DROP TABLE foreign_writes;
