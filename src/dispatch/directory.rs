//! What a pass has to look up, once, before the rules can decide.

use std::cell::LazyCell;
use std::collections::{BTreeSet, HashSet};

use super::rules::RuleSet;
use crate::model::{LedgerRow, Listing};
use crate::store::DirectoryKeys;

/// The owners that the rows and the listing name, unknown ones too.
///
/// Names are for containers without a label that counts, but for those that a deployer bound: they keep their row.
#[must_use]
pub fn directory_keys(rows: &[LedgerRow], listing: &Listing, rules: &RuleSet) -> DirectoryKeys {
    let mut workloads: HashSet<&str> = rows.iter().map(|row| row.binding.workload_id.as_str()).collect();
    let mut sites = HashSet::new();
    let mut compose_projects = HashSet::new();
    let mut adopted_names = HashSet::new();
    let bound_by_deployer: LazyCell<HashSet<&str>, _> = LazyCell::new(|| {
        let theirs = rows.iter().filter(|row| !row.binding.workload_kind.binding_is_ours());
        theirs.filter_map(|row| Some(row.binding.container_id.as_ref()?.as_str())).collect()
    });
    for container in &listing.containers {
        let labels = &container.claims;
        if let Some(workload) = labels.workload_id.as_deref() {
            workloads.insert(workload);
        } else if let Some(site) = labels.static_site.as_deref() {
            sites.insert(site);
        } else if let Some(project) = labels.compose_project.as_deref() {
            if rules.looks_at(project) {
                compose_projects.insert(project);
            }
        } else if !container.name.is_empty() && !bound_by_deployer.contains(container.id.as_str()) {
            adopted_names.insert(&*container.name);
        }
    }
    // Ids hold no `:`, so such a label is unknown without a look.
    workloads.retain(|workload| !workload.contains(':'));
    DirectoryKeys {
        workloads: owned(&workloads),
        sites: owned(&sites),
        compose_projects: owned(&compose_projects),
        adopted_names: owned(&adopted_names),
    }
}

fn owned(keys: &HashSet<&str>) -> BTreeSet<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}
