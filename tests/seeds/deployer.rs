//! A deployer beside the ledger, and the operator who registers owners: each writes by connections of his own.

use dockledger::model::{ClaimRequest, ContainerId, HostName, RowId};
use dockledger::store::{LeaseHolder, Store, StoreError};

use super::dice::Dice;
use super::ledger::{Database, Picture};
use super::registry::{Columns, Registry, parent};

/// Their hands.
pub(crate) struct Deployer {
    pub(crate) store: Store,
    pub(crate) registry: Registry,
    local: HostName,
    made: u64,
}

impl Deployer {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, registry: Registry::of_the_template(), local: HostName::new("local"), made: 0 }
    }

    /// A deployer does something; what it was. `free` are containers of his project that are up.
    pub(crate) fn step(
        &mut self,
        dice: &mut Dice,
        sql: &mut Database,
        picture: &Picture,
        free: &[ContainerId],
    ) -> String {
        let claimed: Vec<String> = self.registry.claimed.iter().cloned().collect();
        let any: Vec<String> = picture.local().map(|row| row.id.clone()).collect();
        let of_project = dice.pick(&claimed);
        let container = if dice.percent(70) { dice.pick(free) } else { None };
        match (dice.roll(10), of_project, dice.pick(&any)) {
            (0..=2, _, _) | (_, None, None) => self.claim(dice, None, container),
            (3 | 4, Some(row), _) => self.claim(dice, Some(row), container),
            (5, Some(row), _) => self.fail(sql, &row),
            (6, Some(row), _) => self.release(&row),
            (_, _, Some(row)) | (_, Some(row), None) => self.write_columns(dice, sql, &row),
        }
    }

    fn claim(&mut self, dice: &mut Dice, row: Option<String>, container: Option<ContainerId>) -> String {
        self.made += 1;
        let row = row.unwrap_or_else(|| format!("app-{}", self.made));
        let stage = if dice.percent(50) { "prod" } else { "dev" };
        let request = ClaimRequest {
            project: "app".into(),
            stage: Some(format!("stage-{stage}")),
            container_id: container.clone(),
            row: Some(RowId::new(row.clone())),
            subdomain: Some(format!("s{}", self.made)),
            proxy_route: None,
            npm_proxy: None,
            image_tag: Some(format!("t{}", dice.roll(3))),
            ..ClaimRequest::default()
        };
        match self.store.claim(&self.local, &request) {
            Ok(_) => {
                self.registry.claimed.insert(row.clone());
                let columns = self.registry.columns.entry(row.clone()).or_default();
                columns[0].clone_from(&request.subdomain);
                columns[3].clone_from(&request.image_tag);
                columns[4] = Some(format!("stage-{stage}"));
                format!(
                    "claim {row} for {}",
                    container.map_or_else(|| "nothing".to_owned(), |id| id.short().to_owned())
                )
            }
            Err(StoreError::Registry(error)) => format!("claim {row}: {error}"),
            Err(error) => panic!("a deployer's claim: {error}"),
        }
    }

    fn fail(&self, sql: &mut Database, row: &str) -> String {
        let now = "CAST(strftime('%s','now') AS INTEGER) * 1000";
        let touched = sql.execute(&format!(
            "UPDATE containers SET state = 'failed', updated_at = {now} WHERE host = 'local' AND id = '{row}' \
             AND container_id IS NULL AND state <> 'failed'"
        ));
        format!("fail {row} ({touched})")
    }

    fn release(&mut self, row: &str) -> String {
        match self.store.release(&self.local, &RowId::new(row)) {
            Ok(_) => {
                self.forget(row);
                format!("release {row}")
            }
            Err(error) => panic!("a deployer's release of {row}: {error}"),
        }
    }

    fn forget(&mut self, row: &str) {
        self.registry.claimed.remove(row);
        self.registry.columns.remove(row);
        self.registry.removed.insert(row.to_owned());
    }

    fn write_columns(&mut self, dice: &mut Dice, sql: &mut Database, row: &str) -> String {
        self.made += 1;
        let value = |dice: &mut Dice, made: u64| dice.percent(70).then(|| format!("v{made}-{}", dice.roll(10)));
        let columns: Columns = std::array::from_fn(|_| value(dice, self.made));
        let text =
            |value: &Option<String>| value.as_ref().map_or_else(|| "NULL".to_owned(), |value| format!("'{value}'"));
        let touched = sql.execute(&format!(
            "UPDATE containers SET subdomain = {}, proxy_route_id = {}, npm_proxy_id = {}, image_tag = {}, stage_id = {} \
             WHERE host = 'local' AND id = '{row}'",
            text(&columns[0]),
            text(&columns[1]),
            text(&columns[2]),
            text(&columns[3]),
            text(&columns[4])
        ));
        if touched == 1 {
            self.registry.columns.insert(row.to_owned(), columns);
        }
        format!("write columns of {row} ({touched})")
    }

    /// A row of another host, bound to the same container id.
    pub(crate) fn insert_elsewhere(&mut self, sql: &mut Database, container: &ContainerId) -> String {
        self.made += 1;
        let touched = sql.execute(&format!(
            "INSERT OR IGNORE INTO containers (host, id, workload_id, workload_kind, role, container_id, state, recorded_state) \
             VALUES ('elsewhere', 'w-shop:e{}', 'w-shop', 'stack', 'e', '{container}', 'running', 'running')",
            self.made
        ));
        format!("another host binds {} ({touched})", container.short())
    }

    /// Somebody registers, renames or removes an owner.
    pub(crate) fn register(&mut self, dice: &mut Dice, picture: &Picture) -> String {
        match dice.roll(8) {
            0..=2 => self.add_or_remove_stack(dice, picture),
            3 => self.add_or_remove_site(picture),
            4 => {
                self.made += 1;
                let name = format!("named-{}", self.made);
                let renamed =
                    self.store.rename_stack("shop", &name).and_then(|()| self.store.rename_stack(&name, "shop"));
                format!("rename shop there and back: {}", renamed.is_ok())
            }
            5 => format!(
                "rename a stage: {}",
                self.store.rename_stage("app", "stage-prod", &format!("prod{}", dice.roll(9))).is_ok()
            ),
            6 => format!("rotate a secret: {}", self.store.rotate_secret("w-app").is_ok()),
            _ => {
                self.made += 1;
                format!("add a project: {}", self.store.add_project(&parent(&format!("other-{}", self.made))).is_ok())
            }
        }
    }

    fn add_or_remove_stack(&mut self, dice: &mut Dice, picture: &Picture) -> String {
        let name = if dice.percent(50) { "wild" } else { "blog" };
        let workload = format!("w-{name}");
        if self.registry.stacks.contains_key(name) {
            let count = self.store.remove_stack(name, true).expect("it is registered");
            self.registry.stacks.remove(name);
            self.owner_gone(&workload, picture);
            return format!("remove stack {name} with {count} rows");
        }
        self.store.add_stack(&parent(name), Some(name.into())).expect("it is free");
        self.registry.stacks.insert(name.into(), workload.clone());
        self.registry.kinds.insert(workload, "stack".into());
        format!("add stack {name}")
    }

    fn add_or_remove_site(&mut self, picture: &Picture) -> String {
        if self.registry.sites.contains_key("docs") {
            let count = self.store.remove_site("docs", true).expect("it is registered");
            self.registry.sites.remove("docs");
            self.owner_gone("w-docs", picture);
            return format!("remove site docs with {count} rows");
        }
        self.store.add_site(&parent("docs")).expect("it is free");
        self.registry.sites.insert("docs".into(), "w-docs".into());
        self.registry.kinds.insert("w-docs".into(), "site".into());
        "add site docs".into()
    }

    fn owner_gone(&mut self, workload: &str, picture: &Picture) {
        self.registry.kinds.remove(workload);
        let rows: Vec<String> =
            picture.local().filter(|row| row.workload_id == workload).map(|row| row.id.clone()).collect();
        for row in rows {
            self.forget(&row);
        }
    }

    /// Another process tries to take the host; whether it was refused as it must be.
    pub(crate) fn try_to_take_the_host(&mut self) -> Result<(), String> {
        let other = LeaseHolder::of_this_process();
        match self.store.acquire_lease(&self.local, &other, std::time::Duration::from_secs(90)) {
            Err(StoreError::LeaseHeld { .. }) => Ok(()),
            Ok(lease) => Err(format!("a second process took the host with generation {}", lease.generation)),
            Err(error) => Err(format!("a second process was refused for another reason: {error}")),
        }
    }
}
