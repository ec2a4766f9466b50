//! What a pass has to look up, once, before the rules can decide.

use std::cell::LazyCell;
use std::collections::{BTreeSet, HashSet};

use super::rules::RuleSet;
use crate::model::{DirectoryKeys, LedgerRow, Listing};

/// The owners that the rows and the listing name, unknown ones too.
///
/// Names are for containers without a label that counts, but for those that a deployer bound: they keep their row.
#[must_use]
pub(crate) fn directory_keys(rows: &[LedgerRow], listing: &Listing, rules: &RuleSet) -> DirectoryKeys {
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
        elsewhere: None,
    }
}

fn owned(keys: &HashSet<&str>) -> BTreeSet<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::rules::fixtures::{container, labelled, raw_row, row, web, world};
    use super::*;
    use crate::model::{Claims, ContainerState, ListedContainer};

    fn listing(containers: Vec<ListedContainer>) -> Listing {
        world(containers, Vec::new()).listing
    }

    fn set(keys: &[&str]) -> BTreeSet<String> {
        keys.iter().map(|key| (*key).to_owned()).collect()
    }

    #[test]
    fn keys_are_what_rows_and_labels_name_unknown_ones_too() {
        let site = Claims { static_site: Some("docs".into()), ..Claims::default() };
        let containers = vec![
            labelled(1, "ghost", "", ""),
            ListedContainer { claims: site, ..container(2) },
            web(3, 1),
            web(4, 2),
            container(5),
            labelled(6, "a:b", "", ""),
        ];
        let rows = [raw_row("r1", "p", ContainerState::Created, None), row("s:web", "s", &web(3, 1))];
        let listing = listing(containers);
        let keys = directory_keys(&rows, &listing, &RuleSet::default());
        assert_eq!(keys.workloads, set(&["ghost", "p", "s"]));
        assert_eq!(keys.sites, set(&["docs"]));
        assert_eq!(keys.compose_projects, set(&["shop"]));
        assert_eq!(keys.adopted_names, set(&["c5"]));
    }

    #[test]
    fn names_are_asked_of_no_container_that_a_deployer_bound() {
        let rows = [row("r1", "p", &container(1)), row("s:c2", "s", &container(2))];
        let keys = directory_keys(&rows, &listing(vec![container(1), container(2)]), &RuleSet::default());
        assert_eq!(keys.adopted_names, set(&["c2"]));
    }

    #[test]
    fn compose_projects_without_the_prefix_are_not_asked() {
        let rules = RuleSet { compose_prefix: "tinyforge-".to_owned(), ..RuleSet::default() };
        assert!(directory_keys(&[], &listing(vec![web(1, 1)]), &rules).compose_projects.is_empty());
    }
}
