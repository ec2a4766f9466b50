//! A look without a pass: what the rules say of the daemon's containers now. Writes nothing.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::config::Config;
use crate::dispatch::{Assignment, ImageNames, Picture, RuleSet, assign, directory_keys};
use crate::docker::{Daemon, Listed, Questions, resolve_endpoint};
use crate::model::{ContainerId, FailureKind, ImageId, News, PassFailure, Timestamp, Unassigned};
use crate::store::{DiffInput, Directory, DirectoryKeys, OpenMode, Opened, Store, StoreError, diff};

/// What a look found.
#[derive(Clone, Debug)]
pub struct Preview {
    /// Containers listed.
    pub listed: usize,
    /// Containers without a row, and why.
    pub unassigned: Vec<Unassigned>,
    /// Why the listing is partial; empty if it is complete.
    pub unreadable: Vec<String>,
}

/// Reads the ledger, asks the daemon for one listing and what the rules want to know of it, and says what a pass would
/// leave unassigned.
///
/// # Errors
/// If the ledger cannot be read or the daemon gives no listing.
pub async fn preview(config: &Config) -> Result<Preview, PassFailure> {
    let endpoint = resolve_endpoint(config)
        .map_err(|error| PassFailure { kind: FailureKind::DaemonUnreachable, message: error.to_string() })?;
    let daemon = Daemon::new(endpoint, config);
    let opened = in_store(config, {
        let host = config.host.clone();
        move |store| store.open_pass(&host, || {})
    })
    .await?;
    let listed = daemon.list().await.map_err(|error| PassFailure {
        kind: if error.is_unreachable() { FailureKind::DaemonUnreachable } else { FailureKind::DaemonFailed },
        message: error.to_string(),
    })?;
    let rules = RuleSet::from(config);
    let keys: DirectoryKeys = directory_keys(&opened.rows, &listed.listing, &rules);
    let directory = in_store(config, move |store| store.look_up(&keys)).await?;
    let questions = Questions::new(Arc::new(daemon), config);
    Ok(settle(&questions, &rules, &opened, &listed, &directory).await)
}

async fn settle(
    questions: &Questions,
    rules: &RuleSet,
    opened: &Opened,
    listed: &Listed,
    directory: &Directory,
) -> Preview {
    let mut images = HashMap::new();
    let mut verified = HashMap::new();
    let (mut image_names, mut names_are_asked) = (ImageNames::default(), false);
    let examined = HashMap::new();
    loop {
        let picture = Picture {
            scoped: None,
            rows: &opened.rows,
            listing: &listed.listing,
            directory,
            images: &images,
            verified: &verified,
            examined: &examined,
            image_names: &image_names,
            identity_known: listed.identity.is_some(),
        };
        let assignment: Assignment = assign(&picture, rules);
        if !assignment.wants_names.is_empty() && !std::mem::replace(&mut names_are_asked, true) {
            let wanted: Vec<ContainerId> = assignment.wants_names.into_iter().collect();
            image_names.note(questions.verify(wanted).await);
        } else if !assignment.wants_images.is_empty() {
            let wanted: Vec<ImageId> = assignment.wants_images.into_iter().collect();
            images.extend(questions.images(wanted).await);
        } else if !assignment.wants_verified.is_empty() {
            let wanted: Vec<ContainerId> = assignment.wants_verified.into_iter().collect();
            verified.extend(questions.verify(wanted).await);
        } else {
            let input = DiffInput {
                picture: &picture,
                assignment: &assignment,
                now: Timestamp::now(),
                last_complete_pass_at: None,
                news: &News::default(),
                flapping_window: Duration::MAX,
            };
            return Preview {
                listed: listed.listing.containers.len() + listed.listing.quarantined.len(),
                unassigned: diff(&input).unassigned,
                unreadable: listed.listing.unreadable.clone(),
            };
        }
    }
}

async fn in_store<T: Send + 'static>(
    config: &Config,
    read: impl FnOnce(&mut Store) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, PassFailure> {
    let config = config.clone();
    let result = tokio::task::spawn_blocking(move || read(&mut Store::open(&config, OpenMode::Read)?)).await;
    result
        .map_err(|error| PassFailure {
            kind: FailureKind::Internal,
            message: format!("reading the ledger panicked: {error}"),
        })?
        .map_err(|error| PassFailure { kind: FailureKind::StoreFailed, message: error.to_string() })
}
