//! The files of `src`, and which file names which.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// The path of a module, as `crate::store::db`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Module {
    path: String,
    is_door: bool,
}

impl Module {
    pub(super) fn as_str(&self) -> &str {
        &self.path
    }

    /// The first part below the crate.
    pub(super) fn room(&self) -> &str {
        self.path.split("::").nth(1).unwrap_or_default()
    }

    /// Whether it is a `mod.rs`.
    pub(super) const fn is_door(&self) -> bool {
        self.is_door
    }
}

/// One use of a file by another.
#[derive(Debug)]
pub(super) struct Name {
    pub(super) from: Module,
    pub(super) to: Module,
    file: PathBuf,
    line: usize,
    path: String,
    /// Whether a test names it.
    pub(super) is_test: bool,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.path)
    }
}

/// A path as a file writes it, from the crate on.
struct Written {
    path: Vec<String>,
    line: usize,
    is_test: bool,
}

struct File {
    module: Module,
    file: PathBuf,
    is_test: bool,
    written: Vec<Written>,
    /// What it hands on, by the name that others use.
    exports: BTreeMap<String, Vec<String>>,
}

/// All files of `src`.
pub(super) struct Sources {
    names: Vec<Name>,
    rooms: Vec<String>,
}

impl Sources {
    pub(super) fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut paths = Vec::new();
        find(&root, &mut paths);
        let modules: BTreeMap<String, PathBuf> =
            paths.into_iter().filter_map(|path| Some((module_of(&root, &path)?, path))).collect();
        let files: BTreeMap<&str, File> =
            modules.iter().map(|(module, path)| (module.as_str(), read_file(module, path, &modules))).collect();
        let names = files.values().flat_map(|file| names_of(file, &files)).collect();
        let mut rooms: Vec<String> = files.values().map(|file| file.module.room().to_owned()).collect();
        rooms.sort_unstable();
        rooms.dedup();
        Self { names, rooms }
    }

    /// Every use, by tests too.
    pub(super) fn names(&self) -> impl Iterator<Item = &Name> {
        self.names.iter()
    }

    /// Those of the code that is no test.
    pub(super) fn code_names(&self) -> impl Iterator<Item = &Name> {
        self.names.iter().filter(|name| !name.is_test)
    }

    pub(super) fn rooms(&self) -> impl Iterator<Item = &str> {
        self.rooms.iter().map(String::as_str)
    }
}

