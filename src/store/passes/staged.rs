//! Which stage a row belongs to, as people call it.

use std::collections::BTreeMap;

use diesel::prelude::*;

use crate::model::{HostName, RowId, WorkloadId};
use crate::store::StoreError;
use crate::store::open::Store;
use crate::store::schema::{containers_view, stages};

impl Store {
    /// The name of the stage of each row of a workload that has one, as the view says: by its own `stage_id`, or else by its
    /// role.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn stages_of_rows(&mut self, workload: &WorkloadId) -> Result<BTreeMap<(HostName, RowId), String>, StoreError> {
        self.snapshot("read the stages of the rows", |db| {
            let names: Vec<(String, String)> = stages::table.select((stages::id, stages::name)).load(db)?;
            let names: BTreeMap<_, _> = names.into_iter().collect();
            let rows: Vec<(String, String, Option<String>)> = containers_view::table
                .filter(containers_view::workload_id.eq(workload.as_str()))
                .select((containers_view::host, containers_view::id, containers_view::effective_stage_id))
                .load(db)?;
            let named = |(host, id, stage): (String, String, Option<String>)| {
                Some(((HostName::new(host), RowId::new(id)), names.get(&stage?)?.clone()))
            };
            Ok(rows.into_iter().filter_map(named).collect())
        })
    }
}
