//! Text from the daemon, made harmless for a terminal, a shell and a JSON reader.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Makes a text safe to print: what would move the cursor, switch colours, reorder the line, hide or break it is
/// written as an escape. The backslash is doubled, so that an escape cannot be forged.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(|c| c == '\\' || is_dangerous(c)) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\\' => safe.push_str("\\\\"),
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\t' => safe.push_str("\\t"),
            c if is_dangerous(c) => {
                write!(safe, "\\u{{{:x}}}", u32::from(c)).expect("a String takes every write");
            }
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

/// Makes serialised JSON safe to print: serde escapes what JSON must, and leaves DEL, the C1 controls and the text
/// direction to the terminal. Such characters stand only inside strings, where `\uXXXX` means the same.
#[cfg(feature = "cli")]
pub(crate) fn escape_json(json: String) -> String {
    let is_left_over = |c: char| c != '\n' && is_dangerous(c);
    if !json.contains(is_left_over) {
        return json;
    }
    let mut safe = String::with_capacity(json.len() + 64);
    for c in json.chars() {
        if is_left_over(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(safe, "\\u{unit:04x}").expect("a String takes every write");
            }
        } else {
            safe.push(c);
        }
    }
    safe
}

/// Quotes a word for a POSIX shell; words that need no quotes keep their look. A word with control characters cannot
/// be shown and typed again: it is `None`.
pub(crate) fn shell_word(word: &str) -> Option<String> {
    if word.is_empty() || word.contains(is_dangerous) {
        return None;
    }
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':' | '=' | '@' | '%' | '+' | ',');
    if word.chars().all(plain) && !word.starts_with('-') {
        Some(word.into())
    } else if word.starts_with('-') {
        // Quotes do not keep a word from being read as a flag.
        None
    } else {
        Some(format!("'{}'", word.replace('\'', r"'\''")))
    }
}

/// Whether a character acts on a terminal or on the order of the text instead of being shown.
fn is_dangerous(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::*;

    /// B1-B4, B16, B17 and B20 at the edge that prints.
    #[test]
    fn nothing_from_the_daemon_acts_on_a_terminal() {
        for (text, shown) in [
            ("web-1", "web-1"),
            ("café 日本 🙂", "café 日本 🙂"),
            ("<script>\"'", "<script>\"'"),
            ("a\0b", "a\\u{0}b"),
            ("a\nINFO forged", "a\\nINFO forged"),
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("\u{9b}31mred", "\\u{9b}31mred"),
            ("\u{202e}gnp.exe", "\\u{202e}gnp.exe"),
            ("\u{2066}x\u{2069}", "\\u{2066}x\\u{2069}"),
            ("zero\u{200b}width", "zero\\u{200b}width"),
            ("\u{feff}bom", "\\u{feff}bom"),
            ("tag\u{e0041}", "tag\\u{e0041}"),
            ("back\\slash", "back\\\\slash"),
            ("\u{7f}\u{8}\r\t", "\\u{7f}\\u{8}\\r\\t"),
        ] {
            assert_eq!(escape(text), shown);
        }
    }

    #[test]
    fn printed_json_is_harmless_and_reads_back() {
        let text = "\u{1b}[31m \u{9b} \u{7f} \u{202e} \u{e0041} \n ok 🙂";
        let json = escape_json(serde_json::to_string_pretty(&[text]).expect("serialised"));
        assert!(json.chars().all(|c| c == '\n' || !is_dangerous(c)), "{json}");
        let read: Vec<String> = serde_json::from_str(&json).expect("still JSON");
        assert_eq!(read, [text]);
    }

    #[test]
    fn shell_words_are_quoted_only_where_needed() {
        for (word, quoted) in [
            ("web-1", Some("web-1")),
            ("project/shop", Some("project/shop")),
            ("a b", Some("'a b'")),
            ("it's; rm -rf /", Some(r"'it'\''s; rm -rf /'")),
            ("$(id)", Some("'$(id)'")),
            ("", None),
            ("a\nb", None),
            ("--force", None),
        ] {
            assert_eq!(shell_word(word).as_deref(), quoted, "{word:?}");
        }
    }
}
