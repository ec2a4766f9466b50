//! Who is registered, as the seed knows it, and what the deployer wrote last.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use dockledger::config::Config;
use dockledger::model::Origin;
use dockledger::store::{NewParent, OpenMode, Store};

/// What a deployer's columns hold: subdomain, route, proxy, tag, stage.
pub(crate) type Columns = [Option<String>; 5];

/// The image that carries compose's labels itself.
pub(crate) const BAKED_IMAGE: &str = "shop-baked:1";

/// As compose builds an image of a service: with its project and its name, and without what it gives to containers alone.
pub(crate) fn baked_labels() -> BTreeMap<String, String> {
    let labels = [("com.docker.compose.project", "shop"), ("com.docker.compose.service", "baked")];
    labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

/// The owners, by what containers name them by, and the deployer's rows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Registry {
    /// Kind by workload.
    pub(crate) kinds: BTreeMap<String, String>,
    /// Workload by compose project.
    pub(crate) stacks: BTreeMap<String, String>,
    /// Workload by site.
    pub(crate) sites: BTreeMap<String, String>,
    /// Workload by adopted name.
    pub(crate) adopted: BTreeMap<String, String>,
    pub(crate) baked_images: BTreeSet<String>,
    /// What the deployer wrote last, by row; a row that is not here has none of his.
    pub(crate) columns: BTreeMap<String, Columns>,
    /// The rows of projects that exist.
    pub(crate) claimed: BTreeSet<String>,
    /// Rows that were released, or went with their owner, since the last check.
    pub(crate) removed: BTreeSet<String>,
}

impl Registry {
    /// As the template has it.
    pub(crate) fn of_the_template() -> Self {
        let text = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        Self {
            kinds: text(&[
                ("w-shop", "stack"),
                ("w-blog", "stack"),
                ("w-tools", "stack"),
                ("w-docs", "site"),
                ("w-app", "project"),
            ]),
            stacks: text(&[("shop", "w-shop"), ("blog", "w-blog"), ("tools", "w-tools")]),
            sites: text(&[("docs", "w-docs")]),
            adopted: text(&[("legacy", "w-tools")]),
            baked_images: [BAKED_IMAGE.to_owned()].into(),
            ..Self::default()
        }
    }
}

/// A parent whose ids follow from its name.
pub(crate) fn parent(name: &str) -> NewParent {
    NewParent { name: name.into(), id: Some(name.into()), workload_id: Some(format!("w-{name}")) }
}

/// Where the databases of seeds are: in memory where there is such a place.
pub(crate) fn directory() -> &'static Path {
    static DIRECTORY: OnceLock<tempfile::TempDir> = OnceLock::new();
    let make = || {
        let memory = Path::new("/dev/shm");
        let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        tempfile::Builder::new().prefix("dockledger-seeds").tempdir_in(parent).expect("a directory for databases")
    };
    DIRECTORY.get_or_init(make).path()
}

/// A migrated database with some owners in it, made once and copied for each seed.
pub(crate) fn template() -> &'static PathBuf {
    static TEMPLATE: OnceLock<PathBuf> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let path = directory().join("template.db");
        let config = Config::new(path.display().to_string());
        let mut store = Store::open(&config, OpenMode::Write).expect("a new database");
        for stack in ["shop", "blog", "tools"] {
            store.add_stack(&parent(stack), Some(stack.into())).expect("a new stack");
        }
        store.adopt_name("tools", "legacy", Origin::Adopted).expect("a free name");
        store.add_site(&parent("docs")).expect("a new site");
        store.add_project(&parent("app")).expect("a new project");
        for stage in ["prod", "dev"] {
            store.add_stage("app", stage, Some(format!("stage-{stage}")), None).expect("a new stage");
        }
        drop(store);
        path
    })
}
