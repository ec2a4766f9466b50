//! What PostgreSQL does in its own way.

use diesel::connection::{AnsiTransactionManager, CacheSize, SimpleConnection};
use diesel::deserialize::{self, FromSql};
use diesel::pg::data_types::PgTimestamp;
use diesel::pg::{Pg, PgValue};
use diesel::prelude::*;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::{BigInt, Bool, Nullable, Text, Timestamptz};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::dialect::{Access, Bounds, ConnectError, Dialect, Purpose, Terms, quoted};
use crate::model::Timestamp;
use crate::store::db::fault::{FaultKind, kind_of};
use crate::store::db::moment::UtcTimestamp;

/// A migration may wait for another one and rewrite a table: the session's short bounds do not fit.
const MIGRATION_BOUNDS: &str = "SET LOCAL lock_timeout = '60s'; SET LOCAL statement_timeout = '10min'";

/// Serialises migrations of one server: two at once die of each other's types. Any fixed number does.
const ADVISORY_LOCK: i64 = 0x646f_636b_6c65_6467;

/// Serialises the transactions in which hosts learn which daemon they have: one at a time looks whether another host has it.
const IDENTITIES_LOCK: i64 = 0x646f_636b_6c65_6469;

/// Without a bound on connecting, a frozen server holds its caller for minutes.
const CONNECT_TIMEOUT: &str = "connect_timeout=3";

/// Without them a server whose machine or network is gone holds its caller for hours: the kernel asks whether it is there
/// after two hours. So it is asked after 10 s of silence, three times, and what was sent is waited for as long.
const SIGNS_OF_LIFE: [&str; 4] =
    ["keepalives_idle=10", "keepalives_interval=5", "keepalives_count=3", "tcp_user_timeout=25000"];

/// What a writer needs: a standby is refused at once instead of at the first write.
const WRITABLE_SERVER: &str = "target_session_attrs=read-write";

/// From 1970-01-01 to 2000-01-01, where PostgreSQL begins to count.
const MICROSECONDS_1970_TO_2000: i64 = 946_684_800_000_000;

/// A setting that nothing but a session of ours bears: it goes with the connection's first packet, so a pooler, which keeps
/// sessions for many clients, refuses or drops it.
const MARK: &str = "dockledger.connection";

/// Connects to the server. Returns the settings that each transaction has to make for itself where a pooler stands between;
/// otherwise they are made for the session.
pub(super) fn connect(url: &str, terms: &Terms) -> Result<(PgConnection, Option<String>), ConnectError> {
    let url = bounded(url, terms.access == Access::Write);
    let mark = uuid::Uuid::now_v7().simple().to_string();
    let inherited = |name: &str| std::env::var(name).unwrap_or_default();
    // The options of a service file would be lost: without a mark all is done as behind a pooler, which is right anywhere.
    let has_service = url.contains("service=") || !inherited("PGSERVICE").is_empty();
    let first_url = if has_service { url.clone() } else { marked(&url, &mark, &inherited("PGOPTIONS")) };
    let mut connection = match PgConnection::establish(&first_url) {
        Err(ConnectionError::BadConnection(words)) if refuses_options(&words) => PgConnection::establish(&url)?,
        connected => connected?,
    };
    let first = match first_words(&mut connection) {
        // Behind a pooler somebody else may have left a bound in the session that is too short.
        Err(error) if kind_of(&error) == FaultKind::Busy => {
            connection.batch_execute(&format!("BEGIN READ ONLY; {}", settings(terms, "SET LOCAL")))?;
            let first = first_words(&mut connection)?;
            connection.batch_execute("COMMIT")?;
            first
        }
        first => first?,
    };
    let is_ours = first.mark.as_deref() == Some(mark.as_str());
    if is_ours {
        connection.batch_execute(&settings(terms, "SET"))?;
        if terms.access == Access::Read {
            connection.batch_execute("SET default_transaction_read_only = on")?;
        }
    } else {
        connection.set_prepared_statement_cache_size(CacheSize::Disabled);
        require_transactions(&mut connection)?;
    }
    let is_asked = !speaks_english(&first.language) && ask_for_english(&mut connection, is_ours, &first.language);
    let own = (!is_ours).then(|| {
        let english = if is_asked { "; SET LOCAL lc_messages = 'C'" } else { "" };
        format!("{}{english}", settings(terms, "SET LOCAL"))
    });
    Ok((connection, own))
}

/// A pool that gives each statement another session closes the connection at the begin of a transaction, and its words
/// are lost with it.
fn require_transactions(connection: &mut PgConnection) -> Result<(), ConnectionError> {
    let begun = connection.batch_execute("BEGIN").and_then(|()| connection.batch_execute("COMMIT"));
    begun.map_err(|error| {
        let words = format!("no transaction can be begun by way of the pooler, as with statement pooling: {error}");
        ConnectionError::BadConnection(words)
    })
}

