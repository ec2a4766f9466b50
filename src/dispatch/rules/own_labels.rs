//! Whom a container's own labels name, where somebody who is no administrator claims it for a project.

use std::collections::HashMap;

use super::claim::{ClaimedBy, Label, kind_mismatch};
use super::image::{Origin, origin};
use super::orchestrated::orchestrated;
use crate::config::ImageLabels;
use crate::docker::ImageAnswer;
use crate::model::{ImageId, ListedContainer, WorkloadId, WorkloadKind};

/// What its labels say of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OwnLabels<'a> {
    /// They name this project's workload and nobody else.
    Project,
    /// They name nobody.
    Nobody,
    /// They name somebody else, known or unknown: a workload, a site, a compose project, another orchestrator.
    Another,
    /// The image is to be asked which of them are its own.
    Unasked(&'a ImageId),
    /// The image was asked and did not answer.
    Unanswered,
    /// The image cannot be read, and that is required; what came instead.
    Unreadable(&'a str),
}

/// Whom the labels name that whoever made the container gave it. Those that its image carries alike do not count, in either
/// direction: what an image's author wrote is no proof, and no claim of somebody else.
pub(crate) fn own_labels<'a>(
    container: &'a ListedContainer,
    project: &WorkloadId,
    images: &'a HashMap<ImageId, ImageAnswer>,
    image_labels: ImageLabels,
) -> OwnLabels<'a> {
    let labels = &container.claims;
    let families = [
        (Label::Workload, labels.workload_id.as_deref()),
        (Label::Site, labels.static_site.as_deref()),
        (Label::Compose, labels.compose_project.as_deref()),
    ];
    let mut found = OwnLabels::Nobody;
    for (family, value) in families {
        let Some(value) = value else { continue };
        match origin(container, ClaimedBy::Label(family), images, image_labels) {
            Origin::Image => {}
            Origin::Creator if family == Label::Workload && is_projects(container, value, project) => {
                found = OwnLabels::Project;
            }
            Origin::Creator => return OwnLabels::Another,
            Origin::Unasked(image) => return OwnLabels::Unasked(image),
            Origin::Unanswered => return OwnLabels::Unanswered,
            Origin::Unreadable(why) => return OwnLabels::Unreadable(why),
        }
    }
    if found == OwnLabels::Nobody && orchestrated(container).is_some() { OwnLabels::Another } else { found }
}

fn is_projects(container: &ListedContainer, workload: &str, project: &WorkloadId) -> bool {
    workload == project.as_str()
        && kind_mismatch(container.claims.workload_kind.as_deref(), WorkloadKind::Project).is_none()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::fixtures::{container, image_id, labelled, web};
    use super::*;
    use crate::model::{Claims, ForeignLabel};

    /// What `p` is told of a container whose image carries these labels.
    fn told(container: &ListedContainer, baked: Claims) -> OwnLabels<'static> {
        let images = HashMap::from([(image_id("plain"), ImageAnswer::Labels(Arc::new(baked)))]);
        match own_labels(container, &WorkloadId::new("p"), &images, ImageLabels::default()) {
            OwnLabels::Project => OwnLabels::Project,
            OwnLabels::Nobody => OwnLabels::Nobody,
            OwnLabels::Another => OwnLabels::Another,
            other => panic!("the image was asked: {other:?}"),
        }
    }

    fn with(change: impl FnOnce(&mut Claims), mut container: ListedContainer) -> ListedContainer {
        change(&mut container.claims);
        container
    }

    #[test]
    fn a_container_is_the_projects_only_if_its_labels_name_that_workload_and_nobody_else() {
        let ours = || labelled(1, "p", "", "");
        for (container, expected) in [
            (ours(), OwnLabels::Project),
            (labelled(1, "p", "project", "prod"), OwnLabels::Project),
            (labelled(1, "p", "stack", ""), OwnLabels::Another),
            (labelled(1, "another", "", ""), OwnLabels::Another),
            (labelled(1, "unknown", "", ""), OwnLabels::Another),
            (container(1), OwnLabels::Nobody),
            (web(1, 1), OwnLabels::Another),
            (with(|labels| labels.compose_project = Some("unknown".into()), ours()), OwnLabels::Another),
            (with(|labels| labels.static_site = Some("unknown".into()), ours()), OwnLabels::Another),
            (
                with(|labels| labels.foreign = vec![(ForeignLabel::Pod, "db-0".into())], container(1)),
                OwnLabels::Another,
            ),
        ] {
            assert_eq!(told(&container, Claims::default()), expected, "{:?}", container.claims);
        }
    }

    #[test]
    fn what_the_image_carries_is_neither_a_proof_nor_somebody_elses_claim() {
        let baked = |change: fn(&mut Claims)| {
            let mut claims = Claims::default();
            change(&mut claims);
            claims
        };
        let of_image = baked(|labels| labels.workload_id = Some("p".into()));
        assert_eq!(told(&labelled(1, "p", "", ""), of_image), OwnLabels::Nobody);
        let built_by_compose = with(|labels| labels.compose_project = Some("shop".into()), labelled(1, "p", "", ""));
        let of_image = baked(|labels| labels.compose_project = Some("shop".into()));
        assert_eq!(told(&built_by_compose, of_image), OwnLabels::Project);
    }

    #[test]
    fn an_image_that_is_not_known_leaves_it_open() {
        let project = WorkloadId::new("p");
        let labelled = labelled(1, "p", "", "");
        let none = HashMap::new();
        let asked = own_labels(&labelled, &project, &none, ImageLabels::default());
        assert_eq!(asked, OwnLabels::Unasked(&image_id("plain")));
        let silent = HashMap::from([(image_id("plain"), ImageAnswer::Unanswered)]);
        assert_eq!(own_labels(&labelled, &project, &silent, ImageLabels::default()), OwnLabels::Unanswered);
        let refused = HashMap::from([(image_id("plain"), ImageAnswer::Refused("403".into()))]);
        assert_eq!(own_labels(&labelled, &project, &refused, ImageLabels::Required), OwnLabels::Unreadable("403"));
        assert_eq!(own_labels(&labelled, &project, &refused, ImageLabels::WhenReadable), OwnLabels::Project);
        assert_eq!(own_labels(&labelled, &project, &none, ImageLabels::Off), OwnLabels::Project);
        assert_eq!(own_labels(&container(1), &project, &none, ImageLabels::default()), OwnLabels::Nobody);
    }
}
