//! A reader that looks at the ledger all the while.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use dockledger::config::Config;
use dockledger::model::{Condition, ContainerId, ContainerState};
use dockledger::store::{OpenMode, RowFilter, Store};

use super::case::RealCase;
use crate::support::engine::Engine;

/// Between two looks: shorter than two passes can follow each other.
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// A thread with a connection of its own.
pub(super) struct MissingWatch {
    removed: Arc<Mutex<BTreeSet<ContainerId>>>,
    end: mpsc::Sender<()>,
    thread: JoinHandle<(usize, BTreeSet<ContainerId>)>,
}

impl MissingWatch {
    pub(super) fn begin(config: &Config) -> Self {
        let mut store = Store::open(config, OpenMode::Read).expect("the ledger opens");
        let removed: Arc<Mutex<BTreeSet<ContainerId>>> = Arc::default();
        let may_be_missing = Arc::clone(&removed);
        let (end, ended) = mpsc::channel();
        let filter = RowFilter { conditions: vec![Condition::In(ContainerState::Missing)], ..RowFilter::default() };
        let thread = std::thread::spawn(move || {
            let (mut looks, mut wrong) = (0, BTreeSet::new());
            while ended.recv_timeout(BETWEEN_LOOKS) == Err(RecvTimeoutError::Timeout) {
                let missing = store.rows(&filter).expect("the ledger can be read");
                let may = may_be_missing.lock().expect("nobody panics with it");
                wrong.extend(
                    missing.into_iter().filter_map(|row| row.binding.container_id).filter(|id| !may.contains(id)),
                );
                looks += 1;
            }
            (looks, wrong)
        });
        Self { removed, end, thread }
    }

    /// This container is about to be removed: from now on its row may be missing.
    pub(super) fn removes(&self, id: &ContainerId) {
        self.removed.lock().expect("nobody panics with it").insert(id.clone());
    }

    /// No look, and no change in between, has shown a row missing whose container was there.
    pub(super) fn ends_without_a_wrong_one<D: Deref<Target = Engine>>(self, case: &RealCase<D>) {
        drop(self.end);
        let (looks, wrong) = self.thread.join().expect("the reader reads to the end");
        assert!(looks > 0, "it looked");
        assert_eq!(wrong, BTreeSet::new(), "missing in one of {looks} looks");
        let removed = self.removed.lock().expect("nobody panics with it");
        for id in case.ever_missing() {
            assert!(removed.contains(&ContainerId::new(&*id)), "{id} was missing for a while");
        }
    }
}
