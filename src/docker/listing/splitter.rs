//! Finds the elements of a JSON array in a body that comes in pieces. Pure, and bounded in memory.

use memchr::memchr2;

/// Longest element that is kept whole. A container with ordinary labels takes 1 to 20 KB; a daemon lists a 32 MiB label
/// back.
const MAX_ELEMENT_BYTES: usize = 4 * 1024 * 1024;

/// How much is kept of a longer one: the id comes first in every daemon's answer.
const PREFIX_BYTES: usize = 8 * 1024;

/// One element of the array, or the begin of one that is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element<'a> {
    /// Its bytes; white space may follow it.
    pub(super) bytes: &'a [u8],
    /// Where in the body it begins.
    pub(super) begin: u64,
    /// Whether `bytes` is only its begin.
    pub(super) oversized: bool,
}

/// Why a body is no array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::docker) enum SplitError {
    /// It begins with something else, or is empty.
    #[error("the answer is no JSON array")]
    NotAnArray,
    /// A comma, a bracket or a brace where none may be.
    #[error("the array is broken at byte {0}")]
    Broken(u64),
    /// Something follows the array.
    #[error("something follows the array at byte {0}")]
    Trailing(u64),
    /// It ends before the array does.
    #[error("the body ends inside the array, after {0} bytes")]
    Cut(u64),
}

/// Reads pieces of any size; each element is handed out as soon as its end was seen.
#[derive(Debug, Default)]
pub(super) struct Splitter {
    phase: Phase,
    depth: u32,
    in_string: bool,
    escaped: bool,
    /// What earlier pieces held of the element that goes on, reduced if it is too long.
    carried: Vec<u8>,
    /// Length of that, before it was reduced.
    length: usize,
    /// Bytes of all earlier pieces.
    position: u64,
    /// Where the element began that goes on.
    began: u64,
    /// Bytes of the elements that are too long.
    oversized_bytes: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// Before the opening bracket.
    #[default]
    Before,
    /// After it: an element, or the closing bracket.
    First,
    /// Inside an element.
    Inside,
    /// After a comma: an element.
    Next,
    /// After the closing bracket.
    After,
}

