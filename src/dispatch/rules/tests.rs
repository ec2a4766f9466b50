//! Claims about the rules, by the rule.

mod bound;
mod claims;
mod contest;
mod images;
mod scaling;
mod slots;
mod unknowns;

use super::fixtures::*;
use crate::config::IgnoreEntry;
use crate::docker::ImageAnswer;
use crate::model::{Claims, ContainerId, ContainerState, ListedContainer, UnassignedReason, WorkloadKind};

/// A change of labels.
type Change = fn(&mut Claims);

fn on_image(image: &str, container: ListedContainer) -> ListedContainer {
    ListedContainer { image_id: Some(image_id(image)), ..container }
}

fn named(name: &str, container: ListedContainer) -> ListedContainer {
    ListedContainer { name: name.into(), ..container }
}

fn with(change: impl FnOnce(&mut Claims), mut container: ListedContainer) -> ListedContainer {
    change(&mut container.claims);
    container
}
