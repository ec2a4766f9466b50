-- A container is on the host where it is: a row that is bound to one stays there, and so does every row of a stack or a site,
-- whose binding is dockledger's. A deployer may move a row of a project that has no container; the history then tells of its end
-- on the one host and of its begin on the other. `hosts rename` renames the line in `hosts` first: no row moves by that.
CREATE TRIGGER containers_host_guard BEFORE UPDATE OF host ON containers
WHEN NEW.host <> OLD.host AND EXISTS (SELECT 1 FROM hosts h WHERE h.name = OLD.host)
BEGIN
    SELECT RAISE(ABORT, 'containers.host of a row that is bound to a container is where that container is: take it away first (container_id = NULL)')
     WHERE OLD.container_id IS NOT NULL;
    SELECT RAISE(ABORT, 'containers.host of a row of a stack or a site is dockledger''s')
     WHERE OLD.workload_kind <> 'project';
END;

CREATE TRIGGER containers_foreign_move AFTER UPDATE OF host ON containers
WHEN NEW.host <> OLD.host AND EXISTS (SELECT 1 FROM hosts h WHERE h.name = OLD.host)
BEGIN
    INSERT INTO foreign_writes (at, host, row_id, action, workload_id, role, name, container_id, state, attention, before, after)
    VALUES (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), OLD.host, OLD.id, 'deleted', OLD.workload_id, OLD.role, OLD.name,
            OLD.container_id, OLD.state, OLD.attention,
            json_object('subdomain', OLD.subdomain, 'proxy_route_id', OLD.proxy_route_id, 'npm_proxy_id', OLD.npm_proxy_id, 'image_tag', OLD.image_tag, 'stage_id', OLD.stage_id, 'container_id', OLD.container_id),
            '{}');
    INSERT INTO foreign_writes (at, host, row_id, action, workload_id, role, name, container_id, state, attention, before, after)
    VALUES (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), NEW.host, NEW.id, 'inserted', NEW.workload_id, NEW.role, NEW.name,
            NEW.container_id, NEW.state, NEW.attention,
            '{}',
            json_object('subdomain', NEW.subdomain, 'proxy_route_id', NEW.proxy_route_id, 'npm_proxy_id', NEW.npm_proxy_id, 'image_tag', NEW.image_tag, 'stage_id', NEW.stage_id, 'container_id', NEW.container_id));
    -- Nothing of it was told on that host yet.
    UPDATE containers SET recorded_state = NULL WHERE host = NEW.host AND id = NEW.id;
END;
