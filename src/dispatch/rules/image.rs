//! Whether a claim is the creator's of a container or only its image's.
//!
//! An image author can bake labels in, and compose bakes project and service into the images that it builds.

use std::collections::HashMap;

use super::claim::ClaimedBy;
use crate::config::ImageLabels;
use crate::docker::ImageAnswer;
use crate::model::{Claims, ImageId, ListedContainer};

/// What the image of a container says of its claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin<'a> {
    /// The container's creator made it: it counts.
    Creator,
    /// The image carries it with the same key and value: it does not count.
    Image,
    /// The image was asked and did not answer: the container waits a pass.
    Unanswered,
    /// The image cannot be read, and that is required; what came instead.
    Unreadable(&'a str),
    /// The image is to be asked.
    Unasked(&'a ImageId),
}

/// Where a claim comes from. That of a container without an image, or whose image is gone, counts; so does one whose image
/// cannot be read, unless that is required.
pub(super) fn origin<'a>(
    container: &'a ListedContainer,
    claimed_by: ClaimedBy,
    images: &'a HashMap<ImageId, ImageAnswer>,
    image_labels: ImageLabels,
) -> Origin<'a> {
    let (ClaimedBy::Label(_), Some(image)) = (claimed_by, &container.image_id) else {
        return Origin::Creator;
    };
    if image_labels == ImageLabels::Off {
        return Origin::Creator;
    }
    match images.get(image) {
        None => Origin::Unasked(image),
        Some(ImageAnswer::Unanswered) => Origin::Unanswered,
        Some(ImageAnswer::Refused(why)) if image_labels == ImageLabels::Required => Origin::Unreadable(why),
        Some(ImageAnswer::Refused(_) | ImageAnswer::Gone) => Origin::Creator,
        Some(ImageAnswer::Labels(baked)) if inherits(&container.claims, baked, claimed_by) => Origin::Image,
        Some(ImageAnswer::Labels(_)) => Origin::Creator,
    }
}

fn inherits(own: &Claims, baked: &Claims, claimed_by: ClaimedBy) -> bool {
    use super::claim::Label;
    let alike = |read: fn(&Claims) -> &Option<Box<str>>| read(own).is_some() && read(own) == read(baked);
    let own_alone = |read: fn(&Claims) -> &Option<Box<str>>| read(own).is_some() && read(own) != read(baked);
    match claimed_by {
        ClaimedBy::Name => false,
        ClaimedBy::Label(Label::Workload) => alike(|claims| &claims.workload_id),
        ClaimedBy::Label(Label::Site) => alike(|claims| &claims.static_site),
        // Compose gives these two to each container and to no image: they tell what it made from what it built.
        ClaimedBy::Label(Label::Compose) => {
            let made_by_compose =
                own_alone(|claims| &claims.compose_config_hash) || own_alone(|claims| &claims.compose_number);
            !made_by_compose && alike(|claims| &claims.compose_project)
        }
    }
}
