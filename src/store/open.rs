//! The handle on the ledger: one connection, opened for a purpose, opened again when it is lost.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use diesel::result::{DatabaseErrorKind, Error};

use super::StoreError;
use super::db::{Access, ConnectError, Db, Session, Terms};
use crate::config::Config;
use crate::model::{HostName, LedgerRow};
use crate::store::db::fault::{Fault, FaultKind, ends_the_connection, kind_of, on_its_file_system, with_cure};
use crate::store::db::location::Location;
use crate::store::db::migrate;

/// How often a transaction is run that the server undoes: each time it waited for the others for a second, which is when
/// the server looks for circles, and the store's deadline is 5 s.
const TRIES: u32 = 3;

/// A log below costs no disk that matters. In bytes.
pub(super) const LARGE_LOG: u64 = 1 << 20;

/// What a ledger is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenMode {
    /// Creates the database and migrates it.
    Write,
    /// Writes and migrates nothing: another schema than ours is refused.
    WriteUnmigrated,
    /// Neither creates nor writes.
    Read,
}

/// The ledger, synchronous, over one connection. Every method is one transaction; a connection that was lost is opened
/// again by the next call.
pub struct Store {
    location: Location,
    terms: Terms,
    open: Option<Open>,
}

struct Open {
    session: Session,
    file: Option<FileIdentity>,
    kept: Option<KeptRows>,
}

/// The rows that were read last, and what tells whether they still are what is stored. Only SQLite tells.
pub(super) struct KeptRows {
    pub(super) host: HostName,
    pub(super) version: i64,
    pub(super) rows: Arc<Vec<LedgerRow>>,
}

/// What tells a file from another of the same name.
#[derive(Clone, Copy, PartialEq, Eq)]
struct FileIdentity {
    device: u64,
    inode: u64,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Store({})", self.location)
    }
}

impl Store {
    /// Opens the ledger of a configuration.
    ///
    /// # Errors
    /// [`StoreError::Unopened`] if there is no database or it cannot be reached, [`StoreError::WrongSchema`] if it holds
    /// another schema than ours, [`StoreError::ForeignTable`] if one of our names is taken, [`StoreError::Query`] if it
    /// is damaged.
    pub fn open(config: &Config, mode: OpenMode) -> Result<Self, StoreError> {
        Self::open_with(config, mode, mode != OpenMode::Read)
    }

    /// As [`Self::open`], of a database that this process has read for damage already.
    pub(super) fn open_unchecked(config: &Config, mode: OpenMode) -> Result<Self, StoreError> {
        Self::open_with(config, mode, false)
    }

    fn open_with(config: &Config, mode: OpenMode, is_read_for_damage: bool) -> Result<Self, StoreError> {
        let location = Location::of(config)?;
        if let (OpenMode::Write, Location::Sqlite(path)) = (mode, &location) {
            refuse_a_lost_file(path).map_err(|cause| unopened(&location, &cause))?;
            create_file(path).map_err(|error| unopened(&location, &with_cure(&error.to_string())))?;
        }
        let access = if mode == OpenMode::Read { Access::Read } else { Access::Write };
        let mut store = Self { location, terms: Terms::of(config, access), open: None };
        let mut open = store.connect()?;
        require_every_character(&mut open.session, &store.location)?;
        if is_read_for_damage {
            open.session
                .read(quick_check)
                .map_err(|fault| fault.into_error("check the ledger for damage", &store.location))?;
        }
        match mode {
            OpenMode::Write => migrate::up(&mut open.session, &store.location).map(drop),
            OpenMode::WriteUnmigrated | OpenMode::Read => migrate::require_ours(&mut open.session, &store.location),
        }
        .map_err(|fault| fault.into_error(schema_work(mode), &store.location))?;
        store.open = Some(open);
        Ok(store)
    }

    /// Gives back the space of a log that has grown: after a first pass over a large host it is many times the ledger's own
    /// size, and stays so. Whoever uses the file just now keeps it from that, until the next time.
    pub(super) fn shrink_log(&mut self) -> Result<(), StoreError> {
        let Location::Sqlite(path) = &self.location else { return Ok(()) };
        if fs::metadata(log_of(path)).is_ok_and(|log| log.len() > LARGE_LOG) {
            self.run("give back the space of the log", |session| Ok(session.empty_log()?))?;
        }
        Ok(())
    }

