//! Names and labels within a sentence.

/// Cuts a text from outside for a sentence.
pub(super) fn brief(text: &str) -> String {
    const MOST_CHARACTERS: usize = 64; // As long as a container id, the longest text that is worth reading whole.
    match text.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
