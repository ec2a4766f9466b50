//! What the image of a container was called, where the list shows an id instead: its inspect knows.

use std::collections::HashMap;

use crate::model::{ContainerId, ExaminedContainer, Inspected, InspectedDetails, ListedContainer, is_image_name};

/// How often an inspect that does not answer keeps its container waiting.
const MOST_TRIES: u8 = 3;

/// More containers without a row, on images whose tags moved on, than a host has; beyond it all are asked again.
const MOST_NAMES: usize = 4_096;

/// What inspects said of images, by container: it never changes.
#[derive(Clone, Debug, Default)]
pub(crate) struct ImageNames(HashMap<ContainerId, Answer>);

#[derive(Clone, Debug)]
enum Answer {
    Known(Box<str>),
    /// So often.
    Unanswered(u8),
}

impl ImageNames {
    /// Takes in what inspects answered. One that is gone answers for good.
    pub(crate) fn note(&mut self, answers: HashMap<ContainerId, Inspected>) {
        for (container, answer) in answers {
            match answer {
                Inspected::Present(InspectedDetails { image_ref: Some(name), .. }) => {
                    self.0.insert(container, Answer::Known(name));
                }
                Inspected::Present(_) | Inspected::Gone => {
                    self.0.insert(container, Answer::Unanswered(MOST_TRIES));
                }
                Inspected::Unanswered(_) => self.note_unanswered([container]),
            }
        }
    }

    /// These inspects came to nothing.
    pub(crate) fn note_unanswered(&mut self, containers: impl IntoIterator<Item = ContainerId>) {
        for container in containers {
            let answer = self.0.entry(container).or_insert(Answer::Unanswered(0));
            if let Answer::Unanswered(tries) = answer {
                *tries = tries.saturating_add(1);
            }
        }
    }

    /// The name of the image of a container that no row describes; `examined` is what an inspect said before the list.
    pub(super) fn name_of<'a>(
        &'a self,
        container: &'a ListedContainer,
        examined: Option<&'a ExaminedContainer>,
    ) -> ImageName<'a> {
        if is_image_name(&container.image_ref) {
            return ImageName::Known(&container.image_ref);
        }
        if let Some(ExaminedContainer { details: InspectedDetails { image_ref: Some(name), .. }, .. }) = examined {
            return ImageName::Known(name);
        }
        match self.0.get(&container.id) {
            Some(Answer::Known(name)) => ImageName::Known(name),
            Some(Answer::Unanswered(tries)) if *tries >= MOST_TRIES => ImageName::Unknown,
            _ => ImageName::ToBeAsked,
        }
    }

    /// Keeps the memory within its bound.
    pub(crate) fn forget_if_many(&mut self) {
        if self.0.len() > MOST_NAMES {
            self.0.clear();
        }
    }
}

/// What is known of an image's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ImageName<'a> {
    /// So it was called; perhaps by its id.
    Known(&'a str),
    /// Its container's inspect may tell.
    ToBeAsked,
    /// Nobody tells: what the list shows has to do.
    Unknown,
}
