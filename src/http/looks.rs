//! What the daemon says at the moment of a call, for whoever is about to take or to order something.

use ractor::rpc::CallResult;

use super::shared::Shared;
use crate::docker::ImageAnswer;
use crate::model::{ContainerId, Examined, ImageId};
use crate::supervisor::SupervisorMessage;

/// What the daemon says of one container.
pub(super) async fn look(shared: &Shared, container: &ContainerId) -> Examined {
    let asked = shared.ledger.supervisor.call(
        |reply| SupervisorMessage::Look { container: container.clone(), reply },
        Some(shared.config.inspect_deadline * 2),
    );
    match asked.await {
        Ok(CallResult::Success(examined)) => examined,
        _ => Examined::Unanswered("whoever asks the daemon did not answer".into()),
    }
}

/// What the daemon says of one image.
pub(super) async fn look_at_image(shared: &Shared, image: ImageId) -> ImageAnswer {
    let asked = shared
        .ledger
        .supervisor
        .call(|reply| SupervisorMessage::LookAtImage { image, reply }, Some(shared.config.inspect_deadline * 2));
    match asked.await {
        Ok(CallResult::Success(answer)) => answer,
        _ => ImageAnswer::Unanswered,
    }
}
