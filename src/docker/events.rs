use super::message::DaemonError;
use super::source::{EventStream, StreamItem};
use super::transport::Transport;
use crate::model::BoxFuture;
#[derive(Debug)]
pub(super) struct DaemonEvents;
impl DaemonEvents {
    pub(super) async fn open(calls: &Transport, _since_nanos: Option<i64>) -> Result<Self, DaemonError> {
        Err(calls.call("GET /events").nonsense("the stream cannot be read yet"))
    }
}
impl EventStream for DaemonEvents {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<StreamItem>, DaemonError>> {
        Box::pin(async { Ok(None) })
    }
}
