//! How much of a long list one answer holds, and where the next one begins.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::http::problem::Problem;

/// Where nothing is asked for.
const USUAL: u32 = 100;

/// The most that one answer holds.
const MOST: u32 = 1_000;

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Page<T> {
    /// In the order of the list.
    items: Vec<T>,
    /// The `cursor` of the next page; null at the end of the list. It names the last entry of this page, so that entries
    /// which come and go between two pages shift nothing.
    next: Option<String>,
}

/// Which page.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Paged {
    /// At most this many entries.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
    /// Those after the page whose `next` this was.
    cursor: Option<String>,
}

/// Where a page begins, and how long it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Begin<const PARTS: usize> {
    pub(super) limit: usize,
    /// The key of the entry before it.
    pub(super) after: Option<[String; PARTS]>,
}

impl Paged {
    pub(super) fn begin<const PARTS: usize>(&self) -> Result<Begin<PARTS>, Problem> {
        begin(self.limit, self.cursor.as_deref())
    }
}

pub(super) fn begin<const PARTS: usize>(limit: Option<u32>, cursor: Option<&str>) -> Result<Begin<PARTS>, Problem> {
    let after = cursor.map(|cursor| read_cursor(cursor).ok_or_else(foreign_cursor)).transpose()?;
    Ok(Begin { limit: bounded(limit)?, after })
}

/// The asked number of entries, within its bounds.
pub(super) fn bounded(limit: Option<u32>) -> Result<usize, Problem> {
    match limit.unwrap_or(USUAL) {
        limit @ 1..=MOST => Ok(usize::try_from(limit).expect("it is at most a thousand")),
        _ => Err(Problem::invalid(format!("limit is a whole number from 1 to {MOST}"))),
    }
}

pub(super) fn foreign_cursor() -> Problem {
    Problem::invalid("this cursor comes from no answer to this question; begin without one")
}

impl<T> Page<T> {
    /// Of what follows the begin, one entry more than fits if there are more.
    pub(super) fn cut<const PARTS: usize>(
        mut found: Vec<T>,
        limit: usize,
        key: impl Fn(&T) -> [String; PARTS],
    ) -> Self {
        let has_more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| has_more).map(|last| cursor(&key(last)));
        Self { items: found, next }
    }

    /// Of a whole list. It is put in the order of its keys, which is the same in every database.
    pub(super) fn of<const PARTS: usize>(
        mut all: Vec<T>,
        begin: Begin<PARTS>,
        key: impl Fn(&T) -> [String; PARTS],
    ) -> Self {
        if let Some(after) = begin.after {
            all.retain(|entry| key(entry) > after);
        }
        all.sort_by_cached_key(&key);
        Self::cut(all, begin.limit, key)
    }
}

/// What a cursor begins with: a number is none.
const MARK: char = 'p';

/// The parts of a key as one word that a URL needs not encode; no part holds a NUL.
fn cursor(parts: &[String]) -> String {
    let digits: Vec<u8> = parts.join("\0").bytes().flat_map(|byte| [byte >> 4, byte & 15]).collect();
    std::iter::once(MARK).chain(digits.into_iter().filter_map(|digit| char::from_digit(digit.into(), 16))).collect()
}

fn read_cursor<const PARTS: usize>(cursor: &str) -> Option<[String; PARTS]> {
    let digits: Vec<u8> =
        cursor.strip_prefix(MARK)?.chars().map(|c| c.to_digit(16)?.try_into().ok()).collect::<Option<_>>()?;
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let bytes: Vec<u8> = digits.chunks(2).map(|pair| (pair[0] << 4) | pair[1]).collect();
    // What no key of ours is names a place in the order all the same, as that of an entry does which is gone.
    let parts: Vec<String> = bytes.split(|byte| *byte == 0).map(|part| String::from_utf8_lossy(part).into()).collect();
    parts.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(limit: u32, cursor: Option<&str>) -> Page<&'static str> {
        let all = vec!["b", "a", "ж/%", "c"];
        Page::of(all, begin(Some(limit), cursor).expect("it is bounded"), |entry| [(*entry).to_owned()])
    }

    #[test]
    fn pages_hold_each_entry_once_in_order() {
        for limit in 1..=5 {
            let (mut seen, mut cursor) = (Vec::new(), None::<String>);
            loop {
                let page = page(limit, cursor.as_deref());
                seen.extend(page.items);
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(seen, ["a", "b", "c", "ж/%"], "{limit}");
        }
    }

    #[test]
    fn a_page_goes_on_where_the_last_entry_of_the_one_before_was_though_it_is_gone() {
        let next = page(2, None).next;
        let left = Page::of(vec!["c", "a"], begin(None, next.as_deref()).expect("ours"), |entry| [(*entry).to_owned()]);
        assert_eq!(left.items, ["c"]);
    }

    /// B35
    #[test]
    fn a_cursor_or_a_limit_that_is_none_of_ours_is_refused() {
        for cursor in ["", "p6", "pzz", "pff", "p61", "p61006200", "6100", "-1", "18446744073709551615", "ж"] {
            assert!(begin::<2>(None, Some(cursor)).is_err(), "{cursor}");
        }
        let ours = begin::<2>(None, Some("p610062")).expect("ours");
        assert_eq!(ours.after, Some(["a".into(), "b".into()]));
        assert!(bounded(Some(0)).is_err() && bounded(Some(1_001)).is_err() && bounded(Some(u32::MAX)).is_err());
        assert_eq!(bounded(Some(1_000)).ok(), Some(1_000));
    }
}
