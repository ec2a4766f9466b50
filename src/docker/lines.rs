//! Lines of a stream that comes in pieces. Pure, and bounded in memory.

/// Longest line that is kept. An event carries all labels of its container: a removal has been seen with 1 MiB of them.
const MAX_LINE_BYTES: usize = 4 * 1024 * 1024;

/// What is kept allocated between two lines.
const KEPT_BYTES: usize = 64 * 1024;

/// Takes pieces of any size and gives lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    held: Vec<u8>,
    /// Where in `held` the next line begins.
    begin: usize,
    /// Up to where no end of it was found.
    searched: usize,
    /// Within a line that is too long.
    skips: bool,
}

/// One line, without its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// All of it.
    Whole(&'a [u8]),
    /// It has more than 4 MiB, and is gone.
    TooLong,
}

impl Lines {
    /// Takes the next piece.
    pub(super) fn feed(&mut self, piece: &[u8]) {
        self.held.drain(..self.begin);
        self.searched -= self.begin;
        self.begin = 0;
        if self.held.is_empty() {
            self.held.shrink_to(KEPT_BYTES);
        }
        self.held.extend_from_slice(piece);
    }

    /// The next line that has ended.
    pub(super) fn next(&mut self) -> Option<Line<'_>> {
        while let Some(at) = memchr::memchr(b'\n', &self.held[self.searched..]) {
            let (begin, end) = (self.begin, self.searched + at);
            self.begin = end + 1;
            self.searched = self.begin;
            if !std::mem::take(&mut self.skips) {
                let is_short = end - begin <= MAX_LINE_BYTES;
                return Some(if is_short { Line::Whole(&self.held[begin..end]) } else { Line::TooLong });
            }
        }
        self.searched = self.held.len();
        if self.skips || self.searched - self.begin > MAX_LINE_BYTES {
            self.begin = self.searched;
            return (!std::mem::replace(&mut self.skips, true)).then_some(Line::TooLong);
        }
        None
    }

    /// What came after the last end of a line; nothing if that was too long.
    pub(super) fn rest(&mut self) -> Vec<u8> {
        let rest = self.held.split_off(self.begin);
        *self = Self::default();
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], size: usize) -> (Vec<String>, String) {
        let mut lines = Lines::default();
        let mut read = Vec::new();
        for piece in bytes.chunks(size) {
            lines.feed(piece);
            while let Some(line) = lines.next() {
                read.push(match line {
                    Line::Whole(line) => String::from_utf8(line.to_vec()).unwrap(),
                    Line::TooLong => "too long".into(),
                });
            }
            assert!(lines.held.len() <= MAX_LINE_BYTES.saturating_add(size), "bounded");
        }
        (read, String::from_utf8(lines.rest()).unwrap())
    }

    #[test]
    fn lines_are_the_same_whatever_the_pieces() {
        for size in [1, 2, 3, 5, 100] {
            let (lines, rest) = read(b"one\n\ntwo\r\nthree", size);
            assert_eq!((lines, &*rest), (vec!["one".into(), String::new(), "two\r".into()], "three"), "{size}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_skipped_to_its_end() {
        let mut bytes = b"a\n".to_vec();
        bytes.extend(vec![b'x'; 3 * MAX_LINE_BYTES]);
        bytes.extend(b"\nb\n");
        bytes.extend(vec![b'y'; MAX_LINE_BYTES + 1]);
        for size in [8 * 1024, 100_000, usize::MAX] {
            let (lines, rest) = read(&bytes, size);
            let count = lines.len();
            assert_eq!((&lines[..3], &*rest), (&["a".into(), "too long".into(), "b".into()][..], ""), "{size}");
            assert_eq!((count, &*lines[3]), (4, "too long"), "{size}");
        }
    }

    #[test]
    fn what_a_long_line_took_is_given_back() {
        let mut lines = Lines::default();
        lines.feed(&[vec![b'x'; 1 << 20], b"\n".to_vec()].concat());
        assert!(matches!(lines.next(), Some(Line::Whole(line)) if line.len() == 1 << 20));
        lines.feed(b"short\n");
        assert!(lines.held.capacity() <= KEPT_BYTES);
        assert_eq!(lines.next(), Some(Line::Whole(b"short")));
    }
}
