//! `docs/FAULTS.md` is true: each number has its row, each test that it names exists, and one of them carries the number.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The numbers that the document must have.
const NUMBERS: [(char, std::ops::RangeInclusive<u32>); 5] =
    [('D', 1..=25), ('S', 1..=20), ('A', 1..=10), ('B', 1..=54), ('F', 1..=26)];

/// What stands instead of tests where there are none.
const REASONS: [&str; 2] = ["does not apply: ", "with the HTTP service"];

/// Where tests are, in the order in which a path is looked up.
const ROOTS: [&str; 2] = ["tests/it", "src"];

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Each row's last cell, by its number.
fn rows() -> BTreeMap<String, String> {
    let document = std::fs::read_to_string(project("docs/FAULTS.md")).expect("the document is there");
    let mut rows = BTreeMap::new();
    for line in document.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        if numbers_in(cells[0]) == [cells[0]] {
            assert_eq!(cells.len(), 4, "a row has four cells: {line}");
            let twice = rows.insert(cells[0].to_owned(), cells[3].to_owned());
            assert_eq!(twice, None, "{} has two rows", cells[0]);
        }
    }
    rows
}

/// The tests that a cell names.
fn tests_in(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// The numbers that a comment or a name carries; `B1-B3` and `B1 to B3` are three.
fn numbers_in(text: &str) -> Vec<String> {
    let text = text.to_uppercase().replace(" TO ", "-").replace('_', " ");
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    let mut numbers = Vec::new();
    for word in words {
        let ends: Vec<(char, u32)> = word.split('-').filter_map(number).collect();
        match ends.as_slice() {
            [(class, only)] if !word.contains('-') => numbers.push(format!("{class}{only}")),
            [(class, first), (_, last)] => numbers.extend((*first..=*last).map(|n| format!("{class}{n}"))),
            _ => {}
        }
    }
    numbers
}

fn number(word: &str) -> Option<(char, u32)> {
    let mut characters = word.chars();
    let class = characters.next()?;
    let number = characters.as_str().parse().ok()?;
    NUMBERS.iter().any(|(known, range)| *known == class && range.contains(&number)).then_some((class, number))
}

/// The comment above a test and its name; `None` if there is no such test.
fn head_of(test: &str) -> Option<String> {
    let mut parts: Vec<&str> = test.split("::").collect();
    if matches!(parts.last(), Some(&"sqlite" | &"postgres")) {
        parts.pop();
    }
    let name = *parts.last()?;
    let files = (1..parts.len()).rev().flat_map(|length| {
        let path = parts[..length].join("/");
        ROOTS.iter().flat_map(move |root| [format!("{root}/{path}.rs"), format!("{root}/{path}/mod.rs")])
    });
    files.filter_map(|file| std::fs::read_to_string(project(&file)).ok()).find_map(|source| head_in(&source, name))
}

fn head_in(source: &str, name: &str) -> Option<String> {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let at = lines.iter().position(|line| line.contains(&format!("fn {name}(")))?;
    let above = lines[..at].iter().rev().take_while(|line| line.starts_with("//") || line.starts_with("#["));
    Some(above.copied().chain([name]).collect::<Vec<_>>().join(" "))
}

#[test]
fn every_number_has_a_row_with_its_tests_or_a_reason() {
    let rows = rows();
    for (class, range) in NUMBERS {
        for number in range.map(|number| format!("{class}{number}")) {
            let cell = rows.get(&number).unwrap_or_else(|| panic!("{number} has no row"));
            let is_held = !tests_in(cell).is_empty() || REASONS.iter().any(|reason| cell.contains(reason));
            assert!(is_held, "{number} has neither a test nor a reason: {cell}");
        }
    }
}

#[test]
fn every_test_that_the_catalogue_names_exists_and_one_of_each_row_carries_its_number() {
    let mut wrong = Vec::new();
    for (number, cell) in rows() {
        let heads: Vec<Option<String>> = tests_in(&cell).into_iter().map(head_of).collect();
        for (test, _) in tests_in(&cell).iter().zip(&heads).filter(|(_, head)| head.is_none()) {
            wrong.push(format!("{number}: there is no test {test}"));
        }
        if !heads.is_empty() && !heads.iter().flatten().any(|head| numbers_in(head).contains(&number)) {
            wrong.push(format!("{number}: none of its tests carries the number in its name or the comment above it"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn numbers_are_read_from_comments_and_names() {
    assert_eq!(numbers_in("// B1-B3, S20: x"), ["B1", "B2", "B3", "S20"]);
    assert_eq!(numbers_in("/// B1 to B2, B11."), ["B1", "B2", "B11"]);
    assert_eq!(numbers_in("s1_s15_a_locked_database"), ["S1", "S15"]);
    assert_eq!(numbers_in("D99, A_10 seeds, b2b, UTF-8"), Vec::<String>::new());
}