fn find(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("it is readable") {
        let path = entry.expect("it is readable").path();
        if path.is_dir() {
            find(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// `None` for the two front doors, which name whatever they hand on.
fn module_of(root: &Path, path: &Path) -> Option<String> {
    let relative = path.strip_prefix(root).expect("it is below").with_extension("");
    let mut parts: Vec<_> = relative.iter().map(|part| part.to_str().expect("ASCII")).collect();
    if parts.last() == Some(&"mod") {
        parts.pop();
    }
    (parts != ["lib"] && parts != ["main"]).then(|| format!("crate::{}", parts.join("::")))
}

fn read_file(module: &str, path: &Path, modules: &BTreeMap<String, PathBuf>) -> File {
    let text = fs::read_to_string(path).expect("it is readable");
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let mut file = File {
        module: Module { path: module.to_owned(), is_door: name == "mod.rs" },
        file: path.strip_prefix(env!("CARGO_MANIFEST_DIR")).expect("it is below").to_owned(),
        is_test: ["tests", "fixtures", "properties"].iter().any(|word| module.contains(word)),
        written: Vec::new(),
        exports: BTreeMap::new(),
    };
    let (mut in_test_module, mut statement, mut begun) = (false, String::new(), 0);
    for (index, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        if code.ends_with("mod tests {") && !code.starts_with(' ') {
            in_test_module = true;
        }
        if !statement.is_empty() || is_use(code) {
            if statement.is_empty() {
                begun = index + 1;
            }
            statement.push_str(code.trim());
            statement.push(' ');
            if code.contains(';') {
                note_use(&mut file, &std::mem::take(&mut statement), begun, in_test_module, modules);
            }
        } else {
            note_paths(&mut file, code, index + 1, in_test_module, modules);
        }
    }
    file
}

fn is_use(code: &str) -> bool {
    let code = code.trim_start();
    code.starts_with("use ") || (code.starts_with("pub") && code.contains(" use ") && !code.contains("fn "))
}

fn note_use(file: &mut File, statement: &str, line: usize, in_test: bool, modules: &BTreeMap<String, PathBuf>) {
    let is_export = statement.starts_with("pub");
    let tree = statement.split_once("use ").map_or("", |(_, tree)| tree).trim().trim_end_matches(';');
    for path in expand(tree) {
        let (path, alias) = path.split_once(" as ").unwrap_or((path.as_str(), ""));
        let Some(absolute) = absolute(file, path, in_test, modules) else { continue };
        if is_export {
            let last = if alias.is_empty() { absolute.last().cloned().unwrap_or_default() } else { alias.to_owned() };
            file.exports.insert(last, absolute.clone());
        }
        let is_test = file.is_test || in_test;
        file.written.push(Written { path: absolute, line, is_test });
    }
}

/// Paths within the code, as `crate::model::PassId` or `super::plan::Plan`.
fn note_paths(file: &mut File, code: &str, line: usize, in_test: bool, modules: &BTreeMap<String, PathBuf>) {
    for begin in ["crate::", "super::"] {
        for (at, _) in code.match_indices(begin) {
            let is_inner =
                code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_' || before == ':');
            let rest = &code[at..];
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(rest.len());
            if let (false, Some(path)) = (is_inner, absolute(file, &rest[..end], in_test, modules)) {
                let is_test = file.is_test || in_test;
                file.written.push(Written { path, line, is_test });
            }
        }
    }
}

/// The single paths of a tree with braces.
fn expand(tree: &str) -> Vec<String> {
    let Some((before, rest)) = tree.split_once('{') else { return vec![tree.trim().to_owned()] };
    let inner = rest.rsplit_once('}').map_or(rest, |(inner, _)| inner);
    let (mut depth, mut part, mut parts) = (0_u32, String::new(), Vec::new());
    for c in inner.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if c == ',' && depth == 0 {
            parts.push(std::mem::take(&mut part));
        } else {
            part.push(c);
        }
    }
    parts.push(part);
    let parts = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty());
    parts.flat_map(|part| expand(&format!("{}{part}", before.trim()))).collect()
}

/// The parts of a path from the crate on; `None` for one of another crate.
fn absolute(file: &File, path: &str, in_test: bool, modules: &BTreeMap<String, PathBuf>) -> Option<Vec<String>> {
    let mut parts: Vec<&str> = path.split("::").map(str::trim).filter(|part| !part.is_empty()).collect();
    let mut base: Vec<String> = file.module.path.split("::").map(str::to_owned).collect();
    if in_test {
        base.push("tests".to_owned());
    }
    match *parts.first()? {
        "crate" => base.truncate(1),
        "self" | "super" => {
            while let Some(first @ ("self" | "super")) = parts.first().copied() {
                if first == "super" {
                    base.pop();
                }
                parts.remove(0);
            }
            return Some(base.into_iter().chain(parts.into_iter().map(str::to_owned)).collect());
        }
        first if modules.contains_key(&format!("{}::{first}", file.module.path)) => {
            return Some(base.into_iter().chain(parts.into_iter().map(str::to_owned)).collect());
        }
        _ => return None,
    }
    Some(base.into_iter().chain(parts.into_iter().skip(1).map(str::to_owned)).collect())
}

/// Who is named: re-exports are followed to the file that has the item.
fn names_of<'a>(file: &'a File, files: &'a BTreeMap<&str, File>) -> impl Iterator<Item = Name> + 'a {
    file.written.iter().filter_map(|written| {
        let to = resolve(&written.path, files, 0)?;
        let is_other_test = !written.is_test && to.is_test;
        (!is_other_test && to.module != file.module).then(|| Name {
            from: file.module.clone(),
            to: to.module.clone(),
            file: file.file.clone(),
            line: written.line,
            path: written.path.join("::"),
            is_test: written.is_test,
        })
    })
}

fn resolve<'a>(path: &[String], files: &'a BTreeMap<&str, File>, depth: u32) -> Option<&'a File> {
    // Deeper than any chain of doors.
    const DEEPEST: u32 = 8;
    let mut at = "crate".to_owned();
    for (index, part) in path.iter().enumerate().skip(1) {
        let next = format!("{at}::{part}");
        if files.contains_key(next.as_str()) {
            at = next;
            continue;
        }
        let export = files.get(at.as_str()).and_then(|file| file.exports.get(part));
        return match export.filter(|export| depth < DEEPEST && export.as_slice() != path) {
            Some(export) => {
                let further = [export.as_slice(), &path[index + 1..]].concat();
                resolve(&further, files, depth + 1)
            }
            None => files.get(at.as_str()),
        };
    }
    files.get(at.as_str())
}
