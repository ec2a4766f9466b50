//! What PostgreSQL does in its own way.

use diesel::connection::{AnsiTransactionManager, SimpleConnection};
use diesel::deserialize::{self, FromSql};
use diesel::pg::data_types::PgTimestamp;
use diesel::pg::{Pg, PgValue};
use diesel::prelude::*;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::{BigInt, Bool, Text, Timestamptz};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use super::{Access, ConnectError, Dialect, quoted};
use crate::model::Timestamp;
use crate::store::moment::UtcTimestamp;

/// Bounds of a session on the server: lock and statement end before the store's deadline of 5 s, and a transaction
/// whose client froze lets go of its locks.
const SESSION: &str =
    "SET lock_timeout = '2s'; SET statement_timeout = '4s'; SET idle_in_transaction_session_timeout = '10s'";

/// A migration may wait for another one and rewrite a table: the session's short bounds do not fit.
const MIGRATION_BOUNDS: &str = "SET LOCAL lock_timeout = '60s'; SET LOCAL statement_timeout = '10min'";

/// Serialises migrations of one server: two at once die of each other's types. Any fixed number does.
const ADVISORY_LOCK: i64 = 0x646f_636b_6c65_6467;

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

/// Connects to the server and sets the session.
pub(super) fn connect(url: &str, schema: &str, access: Access) -> Result<PgConnection, ConnectError> {
    let mut connection = PgConnection::establish(&bounded(url, access == Access::Write))?;
    connection.batch_execute(SESSION)?;
    connection.batch_execute(&format!("SET search_path = {}", quoted(schema)))?;
    ask_for_english(&mut connection)?;
    if access == Access::Read {
        connection.batch_execute("SET default_transaction_read_only = on")?;
    }
    Ok(connection)
}

/// The server's URL with our bounds, where the text does not set its own.
fn bounded(text: &str, writes: bool) -> String {
    let mut url = text.to_owned();
    let bounds = std::iter::once(CONNECT_TIMEOUT).chain(SIGNS_OF_LIFE).chain(writes.then_some(WRITABLE_SERVER));
    for setting in bounds {
        let key = setting.split('=').next().unwrap_or_default();
        if !url.contains(&format!("{key}=")) {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(setting);
        }
    }
    url
}

impl Dialect for PgConnection {
    const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

    const RELATIONS: &str = "SELECT c.relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'v', 'm', 'p', 'f')";

    fn begin_write(&mut self) -> QueryResult<()> {
        AnsiTransactionManager::begin_transaction_sql(self, "BEGIN")
    }

    fn begin_snapshot(&mut self) -> QueryResult<()> {
        AnsiTransactionManager::begin_transaction_sql(self, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
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
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)").bind::<BigInt, _>(ADVISORY_LOCK).execute(self)?;
        create_schema(self, schema)
    }
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
/// another language is asked for English. Only some roles may ask.
fn ask_for_english(connection: &mut PgConnection) -> QueryResult<()> {
    let language: String =
        diesel::select(diesel::dsl::sql::<Text>("current_setting('lc_messages')")).get_result(connection)?;
    if !speaks_english(&language) && connection.batch_execute("SET lc_messages = 'C'").is_err() {
        tracing::warn!(
            language,
            "the database's faults cannot be told apart in its language, so that one that passes by itself reads as one \
             that does not: as its superuser run `GRANT SET ON PARAMETER lc_messages TO` this role, or `ALTER DATABASE … \
             SET lc_messages = 'C'`"
        );
    }
    Ok(())
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
    fn bounds_are_added_where_the_url_sets_none() {
        let life = SIGNS_OF_LIFE.join("&");
        let bare = "postgres://h/d";
        assert_eq!(bounded(bare, false), format!("{bare}?connect_timeout=3&{life}"));
        let own = format!("{bare}?connect_timeout=9&{life}");
        assert_eq!(bounded(&own, false), own);
        assert_eq!(bounded(&own, true), format!("{own}&target_session_attrs=read-write"));
    }
}
