//! What a pass reads first: the host's line and its rows, from one snapshot.

use std::sync::Arc;

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::db::{Db, each_backend};
use super::hosts::HostLine;
use super::open::{KeptRows, Store};
use super::rows::LedgerRecord;
use super::schema::{containers, hosts};
use super::{NewBinding, Opened, StoreError};
use crate::model::{ContainerId, HostName, LedgerRow, RowId};

impl Store {
    /// Reads the host's line and its rows. `snapshot_began` is called as soon as nothing that is committed later can
    /// be among them: the daemon is asked after it. A host without a line reads as a new one.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn open_pass(&mut self, host: &HostName, snapshot_began: impl FnOnce()) -> Result<Opened, StoreError> {
        let kept = self.kept_rows();
        let (opened, version) = self.snapshot("read the host's rows", |db| {
            let line = hosts::table.find(host.as_str()).select(HostLine::as_select()).first(db).optional()?;
            let version = db.version()?;
            snapshot_began();
            let unchanged = kept.filter(|kept| kept.host == *host && Some(kept.version) == version);
            let rows = match unchanged {
                Some(kept) => kept.rows,
                None => Arc::new(rows_of(db, host)?),
            };
            let host_record = line.unwrap_or_else(|| HostLine::unknown(host)).into();
            Ok((Opened { host: host_record, rows }, version))
        })?;
        if let Some(version) = version {
            self.keep_rows(KeptRows { host: host.clone(), version, rows: Arc::clone(&opened.rows) });
        }
        Ok(opened)
    }

    /// Bound rows of the host whose observed columns describe another container, or none: somebody bound them and no
    /// pass has looked yet. An index holds them alone.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn new_bindings(&mut self, host: &HostName) -> Result<Vec<NewBinding>, StoreError> {
        self.read("look for new bindings", |db| {
            let found: Vec<UnseenRow> = diesel::sql_query(UNSEEN_ROWS).bind::<Text, _>(host.as_str()).load(db)?;
            Ok(found.into_iter().map(|row| (RowId::new(row.id), ContainerId::new(row.container_id))).collect())
        })
    }
}

/// Names the condition of the partial index word for word: only then do the planners use it.
pub(super) const UNSEEN_ROWS: &str = "SELECT id, container_id FROM containers WHERE host = $1 \
     AND CASE WHEN container_id IS NULL OR seen_container_id = container_id THEN 0 ELSE 1 END = 1";

#[derive(QueryableByName)]
struct UnseenRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    container_id: String,
}

/// Read on the concrete connection: through the common one each of 10,000 rows costs twice as much.
fn rows_of(db: &mut Db, host: &HostName) -> QueryResult<Vec<LedgerRow>> {
    each_backend!(db, connection => containers::table
        .filter(containers::host.eq(host.as_str()))
        .select(LedgerRecord::as_select())
        .load_iter::<LedgerRecord, diesel::connection::DefaultLoadingMode>(connection)?
        .map(|record| record.map(LedgerRow::from))
        .collect())
}
