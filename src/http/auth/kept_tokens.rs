//! The file of tokens as an operator looks after it: what is in it, and one taken out.

use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use super::Caller;
use super::tokens::{Tokens, TokensError};

/// A token as it may be shown: nothing of it opens anything.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct KnownToken {
    /// Whose it is.
    pub(crate) name: String,
    /// What it may do.
    pub(crate) scope: &'static str,
    /// The ids of the projects that it is bound to; none for all.
    pub(crate) projects: Vec<String>,
}

impl From<&Caller> for KnownToken {
    fn from(caller: &Caller) -> Self {
        let projects = caller.projects.as_deref().unwrap_or_default().to_vec();
        Self { name: caller.name.to_string(), scope: caller.access.as_str(), projects }
    }
}

/// Why a token was not taken out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RevokeError {
    /// The file is no file of tokens.
    #[error(transparent)]
    Tokens(#[from] TokensError),
    /// None has that name.
    #[error("no token in {path} is called {name:?}; `dockledger token list` names them")]
    Unknown {
        /// The file.
        path: PathBuf,
        /// The name asked for.
        name: String,
    },
    /// A service would not start with an empty file.
    #[error("{name:?} is the only token in {path}, and a service does not start without one: add another first")]
    Last {
        /// The file.
        path: PathBuf,
        /// The name asked for.
        name: String,
    },
    /// The system refused.
    #[error("cannot write the tokens in {path}: {cause}; nothing was changed")]
    Unwritten {
        /// The file.
        path: PathBuf,
        /// The system's words.
        cause: io::Error,
    },
}

/// The tokens of a file, in its order.
pub(crate) fn known(path: &Path) -> Result<Vec<KnownToken>, TokensError> {
    Ok(Tokens::read(path)?.callers().map(KnownToken::from).collect())
}

/// Takes the line of a token out of the file, in one step: whoever reads it meanwhile reads all of the former or all of the new
/// one. Remarks and the other lines stay as they are.
pub(crate) fn revoke(path: &Path, name: &str) -> Result<(), RevokeError> {
    let known = known(path)?;
    let unknown = || RevokeError::Unknown { path: path.into(), name: name.into() };
    known.iter().find(|token| token.name == name).ok_or_else(unknown)?;
    if known.len() == 1 {
        return Err(RevokeError::Last { path: path.into(), name: name.into() });
    }
    replace(path, name).map_err(|cause| RevokeError::Unwritten { path: path.into(), cause })
}

fn replace(path: &Path, name: &str) -> io::Result<()> {
    let text = fs::read_to_string(path)?;
    let is_its = |line: &&str| line.split_ascii_whitespace().next() == Some(name);
    let left: String = text.lines().filter(|line| !is_its(line)).map(|line| format!("{line}\n")).collect();
    // Where the path is a link, what it leads to is replaced and the link stays.
    let path = fs::canonicalize(path)?;
    let draft = path.with_added_extension("new");
    let written = write_like(&path, &draft, &left).and_then(|()| fs::rename(&draft, &path));
    if written.is_err() {
        // What is left of it is in the way of nobody but the next attempt, which replaces it.
        let _ = fs::remove_file(&draft);
    }
    written
}

/// Owner and mode are those of the file that it takes the place of.
fn write_like(path: &Path, draft: &Path, text: &str) -> io::Result<()> {
    let _ = fs::remove_file(draft);
    let mut file = File::options().write(true).create_new(true).open(draft)?;
    let former = fs::metadata(path)?;
    file.set_permissions(Permissions::from_mode(former.mode() & 0o700))?;
    chown(draft, Some(former.uid()), Some(former.gid()))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(lines: &[&str]) -> (tempfile::TempDir, PathBuf) {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("tokens");
        fs::write(&path, lines.join("\n")).expect("written");
        fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("chmod");
        (place, path)
    }

    fn line(name: &str, rest: &str) -> String {
        format!("{name} deploy sha256:{}{rest}", "ab".repeat(32).replace("ab", if name == "ci" { "ab" } else { "cd" }))
    }

    #[test]
    fn what_is_listed_names_scope_and_projects_and_no_hash() {
        let (_place, path) = file(&["# ours", &line("ci", " project=shop"), &line("all", "")]);
        let listed = known(&path).expect("a file of tokens");
        let shown: Vec<_> = listed.iter().map(|token| (&*token.name, token.scope, token.projects.join(","))).collect();
        assert_eq!(shown, [("ci", "deploy", "shop".to_owned()), ("all", "deploy", String::new())]);
        assert!(!format!("{listed:?}").contains("abab"));
    }

    #[test]
    fn one_that_is_revoked_goes_alone_and_the_last_one_stays() {
        let (place, path) = file(&["# ours", &line("ci", " project=shop"), &line("all", "")]);
        assert!(matches!(revoke(&path, "nobody"), Err(RevokeError::Unknown { .. })));
        revoke(&path, "ci").expect("it is there");
        assert_eq!(fs::read_to_string(&path).expect("read"), format!("# ours\n{}\n", line("all", "")));
        assert_eq!(fs::metadata(&path).expect("there").mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(place.path()).expect("read").count(), 1, "no draft is left");
        assert!(matches!(revoke(&path, "all"), Err(RevokeError::Last { .. })));
        assert_eq!(known(&path).expect("it is still one").len(), 1);
    }
}
