//! How far each receiver of notifications was told.

use diesel::prelude::*;

use crate::model::{HostName, ReceiverKind, Revision, Timestamp};
use crate::store::StoreError;
use crate::store::open::Store;
use crate::store::schema::{notifications, revision_counter};

/// The place of one receiver of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotificationPlace {
    /// The last change that was told or needs no telling.
    pub revision: Revision,
    /// Since when the host is not kept true, once that is to be told.
    pub stale_since: Option<Timestamp>,
    /// Whether that was told.
    pub stale_is_told: bool,
}

impl Store {
    /// The place of a receiver. One that has none begins with what is committed from now on.
    ///
    /// # Errors
    /// If the database cannot be read or written.
    pub fn notification_place(
        &mut self,
        host: &HostName,
        receiver: ReceiverKind,
    ) -> Result<NotificationPlace, StoreError> {
        self.write("read how far a receiver of notifications was told", |db| {
            let key = (host.as_str(), receiver.as_str());
            let columns = (notifications::revision, notifications::stale_since, notifications::stale_is_told);
            let stored: Option<(i64, Option<Timestamp>, bool)> =
                notifications::table.find(key).select(columns).first(db).optional()?;
            if let Some((revision, stale_since, stale_is_told)) = stored {
                return Ok(NotificationPlace { revision: Revision(revision), stale_since, stale_is_told });
            }
            let latest: i64 = revision_counter::table.select(revision_counter::value).first(db)?;
            diesel::insert_into(notifications::table)
                .values((
                    notifications::host.eq(host.as_str()),
                    notifications::name.eq(receiver.as_str()),
                    notifications::revision.eq(latest),
                ))
                .execute(db)?;
            Ok(NotificationPlace { revision: Revision(latest), stale_since: None, stale_is_told: false })
        })
    }

    /// Keeps the place of a receiver. One that was removed meanwhile is not made again.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn keep_notification_place(
        &mut self,
        host: &HostName,
        receiver: ReceiverKind,
        place: &NotificationPlace,
    ) -> Result<(), StoreError> {
        self.write("keep how far a receiver of notifications was told", |db| {
            diesel::update(notifications::table.find((host.as_str(), receiver.as_str())))
                .set((
                    notifications::revision.eq(place.revision.0),
                    notifications::stale_since.eq(place.stale_since),
                    notifications::stale_is_told.eq(place.stale_is_told),
                ))
                .execute(db)?;
            Ok(())
        })
    }
}
