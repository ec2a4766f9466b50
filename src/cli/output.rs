//! What a command prints: one document or one text on stdout, and signs of life on stderr.

use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::exit::{Exit, Failure};
use crate::config::{Config, duration_text};
use crate::docker::Endpoint;
use crate::model::DaemonCall;
use crate::wording::escape_json;

/// Where the answer goes, and what can be shown there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Output {
    /// One JSON document instead of text.
    pub(crate) json: bool,
    /// Whether colours are understood and wanted.
    pub(crate) color: bool,
    /// Columns of the terminal; [`UNBOUNDED`] without one.
    pub(crate) width: usize,
    /// Lines of the terminal, where there is one that says so.
    pub(crate) height: Option<usize>,
}

/// The width of what is no terminal: no cell is cut.
pub(crate) const UNBOUNDED: usize = usize::MAX;

/// Columns of a terminal that does not know them: some serial and web consoles say 0.
const USUAL_WIDTH: usize = 80;

/// Narrower than this, columns hold nothing that could be read.
const NARROWEST_WIDTH: usize = 20;

impl Output {
    /// The output of this process.
    pub(crate) fn of_this_process(json: bool) -> Self {
        let terminal = std::io::stdout().is_terminal();
        let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok().filter(|_| terminal);
        let columns = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
        Self {
            json,
            color: terminal && wants_color(),
            width: width(terminal, columns, size.map(|size| size.ws_col.into())),
            height: size.map(|size| usize::from(size.ws_row)).filter(|rows| *rows > 0),
        }
    }

    /// Whether a person looks at it as it comes.
    pub(crate) const fn is_terminal(self) -> bool {
        self.width != UNBOUNDED
    }

    /// Prints a JSON document, harmless for a terminal.
    pub(crate) fn document<T: Serialize + ?Sized>(self, document: &T) -> Result<(), Failure> {
        let json = serde_json::to_string_pretty(document)
            .map_err(|cause| Failure::new(Exit::Failed, format!("cannot write the answer as JSON: {cause}")))?;
        self.text(&(escape_json(json) + "\n"))
    }

    /// Prints a text whose foreign parts are escaped already. A reader that went away (`| head`) is no fault.
    pub(crate) fn text(self, text: &str) -> Result<(), Failure> {
        let mut stdout = std::io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Err(cause) if cause.kind() != ErrorKind::BrokenPipe => {
                Err(Failure::new(Exit::Failed, format!("cannot write the answer to stdout: {cause}")))
            }
            _ => Ok(()),
        }
    }

    /// Prints a line whose foreign parts are escaped already; whether anybody still reads them.
    pub(crate) fn line(self, line: &str) -> Result<bool, Failure> {
        let mut stdout = std::io::stdout().lock();
        match writeln!(stdout, "{line}").and_then(|()| stdout.flush()) {
            Ok(()) => Ok(true),
            Err(cause) if cause.kind() == ErrorKind::BrokenPipe => Ok(false),
            Err(cause) => Err(Failure::new(Exit::Failed, format!("cannot write the answer to stdout: {cause}"))),
        }
    }

    /// Prints the document with `--json`, else the text.
    pub(crate) fn answer<T: Serialize + ?Sized>(
        self,
        document: &T,
        text: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        if self.json { self.document(document) } else { self.text(&text()) }
    }

    /// A text in red where colours are wanted.
    pub(crate) fn alarm(self, text: &str) -> String {
        if self.color { format!("\u{1b}[31m{text}\u{1b}[0m") } else { text.into() }
    }
}

/// How wide lines may become. What is piped is read by programs: there nothing is cut, whatever `COLUMNS` says.
fn width(terminal: bool, columns: Option<usize>, of_the_terminal: Option<usize>) -> usize {
    if !terminal {
        return UNBOUNDED;
    }
    let known = |columns: &usize| *columns > 0;
    columns.filter(known).or(of_the_terminal.filter(known)).unwrap_or(USUAL_WIDTH).max(NARROWEST_WIDTH)
}

/// Whether colours may be used where a terminal is: `NO_COLOR` is a convention of many programs.
pub(crate) fn wants_color() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// A sign of life on stderr while something takes its time: on a terminal one that turns, elsewhere a line once it has
/// taken a second. It goes away when dropped.
pub(crate) struct Spinner {
    bar: ProgressBar,
    what: Arc<Mutex<String>>,
    /// Dropped, it ends the wait for the line.
    _over: Option<mpsc::Sender<()>>,
}

/// What answers sooner needs no word.
const SILENT_FOR: Duration = Duration::from_secs(1);

impl Spinner {
    /// Shows what is being waited for.
    pub(crate) fn start(what: impl Into<String>) -> Self {
        let (terminal, what) = (std::io::stderr().is_terminal(), Arc::new(Mutex::new(what.into())));
        let over = (!terminal).then(|| told_after_a_while(Arc::clone(&what)));
        let bar = if terminal { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        let style = ProgressStyle::with_template("{spinner} {msg} ({elapsed})").expect("the template is well formed");
        bar.set_style(style);
        bar.set_message(told(&what));
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar, what, _over: over }
    }

    /// From now on this is waited for.
    pub(crate) fn waits_for(&self, what: &str) {
        let mut waits_for = self.what.lock().unwrap_or_else(PoisonError::into_inner);
        if *waits_for != what {
            what.clone_into(&mut waits_for);
            self.bar.set_message(what.to_owned());
        }
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// The call that hangs where a daemon does, and how long it is waited for.
pub(crate) fn list_call(endpoint: &Endpoint, config: &Config) -> String {
    let deadline = duration_text(config.list_deadline);
    format!("{} of {endpoint}, for {deadline} at most (`list_deadline`)", DaemonCall::List.request())
}

fn told(what: &Mutex<String>) -> String {
    what.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Tells once what is waited for, unless that is over by then.
fn told_after_a_while(what: Arc<Mutex<String>>) -> mpsc::Sender<()> {
    let (over, is_over) = mpsc::channel();
    std::thread::spawn(move || {
        if is_over.recv_timeout(SILENT_FOR) == Err(mpsc::RecvTimeoutError::Timeout) {
            // A closed stderr leaves nobody to tell.
            let _ = writeln!(std::io::stderr(), "dockledger: still waiting: {}", told(&what));
        }
    });
    over
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_the_terminal_and_are_whole_without_one() {
        for (terminal, columns, of_the_terminal, expected) in [
            (true, None, Some(120), 120),
            (true, Some(100), Some(120), 100),
            (true, None, Some(0), 80),
            (true, Some(0), Some(0), 80),
            (true, None, None, 80),
            (true, None, Some(3), 20),
            (false, None, None, UNBOUNDED),
            (false, Some(40), None, UNBOUNDED),
        ] {
            assert_eq!(
                width(terminal, columns, of_the_terminal),
                expected,
                "{terminal} {columns:?} {of_the_terminal:?}"
            );
        }
    }
}
