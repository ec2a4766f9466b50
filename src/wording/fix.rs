//! What would give an unassigned container its row: a command that works as it is pasted, or words where no command can.

use std::collections::{BTreeMap, BTreeSet};

use super::escape::shell_word;
use crate::model::{Unassigned, UnassignedReason};
use crate::store::{Store, StoreError, is_name};

/// A project as a claim names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct ProjectNames {
    /// Its name.
    name: String,
    /// The names of its stages.
    stages: Vec<String>,
}

/// What the ledger knows of owners, and how the program is called: what commands are made of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fixes {
    /// The program, with the flags that lead to this ledger.
    command: String,
    /// By workload id.
    projects: BTreeMap<String, ProjectNames>,
    /// Names and ids that no other project can have.
    taken_projects: BTreeSet<String>,
    /// Of stacks, their compose projects too.
    taken_stacks: BTreeSet<String>,
    /// Of sites.
    taken_sites: BTreeSet<String>,
}

impl Fixes {
    /// Reads who is registered.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub(crate) fn read(store: &mut Store, command: &str) -> Result<Self, StoreError> {
        let mut fixes = Self::called(command);
        for project in store.list_projects()? {
            let stages = store.list_stages(&project.id)?.into_iter().map(|stage| stage.name).collect();
            fixes.taken_projects.extend([project.id, project.name.clone()]);
            fixes.projects.insert(project.workload_id.to_string(), ProjectNames { name: project.name, stages });
        }
        for stack in store.list_stacks()? {
            fixes.taken_stacks.extend([stack.id, stack.name]);
            fixes.taken_stacks.extend(stack.compose_project);
        }
        for site in store.list_sites()? {
            fixes.taken_sites.extend([site.id, site.name]);
        }
        Ok(fixes)
    }

    /// Where nobody is registered.
    pub(crate) fn called(command: &str) -> Self {
        Self { command: command.to_owned(), ..Self::default() }
    }

    /// The command that would give the container its row, quoted for a shell; `None` where there is none, or where a name
    /// cannot be typed. The reasons that name an owner carry its id or name as their whole `detail`.
    pub(crate) fn of(&self, container: &Unassigned) -> Option<String> {
        let named = || shell_word(&container.detail);
        let dockledger = &self.command;
        match container.reason {
            // Its particulars tell of another orchestrator: the next deploy gives another name.
            UnassignedReason::NoLabel if !container.detail.is_empty() => None,
            UnassignedReason::NoLabel => {
                let name = shell_word(&container.name)?;
                let stack = shell_word(&free(&container.name, &self.taken_stacks))?;
                Some(format!("{dockledger} stack add {stack} && {dockledger} adopt {name} --stack {stack}"))
            }
            UnassignedReason::UnknownWorkload => {
                let id = named().filter(|id| !id.contains(':'))?;
                let name = shell_word(&free(&container.detail, &self.taken_projects))?;
                Some(format!("{dockledger} project add {name} --workload-id {id}"))
            }
            UnassignedReason::UnclaimedProject => self.claim(container),
            UnassignedReason::UnknownSite => {
                let name = shell_word(&free(&container.detail, &self.taken_sites))?;
                Some(format!("{dockledger} site add {name} --id {id}", id = named()?))
            }
            UnassignedReason::UnknownStack => self.stack(container),
            UnassignedReason::ImageUnanswered => Some(format!("{dockledger} once")),
            UnassignedReason::IdentityUnknown => Some(format!("{dockledger} hosts confirm")),
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

    fn stack(&self, container: &Unassigned) -> Option<String> {
        let (dockledger, project) = (&self.command, &container.detail);
        if !is_name(project) {
            return None;
        }
        if self.taken_stacks.contains(project) {
            let (name, project) = (shell_word(&free(project, &self.taken_stacks))?, shell_word(project)?);
            return Some(format!("{dockledger} stack add {name} --compose-project {project}"));
        }
        // A project is named by one of its containers too, which helps where its own name would be read as a flag.
        let by_container = || shell_word(&container.name).filter(|_| project.starts_with('-'));
        Some(format!("{dockledger} adopt {}", shell_word(project).or_else(by_container)?))
    }

    /// The claim, after the stage is made if the project has none. Of several stages the deployer alone knows which.
    fn claim(&self, container: &Unassigned) -> Option<String> {
        let (dockledger, project) = (&self.command, self.projects.get(&container.detail)?);
        let name = shell_word(&project.name)?;
        let id = container.container_id.short();
        let (first, stage) = match project.stages.as_slice() {
            [] => (format!("{dockledger} stage add {name} production && "), "production".into()),
            [only] => (String::new(), shell_word(only)?),
            _ => (String::new(), "STAGE".into()),
        };
        Some(format!("{first}{dockledger} claim --project {name} --stage {stage} --container {id}"))
    }
}

/// The name, or the first behind it that nobody has: `shop-2`, `shop-3`.
fn free(name: &str, taken: &BTreeSet<String>) -> String {
    let numbered = (2_u32..).map(|number| format!("{name}-{number}"));
    std::iter::once(name.to_owned()).chain(numbered).find(|name| !taken.contains(name)).unwrap_or_default()
}

/// The entry of `ignore` that leaves the container out, its whole compose project if it is of one; `None` where it is left
/// out already, or cannot be named.
#[cfg(feature = "cli")]
pub(crate) fn ignore_entry(container: &Unassigned) -> Option<String> {
    let entry = match container.reason {
        UnassignedReason::OtherPrefix | UnassignedReason::OneOff | UnassignedReason::Ignored => None,
        UnassignedReason::UnknownStack => Some(format!("label:com.docker.compose.project={}", container.detail)),
        _ if container.name.is_empty() => None,
        _ => Some(format!("name:{}", container.name)),
    };
    entry.filter(|entry| !entry.contains(char::is_control))
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
        let fixes = Fixes { projects, ..Fixes::called("dockledger") };
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
            assert_eq!(fixes.of(&unassigned(reason, name, detail)).as_deref(), expected, "{reason} {detail:?}");
        }
    }
    /// Each command works as it is pasted: with the flags that lead to the ledger, under a name that is free.
    #[test]
    fn a_fix_leads_to_the_same_ledger_and_takes_nobodys_name() {
        use UnassignedReason as Reason;
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        let fixes = Fixes {
            taken_projects: set(&["w9"]),
            taken_stacks: set(&["shop", "shop-2", "db"]),
            taken_sites: set(&["s1"]),
            ..Fixes::called("dockledger --config '/a b.toml'")
        };
        let d = "dockledger --config '/a b.toml'";
        for (reason, name, detail, expected) in [
            (Reason::UnknownStack, "x", "shop", format!("{d} stack add shop-3 --compose-project shop")),
            (Reason::UnknownStack, "x", "blog", format!("{d} adopt blog")),
            (Reason::NoLabel, "db", "", format!("{d} stack add db-2 && {d} adopt db --stack db-2")),
            (Reason::UnknownWorkload, "x", "w9", format!("{d} project add w9-2 --workload-id w9")),
            (Reason::UnknownSite, "x", "s1", format!("{d} site add s1-2 --id s1")),
            (Reason::IdentityUnknown, "x", "", format!("{d} hosts confirm")),
        ] {
            assert_eq!(fixes.of(&unassigned(reason, name, detail)), Some(expected), "{reason}");
        }
    }

    #[cfg(feature = "cli")]
    #[test]
    fn an_ignore_entry_names_the_project_or_else_the_container() {
        use UnassignedReason as Reason;
        for (reason, name, expected) in [
            (Reason::UnknownStack, "shop-web-1", Some("label:com.docker.compose.project=shop")),
            (Reason::NoLabel, "db", Some("name:db")),
            (Reason::NoLabel, "", None),
            (Reason::OneOff, "x", None),
        ] {
            let entry = ignore_entry(&unassigned(reason, name, "shop"));
            assert_eq!(entry.as_deref(), expected, "{reason}");
            assert!(entry.is_none_or(|entry| crate::config::IgnoreEntry::parse(&entry).is_some()));
        }
    }
}
