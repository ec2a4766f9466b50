-- A container is on the host where it is: a row that is bound to one stays there, and so does every row of a stack or a site,
-- whose binding is dockledger's. A deployer may move a row of a project that has no container; the history then tells of its end
-- on the one host and of its begin on the other. `hosts rename` renames the line in `hosts` first: no row moves by that.
CREATE FUNCTION guard_host() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM hosts h WHERE h.name = OLD.host) THEN
        RETURN NEW;
    END IF;
    IF OLD.container_id IS NOT NULL THEN
        RAISE EXCEPTION 'containers.host of a row that is bound to a container is where that container is: take it away first (container_id = NULL)'
            USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.workload_kind <> 'project' THEN
        RAISE EXCEPTION 'containers.host of a row of a stack or a site is dockledger''s' USING ERRCODE = 'check_violation';
    END IF;
    -- Nothing of it was told on that host yet.
    NEW.recorded_state := NULL;
    RETURN NEW;
END $$;

CREATE FUNCTION note_foreign_move() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM hosts h WHERE h.name = OLD.host) THEN
        RETURN NULL;
    END IF;
    INSERT INTO foreign_writes (at, host, row_id, action, workload_id, role, name, container_id, state, attention, before, after)
    VALUES (date_trunc('milliseconds', clock_timestamp()), OLD.host, OLD.id, 'deleted', OLD.workload_id, OLD.role, OLD.name,
            OLD.container_id, OLD.state, OLD.attention,
            jsonb_build_object('subdomain', OLD.subdomain, 'proxy_route_id', OLD.proxy_route_id, 'npm_proxy_id', OLD.npm_proxy_id, 'image_tag', OLD.image_tag, 'stage_id', OLD.stage_id, 'container_id', OLD.container_id)::text, '{}');
    INSERT INTO foreign_writes (at, host, row_id, action, workload_id, role, name, container_id, state, attention, before, after)
    VALUES (date_trunc('milliseconds', clock_timestamp()), NEW.host, NEW.id, 'inserted', NEW.workload_id, NEW.role, NEW.name,
            NEW.container_id, NEW.state, NEW.attention,
            '{}', jsonb_build_object('subdomain', NEW.subdomain, 'proxy_route_id', NEW.proxy_route_id, 'npm_proxy_id', NEW.npm_proxy_id, 'image_tag', NEW.image_tag, 'stage_id', NEW.stage_id, 'container_id', NEW.container_id)::text);
    RETURN NULL;
END $$;

CREATE TRIGGER containers_host_guard BEFORE UPDATE OF host ON containers FOR EACH ROW
WHEN (NEW.host <> OLD.host) EXECUTE FUNCTION guard_host();

CREATE TRIGGER containers_foreign_move AFTER UPDATE OF host ON containers FOR EACH ROW
WHEN (NEW.host <> OLD.host) EXECUTE FUNCTION note_foreign_move();
