//! The list: of all containers or of some, on a connection of its own that is kept.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::body::Incoming;
use tokio::time::{Instant, timeout_at};

use super::connector::Connector;
use super::endpoint::Endpoint;
use super::error::DaemonError;
use super::fault::Call;
use super::labels::LabelReader;
use super::listing::{ListingReader, Memory, RememberingReader, SplitError};
use super::progress::{CallProgress, LIST_CALL};
use super::transport::{Keep, Transport, error_answer, next_piece, query_value};
use crate::model::{ContainerId, Listing, Scope};

/// Longest body of a list, without the entries that are too long to be kept: anyone who may create containers can make
/// some of 32 MiB, and they must cost no more than themselves. 10,000 containers take 14 MiB; beyond this something is
/// wrong with the daemon.
const MAX_LIST_BYTES: u64 = 256 * 1024 * 1024;

/// Every container, stopped ones too.
const LIST_ALL: &str = "/containers/json?all=1";

/// The most ids that a list is filtered by: some 40 KB of path, where servers take 1 MiB of head and proxies 64 KB. For
/// more of them the whole list is asked for.
const MOST_FILTERED: usize = 500;

/// Lists, one at a time.
#[derive(Debug)]
pub(super) struct ListCall {
    transport: Transport,
    labels: Arc<LabelReader>,
    /// What the last whole list said; taken by the one in flight, and lost with it.
    memory: Mutex<Memory>,
    /// Of the list in flight, for whoever cancels it.
    progress: Arc<CallProgress>,
}

/// A list that was read to its end.
pub(super) struct ReadList {
    /// The same allocation as that of the whole list before if it said the same.
    pub(super) listing: Arc<Listing>,
    /// Length of the body.
    pub(super) body_bytes: u64,
    /// Since the call began.
    pub(super) duration: Duration,
}

impl ListCall {
    /// Connects to nothing yet.
    pub(super) fn new(endpoint: Arc<Endpoint>, labels: Arc<LabelReader>) -> Self {
        let transport = Transport::new(endpoint, Keep::One);
        Self { transport, labels, memory: Mutex::default(), progress: Arc::default() }
    }

    /// The connector, to see what it opens.
    pub(super) const fn connector(&self) -> &Connector {
        self.transport.connector()
    }

    /// How far the list in flight has come.
    pub(super) fn progress(&self) -> Arc<CallProgress> {
        Arc::clone(&self.progress)
    }

    /// All containers, under a deadline over connecting, head, body and decoding.
    pub(super) async fn read_within(&self, deadline: Duration, began: Instant) -> Result<ReadList, DaemonError> {
        match timeout_at(began + deadline, self.read(&Scope::Host, began)).await {
            Ok(listing) => listing,
            Err(_) => {
                let call = self.transport.call(LIST_CALL);
                Err(call.timed_out(deadline, self.connector().is_connecting(), &self.progress))
            }
        }
    }

    /// Without a deadline: whoever drops it reads in `progress` how far it came.
    pub(super) async fn read(&self, scope: &Scope, began: Instant) -> Result<ReadList, DaemonError> {
        self.progress.begin();
        let call = self.transport.call(LIST_CALL);
        let (listing, body_bytes) = match scope {
            Scope::Host => self.read_all(&call).await?,
            Scope::Containers(ids) => self.read_some(&call, ids).await?,
        };
        Ok(ReadList { listing, body_bytes, duration: began.elapsed() })
    }

    async fn read_all(&self, call: &Call) -> Result<(Arc<Listing>, u64), DaemonError> {
        let mut body = self.begin_list(call, LIST_ALL).await?;
        let memory = std::mem::take(&mut *self.memory.lock().unwrap_or_else(PoisonError::into_inner));
        let mut reader = RememberingReader::new(Arc::clone(&self.labels), memory);
        self.feed_with(call, &mut body, |piece| reader.feed(piece).map(|()| reader.oversized_bytes())).await?;
        let body_bytes = reader.body_bytes();
        let (listing, memory) = reader.finish().map_err(|error| not_a_listing(call, error, &[], &self.progress))?;
        *self.memory.lock().unwrap_or_else(PoisonError::into_inner) = memory;
        Ok((listing, body_bytes))
    }

    /// What is remembered is of whole lists, and stays as it is.
    async fn read_some(&self, call: &Call, ids: &BTreeSet<ContainerId>) -> Result<(Arc<Listing>, u64), DaemonError> {
        let mut body = self.begin_list(call, &list_path(ids)).await?;
        let mut reader = ListingReader::new(Arc::clone(&self.labels));
        self.feed_with(call, &mut body, |piece| reader.feed(piece).map(|()| reader.oversized_bytes())).await?;
        let mut listing = reader.finish().map_err(|error| not_a_listing(call, error, &[], &self.progress))?;
        // An engine may match the begin of an id, or not know the filter.
        listing.containers.retain(|listed| ids.contains(&listed.id));
        listing.quarantined.retain(|quarantined| ids.contains(&quarantined.container_id));
        Ok((Arc::new(listing), self.progress.bytes()))
    }

    async fn begin_list(&self, call: &Call, path: &str) -> Result<Incoming, DaemonError> {
        let response = self.transport.get(path).await.map_err(|error| call.failed(&error, &self.progress))?;
        self.progress.got_head();
        if response.status() != hyper::StatusCode::OK {
            let answer = error_answer(call, response, &self.progress).await?;
            return Err(call.status(answer.status, &answer.body));
        }
        Ok(response.into_body())
    }

    async fn feed_with(
        &self,
        call: &Call,
        body: &mut Incoming,
        mut feed: impl FnMut(&[u8]) -> Result<u64, SplitError>,
    ) -> Result<(), DaemonError> {
        while let Some(piece) = next_piece(call, body, &self.progress).await? {
            let oversized = feed(&piece).map_err(|error| not_a_listing(call, error, &piece, &self.progress))?;
            if self.progress.bytes().saturating_sub(oversized) > MAX_LIST_BYTES {
                return Err(call.too_large(MAX_LIST_BYTES));
            }
        }
        Ok(())
    }
}

/// The containers of these ids, filtered by the daemon where that makes its answer shorter. A row may be bound to any
/// text, of any length: what is no full id names no container of a list.
pub(super) fn list_path(ids: &BTreeSet<ContainerId>) -> String {
    let ids: Vec<&ContainerId> = ids.iter().filter(|id| ContainerId::is_full(id.as_str())).collect();
    if ids.is_empty() || ids.len() > MOST_FILTERED {
        return LIST_ALL.to_owned();
    }
    let filters = serde_json::json!({ "id": ids }).to_string();
    format!("{LIST_ALL}&filters={}", query_value(&filters))
}

/// An array that is cut is a cut answer, whatever the transport thought of it.
fn not_a_listing(call: &Call, error: SplitError, piece: &[u8], progress: &CallProgress) -> DaemonError {
    match error {
        SplitError::Cut(_) => call.cut(progress.bytes(), error.to_string()),
        SplitError::NotAnArray if !piece.is_empty() => {
            let begin = String::from_utf8_lossy(&piece[..piece.len().min(80)]).into_owned();
            call.nonsense(&format!("{error}; it begins with {begin}"))
        }
        _ => call.nonsense(&error.to_string()),
    }
}