/// What is asked first, before it is known whose session this is: not kept as a prepared statement, which a pooler would
/// look for in another one.
fn first_words(connection: &mut PgConnection) -> QueryResult<FirstWords> {
    diesel::sql_query(format!(
        "SELECT current_setting('{MARK}', true) AS mark, current_setting('lc_messages') AS language"
    ))
    .get_result(connection)
}

#[derive(QueryableByName)]
struct FirstWords {
    #[diesel(sql_type = Nullable<Text>)]
    mark: Option<String>,
    #[diesel(sql_type = Text)]
    language: String,
}

/// Where our names are found, and bounds on the server: lock and statement end before the store's deadline, and a transaction
/// whose client froze lets go of its locks.
fn settings(terms: &Terms, set: &str) -> String {
    let Bounds { lock, statement, idle } = terms.bounds;
    format!(
        "{set} search_path = {}; {set} lock_timeout = {}; {set} statement_timeout = {}; \
         {set} idle_in_transaction_session_timeout = {}",
        quoted(&terms.schema),
        lock.as_millis(),
        statement.as_millis(),
        idle.as_millis()
    )
}

/// The URL with the mark among the options of the session, behind those that it has; else behind those that libpq would
/// take from the environment.
fn marked(url: &str, mark: &str, inherited: &str) -> String {
    let mark = format!("-c%20{MARK}%3D{mark}");
    let place = url.rfind('@').map_or(0, |at| at + 1);
    let Some(query) = url[place..].find('?').map(|at| place + at) else { return format!("{url}?options={mark}") };
    let given = ["?options=", "&options="].iter().find_map(|key| Some(url[query..].find(key)? + query + key.len()));
    match given {
        Some(begin) => {
            let end = url[begin..].find('&').map_or(url.len(), |at| begin + at);
            format!("{}%20{mark}{}", &url[..end], &url[end..])
        }
        None if inherited.is_empty() => format!("{url}&options={mark}"),
        None => format!("{url}&options={}%20{mark}", utf8_percent_encode(inherited, NON_ALPHANUMERIC)),
    }
}

/// PgBouncer and its kin take only the parameters that they can give back to each client.
fn refuses_options(words: &str) -> bool {
    words.contains("startup parameter") || words.contains("command-line options")
}

/// The server's URL with our bounds, where the text does not set its own.
fn bounded(text: &str, writes: bool) -> String {
    let mut url = text.to_owned();
    let bounds = std::iter::once(CONNECT_TIMEOUT).chain(SIGNS_OF_LIFE).chain(writes.then_some(WRITABLE_SERVER));
    for setting in bounds {
        let key = setting.split('=').next().unwrap_or_default();
        if !url.contains(&format!("{key}=")) {
            let place = url.rfind('@').map_or(0, |at| at + 1);
            url.push(if url[place..].contains('?') { '&' } else { '?' });
            url.push_str(setting);
        }
    }
    url
}

impl Dialect for PgConnection {
    const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

    const RELATIONS: &str = "SELECT c.relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'v', 'm', 'p', 'f')";

    const BEGIN_LOCKS_EVERYTHING: bool = false;

    /// In one message to the server, whatever is set.
    fn begin(&mut self, purpose: Purpose, terms: &Terms, own_settings: Option<&str>) -> QueryResult<()> {
        let begin = match purpose {
            // Whatever somebody else left in the session that a pooler gives us now.
            Purpose::Write if terms.access == Access::Write && own_settings.is_some() => "BEGIN READ WRITE",
            Purpose::Write if terms.access == Access::Write => "BEGIN",
            Purpose::Snapshot => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Purpose::Write | Purpose::Read => "BEGIN READ ONLY",
        };
        match own_settings {
            None => AnsiTransactionManager::begin_transaction_sql(self, begin),
            Some(settings) => AnsiTransactionManager::begin_transaction_sql(self, &format!("{begin}; {settings}")),
        }
    }

    fn now(&mut self) -> QueryResult<Timestamp> {
        diesel::select(diesel::dsl::sql::<UtcTimestamp>("clock_timestamp()")).get_result(self)
    }

    fn version(&mut self) -> QueryResult<Option<i64>> {
        Ok(None)
    }

    /// Which transactions are seen: as long as these are the same, so is all that can be read.
    #[cfg(feature = "http")]
    fn state(&mut self) -> QueryResult<String> {
        diesel::select(diesel::dsl::sql::<Text>("txid_current_snapshot()::text")).get_result(self)
    }

    /// A server looks after itself.
    fn damage(&mut self) -> QueryResult<Option<String>> {
        Ok(None)
    }

    /// `SQL_ASCII` keeps bytes as they are.
    fn narrow_encoding(&mut self) -> QueryResult<Option<String>> {
        let encoding: String =
            diesel::select(diesel::dsl::sql::<Text>("current_setting('server_encoding')")).get_result(self)?;
        Ok(Some(encoding).filter(|encoding| !matches!(encoding.as_str(), "UTF8" | "SQL_ASCII")))
    }

