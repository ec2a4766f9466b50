//! How many rows a host has, by what they are: for whoever measures.

use std::collections::BTreeMap;
use std::path::Path;

use diesel::dsl::count_star;
use diesel::prelude::*;

use crate::model::{Attention, AttentionSet, ContainerState, HostName, WorkloadKind};
use crate::store::StoreError;
use crate::store::db::location::Location;
use crate::store::open::Store;
use crate::store::passes::rows::kind_of;
use crate::store::schema::containers;

/// The rows of one host, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowCounts {
    /// By kind and state.
    pub rows: Vec<(WorkloadKind, ContainerState, u64)>,
    /// Of containers that start too often.
    pub flapping: u64,
    /// For each reason why somebody has to look at one; a row may have several.
    pub attention: BTreeMap<Attention, u64>,
}

/// How large the files of an SQLite ledger are, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileSizes {
    /// The database.
    pub database: u64,
    /// What is written ahead; it is written over from its begin once its pages are in the database.
    pub wal: u64,
}

impl Store {
    /// Counts the rows of a host.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn row_counts(&mut self, host: &HostName) -> Result<RowCounts, StoreError> {
        self.snapshot("count the rows", |db| {
            let of_host = containers::table.filter(containers::host.eq(host.as_str()));
            let counted: Vec<(String, String, i64)> = of_host
                .group_by((containers::workload_kind, containers::state))
                .select((containers::workload_kind, containers::state, count_star()))
                .load(db)?;
            let flapping: i64 =
                of_host.filter(containers::flapping_since.is_not_null()).select(count_star()).first(db)?;
            let rows = counted
                .into_iter()
                .map(|(kind, state, count)| (kind_of(&kind), ContainerState::parse(&state), whole(count)));
            let attended: Vec<(String, i64)> = of_host
                .filter(containers::attention.ne(""))
                .group_by(containers::attention)
                .select((containers::attention, count_star()))
                .load(db)?;
            let mut attention = BTreeMap::new();
            for (words, count) in attended {
                for reason in AttentionSet::parse(&words).iter() {
                    *attention.entry(reason).or_default() += whole(count);
                }
            }
            Ok(RowCounts { rows: rows.collect(), flapping: whole(flapping), attention })
        })
    }

    /// The sizes of the ledger's files; `None` where a server keeps them.
    #[must_use]
    pub fn file_sizes(&self) -> Option<FileSizes> {
        let Location::Sqlite(path) = self.location() else { return None };
        let mut wal = path.as_os_str().to_owned();
        wal.push("-wal");
        Some(FileSizes { database: size(path), wal: size(Path::new(&wal)) })
    }
}

/// One that is not there has no bytes.
fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |metadata| metadata.len())
}

fn whole(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}
