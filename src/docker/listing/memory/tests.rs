//! A reader that remembers says what one that does not remember says.

use super::*;
use crate::config::Config;

fn labels() -> Arc<LabelReader> {
    Arc::new(LabelReader::new(&Config::new("x")))
}

fn entry(n: usize, state: &str, status: &str, ports: &str) -> String {
    format!(r#"{{"Id":"{n:064x}","Names":["/c{n}"],"State":"{state}","Status":"{status}","Ports":[{ports}]}}"#)
}

fn up(n: usize) -> String {
    entry(n, "running", "Up 1 minute", r#"{"PrivatePort":1,"Type":"tcp"},{"PrivatePort":2,"Type":"tcp"}"#)
}

/// Reads the body in pieces of that size with that memory.
fn read(body: &str, size: usize, memory: Memory) -> Result<(Arc<Listing>, Memory), SplitError> {
    let mut reader = RememberingReader::new(labels(), memory);
    for piece in body.as_bytes().chunks(size) {
        reader.feed(piece)?;
    }
    assert_eq!(reader.body_bytes(), body.len() as u64);
    reader.finish()
}

fn without_memory(body: &str) -> Result<Listing, SplitError> {
    let mut reader = ListingReader::new(labels());
    reader.feed(body.as_bytes())?;
    reader.finish()
}

/// What is remembered after a first and a second list.
fn remembered(body: &str) -> (Arc<Listing>, Memory) {
    let (_, memory) = read(body, 7, Memory::Empty).expect("an array");
    read(body, 7, memory).expect("an array")
}

#[test]
fn a_first_list_keeps_no_body_and_a_second_one_does() {
    let body = format!("[{}]", up(1));
    let (_, memory) = read(&body, 9, Memory::Empty).expect("an array");
    assert!(matches!(memory, Memory::Listed));
    let (_, memory) = read(&body, 9, memory).expect("an array");
    assert!(matches!(memory, Memory::Body(_)));
}

#[test]
fn the_same_body_is_the_same_listing() {
    let body = format!("[{},{}]\n", up(1), up(2));
    for size in [1, 5, 64, 10_000] {
        let (before, memory) = remembered(&body);
        let (after, memory) = read(&body, size, memory).expect("an array");
        assert!(Arc::ptr_eq(&before, &after), "pieces of {size}");
        let (again, _) = read(&body, size, memory).expect("an array");
        assert!(Arc::ptr_eq(&before, &again));
    }
}

#[test]
fn a_body_that_says_the_same_in_other_bytes_is_the_same_listing() {
    let body = format!("[{},{},{}]", up(1), up(2), up(3));
    let later =
        entry(2, "running", "Up 22 minutes", r#"{"PrivatePort":2,"Type":"tcp"},{"PrivatePort":1,"Type":"tcp"}"#);
    let other = format!("[{}, {later} ,{}]", up(1), up(3));
    for size in [1, 13, 10_000] {
        let (before, memory) = remembered(&body);
        let (after, memory) = read(&other, size, memory).expect("an array");
        assert!(Arc::ptr_eq(&before, &after), "pieces of {size}");
        let (again, _) = read(&other, size, memory).expect("an array");
        assert!(Arc::ptr_eq(&before, &again), "and its bytes are the ones that are remembered");
    }
}

#[test]
fn what_differs_is_never_overlooked() {
    let body = format!("[{},{},{}]", up(1), up(2), up(3));
    let stopped = entry(2, "exited", "Exited (1) 1 second ago", "");
    let others = [
        format!("[{},{stopped},{}]", up(1), up(3)),
        format!("[{},{}]", up(1), up(3)),
        format!("[{},{}]", up(1), up(2)),
        format!("[{},{},{},{}]", up(1), up(2), up(3), up(4)),
        format!("[{},{},{},{}]", up(0), up(1), up(2), up(3)),
        format!("[{},{},{}]", up(3), up(2), up(1)),
        format!("[{},{{}},{}]", up(1), up(3)),
        format!("[{},{},{}]", up(1), up(1), up(3)),
        format!("[{}x,{},{}]", up(1), up(2), up(3)),
        "[]".to_owned(),
    ];
    for other in &others {
        for size in [1, 13, 10_000] {
            let (_, memory) = remembered(&body);
            let fresh = without_memory(other).expect("an array");
            let (after, memory) = read(other, size, memory).expect("an array");
            assert_eq!(*after, fresh, "{other}");
            let (back, _) = read(&body, size, memory).expect("an array");
            assert_eq!(*back, without_memory(&body).expect("an array"), "and back again");
        }
    }
}

/// D8, D18.
#[test]
fn a_body_that_is_cut_is_an_error_whatever_is_remembered() {
    let body = format!("[{},{}]", up(1), up(2));
    for end in 0..body.len() {
        for size in [1, 50, 10_000] {
            let (_, memory) = remembered(&body);
            let cut = read(&body[..end], size, memory).map(|(listing, _)| listing.containers.len());
            assert_eq!(cut, without_memory(&body[..end]).map(|listing| listing.containers.len()), "cut at {end}");
            assert!(cut.is_err(), "cut at {end}");
        }
    }
}

#[test]
fn a_body_longer_than_is_remembered_is_still_read() {
    let body = format!("[{}]", up(1));
    let (_, memory) = remembered(&body);
    let long = entry(2, "running", "Up", "").replace("/c2", &"n".repeat(3 << 20));
    let long = format!("[{}]", vec![long; 12].join(","));
    assert!(long.len() > MAX_REMEMBERED_BYTES);
    let (listing, memory) = read(&long, 1 << 16, memory).expect("an array");
    assert_eq!(*listing, without_memory(&long).expect("an array"));
    assert!(matches!(memory, Memory::Listed));
}
