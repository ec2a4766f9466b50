//! Sentences of our own that the ledger and the service's status keep in English, told in Russian.
//!
//! Each is a form with slots in English, with its Russian beside it. What stands in a slot is a sentence of ours again, a
//! name or a number that is kept as it is, or the words of somebody else: the daemon, the system, the database. Those stay
//! as they were said, set apart as a quotation. A text that no form fits is quoted as a whole.

mod daemon;
mod form;
mod ledger;
mod piece;
mod refusals;
mod store;
#[cfg(test)]
mod tests;
mod ways;

use std::sync::LazyLock;

use self::form::{Form, Group};
pub(in crate::http::page) use self::piece::{Piece, Told};
use super::texts::Texts;
use crate::model::UnassignedReason;
use crate::wording::escape;

/// The forms of every group.
const FORMS: &[(Group, &[(&str, &str)])] = &[
    (Group::Sentence, daemon::SENTENCES),
    (Group::Sentence, store::SENTENCES),
    (Group::Sentence, ledger::SENTENCES),
    (Group::Cause, ways::CAUSES),
    (Group::Cause, daemon::CAUSES),
    (Group::Cause, store::CAUSES),
    (Group::Cure, ways::CURES),
    (Group::Cure, daemon::CURES),
    (Group::Cure, refusals::CURES),
    (Group::Cure, store::CURES),
    (Group::Effect, refusals::EFFECTS),
    (Group::Bound, daemon::BOUNDS),
    (Group::Attempt, store::ATTEMPTS),
    (Group::Detail, ledger::DETAILS),
    (Group::Kind, ledger::KINDS),
    (Group::Asker, ways::ASKERS),
    (Group::Holder, store::HOLDERS),
];

static PARSED: LazyLock<Vec<(Group, Vec<Form>)>> = LazyLock::new(|| {
    let parse = |forms: &[(&'static str, &'static str)]| forms.iter().map(|form| Form::parse(*form)).collect();
    FORMS.iter().map(|(group, forms)| (*group, parse(forms))).collect()
});

impl Texts {
    /// An error of ours, wherever it was kept.
    pub(in crate::http::page) fn sentence(&self, text: &str) -> Told {
        self.told(Group::Sentence, text)
    }

    /// What a verdict says of a container besides its reason: a name, or a sentence.
    pub(in crate::http::page) fn detail(&self, reason: UnassignedReason, text: &str) -> Told {
        use UnassignedReason as R;
        match reason {
            _ if text.is_empty() => Told::new(),
            R::UnknownWorkload
            | R::UnclaimedProject
            | R::UnknownSite
            | R::UnknownStack
            | R::OtherPrefix
            | R::OneOff
            | R::Ignored => vec![Piece::Name(escape(text).into_owned())],
            R::NoLabel
            | R::KindMismatch
            | R::Superseded
            | R::Contested
            | R::LabelFromImage
            | R::ImageUnanswered
            | R::ImageUnreadable
            | R::IdentityUnknown => self.told(Group::Detail, text),
        }
    }

    /// What is not done without a call.
    pub(super) fn effect_of_refusal(&self, text: &str) -> Told {
        self.told(Group::Effect, text)
    }

    /// What came instead of an answer.
    pub(super) fn cause_of_refusal(&self, text: &str) -> Told {
        self.told(Group::Cause, text)
    }

    /// What helps.
    pub(super) fn cure_of_refusal(&self, text: &str) -> Told {
        self.told(Group::Cure, text)
    }

    fn told(&self, group: Group, text: &str) -> Told {
        let text = escape(text);
        if self.is_english() {
            return vec![Piece::Words(text.into_owned())];
        }
        form::told(&PARSED, group, &text).unwrap_or_else(|| form::quoted(&text))
    }
}
