//! The file of tokens. It holds their hashes: a copy of it opens nothing.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use percent_encoding::percent_decode_str;
#[cfg(feature = "cli")]
use percent_encoding::utf8_percent_encode;
#[cfg(feature = "cli")]
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};
use sha2::{Digest, Sha256};
use subtle::{ConditionallySelectable as _, ConstantTimeEq as _};

use super::{Access, Caller};
use crate::store::is_name as is_registered_name;
use rustix::process::geteuid;

/// The SHA-256 of a token. Tokens are 256 bits of chance: there is nothing to guess that a slow hash would protect.
pub(super) type Hash = [u8; 32];

/// The tokens of a file; at least one.
#[derive(Debug)]
pub(super) struct Tokens(Vec<Token>);

struct Token {
    caller: Caller,
    hash: Hash,
}

/// Why a file of tokens cannot be used. No message holds a token or a hash.
#[derive(Debug, thiserror::Error)]
pub enum TokensError {
    /// It cannot be read.
    #[error("cannot read the tokens in {path} (http.tokens): {cause}; `dockledger token new` makes one")]
    Unread {
        /// The file.
        path: PathBuf,
        /// The system's words.
        cause: io::Error,
    },
    /// Others can read or write it.
    #[error("the file of tokens {path} is open to others than its owner; `chmod 600 {path}`")]
    Open {
        /// The file.
        path: PathBuf,
    },
    /// It belongs to a stranger.
    #[error("the file of tokens {path} belongs to user {owner}, who is neither root nor we; `chown` it")]
    Strangers {
        /// The file.
        path: PathBuf,
        /// Who owns it.
        owner: u32,
    },
    /// A line is no token.
    #[error(
        "line {line} of {path} is no token: {cause}; a line is `NAME read|deploy|admin sha256:HASH`, and `project=ID` for each project \
         that it is bound to"
    )]
    Line {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        cause: &'static str,
    },
    /// It has no token, and one without any would open what it is there to close.
    #[error("the file of tokens {path} holds none; add the line that `dockledger token new` prints")]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

/// A thousand tokens are below 128 KiB.
const MOST_BYTES: u64 = 128 * 1024;

/// By which a token is recognised wherever it leaked.
const PREFIX: &str = "dockledger_";

const OPEN_TO_OTHERS: u32 = 0o077;

impl Tokens {
    /// Reads a file that only its owner can, who is root or we.
    pub(super) fn read(path: &Path) -> Result<Self, TokensError> {
        let unread = |cause| TokensError::Unread { path: path.into(), cause };
        let file = File::open(path).map_err(unread)?;
        // Of what is open, so that nothing else can be put in its place meanwhile.
        let found = file.metadata().map_err(unread)?;
        if found.mode() & OPEN_TO_OTHERS != 0 {
            return Err(TokensError::Open { path: path.into() });
        }
        if found.uid() != 0 && found.uid() != geteuid().as_raw() {
            return Err(TokensError::Strangers { path: path.into(), owner: found.uid() });
        }
        let mut text = String::new();
        file.take(MOST_BYTES + 1).read_to_string(&mut text).map_err(unread)?;
        if text.len() as u64 > MOST_BYTES {
            return Err(unread(io::Error::other("it is larger than 128 KiB")));
        }
        Self::parse(&text, path)
    }

    fn parse(text: &str, path: &Path) -> Result<Self, TokensError> {
        let (mut tokens, mut names) = (Vec::new(), BTreeSet::new());
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = |cause| TokensError::Line { path: path.into(), line: index + 1, cause };
            let token = Token::parse(line).map_err(wrong)?;
            if !names.insert(Arc::clone(&token.caller.name)) {
                return Err(wrong("another line has the same name"));
            }
            tokens.push(token);
        }
        if tokens.is_empty() { Err(TokensError::Empty { path: path.into() }) } else { Ok(Self(tokens)) }
    }

    /// Whose tokens they are, in the order of the file.
    #[cfg(feature = "cli")]
    pub(super) fn callers(&self) -> impl Iterator<Item = &Caller> {
        self.0.iter().map(|token| &token.caller)
    }

    /// Whose token this is.
    pub(super) fn find(&self, token: &str) -> Option<(&Caller, Hash)> {
        let hash = hash(token);
        self.by_hash(&hash).map(|caller| (caller, hash))
    }

    /// Whose token has that hash. Every hash is compared, and each to its end: how long that takes tells nothing.
    pub(super) fn by_hash(&self, hash: &Hash) -> Option<&Caller> {
        let mut found = u32::MAX;
        for (index, token) in (0..).zip(&self.0) {
            found.conditional_assign(&index, token.hash.ct_eq(hash));
        }
        usize::try_from(found).ok().and_then(|index| self.0.get(index)).map(|token| &token.caller)
    }
}

impl Token {
    fn parse(line: &str) -> Result<Self, &'static str> {
        let parts: Vec<&str> = line.split_ascii_whitespace().collect();
        let [name, scope, hash, ref bound @ ..] = parts[..] else { return Err("it has not three words") };
        if !is_name(name) {
            return Err("the name is not 1 to 64 letters, digits, dots, underscores and dashes");
        }
        let access = Access::parse(scope).ok_or("the scope is none of read, deploy, admin")?;
        let hash = hash.strip_prefix("sha256:").and_then(unhex).ok_or("the hash is not sha256: and 64 hex digits")?;
        let projects =
            bound.iter().map(|word| project(word).ok_or(NO_PROJECT)).collect::<Result<Arc<[String]>, _>>()?;
        let projects = (!projects.is_empty()).then_some(projects);
        if access == Access::Admin && projects.is_some() {
            return Err("a token of the scope admin is bound to no project");
        }
        Ok(Self { caller: Caller { access, name: name.into(), has_token: true, projects }, hash })
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token").field("caller", &self.caller).finish_non_exhaustive()
    }
}

