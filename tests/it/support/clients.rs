//! Clients that public generators make from the running server's document.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::http::Served;
use super::skip::skip;

/// Where the client for Python is, ready to be imported as `dockledger_client`.
pub(crate) struct PythonClient {
    directory: PathBuf,
    interpreter: PathBuf,
}

impl PythonClient {
    /// Made of the document that is served; `None` where the generator is not there, which is said.
    pub(crate) async fn generate(served: &Served, token: &str, directory: &Path, test: &str) -> Option<Self> {
        let programs = installed("python/bin", test)?;
        let document = document(served, token, directory).await;
        let mut generator = Command::new(programs.join("openapi-python-client"));
        // Its last step formats the client with a program beside it.
        generator.env("PATH", format!("{}:/usr/bin:/bin", programs.display()));
        generator.args(["generate", "--meta", "none", "--fail-on-warning", "--overwrite", "--output-path"]);
        generator.arg(directory.join("dockledger_client")).arg("--path").arg(document);
        run(generator).await;
        Some(Self { directory: directory.to_owned(), interpreter: programs.join("python") })
    }

    /// The names of its models.
    pub(crate) fn models(&self) -> Vec<String> {
        let file = self.directory.join("dockledger_client/models/__init__.py");
        let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let (_, listed) = text.split_once("__all__ = (").expect("the names that it exports");
        listed.split('"').skip(1).step_by(2).map(str::to_owned).collect()
    }

    /// A program of the repository, to be started with the client at hand.
    pub(crate) fn program(&self, path: &str) -> Command {
        let mut program = Command::new(&self.interpreter);
        program.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(path));
        program.env("PYTHONPATH", &self.directory).env("PYTHONDONTWRITEBYTECODE", "1");
        program
    }
}

/// A program of the repository in TypeScript, judged with the types that were made of the document; `None` where the generator is
/// not there, which is said. Gives the command that runs it.
pub(crate) async fn typescript_program(
    served: &Served,
    token: &str,
    directory: &Path,
    (path, test): (&str, &str),
) -> Option<Command> {
    let programs = installed("typescript/node_modules/.bin", test)?;
    let document = document(served, token, directory).await;
    let mut generator = Command::new(programs.join("openapi-typescript"));
    generator.arg(document).arg("-o").arg(directory.join("dockledger.d.ts"));
    run(generator).await;
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let name = Path::new(path).with_extension("");
    let name = name.file_name().expect("a file").display().to_string();
    std::fs::copy(source, directory.join(format!("{name}.ts"))).expect("copied");
    std::fs::write(directory.join("package.json"), r#"{"type":"module"}"#).expect("written");
    let mut compiler = Command::new(programs.join("tsc"));
    compiler.args(["--strict", "--noUncheckedIndexedAccess", "--target", "es2022", "--module", "nodenext"]);
    compiler.args(["--lib", "es2022,dom", "--outDir", "made"]);
    compiler.arg(format!("{name}.ts")).current_dir(directory);
    run(compiler).await;
    let mut program = Command::new("node");
    program.arg(directory.join(format!("made/{name}.js")));
    Some(program)
}

/// Runs it to its end and gives what it printed.
pub(crate) async fn run(mut command: Command) -> String {
    let run = move || {
        let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{command:?}\n{told}{}", String::from_utf8_lossy(&output.stderr));
        told
    };
    tokio::task::spawn_blocking(run).await.expect("it ends well")
}

async fn document(served: &Served, token: &str, directory: &Path) -> PathBuf {
    let headers = [("authorization", &*format!("Bearer {token}"))];
    let document = served.get_with("/api/v1/openapi.json", &headers).await.json(200);
    let file = directory.join("openapi.json");
    std::fs::write(&file, document.to_string()).expect("written");
    file
}

/// What `scripts/test` installs beside the program.
fn installed(programs: &str, test: &str) -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it lies in the target directory");
    let programs = target.join("clients").join(programs);
    if !programs.exists() {
        skip(test, &format!("{} is not there: scripts/test installs it", programs.display()));
        return None;
    }
    Some(programs)
}
