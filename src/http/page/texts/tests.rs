use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::KEYS;

/// The same in both languages, and rightly so.
const ALIKE: &[&str] = &[];

fn page(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/page").join(path)
}

fn files(directory: &str, extension: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(page(directory)).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|found| found == extension) {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            found.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
    assert!(!found.is_empty(), "{directory}");
    found
}

fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect()
}

#[test]
fn every_key_has_a_text_in_each_language_with_the_same_placeholders() {
    let mut seen = BTreeSet::new();
    for (key, english, russian) in KEYS {
        assert!(seen.insert(key), "{key} stands twice");
        assert!(!english.trim().is_empty() && !russian.trim().is_empty(), "{key} is empty");
        assert_eq!(placeholders(english), placeholders(russian), "{key}");
        let is_cyrillic = |c: char| ('а'..='я').contains(&c.to_lowercase().next().unwrap()) || c == 'ё';
        assert!(russian.chars().any(is_cyrillic) || ALIKE.contains(key), "{key} is not translated: {russian}");
        assert!(!english.chars().any(is_cyrillic), "{key} is not English: {english}");
    }
}

#[test]
fn what_counts_has_two_forms_in_english_and_three_in_russian() {
    for (key, english, russian) in KEYS {
        let forms = |text: &str| text.split('|').filter(|form| form.contains("{n}")).count();
        let expected = if key.starts_with("n_") { (2, 3) } else { (0, 0) };
        assert_eq!((forms(english), forms(russian)), expected, "{key}");
    }
}

/// That a template names only known keys is checked when it is compiled; here that no key is left over.
#[test]
fn every_key_is_used() {
    let mut sources: String = files("templates", "html").into_iter().map(|(_, source)| source).collect();
    for directory in [".", "texts"] {
        let rust = files(directory, "rs").into_iter().filter(|(name, _)| name != "texts.rs" && name != "tests.rs");
        sources.extend(rust.map(|(_, source)| source));
    }
    let words: BTreeSet<&str> = sources.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    let unused: Vec<_> = KEYS.iter().map(|(key, ..)| *key).filter(|key| !words.contains(key)).collect();
    assert!(unused.is_empty(), "{unused:?}");
}

/// What a template says itself is said in one language only.
#[test]
fn no_template_and_no_module_holds_a_text_of_its_own() {
    for (name, source) in files("templates", "html") {
        let mut text = source.clone();
        for (open, close) in [("{#", "#}"), ("{%", "%}"), ("{{", "}}"), ("<!", ">")] {
            text = without(&text, open, close);
        }
        for attribute in ["aria-label=\"", "title=\"", "placeholder=\"", "alt=\""] {
            for value in text.split(attribute).skip(1) {
                let value = value.split('"').next().unwrap();
                assert!(!has_word(value), "{name}: {attribute}{value}");
            }
        }
        let words = without(&text, "<", ">").replace("Dockledger", "");
        let words = words.lines().filter(|line| !line.trim().starts_with("dockledger "));
        for line in words {
            assert!(!has_word(line), "{name}: {line}");
        }
    }
    for (name, source) in files("static", "js") {
        assert!(!source.contains("innerHTML") && !source.contains("eval("), "{name} makes markup of text");
        for line in source.lines().filter(|line| line.contains("textContent = \"")) {
            assert!(!has_word(line.split("textContent = \"").nth(1).unwrap()), "{name}: {line}");
        }
    }
}

fn has_word(text: &str) -> bool {
    text.split(|c: char| !c.is_alphabetic()).any(|word| word.chars().count() >= 2)
}

fn without(text: &str, open: &str, close: &str) -> String {
    let mut rest = text;
    let mut kept = String::new();
    while let Some((before, inside)) = rest.split_once(open) {
        kept.push_str(before);
        rest = inside.split_once(close).map_or("", |(_, after)| after);
    }
    kept + rest
}
