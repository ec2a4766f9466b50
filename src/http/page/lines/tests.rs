use std::collections::BTreeSet;
use std::hash::RandomState;

use super::*;

/// A page with a table for each of `tables`, whose lines are these.
fn page(tables: &[&[&str]]) -> String {
    let line = |text: &&str| {
        let (key, says) = text.split_once('=').unwrap_or((text, ""));
        format!("<tr role=\"row\" data-key=\"{key}\"><td>{says}</td></tr>")
    };
    let table = |lines: &&[&str]| {
        let lines: Vec<String> = lines.iter().map(line).collect();
        format!(
            "<table>\n<thead><tr role=\"row\"><th>head</th></tr></thead>\n<tbody>\n{}\n</tbody></table>",
            lines.concat()
        )
    };
    let tables: Vec<String> = tables.iter().map(table).collect();
    format!("<div id=\"live\" data-tag=\"\">\n{}\n</div>", tables.join("\n"))
}

/// What a reader makes of what was sent, with the lines that it holds.
fn laid_upon(held: &str, sent: &str) -> String {
    let held: Vec<&str> = places(held).into_iter().map(|place| &held[place]).collect();
    let mut whole = sent.to_owned();
    while let Some((before, run)) = whole.split_once("<tr data-held=\"") {
        let (numbers, after) = run.split_once("\"></tr>").expect("it ends");
        let (from, count) = numbers.split_once(' ').expect("two numbers");
        let (from, count): (usize, usize) = (from.parse().expect("a number"), count.parse().expect("a number"));
        whole = format!("{before}{}{after}", held[from..from + count].concat());
    }
    whole
}

fn sent(old: &str, new: &str) -> String {
    let hasher = RandomState::new();
    Lines::of(new, &hasher).without_held(new, &Lines::of(old, &hasher).hashes)
}

#[test]
fn what_is_sent_and_what_is_held_are_the_page_again() {
    let old: &[&[&str]] = &[&["a=1", "b=1", "c=1", "d=1"], &["e=1", "f=1"]];
    let cases: &[(&[&[&str]], usize)] = &[
        (old, 0),
        (&[&["a=1", "b=2", "c=1", "d=1"], &["e=1", "f=1"]], 1),
        (&[&["a=1", "c=1", "d=1"], &["e=1", "f=1"]], 0),
        (&[&["new=1", "a=1", "b=1", "x=1", "c=1", "d=1"], &["e=1", "f=1", "y=1"]], 3),
        (&[&["d=1", "c=1", "b=1", "a=1"], &["f=1", "e=1"]], 0),
        (&[&["e=1", "a=1"], &["b=1", "f=1"]], 0),
        (&[&["a=1", "a=1", "a=1"]], 2),
        (&[&[]], 0),
        (&[&["x=1", "y=1"]], 2),
    ];
    for (new, fresh) in cases {
        let (old, new) = (page(old), page(new));
        let sent = sent(&old, &new);
        assert_eq!(laid_upon(&old, &sent), new);
        assert_eq!(sent.matches("data-key=").count(), *fresh, "nothing more is sent than what is new: {sent}");
    }
}

/// Every order of five lines, with one of them changed or none.
#[test]
fn any_order_is_told_by_runs_alone() {
    let old = page(&[&["a=1", "b=1", "c=1", "d=1", "e=1"]]);
    let mut orders: BTreeSet<Vec<&str>> = BTreeSet::from([vec![]]);
    for _ in 0..5 {
        let grown = orders.iter().flat_map(|order| {
            let left = ["a=1", "b=1", "c=1", "d=1", "e=1"].into_iter().filter(|line| !order.contains(line));
            left.map(|line| [order.as_slice(), &[line]].concat()).collect::<Vec<_>>()
        });
        orders = grown.collect();
    }
    assert_eq!(orders.len(), 120);
    for order in orders {
        let new = page(&[&order]);
        assert_eq!(laid_upon(&old, &sent(&old, &new)), new);
        let changed: Vec<&str> = order.iter().map(|line| if *line == "c=1" { "c=2" } else { line }).collect();
        let new = page(&[&changed]);
        let sent = sent(&old, &new);
        assert_eq!((laid_upon(&old, &sent), sent.matches("data-key=").count()), (new, 1));
    }
}

#[test]
fn lines_beside_each_other_are_one_run_and_tables_are_not() {
    let held = page(&[&["a=1", "b=1", "c=1"], &["d=1", "e=1"]]);
    let sent = sent(&held, &held);
    assert_eq!(sent.matches("<tr data-held=").count(), 2, "{sent}");
    assert!(sent.contains("<tr data-held=\"0 3\"></tr>") && sent.contains("<tr data-held=\"3 2\"></tr>"), "{sent}");
}

#[test]
fn an_age_is_no_difference_and_a_moment_is_one() {
    let at =
        |millis: &str, text: &str| page(&[&[&format!("a=<time data-at=\"{millis}\">{text}</time> and <b>more</b>")]]);
    assert!(!sent(&at("5", "1 s"), &at("5", "2 s")).contains("data-key"));
    assert!(sent(&at("5", "1 s"), &at("6", "1 s")).contains("data-key"));
    let after = page(&[&["a=<time data-at=\"5\">1 s</time> and <b>less</b>"]]);
    assert!(sent(&at("5", "1 s"), &after).contains("data-key"));
}

#[test]
fn the_head_of_a_table_is_no_line() {
    let hasher = RandomState::new();
    assert!(Lines::of(&page(&[&[]]), &hasher).is_empty());
    assert_eq!(Lines::of(&page(&[&["a=1"], &["b=1"]]), &hasher).hashes.len(), 2);
}

#[test]
fn a_tag_names_lines_and_their_order() {
    let hasher = RandomState::new();
    let tag = |lines: &[&str]| Lines::of(&page(&[lines]), &hasher).tag(&hasher);
    assert_eq!(tag(&["a=1", "b=1"]), tag(&["a=1", "b=1"]));
    for other in [&["b=1", "a=1"][..], &["a=1"], &["a=1", "b=2"], &["a=1", "b=1", "c=1"]] {
        assert_ne!(tag(&["a=1", "b=1"]), tag(other), "{other:?}");
    }
    let mut html = page(&[&["a=1"]]);
    tag(&["a=1"]).put_into(&mut html, Some((Tag(0x2a), 7)));
    let written = html.split("data-tag=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("it is put in");
    assert_eq!(Tag::parse(written), Some(tag(&["a=1"])));
    assert!(html.contains("data-base=\"000000000000002a 7\">"), "{html}");
    assert_eq!(Tag::parse("no tag"), None);
}
