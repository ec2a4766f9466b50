use super::fault::Call;
use super::labels::LabelReader;
use super::message::DaemonError;
use super::transport::Answer;
use crate::model::{ContainerId, Examined};
pub(super) fn examined(_: &Call, _: &LabelReader, _: &ContainerId, _: Result<Answer, DaemonError>) -> Examined {
    Examined::Unanswered("an inspect cannot be decoded yet".into())
}
