DROP TRIGGER containers_kind_guard;
DROP TRIGGER containers_state_guard;
DROP TRIGGER containers_insert_guard;
DROP TRIGGER containers_foreign_delete;
DROP TRIGGER containers_foreign_unbind;
DROP TRIGGER containers_foreign_update;
DROP TRIGGER containers_foreign_insert;

DROP TABLE foreign_writes;
