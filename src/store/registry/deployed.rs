//! What a deployer wrote into rows that are about to go.

use diesel::prelude::*;

use crate::store::RegistryError;
use crate::store::db::Db;
use crate::store::db::fault::Fault;
use crate::store::schema::containers;

/// What a deployer wrote into a row.
#[derive(Queryable, Selectable)]
#[diesel(table_name = containers)]
pub(in crate::store) struct Deployed {
    id: String,
    subdomain: Option<String>,
    proxy_route_id: Option<String>,
    npm_proxy_id: Option<String>,
    image_tag: Option<String>,
    stage_id: Option<String>,
}

impl Deployed {
    fn columns(&self) -> Vec<&'static str> {
        let columns = [
            ("subdomain", &self.subdomain),
            ("proxy_route_id", &self.proxy_route_id),
            ("npm_proxy_id", &self.npm_proxy_id),
            ("image_tag", &self.image_tag),
            ("stage_id", &self.stage_id),
        ];
        let is_written = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
        columns.into_iter().filter(|(_, text)| is_written(text)).map(|(name, _)| name).collect()
    }
}

/// Refuses if one of the rows bears what a deployer wrote. The rows are locked.
pub(in crate::store) fn refuse_deployed(rows: &[Deployed], cure: &'static str) -> Result<(), RegistryError> {
    let Some((row, columns)) = rows.iter().map(|row| (row, row.columns())).find(|(_, columns)| !columns.is_empty())
    else {
        return Ok(());
    };
    Err(RegistryError::Deployed { row: row.id.clone(), columns: columns.join(", "), cure })
}

/// What a deployer wrote into the rows of a workload, which are locked.
pub(in crate::store) fn deployed_of(db: &mut Db, workload: &str) -> Result<Vec<Deployed>, Fault> {
    Ok(containers::table.filter(containers::workload_id.eq(workload)).select(Deployed::as_select()).load(db)?)
}
