//! What would give an unassigned container its row: a command, or words where no command can.

use std::collections::BTreeMap;

use super::escape::shell_word;
use crate::model::{Unassigned, UnassignedReason};
use crate::store::{Store, StoreError, is_name};

/// A project as a claim names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ProjectNames {
    /// Its name.
    pub(crate) name: String,
    /// The names of its stages.
    pub(crate) stages: Vec<String>,
}

/// The projects with their stages, by workload id.
pub(crate) fn project_names(store: &mut Store) -> Result<BTreeMap<String, ProjectNames>, StoreError> {
    let mut names = BTreeMap::new();
    for project in store.list_projects()? {
        let stages = store.list_stages(&project.id)?.into_iter().map(|stage| stage.name).collect();
        names.insert(project.workload_id.to_string(), ProjectNames { name: project.name, stages });
    }
    Ok(names)
}

/// The command that would give the container its row, quoted for a shell; `None` where there is none, or where a name
/// cannot be typed. The reasons that name an owner carry its id or name as their whole `detail`. `projects` are by
/// workload id.
pub(crate) fn fix(container: &Unassigned, projects: &BTreeMap<String, ProjectNames>) -> Option<String> {
    let named = || shell_word(&container.detail);
    match container.reason {
        // Its particulars tell of another orchestrator: the next deploy gives another name.
        UnassignedReason::NoLabel if !container.detail.is_empty() => None,
        UnassignedReason::NoLabel => {
            let name = shell_word(&container.name)?;
            Some(format!("dockledger stack add {name} && dockledger adopt {name} --stack {name}"))
        }
        UnassignedReason::UnknownWorkload => {
            let id = named().filter(|id| !id.contains(':'))?;
            Some(format!("dockledger project add {id} --workload-id {id}"))
        }
        UnassignedReason::UnclaimedProject => claim(container, projects.get(&container.detail)?),
        UnassignedReason::UnknownSite => Some(format!("dockledger site add {id} --id {id}", id = named()?)),
        UnassignedReason::UnknownStack => {
            // A project is named by one of its containers too, which helps where its own name would be read as a flag.
            let dashed = container.detail.starts_with('-') && !container.detail.contains(char::is_control);
            let by_container = || shell_word(&container.name).filter(|_| dashed);
            let can_be_a_stack = is_name(&container.detail);
            Some(format!("dockledger adopt {}", named().or_else(by_container).filter(|_| can_be_a_stack)?))
        }
        UnassignedReason::ImageUnanswered => Some("dockledger once".into()),
        UnassignedReason::IdentityUnknown => Some("dockledger hosts confirm".into()),
        UnassignedReason::KindMismatch
        | UnassignedReason::OtherPrefix
        | UnassignedReason::OneOff
        | UnassignedReason::Superseded
        | UnassignedReason::Contested
        | UnassignedReason::LabelFromImage
        | UnassignedReason::ImageUnreadable
        | UnassignedReason::Ignored => None,
    }
}

/// The claim, after the stage is made if the project has none. Of several stages the deployer alone knows which.
fn claim(container: &Unassigned, project: &ProjectNames) -> Option<String> {
    let name = shell_word(&project.name)?;
    let id = container.container_id.short();
    let (first, stage) = match project.stages.as_slice() {
        [] => (format!("dockledger stage add {name} production && "), "production".into()),
        [only] => (String::new(), shell_word(only)?),
        _ => (String::new(), "STAGE".into()),
    };
    Some(format!("{first}dockledger claim --project {name} --stage {stage} --container {id}"))
}

