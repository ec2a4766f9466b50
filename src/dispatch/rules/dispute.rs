//! Whether the labels of a bound container name another owner than its row has.

use super::RuleSet;
use super::brief::brief;
use super::claim::{is_one_off, kind_mismatch};
use crate::model::{Directory, LedgerRow, ListedContainer, UnassignedReason, WorkloadKind};

/// What the first label that is there says against the row. Our own labels name an owner also where that does not
/// exist; a compose project names one only once it is registered: most that are not are nobody's concern.
pub(crate) fn dispute(
    container: &ListedContainer,
    row: &LedgerRow,
    kind: WorkloadKind,
    directory: &Directory,
    rules: &RuleSet,
) -> Option<(UnassignedReason, String)> {
    let owner = row.binding.workload_id.as_str();
    let labels = &container.claims;
    let named = if let Some(workload) = labels.workload_id.as_deref() {
        if workload == owner {
            let detail = kind_mismatch(labels.workload_kind.as_deref(), kind)?;
            return Some((
                UnassignedReason::KindMismatch,
                format!("it keeps row {}; {detail}", brief(row.id.as_str())),
            ));
        }
        format!("workload {}", brief(workload))
    } else if let Some(site) = labels.static_site.as_deref() {
        if directory.sites.get(site).is_some_and(|workload| workload.as_str() == owner) {
            return None;
        }
        format!("site {}", brief(site))
    } else {
        let project = labels.compose_project.as_deref().filter(|project| rules.looks_at(project))?;
        directory.stacks.get(project).filter(|workload| workload.as_str() != owner && !is_one_off(container))?;
        format!("compose project {}", brief(project))
    };
    let detail = format!("it keeps row {} of workload {owner}; its labels name {named}", brief(row.id.as_str()));
    Some((UnassignedReason::Contested, detail))
}