    fn prepare_migrations(&mut self, schema: &str) -> QueryResult<()> {
        self.batch_execute(MIGRATION_BOUNDS)?;
        advisory_lock(self, ADVISORY_LOCK)?;
        create_schema(self, schema)
    }

    fn lock_identities(&mut self) -> QueryResult<()> {
        advisory_lock(self, IDENTITIES_LOCK)
    }

    fn empty_log(&mut self) -> QueryResult<()> {
        Ok(())
    }
}

/// Held until the transaction's end, so that no pooler takes it along.
fn advisory_lock(connection: &mut PgConnection, number: i64) -> QueryResult<()> {
    diesel::sql_query("SELECT pg_advisory_xact_lock($1)").bind::<BigInt, _>(number).execute(connection).map(drop)
}

/// Only if it is lacking: making it anew asks for a right that an existing schema does not need.
fn create_schema(connection: &mut PgConnection, schema: &str) -> QueryResult<()> {
    let there: bool = diesel::select(
        diesel::dsl::sql::<Bool>("to_regnamespace(").bind::<Text, _>(quoted(schema)).sql(") IS NOT NULL"),
    )
    .get_result(connection)?;
    if there { Ok(()) } else { connection.batch_execute(&format!("CREATE SCHEMA {}", quoted(schema))) }
}

/// The server's faults are told apart by their words, since the query layer drops their codes: a server that speaks
/// another language is asked for English. Only some roles may ask. Returns whether this one may.
fn ask_for_english(connection: &mut PgConnection, is_ours: bool, language: &str) -> bool {
    let ask = if is_ours { "SET lc_messages = 'C'" } else { "BEGIN; SET LOCAL lc_messages = 'C'; COMMIT" };
    if connection.batch_execute(ask).is_ok() {
        return true;
    }
    if !is_ours {
        // Nothing to do if that fails too: the next transaction tells.
        let _ = connection.batch_execute("ROLLBACK");
    }
    tracing::warn!(
        language,
        "the database's faults cannot be told apart in its language, so that one that passes by itself reads as one \
         that does not: as its superuser run `GRANT SET ON PARAMETER lc_messages TO` this role, or `ALTER DATABASE … \
         SET lc_messages = 'C'`"
    );
    false
}

/// By the name of a locale; an empty one is the operating system's, which is not known.
fn speaks_english(locale: &str) -> bool {
    ["C", "POSIX", "en", "English"]
        .iter()
        .any(|name| locale.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '_'])))
}

impl ToSql<UtcTimestamp, Pg> for Timestamp {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        let stored = PgTimestamp(self.as_millis().saturating_mul(1_000).saturating_sub(MICROSECONDS_1970_TO_2000));
        ToSql::<Timestamptz, Pg>::to_sql(&stored, &mut out.reborrow())
    }
}

impl FromSql<UtcTimestamp, Pg> for Timestamp {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let PgTimestamp(since_2000) = FromSql::<Timestamptz, Pg>::from_sql(value)?;
        Ok(Self::from_millis(since_2000.saturating_add(MICROSECONDS_1970_TO_2000).div_euclid(1_000)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_asked_for_english_where_its_locale_is_another() {
        for english in ["C", "C.UTF-8", "POSIX", "en_US.UTF-8", "en_GB", "English_United States.1252"] {
            assert!(speaks_english(english), "{english}");
        }
        for other in ["de_DE.UTF-8", "", "Cymraeg", "ru_RU"] {
            assert!(!speaks_english(other), "{other}");
        }
    }

    #[test]
    fn f6_the_mark_joins_the_options_that_are_there() {
        let mark = "-c%20dockledger.connection%3Dm";
        for (url, inherited, expected) in [
            ("postgres://h/d", "", format!("postgres://h/d?options={mark}")),
            ("postgres://u:p?w@h/d", "", format!("postgres://u:p?w@h/d?options={mark}")),
            ("postgres://h/d?a=b", "", format!("postgres://h/d?a=b&options={mark}")),
            ("postgres://h/d?a=b", "-c x=y", format!("postgres://h/d?a=b&options=%2Dc%20x%3Dy%20{mark}")),
            ("postgres://h/d?options=-cx%3Dy&a=b", "-c z=1", format!("postgres://h/d?options=-cx%3Dy%20{mark}&a=b")),
            ("postgres://h/d?a=b&options=-cx%3Dy", "", format!("postgres://h/d?a=b&options=-cx%3Dy%20{mark}")),
        ] {
            assert_eq!(marked(url, "m", inherited), expected);
        }
    }

    #[test]
    fn bounds_are_added_where_the_url_sets_none() {
        let life = SIGNS_OF_LIFE.join("&");
        let bare = "postgres://h/d";
        assert_eq!(bounded(bare, false), format!("{bare}?connect_timeout=3&{life}"));
        let own = format!("{bare}?connect_timeout=9&{life}");
        assert_eq!(bounded(&own, false), own);
        assert_eq!(bounded(&own, true), format!("{own}&target_session_attrs=read-write"));
    }
}