    #[cfg(feature = "http")]
    pub(super) const fn location(&self) -> &Location {
        &self.location
    }

    /// The name of the network file system that the configuration's database lies on, if it does: SQLite cannot be relied on
    /// there, whether it seems to work or not.
    #[must_use]
    pub fn shared_file_system(config: &Config) -> Option<&'static str> {
        Location::of(config).ok()?.shared_file_system()
    }

    /// Refuses a configuration whose database this build has no client for. Opens nothing.
    pub(crate) fn require_built_in(config: &Config) -> Result<(), StoreError> {
        Location::of(config).map(drop)
    }

    /// Reads the whole database file for damage; a server looks after itself.
    ///
    /// # Errors
    /// [`StoreError::Query`] with what is damaged.
    pub fn check(&mut self) -> Result<(), StoreError> {
        self.read("check the ledger for damage", quick_check)
    }

    /// Runs reads. More than one of them see one state only inside [`Self::snapshot`].
    pub(super) fn read<T>(
        &mut self,
        attempt: &'static str,
        body: impl FnOnce(&mut Db) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        self.run(attempt, |session| session.read(body))
    }

    /// Runs reads of one state.
    pub(super) fn snapshot<T>(
        &mut self,
        attempt: &'static str,
        body: impl FnOnce(&mut Db) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        self.run(attempt, |session| session.snapshot(body))
    }

    /// Runs one write transaction.
    pub(super) fn write<T>(
        &mut self,
        attempt: &'static str,
        body: impl FnMut(&mut Db) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        self.forget_rows();
        self.write_beside_rows(attempt, body)
    }

    /// Runs one write transaction that writes the host's own line and nothing that *open* reads besides. One that the
    /// server undid so that others could go on is run again.
    pub(super) fn write_beside_rows<T>(
        &mut self,
        attempt: &'static str,
        mut body: impl FnMut(&mut Db) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let mut left = TRIES;
        loop {
            left -= 1;
            match self.attempt(|session| session.write(&mut body)) {
                Err(Fault::Database(error)) if left > 0 && kind_of(&error) == FaultKind::Undone => {
                    tracing::debug!(attempt, %error, "undone by the database; run again");
                }
                result => return result.map_err(|fault| fault.into_error(attempt, &self.location)),
            }
        }
    }

    /// The rows that were read last on this connection.
    pub(super) fn kept_rows(&mut self) -> Option<KeptRows> {
        self.open.as_mut()?.kept.take()
    }

    pub(super) fn keep_rows(&mut self, kept: KeptRows) {
        if let Some(open) = &mut self.open {
            open.kept = Some(kept);
        }
    }

    fn forget_rows(&mut self) {
        if let Some(open) = &mut self.open {
            open.kept = None;
        }
    }

    fn run<T>(
        &mut self,
        attempt: &'static str,
        body: impl FnOnce(&mut Session) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        self.attempt(body).map_err(|fault| fault.into_error(attempt, &self.location))
    }

    fn attempt<T>(&mut self, body: impl FnOnce(&mut Session) -> Result<T, Fault>) -> Result<T, Fault> {
        let mut open = self.living()?;
        let result = body(&mut open.session);
        let lost = matches!(&result, Err(Fault::Database(error)) if ends_the_connection(error));
        if !lost && !open.session.is_broken() {
            self.open = Some(open);
        }
        result
    }

    /// Takes the connection out, a new one if the old was lost or its file is another by now. Writes into a file that
    /// was removed succeed and go nowhere. One that was emptied is not touched: a ledger's file never is empty, and a new
    /// connection would begin a database in it.
    fn living(&mut self) -> Result<Open, StoreError> {
        if matches!(&self.location, Location::Sqlite(path) if is_empty(path)) {
            let cause = "the file was emptied while it was in use; put it back, or stop dockledger and start it again";
            return Err(unopened(&self.location, cause));
        }
        let Some(open) = self.open.take() else {
            let mut open = self.connect()?;
            migrate::require_ours(&mut open.session, &self.location)
                .map_err(|fault| fault.into_error("reopen", &self.location))?;
            return Ok(open);
        };
        if open.file == self.file_identity() {
            return Ok(open);
        }
        let cause =
            "the file was removed or replaced while it was open; put it back, or stop dockledger and start it again";
        Err(unopened(&self.location, cause))
    }

    #[cfg(all(test, feature = "sqlite"))]
    pub(super) fn with_connection(&mut self, body: impl FnOnce(&mut Db)) {
        body(self.open.as_mut().expect("a store that was just opened").session.db());
    }

    fn connect(&self) -> Result<Open, StoreError> {
        if let Location::Sqlite(path) = &self.location {
            require_file(path).map_err(|cause| unopened(&self.location, &cause))?;
        }
        // Read before the connection is made: a file that is replaced in between is noticed by the first call.
        let file = self.file_identity();
        Ok(Open { session: connected(&self.location, &self.terms)?, file, kept: None })
    }

    fn file_identity(&self) -> Option<FileIdentity> {
        let Location::Sqlite(path) = &self.location else { return None };
        let metadata = fs::metadata(path).ok()?;
        Some(FileIdentity { device: metadata.dev(), inode: metadata.ino() })
    }
}

