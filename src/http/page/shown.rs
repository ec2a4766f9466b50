//! A text of the daemon as the page shows it.

use crate::wording::escape;

/// What would act on the text around it becomes visible.
pub(super) fn shown(text: &str) -> String {
    escape(text).into_owned()
}