const NO_PROJECT: &str = "what follows the hash is not project= and the percent-encoded id of a project";

/// Before the id of a project in a line.
const PROJECT: &str = "project=";

#[cfg(feature = "cli")]
/// The bytes of an id that stand in a line as they are.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'_').remove(b'-');

/// The id of a project that a token is bound to.
fn project(word: &str) -> Option<String> {
    let id = percent_decode_str(word.strip_prefix(PROJECT)?).decode_utf8().ok()?.into_owned();
    is_registered_name(&id).then_some(id)
}

pub(super) fn hash(text: &str) -> Hash {
    Sha256::digest(text).into()
}

/// A fresh token: 256 bits of chance. `None` if the system gives none.
pub(crate) fn fresh() -> Option<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).ok()?;
    Some(format!("{PREFIX}{}", hex(&bytes)))
}

/// The line of a token in the file, bound to projects of these ids or to none; `None` if the name is none.
#[cfg(feature = "cli")]
pub(crate) fn line(name: &str, access: Access, token: &str, projects: &[String]) -> Option<String> {
    is_name(name).then(|| {
        let bound = projects.iter().map(|id| format!(" {PROJECT}{}", utf8_percent_encode(id, ENCODED)));
        format!("{name} {} sha256:{}{}", access.as_str(), hex(&hash(token)), bound.collect::<String>())
    })
}

/// A scope as it is typed.
#[cfg(feature = "cli")]
pub(crate) fn scope(word: &str) -> Option<Access> {
    Access::parse(word)
}

fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Hash> {
    let mut hash = Hash::default();
    if text.len() != 2 * hash.len() || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    for (index, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use std::fs::{Permissions, set_permissions, write};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_token_is_bound_to_the_projects_of_its_line_and_without_any_to_none() {
        let bound = format!("{} project=shop project=my%20%D0%B6", line_of("ci", Access::Deploy, "x"));
        let tokens = Tokens::parse(&format!("{bound}\n{}", line_of("all", Access::Deploy, "y")), Path::new("tokens"));
        let tokens = tokens.expect("two");
        let projects =
            |token: &str| tokens.find(token).expect("it is there").0.projects.as_ref().map(|found| found.to_vec());
        assert_eq!(projects("x"), Some(vec!["shop".to_owned(), "my ж".to_owned()]));
        assert_eq!(projects("y"), None);
        for wrong in ["project=", "project=%ff", "shop", "Project=shop", "project=%20"] {
            let text = format!("{} {wrong}", line_of("ci", Access::Deploy, "x"));
            let refused = Tokens::parse(&text, Path::new("tokens"));
            assert!(matches!(refused, Err(TokensError::Line { line: 1, .. })), "{wrong}: {refused:?}");
        }
        let admin = format!("{} project=shop", line_of("root", Access::Admin, "x"));
        assert!(Tokens::parse(&admin, Path::new("tokens")).is_err(), "it would not be an administrator's");
    }

    fn line_of(name: &str, access: Access, token: &str) -> String {
        format!("{name} {} sha256:{}", access.as_str(), hex(&hash(token)))
    }

    // B28
    #[test]
    fn a_token_is_known_by_its_hash_alone() {
        let (reader, deployer) = (fresh().expect("chance"), fresh().expect("chance"));
        assert!(reader != deployer && reader.len() > 64);
        let text = format!(
            "# two\n\n{}\n  {}\n",
            line_of("grafana", Access::Read, &reader),
            line_of("ci", Access::Deploy, &deployer)
        );
        assert!(!text.contains(&reader));
        let tokens = Tokens::parse(&text, Path::new("tokens")).expect("two");
        assert_eq!(
            tokens.find(&reader).map(|(caller, _)| (&*caller.name, caller.access)),
            Some(("grafana", Access::Read))
        );
        assert_eq!(tokens.find(&deployer).map(|(caller, _)| caller.access), Some(Access::Deploy));
        for wrong in ["", "x", &reader[1..], &format!("{reader} "), &hex(&hash(&reader))] {
            assert!(tokens.find(wrong).is_none(), "{wrong}");
        }
        assert!(!format!("{tokens:?}").contains(&hex(&hash(&reader))), "not even the hash is shown");
    }

    #[test]
    fn a_line_that_is_no_token_is_told_by_its_number() {
        let good = line_of("a", Access::Read, "x");
        for (text, line) in [
            (good.replace("read", "root"), 1),
            (format!("{good}\na read"), 2),
            (format!("{good}\n{good}"), 2),
            (good.replace("sha256:", "sha1:"), 1),
            (good[..good.len() - 1].to_owned(), 1),
            (good.replace("a read", "a:b read"), 1),
        ] {
            match Tokens::parse(&text, Path::new("tokens")) {
                Err(TokensError::Line { line: told, .. }) => assert_eq!(told, line, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
        let empty = Tokens::parse("# nobody\n", Path::new("tokens"));
        assert!(matches!(empty, Err(TokensError::Empty { .. })), "{empty:?}");
    }

    #[test]
    fn b44_a_file_that_others_can_read_is_refused() {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("tokens");
        write(&path, line_of("a", Access::Read, "x")).expect("written");
        for (mode, is_taken) in [(0o600, true), (0o400, true), (0o644, false), (0o640, false), (0o602, false)] {
            set_permissions(&path, Permissions::from_mode(mode)).expect("chmod");
            let read = Tokens::read(&path);
            assert_eq!(read.is_ok(), is_taken, "{mode:o}: {read:?}");
        }
        assert!(matches!(Tokens::read(&place.path().join("none")), Err(TokensError::Unread { .. })));
    }
}
