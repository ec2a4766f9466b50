//! In which language a visitor reads: by hand, or as the browser asks.

use axum::http::{HeaderMap, header};

use super::texts::{ENGLISH, RUSSIAN, Texts};

/// A language that every text is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    English,
    Russian,
}

/// The cookie that keeps a choice by hand.
pub(super) const COOKIE: &str = "dockledger_language";

impl Language {
    /// In the order in which they are offered.
    pub(super) const ALL: [Self; 2] = [Self::English, Self::Russian];

    /// As HTML and the cookie name it.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Russian => "ru",
        }
    }

    /// In its own words.
    pub(super) const fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Russian => "Русский",
        }
    }

    pub(super) fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    pub(super) const fn texts(self) -> &'static Texts {
        match self {
            Self::English => &ENGLISH,
            Self::Russian => &RUSSIAN,
        }
    }

    /// The choice by hand, else the first of ours that the browser would rather have, else English.
    pub(super) fn of_visitor(headers: &HeaderMap) -> Self {
        let values = |name| headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
        let by_hand = values(header::COOKIE)
            .flat_map(|cookies| cookies.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='))
            .find_map(|(name, value)| if name == COOKIE { Self::parse(value) } else { None });
        by_hand.or_else(|| values(header::ACCEPT_LANGUAGE).find_map(preferred)).unwrap_or(Self::English)
    }

    /// A number with its noun: the forms of `text` are separated by `|`, and `{n}` stands for the number.
    pub(super) fn count(self, text: &str, n: usize) -> String {
        let form = match self {
            Self::English => usize::from(n != 1),
            Self::Russian => russian_form(n),
        };
        let form = text.split('|').nth(form).unwrap_or(text);
        form.replace("{n}", &n.to_string())
    }
}

/// One, few (2 to 4), many; the teens are many.
const fn russian_form(n: usize) -> usize {
    match (n % 10, n % 100) {
        (_, 11..=14) => 2,
        (1, _) => 0,
        (2..=4, _) => 1,
        _ => 2,
    }
}

/// The language of ours with the greatest weight in `Accept-Language`.
fn preferred(accepted: &str) -> Option<Language> {
    let mut best: Option<(Language, f32)> = None;
    for range in accepted.split(',') {
        let mut parts = range.split(';');
        let tag = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        let primary = tag.split('-').next().unwrap_or_default();
        let weight = parts.find_map(|part| part.trim().strip_prefix("q=")?.parse().ok()).unwrap_or(1.0_f32);
        if let Some(language) = Language::parse(primary)
            && weight > best.map_or(0.0, |(_, weight)| weight)
        {
            best = Some((language, weight));
        }
    }
    best.map(|(language, _)| language)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn chosen(accepted: &'static str, cookie: &'static str) -> Language {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(accepted));
        headers.insert(header::COOKIE, HeaderValue::from_static(cookie));
        Language::of_visitor(&headers)
    }

    #[test]
    fn the_hand_comes_before_the_browser_and_the_browser_before_english() {
        for (accepted, cookie, expected) in [
            ("", "", Language::English),
            ("ru", "", Language::Russian),
            ("ru-RU,ru;q=0.9,en;q=0.8", "", Language::Russian),
            ("de,en;q=0.7,ru;q=0.8", "", Language::Russian),
            ("en;q=0.9,ru;q=0.1", "", Language::English),
            ("ru;q=0", "", Language::English),
            ("fr", "", Language::English),
            ("ru", "a=b; dockledger_language=en", Language::English),
            ("en", "dockledger_language=ru", Language::Russian),
            ("ru", "dockledger_language=xx", Language::Russian),
            ("ru;q=nonsense", "", Language::Russian),
        ] {
            assert_eq!(chosen(accepted, cookie), expected, "{accepted:?} {cookie:?}");
        }
    }

    #[test]
    fn numbers_have_the_forms_of_their_language() {
        let russian = "{n} строка|{n} строки|{n} строк";
        for (n, expected) in [
            (0, "0 строк"),
            (1, "1 строка"),
            (2, "2 строки"),
            (4, "4 строки"),
            (5, "5 строк"),
            (11, "11 строк"),
            (12, "12 строк"),
            (14, "14 строк"),
            (21, "21 строка"),
            (22, "22 строки"),
            (25, "25 строк"),
            (101, "101 строка"),
            (111, "111 строк"),
            (1_012, "1012 строк"),
        ] {
            assert_eq!(Language::Russian.count(russian, n), expected);
        }
        for (n, expected) in [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (21, "21 rows")] {
            assert_eq!(Language::English.count("{n} row|{n} rows", n), expected);
        }
    }
}