/// A connection. Its faults are told in the database's own words, without the password; the cure is found before anything
/// is masked.
pub(super) fn connected(location: &Location, terms: &Terms) -> Result<Session, StoreError> {
    Session::connect(location, terms).map_err(|error| match error {
        ConnectError::Settings(error) => Fault::from(error).into_error("open the ledger", location),
        ConnectError::Connection(error) => {
            let told = location.scrub(&with_cure(&error.to_string()));
            unopened(location, &on_its_file_system(told, location))
        }
    })
}

/// What is attempted with the schema at the opening.
const fn schema_work(mode: OpenMode) -> &'static str {
    match mode {
        OpenMode::Write => "migrate the ledger",
        OpenMode::WriteUnmigrated | OpenMode::Read => "read which schema the ledger has",
    }
}

fn unopened(location: &Location, cause: &str) -> StoreError {
    StoreError::Unopened { url: location.to_string(), cause: cause.to_owned() }
}

fn is_empty(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.len() == 0)
}

pub(super) fn log_of(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}

/// A file that is absent or empty beside a log that is not was lost: SQLite would throw away what the log holds.
fn refuse_a_lost_file(path: &Path) -> Result<(), String> {
    let log = log_of(path);
    if (!path.exists() || is_empty(path)) && log.exists() && !is_empty(&log) {
        let log = log.display();
        return Err(format!(
            "the file is lost or empty and its log {log} is still there; put the file back, or move the log away to begin \
             with an empty ledger"
        ));
    }
    Ok(())
}

/// Makes the file and its directories for this user alone, since the rows tell what runs here.
fn create_file(path: &Path) -> io::Result<()> {
    if let Some(directory) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    match fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn require_file(path: &Path) -> Result<(), String> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err("it is a directory; name a file".into()),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err("there is no such file; `dockledger run` or `dockledger once` makes it, --database names another"
                .into())
        }
        Err(error) => Err(with_cure(&error.to_string())),
    }
}

/// Refuses a database that cannot hold every character. Any container may carry any of them, and one that is looked up or
/// written there would fail every pass.
fn require_every_character(session: &mut Session, location: &Location) -> Result<(), StoreError> {
    let narrow = session.read(|db| Ok::<_, Fault>(db.narrow_encoding()?));
    let narrow = narrow.map_err(|fault| fault.into_error("open the ledger", location))?;
    let Some(encoding) = narrow else { return Ok(()) };
    let cause = format!(
        "its encoding {encoding} cannot hold every character that a container may carry; make one with \
         `createdb --encoding=UTF8 --template=template0`, or name another with --database"
    );
    Err(unopened(location, &cause))
}

fn quick_check(db: &mut Db) -> Result<(), Fault> {
    let Some(damage) = db.damage()? else { return Ok(()) };
    let words = format!("database disk image is malformed: {damage}");
    Err(Error::DatabaseError(DatabaseErrorKind::Unknown, Box::new(words)).into())
}
