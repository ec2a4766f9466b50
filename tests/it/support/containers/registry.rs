//! What has to be registered before the pass, so that the sixty get their fates.

/// What has to be registered before the pass.
pub(crate) struct Registry {
    /// Projects.
    pub(crate) projects: &'static [Parent],
    /// Stages by project name.
    pub(crate) stages: &'static [(&'static str, &'static str)],
    /// Stacks.
    pub(crate) stacks: &'static [StackParent],
    /// Sites.
    pub(crate) sites: &'static [Parent],
}

/// A project or a site.
pub(crate) struct Parent {
    pub(crate) name: &'static str,
    pub(crate) id: &'static str,
    pub(crate) workload: &'static str,
}

/// A stack.
pub(crate) struct StackParent {
    pub(crate) parent: Parent,
    pub(crate) compose_project: &'static str,
    /// Names of plain containers that join it.
    pub(crate) adopted: &'static [&'static str],
}

const fn parent(name: &'static str, id: &'static str, workload: &'static str) -> Parent {
    Parent { name, id, workload }
}

/// What the fates below rest on.
pub(crate) const REGISTRY: Registry = Registry {
    projects: &[
        parent("console", "project-console", "workload-console"),
        parent("billing", "project-billing", "workload-billing"),
    ],
    stages: &[("console", "production"), ("console", "staging"), ("billing", "production")],
    stacks: &[
        StackParent { parent: parent("shop", "stack-shop", "workload-shop"), compose_project: "shop", adopted: &[] },
        // Another name than its compose project's: the label counts, not the name.
        StackParent {
            parent: parent("journal", "stack-journal", "workload-journal"),
            compose_project: "blog",
            adopted: &[],
        },
        StackParent {
            parent: parent("forum", "stack-forum", "workload-forum"),
            compose_project: "forum",
            adopted: &[],
        },
        StackParent {
            parent: parent("tools", "stack-tools", "workload-tools"),
            compose_project: "tools",
            adopted: &["nightly-backup", "metrics-agent"],
        },
    ],
    sites: &[
        parent("landing", "site-landing", "workload-landing"),
        parent("docs", "site-docs", "workload-docs"),
        parent("press", "site-press", "workload-press"),
    ],
};
