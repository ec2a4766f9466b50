//! What is known when the owners are decided.

use std::collections::{BTreeSet, HashMap};

use super::image_name::{ImageName, ImageNames};
use crate::docker::ImageAnswer;
use crate::model::{
    Completeness, ContainerId, ContainerState, Directory, ExaminedContainer, ImageId, Inspected, LedgerRow,
    ListedContainer, Listing, RowKeys, Unassigned, UnassignedReason,
};

/// What is known when the owners are decided.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AssignmentInput<'a> {
    /// The rows of the host, from a snapshot that began before the listing; in a scoped pass those that are bound within
    /// the scope, and those of `rows_asked` that exist.
    pub rows: &'a [LedgerRow],
    /// `None` if rows and listing are all of the host.
    pub scoped: Option<Scoped<'a>>,
    /// What the daemon listed.
    pub listing: &'a Listing,
    /// The owners that rows and listing name; a key that is not in it is unknown.
    pub directory: &'a Directory,
    /// The labels of the images that were asked for so far.
    pub images: &'a HashMap<ImageId, ImageAnswer>,
    /// The inspects that were asked for so far.
    pub verified: &'a HashMap<ContainerId, Inspected>,
    /// In a scoped pass, what inspects said before the list was asked.
    pub examined: &'a HashMap<ContainerId, ExaminedContainer>,
    /// What inspects said of images that the list shows by their ids.
    pub image_names: &'a ImageNames,
    /// Whether the daemon said who it is. Without it rows are updated, and nothing is made, taken or swept.
    pub identity_known: bool,
}

/// What a scoped pass looks at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scoped<'a> {
    /// The containers that the daemon was asked for.
    pub containers: &'a BTreeSet<ContainerId>,
    /// The rows beyond the scope that were asked for.
    pub rows_asked: &'a RowKeys,
}

impl AssignmentInput<'_> {
    /// What the image of this container was called, as far as anybody tells.
    pub(crate) fn image_ref<'s>(&'s self, container: &'s ListedContainer) -> &'s str {
        match self.image_name(container) {
            ImageName::Known(name) => name,
            ImageName::ToBeAsked | ImageName::Unknown => &container.image_ref,
        }
    }

    /// The record of a container without a row, or of one whose row is disputed.
    pub(crate) fn unassigned(
        &self,
        container: &ListedContainer,
        reason: UnassignedReason,
        detail: String,
    ) -> Unassigned {
        Unassigned {
            container_id: container.id.clone(),
            name: container.name.clone(),
            image_ref: self.image_ref(container).into(),
            state: container.state.clone(),
            reason,
            detail,
        }
    }

    /// The name of the image of a container that no row describes.
    pub(super) fn image_name<'s>(&'s self, container: &'s ListedContainer) -> ImageName<'s> {
        self.image_names.name_of(container, self.examined.get(&container.id))
    }

    /// Whether the unlisted container of a row is known not to exist: from an earlier pass, or from this one's inspect.
    pub(super) fn is_gone(&self, row: &LedgerRow) -> bool {
        let is_verified_gone = || {
            let container = row.binding.container_id.as_ref()?;
            Some(matches!(self.verified.get(container), Some(Inspected::Gone)))
        };
        row.observed.state == ContainerState::Missing
            || (self.listing.completeness == Completeness::Complete && is_verified_gone().unwrap_or(false))
    }
}