impl Splitter {
    /// Reads the next piece. After an error the splitter is of no more use.
    pub(super) fn feed(&mut self, piece: &[u8], mut found: impl FnMut(Element<'_>)) -> Result<(), SplitError> {
        let mut at = 0;
        while at < piece.len() {
            if self.phase == Phase::Inside {
                let Some(end) = self.end_of_element(piece, at)? else {
                    self.carry(&piece[at..]);
                    break;
                };
                self.hand_out(&piece[at..end], &mut found);
                self.phase = if piece[end] == b',' { Phase::Next } else { Phase::After };
                at = end + 1;
            } else if piece[at].is_ascii_whitespace() {
                at += 1;
            } else {
                at += self.between(piece[at], at)?;
            }
        }
        self.position += piece.len() as u64;
        Ok(())
    }

    /// Bytes so far of elements of which only the begin is kept: they cost nothing but their way past.
    pub(super) const fn oversized_bytes(&self) -> u64 {
        self.oversized_bytes
    }

    /// Where the element ends that begins at the begin of `body`: at the comma or bracket behind it.
    pub(super) fn first_end(body: &[u8]) -> Option<usize> {
        Self { phase: Phase::Inside, ..Self::default() }.end_of_element(body, 0).ok()?
    }

    /// The body is at its end.
    pub(super) fn finish(&self) -> Result<(), SplitError> {
        match self.phase {
            Phase::After => Ok(()),
            Phase::Before => Err(SplitError::NotAnArray),
            Phase::First | Phase::Inside | Phase::Next => Err(SplitError::Cut(self.position)),
        }
    }

    /// Takes one byte between elements. Gives how many bytes it used: none if it begins an element.
    fn between(&mut self, byte: u8, at: usize) -> Result<usize, SplitError> {
        let position = self.position + at as u64;
        let (phase, used) = match (self.phase, byte) {
            (Phase::Before, b'[') => (Phase::First, 1),
            (Phase::Before, _) => return Err(SplitError::NotAnArray),
            (Phase::After, _) => return Err(SplitError::Trailing(position)),
            (Phase::First, b']') => (Phase::After, 1),
            (_, b',' | b']') => return Err(SplitError::Broken(position)),
            _ => (Phase::Inside, 0),
        };
        self.phase = phase;
        self.began = position;
        Ok(used)
    }

    /// The comma or bracket that ends the element, if it lies in this piece.
    fn end_of_element(&mut self, piece: &[u8], mut at: usize) -> Result<Option<usize>, SplitError> {
        if self.escaped && at < piece.len() {
            self.escaped = false;
            at += 1;
        }
        loop {
            if self.in_string {
                let Some(skipped) = memchr2(b'"', b'\\', &piece[at..]) else { return Ok(None) };
                at += skipped + 1;
                if piece[at - 1] == b'"' {
                    self.in_string = false;
                } else if at == piece.len() {
                    self.escaped = true;
                    return Ok(None);
                } else {
                    at += 1;
                }
                continue;
            }
            let Some(skipped) = piece[at..].iter().position(|byte| STRUCTURAL[usize::from(*byte)]) else {
                return Ok(None);
            };
            at += skipped;
            match piece[at] {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b',' | b']' if self.depth == 0 => return Ok(Some(at)),
                b'}' if self.depth == 0 => return Err(SplitError::Broken(self.position + at as u64)),
                b'}' | b']' => self.depth -= 1,
                _ => {}
            }
            at += 1;
        }
    }

    fn carry(&mut self, part: &[u8]) {
        let before = self.length;
        self.length = self.length.saturating_add(part.len());
        if self.length <= MAX_ELEMENT_BYTES {
            self.carried.extend_from_slice(part);
            return;
        }
        let counted = if before > MAX_ELEMENT_BYTES { before } else { 0 };
        self.oversized_bytes += (self.length - counted) as u64;
        let missing = PREFIX_BYTES.saturating_sub(self.carried.len()).min(part.len());
        self.carried.extend_from_slice(&part[..missing]);
        self.carried.truncate(PREFIX_BYTES);
        self.carried.shrink_to(PREFIX_BYTES);
    }

    fn hand_out(&mut self, last: &[u8], found: &mut impl FnMut(Element<'_>)) {
        if self.length == 0 && last.len() <= MAX_ELEMENT_BYTES {
            found(Element { bytes: last, begin: self.began, oversized: false });
            return;
        }
        self.carry(last);
        found(Element { bytes: &self.carried, begin: self.began, oversized: self.length > MAX_ELEMENT_BYTES });
        self.carried.clear();
        self.length = 0;
    }
}

/// The bytes that count outside of a string.
const STRUCTURAL: [bool; 256] = {
    let mut table = [false; 256];
    table[b'"' as usize] = true;
    table[b'{' as usize] = true;
    table[b'}' as usize] = true;
    table[b'[' as usize] = true;
    table[b']' as usize] = true;
    table[b',' as usize] = true;
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    fn split<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<(Vec<u8>, bool)>, SplitError> {
        let mut splitter = Splitter::default();
        let mut found = Vec::new();
        for piece in pieces {
            splitter.feed(piece, |element| {
                found.push((element.bytes.trim_ascii_end().to_vec(), element.oversized));
            })?;
        }
        splitter.finish()?;
        Ok(found)
    }

    fn texts(body: &str) -> Result<Vec<String>, SplitError> {
        Ok(split([body.as_bytes()])?.into_iter().map(|(bytes, _)| String::from_utf8(bytes).unwrap()).collect())
    }

    const AWKWARD: &str = r#" [ {"a":"]},[{\"\\","b":[1,[2],{"c":"}"}]} ,null,"x\"],",7 , [[],{}],{"d":"\\"}]
        "#;

    #[test]
    fn the_elements_are_found_whatever_their_strings_hold() {
        assert_eq!(
            texts(AWKWARD).unwrap(),
            [r#"{"a":"]},[{\"\\","b":[1,[2],{"c":"}"}]}"#, "null", r#""x\"],""#, "7", "[[],{}]", r#"{"d":"\\"}"#]
        );
        assert_eq!(texts("[]").unwrap(), [""; 0]);
        assert_eq!(texts(" [ ] ").unwrap(), [""; 0]);
    }

    #[test]
    fn pieces_of_any_size_give_the_same_elements() {
        let whole = split([AWKWARD.as_bytes()]).unwrap();
        for size in 1..AWKWARD.len() {
            assert_eq!(split(AWKWARD.as_bytes().chunks(size)).unwrap(), whole, "pieces of {size} bytes");
        }
    }

    // D8, D18
    #[test]
    fn a_body_cut_anywhere_is_an_error_and_never_a_short_list() {
        let body = AWKWARD.trim_end();
        for end in 0..body.len() {
            assert!(split([&body.as_bytes()[..end]]).is_err(), "cut after {end} bytes");
        }
    }

    // D18
    #[test]
    fn what_is_no_array_is_refused() {
        for (body, expected) in [
            ("", SplitError::NotAnArray),
            ("null", SplitError::NotAnArray),
            ("{}", SplitError::NotAnArray),
            ("<html>", SplitError::NotAnArray),
            ("[1,]", SplitError::Broken(3)),
            ("[,1]", SplitError::Broken(1)),
            ("[1,,2]", SplitError::Broken(3)),
            ("[}]", SplitError::Broken(1)),
            ("[{]}]", SplitError::Broken(3)),
            ("[1]]", SplitError::Trailing(3)),
            ("[1] [2]", SplitError::Trailing(4)),
            ("[{\"a\":\"b}]", SplitError::Cut(10)),
        ] {
            assert_eq!(split([body.as_bytes()]).unwrap_err(), expected, "{body}");
        }
    }

    // B14
    #[test]
    fn an_oversized_element_is_reduced_to_its_begin_and_the_next_one_is_whole() {
        let mut body = br#"[{"Id":"first","Labels":{"x":""#.to_vec();
        body.resize(MAX_ELEMENT_BYTES + 100, b'y');
        body.extend_from_slice(br#""}},{"Id":"second"}]"#);
        let whole = split([&body[..]]).unwrap();
        assert_eq!(whole.len(), 2);
        assert!(whole[0].1 && whole[0].0.len() == PREFIX_BYTES && whole[0].0.starts_with(br#"{"Id":"first""#));
        assert_eq!(whole[1], (br#"{"Id":"second"}"#.to_vec(), false));
        for size in [1000, 65_536, 1 << 20] {
            assert_eq!(split(body.chunks(size)).unwrap(), whole, "pieces of {size} bytes");
        }
    }

    #[test]
    fn an_oversized_element_is_not_held_while_it_passes() {
        let mut splitter = Splitter::default();
        splitter.feed(br#"[""#, |_| ()).unwrap();
        for _ in 0..64 {
            splitter.feed(&[b'x'; 1 << 20], |_| ()).unwrap();
        }
        assert!(splitter.carried.capacity() <= 2 * PREFIX_BYTES, "{} bytes held", splitter.carried.capacity());
    }

    // B34
    #[test]
    fn depth_is_counted_and_not_recursed() {
        let body = format!("[{}{}]", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(texts(&body).unwrap().len(), 1);
    }

    #[test]
    fn what_is_too_long_is_counted_and_what_is_kept_is_not() {
        let huge = format!("\"{}\"", "y".repeat(MAX_ELEMENT_BYTES));
        let body = format!("[1,{huge},2,{huge}]");
        for size in [1 << 10, 1 << 20, usize::MAX] {
            let mut splitter = Splitter::default();
            for piece in body.as_bytes().chunks(size) {
                splitter.feed(piece, |_| {}).unwrap();
            }
            assert_eq!(splitter.oversized_bytes(), 2 * huge.len() as u64, "pieces of {size} bytes");
        }
    }
}
