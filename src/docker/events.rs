//! The daemon's event stream, on a connection of its own.

use hyper::body::Incoming;

use super::error::DaemonError;
use super::event_line::{ACTIONS, DISCONNECT, decode};
use super::fault::Call;
use super::lines::{Line, Lines};
use super::progress::CallProgress;
use super::source::{EventStream, StreamItem};
use super::transport::{Transport, error_answer, next_piece, query_value};
use crate::model::BoxFuture;

/// The stream, as errors name it.
const EVENTS_CALL: &str = "GET /events";

/// A stream that is followed.
#[derive(Debug)]
pub(super) struct DaemonEvents {
    call: Call,
    body: Incoming,
    lines: Lines,
    progress: CallProgress,
}

impl DaemonEvents {
    /// Asks for the events of containers. Returns with the head of the answer, which the daemon sends when it follows.
    pub(super) async fn open(calls: &Transport, since_nanos: Option<i64>) -> Result<Self, DaemonError> {
        let call = calls.call(EVENTS_CALL);
        let progress = CallProgress::default();
        let response = calls.get(&path(since_nanos)).await.map_err(|error| call.failed(&error, &progress))?;
        progress.got_head();
        if response.status() != hyper::StatusCode::OK {
            let answer = error_answer(&call, response, &progress).await?;
            return Err(call.status(answer.status, &answer.body));
        }
        Ok(Self { call, body: response.into_body(), lines: Lines::default(), progress })
    }

    async fn next_item(&mut self) -> Result<Option<StreamItem>, DaemonError> {
        loop {
            while let Some(line) = self.lines.next() {
                let item = match line {
                    Line::Whole(line) => decode(line),
                    Line::TooLong => Some(StreamItem::Unreadable("an event is larger than 4 MiB".into())),
                };
                if item.is_some() {
                    return Ok(item);
                }
            }
            let Some(piece) = next_piece(&self.call, &mut self.body, &self.progress).await? else { break };
            self.lines.feed(&piece);
        }
        match decode(&self.lines.rest()) {
            // A body that ends with its connection looks whole to the transport, so only the line tells.
            Some(StreamItem::Unreadable(cause)) => Err(self.call.cut(self.progress.bytes(), cause)),
            item => Ok(item),
        }
    }
}

impl EventStream for DaemonEvents {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<StreamItem>, DaemonError>> {
        Box::pin(self.next_item())
    }
}

/// What is no container or changes no row is filtered by the daemon, that a host full of health checks stays quiet.
fn path(since_nanos: Option<i64>) -> String {
    let actions: Vec<&str> = ACTIONS.iter().map(|(word, _)| *word).chain([DISCONNECT]).collect();
    let filters = serde_json::json!({ "type": ["container", "network"], "event": actions }).to_string();
    let since = since_nanos.map_or_else(String::new, |nanos| format!("since={}&", seconds(nanos)));
    format!("/events?{since}filters={}", query_value(&filters))
}

/// Seconds with nine decimals, as both engines read them.
fn seconds(nanos: i64) -> String {
    let nanos = nanos.max(0);
    format!("{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_asked_for_from_a_nanosecond_on() {
        assert!(path(None).starts_with("/events?filters=%7B"));
        assert!(path(Some(1_700_000_000_000_000_042)).starts_with("/events?since=1700000000.000000042&filters="));
        assert_eq!(seconds(-1), "0.000000000");
    }
}
