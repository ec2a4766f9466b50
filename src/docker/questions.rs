//! Questions about many containers or images, some at a time, each and all within their bounds.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::each::ask_each;
use super::message::ImageAnswer;
use super::source::ContainerSource;
use crate::config::Config;
use crate::model::{ContainerId, DaemonCall, Examined, ImageId, Inspected};

/// Questions at a time when a pass waits for them.
const AT_ONCE: usize = 8;

/// Inspects at a time beside later passes.
pub(crate) const DETAILS_AT_ONCE: usize = 4;

/// Asks a source about many. Dropped, a question drops the calls in flight.
#[derive(Clone, Debug)]
pub struct Questions {
    source: Arc<dyn ContainerSource>,
    list_deadline: Duration,
    inspect_deadline: Duration,
}

impl Questions {
    /// Nothing is asked yet.
    #[must_use]
    pub fn new(source: Arc<dyn ContainerSource>, config: &Config) -> Self {
        Self { source, list_deadline: config.list_deadline, inspect_deadline: config.inspect_deadline }
    }

    /// One container, under `inspect_deadline`.
    pub(super) async fn look(&self, container: &ContainerId) -> Examined {
        let asked = timeout(self.inspect_deadline, self.source.examine(container)).await;
        asked.unwrap_or_else(|_| Examined::Unanswered("it did not answer in time".into()))
    }

    /// The labels of one image, under `inspect_deadline`.
    pub(super) async fn look_at_image(&self, image: &ImageId) -> ImageAnswer {
        let asked = timeout(self.inspect_deadline, self.source.image(image)).await;
        asked.unwrap_or(ImageAnswer::Unanswered)
    }

    /// Who is asked.
    #[must_use]
    pub fn source(&self) -> &Arc<dyn ContainerSource> {
        &self.source
    }

    /// The labels of several images, 8 at a time, each under `inspect_deadline`, all under one `list_deadline`; one whose
    /// turn did not come is `Unanswered`.
    pub async fn images(&self, images: Vec<ImageId>) -> HashMap<ImageId, ImageAnswer> {
        let mut answers = HashMap::with_capacity(images.len());
        let ask = |image: ImageId| {
            let Self { source, inspect_deadline, .. } = self.clone();
            async move {
                let answer = timeout(inspect_deadline, source.image(&image)).await;
                (answer.unwrap_or(ImageAnswer::Unanswered), image)
            }
        };
        let all = ask_each(images.clone(), AT_ONCE, ask, |_| true, &mut answers);
        if timeout(self.list_deadline, all).await.is_err() {
            fill(&mut answers, images, || ImageAnswer::Unanswered);
        }
        answers
    }

    /// Inspects each id, 8 at a time, each under `inspect_deadline`, all under one `list_deadline`; one whose turn did not
    /// come is `Unanswered`.
    pub async fn verify(&self, containers: Vec<ContainerId>) -> HashMap<ContainerId, Inspected> {
        let mut answers = HashMap::with_capacity(containers.len());
        let all = ask_each(containers.clone(), AT_ONCE, |id| self.inspect_one(id), |_| true, &mut answers);
        let deadline = self.list_deadline;
        if timeout(deadline, all).await.is_err() {
            let why = format!("no answer within {deadline:?} for all inspects");
            fill(&mut answers, containers, || Inspected::Unanswered(why.clone()));
        }
        answers
    }

    /// Inspects each id, 4 at a time, each under `inspect_deadline`, without a bound over all.
    pub async fn details(&self, containers: Vec<ContainerId>) -> HashMap<ContainerId, Inspected> {
        let mut answers = HashMap::with_capacity(containers.len());
        ask_each(containers, DETAILS_AT_ONCE, |id| self.inspect_one(id), |_| true, &mut answers).await;
        answers
    }

    /// Examines each id in its order, 8 at a time, each under `inspect_deadline`, all within a bound; one whose turn did
    /// not come is not in the answer. It ends early if none of the first 8 answers: a frozen daemon is not asked a
    /// thousand times.
    pub async fn examine(&self, containers: Vec<ContainerId>, within: Duration) -> HashMap<ContainerId, Examined> {
        let mut answers = HashMap::with_capacity(containers.len());
        let mut unanswered = 0;
        let mut anyone = false;
        let go_on = |answer: &Examined| {
            anyone |= !matches!(answer, Examined::Unanswered(_));
            unanswered += 1;
            anyone || unanswered < AT_ONCE
        };
        let all = ask_each(containers, AT_ONCE, |id| self.examine_one(id), go_on, &mut answers);
        // What was answered until then is the answer.
        let _ = timeout(within, all).await;
        answers
    }

    /// Asks each of these calls once more, one after another, each under `inspect_deadline`. What comes of it is noted by the
    /// source.
    pub async fn check(&self, calls: Vec<(DaemonCall, Option<String>)>) {
        for (call, image) in calls {
            // One that is not answered stays as it stood.
            let _ = timeout(self.inspect_deadline, self.source.check(call, image.as_deref())).await;
        }
    }

    fn inspect_one(&self, id: ContainerId) -> impl Future<Output = (Inspected, ContainerId)> + Send + 'static {
        let Self { source, inspect_deadline, .. } = self.clone();
        async move {
            let answer = timeout(inspect_deadline, source.inspect(&id)).await;
            (answer.unwrap_or_else(|_| Inspected::Unanswered(no_answer(inspect_deadline))), id)
        }
    }

    fn examine_one(&self, id: ContainerId) -> impl Future<Output = (Examined, ContainerId)> + Send + 'static {
        let Self { source, inspect_deadline, .. } = self.clone();
        async move {
            let answer = timeout(inspect_deadline, source.examine(&id)).await;
            (answer.unwrap_or_else(|_| Examined::Unanswered(no_answer(inspect_deadline))), id)
        }
    }
}

fn no_answer(deadline: Duration) -> String {
    format!("the inspect was not answered within {deadline:?}")
}

fn fill<K: Eq + Hash, A>(answers: &mut HashMap<K, A>, keys: Vec<K>, answer: impl Fn() -> A) {
    for key in keys {
        answers.entry(key).or_insert_with(&answer);
    }
}
