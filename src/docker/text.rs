//! Bounds and escapes for text from the daemon. Pure.

use std::fmt::Write;

/// Stands where a text was cut. No name, label value or image reference that counts may hold it, so a cut text matches
/// nothing.
const CUT: char = '…';

/// At most `max` bytes of `text`, NUL replaced by U+FFFD, a longer one cut and marked with `…`. `max` is at least 3.
pub(super) fn bounded(text: &str, max: usize) -> Box<str> {
    let whole = text.len() <= max;
    let has_nul = memchr::memchr(0, text.as_bytes()).is_some();
    if whole && !has_nul {
        return text.into();
    }
    // U+FFFD takes three bytes where NUL took one, so the replaced text is bounded anew.
    let replaced = if has_nul { text.replace('\0', "\u{fffd}") } else { text.to_owned() };
    if replaced.len() <= max {
        return replaced.into();
    }
    let mut kept = replaced[..floor_char_boundary(&replaced, max - CUT.len_utf8())].to_owned();
    kept.push(CUT);
    kept.into()
}

/// At most about `max` bytes of `text` in a form that is safe in a log line and on a terminal: control characters,
/// direction overrides and whatever else does not print are written as `\u{…}`.
pub(super) fn escaped(text: &str, max: usize) -> String {
    let mut shown = String::with_capacity(text.len().min(max));
    for character in text.chars() {
        if shown.len() >= max {
            shown.push(CUT);
            break;
        }
        match character {
            '"' | '\'' | '\\' => shown.push(character),
            other => write!(shown, "{}", other.escape_debug()).expect("a String takes whatever is written"),
        }
    }
    shown
}

fn floor_char_boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_at_a_character_and_marked() {
        assert_eq!(&*bounded("abcdef", 6), "abcdef");
        assert_eq!(&*bounded("abcdefg", 6), "abc…");
        assert_eq!(&*bounded("aбвгд", 6), "aб…");
        assert_eq!(bounded(&"x".repeat(1 << 20), 255).len(), 255);
    }

    #[test]
    fn nul_is_replaced_and_the_bound_still_holds() {
        assert_eq!(&*bounded("a\0b", 16), "a\u{fffd}b");
        assert!(bounded(&"\0".repeat(300), 255).len() <= 255);
    }

    #[test]
    fn what_moves_a_terminal_or_forges_a_log_line_is_escaped() {
        assert_eq!(escaped("a\nb\u{1b}[31m\u{202e}\0", 100), "a\\nb\\u{1b}[31m\\u{202e}\\0");
        assert_eq!(escaped(r#"say "yes""#, 100), r#"say "yes""#);
        assert!(escaped(&"\u{1b}".repeat(1000), 50).len() < 70);
    }
}