/// What the reason means for the one who reads it, in a sentence.
pub(crate) const fn advice(reason: UnassignedReason) -> &'static str {
    match reason {
        UnassignedReason::NoLabel => {
            "no label names an owner; a stack can adopt a container by a name that stays, and the label \
             `tinyforge.workload.id` names the owner of one whose name changes with each deploy"
        }
        UnassignedReason::UnknownWorkload => {
            "its label names a workload that is not registered; use `stack add` or `site add` instead if it is one"
        }
        UnassignedReason::KindMismatch => {
            "its kind label differs from the workload's kind; recreate it with the right one"
        }
        UnassignedReason::UnclaimedProject => {
            "rows of projects are made by their deployer; a claim gives it one (STAGE: one of `dockledger stage list PROJECT`)"
        }
        UnassignedReason::UnknownSite => "its label names a static site that is not registered",
        UnassignedReason::UnknownStack => {
            "its compose project is not registered as a stack; where there is no command, no stack can bear its name"
        }
        UnassignedReason::OtherPrefix => "`compose_prefix` in the configuration leaves its compose project out",
        UnassignedReason::OneOff => "a compose one-off has no row, and needs none",
        UnassignedReason::Superseded => {
            "another container holds its row and this one is not up; remove it if it is a leftover"
        }
        UnassignedReason::Contested => {
            "another container or workload holds its row; stop one of the two, or correct its labels"
        }
        UnassignedReason::LabelFromImage => {
            "the label comes from its image, not from who made the container; recreate it with labels of its own"
        }
        UnassignedReason::ImageUnanswered => {
            "its image did not answer in time; the next pass asks again, three times at most"
        }
        UnassignedReason::ImageUnreadable => {
            "its image cannot be read and `image_labels` requires that: allow the call (`IMAGES=1` at a socket proxy), or set \
             `image_labels` to `when_readable`"
        }
        UnassignedReason::IdentityUnknown => {
            "no container that a row is bound to is listed, and the daemon does not say who it is: allow `/info` (`INFO=1` at a \
             socket proxy), raise `identity_deadline`, or confirm that it is this host's daemon"
        }
        UnassignedReason::Ignored => "`ignore` in the configuration leaves it out",
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::model::{ContainerId, ContainerState};

    pub(crate) fn unassigned(reason: UnassignedReason, name: &str, detail: &str) -> Unassigned {
        Unassigned {
            container_id: ContainerId::new("ab".repeat(32)),
            name: name.into(),
            image_ref: "busybox".into(),
            state: ContainerState::Running,
            reason,
            detail: detail.into(),
        }
    }

    #[test]
    fn each_reason_has_its_fix() {
        use UnassignedReason as Reason;
        let project = |id: &str, name: &str, stages: &[&str]| {
            let stages = stages.iter().map(|stage| (*stage).to_owned()).collect();
            (id.to_owned(), ProjectNames { name: name.into(), stages })
        };
        let projects = [
            project("w0", "shop", &[]),
            project("w1", "web shop", &["live"]),
            project("w2", "shop", &["live", "test"]),
        ]
        .into();
        for (reason, name, detail, expected) in [
            (Reason::NoLabel, "db", "", Some("dockledger stack add db && dockledger adopt db --stack db")),
            (Reason::NoLabel, "", "", None),
            (Reason::NoLabel, "shop_web.1.x7k2", "a task of the Swarm service shop_web", None),
            (Reason::UnknownStack, "x", "AAA", Some("dockledger adopt AAA")),
            (Reason::UnknownStack, "x", "my shop", Some("dockledger adopt 'my shop'")),
            (Reason::UnknownStack, "x", " shop", None),
            (Reason::UnknownWorkload, "x", "w9", Some("dockledger project add w9 --workload-id w9")),
            (Reason::UnknownWorkload, "x", "a:b", None),
            (
                Reason::UnclaimedProject,
                "x",
                "w1",
                Some("dockledger claim --project 'web shop' --stage live --container abababababab"),
            ),
            (
                Reason::UnclaimedProject,
                "x",
                "w0",
                Some(
                    "dockledger stage add shop production && dockledger claim --project shop --stage production \
                     --container abababababab",
                ),
            ),
            (
                Reason::UnclaimedProject,
                "x",
                "w2",
                Some("dockledger claim --project shop --stage STAGE --container abababababab"),
            ),
            (Reason::UnclaimedProject, "x", "w9", None),
            (Reason::UnknownSite, "x", "s1", Some("dockledger site add s1 --id s1")),
            (Reason::UnknownStack, "x", "shop", Some("dockledger adopt shop")),
            (Reason::UnknownStack, "x", "a; rm -rf /", Some("dockledger adopt 'a; rm -rf /'")),
            (Reason::UnknownStack, "x", "--all", Some("dockledger adopt x")),
            (Reason::UnknownStack, "x", "a\nb", None),
            (Reason::ImageUnanswered, "x", "", Some("dockledger once")),
            (Reason::ImageUnreadable, "x", "", None),
            (Reason::IdentityUnknown, "x", "", Some("dockledger hosts confirm")),
            (Reason::KindMismatch, "x", "", None),
            (Reason::OtherPrefix, "x", "", None),
            (Reason::OneOff, "x", "", None),
            (Reason::Superseded, "x", "", None),
            (Reason::Contested, "x", "", None),
            (Reason::LabelFromImage, "x", "", None),
            (Reason::Ignored, "x", "", None),
        ] {
            assert_eq!(fix(&unassigned(reason, name, detail), &projects).as_deref(), expected, "{reason} {detail:?}");
        }
    }
}
