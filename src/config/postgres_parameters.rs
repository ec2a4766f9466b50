//! The parameters of a PostgreSQL URL: those of libpq, and those of other clients that people bring along. Pure.

/// Parameters of libpq that hold no secret. Any other may hold one: a misspelt `password` does.
pub(super) const HARMLESS: [&str; 39] = [
    "application_name",
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "dbname",
    "fallback_application_name",
    "gssdelegation",
    "gssencmode",
    "gsslib",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "krbsrvname",
    "load_balance_hosts",
    "max_protocol_version",
    "min_protocol_version",
    "options",
    "passfile",
    "port",
    "replication",
    "require_auth",
    "requirepeer",
    "service",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcert",
    "sslcertmode",
    "sslcompression",
    "sslcrl",
    "sslkey",
    "sslmode",
    "sslnegotiation",
    "sslrootcert",
    "target_session_attrs",
    "tcp_user_timeout",
    "user",
];

/// Parameters of other clients, in small letters, and what does their work here.
const FOREIGN: [(&[&str], &str); 8] = [
    (
        &["schema", "search_path", "currentschema", "current_schema"],
        "the schema is the key `database_schema` ($DOCKLEDGER_DATABASE_SCHEMA)",
    ),
    (
        &[
            "connection_limit",
            "pool_timeout",
            "pool_size",
            "pool",
            "pool_max_conns",
            "pool_min_conns",
            "pool_max_conn_lifetime",
            "pool_max_conn_idle_time",
            "max_connections",
            "min_connections",
            "maxpoolsize",
            "minpoolsize",
            "max_pool_size",
            "max_overflow",
            "idle_timeout",
            "max_lifetime",
            "acquire_timeout",
            "reconnect",
            "conn_max_age",
        ],
        "Dockledger keeps a few connections by itself",
    ),
    (
        &[
            "pgbouncer",
            "statement_cache_size",
            "statement-cache-capacity",
            "prepared_statement_cache_size",
            "prepared_statements",
            "preparethreshold",
            "prepare_threshold",
            "default_query_exec_mode",
            "binary_parameters",
            "no_prepare",
        ],
        "a pooler is recognised by itself, and nothing is prepared behind one",
    ),
    (
        &[
            "statement_timeout",
            "lock_timeout",
            "idle_in_transaction_session_timeout",
            "socket_timeout",
            "sockettimeout",
            "command_timeout",
            "query_timeout",
            "timeout",
        ],
        "the key `store_deadline` bounds each transaction",
    ),
    (&["connecttimeout", "connection_timeout", "logintimeout"], "its name is connect_timeout here, in seconds"),
    (
        &["ssl", "usessl", "tls", "ssl_mode", "sslaccept", "sslidentity", "sslfactory", "ssl_cert", "ssl_ca"],
        "TLS is sslmode=require, or sslmode=verify-full with sslrootcert=FILE, in a build with the cargo feature \
         `postgres-tls`",
    ),
    (&["charset", "encoding", "timezone", "servertimezone"], "texts are UTF-8 and times UTC by themselves"),
    (&["applicationname", "driver", "dialect", "single_use_connections", "serverversion"], "nothing here needs it"),
];

/// What asks for TLS and takes nothing less.
const TLS_MODES: [&str; 3] = ["require", "verify-ca", "verify-full"];

/// What asks for less.
const OTHER_MODES: [&str; 3] = ["disable", "allow", "prefer"];

/// Whether a parameter holds no secret: of libpq, or of another client that we know.
pub(super) fn is_harmless(name: &str) -> bool {
    HARMLESS.contains(&name) || cure_of(name).is_some()
}

/// What is to be changed in the parameters of a URL, if anything; what libpq alone refuses is left to it. `place` is the
/// URL behind its scheme.
pub(super) fn refused_parameters(place: &str) -> Option<String> {
    let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
    let (_, query) = place.split_once('?')?;
    let parameters = query.split('&').map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")));
    let cures: Vec<String> = parameters.filter_map(|(name, value)| cure(name, value)).collect();
    (!cures.is_empty()).then(|| cures.join("; "))
}

fn cure(name: &str, value: &str) -> Option<String> {
    if name == "sslmode" && TLS_MODES.contains(&value) && !cfg!(feature = "postgres-tls") {
        return Some(format!(
            "sslmode={value} needs TLS, which this build does not speak to the database: build it with the cargo feature \
             `postgres-tls`, or drop sslmode where the way to the server is safe"
        ));
    }
    if name == "sslmode" && !TLS_MODES.contains(&value) && !OTHER_MODES.contains(&value) {
        return Some(format!("sslmode is one of {}, {}", OTHER_MODES.join(", "), TLS_MODES.join(", ")));
    }
    if let Some(cure) = cure_of(name) {
        let is_plain = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let own = (cure.contains("database_schema") && is_plain).then(|| format!(": database_schema = \"{value}\""));
        return Some(format!("drop the parameter {name}: {cure}{}", own.unwrap_or_default()));
    }
    let small = name.to_ascii_lowercase();
    (small != name && HARMLESS.contains(&small.as_str())).then(|| format!("write {small} in small letters"))
}

fn cure_of(name: &str) -> Option<&'static str> {
    let small = name.to_ascii_lowercase();
    FOREIGN.iter().find(|(names, _)| names.contains(&small.as_str())).map(|(_, cure)| *cure)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// F21
    #[test]
    fn f21_a_parameter_of_another_client_is_named_with_what_does_its_work() {
        for (query, parts) in [
            ("schema=public", vec!["schema", "database_schema = \"public\"", "DOCKLEDGER_DATABASE_SCHEMA"]),
            ("search_path=a,b", vec!["search_path", "database_schema"]),
            ("currentSchema=x", vec!["currentSchema", "database_schema = \"x\""]),
            (
                "schema=public&connection_limit=1",
                vec!["drop the parameter schema", "drop the parameter connection_limit"],
            ),
            (
                "pgbouncer=true&statement_cache_size=0",
                vec!["pgbouncer", "statement_cache_size", "recognised by itself"],
            ),
            ("pool_timeout=3", vec!["pool_timeout", "connections by itself"]),
            ("statement_timeout=3000", vec!["statement_timeout", "store_deadline"]),
            ("sslaccept=strict", vec!["sslaccept", "sslmode=require", "postgres-tls"]),
            ("ssl=true", vec!["drop the parameter ssl:", "sslmode=require"]),
            ("sslMode=disable", vec!["sslmode in small letters"]),
            ("sslmode=no-verify", vec!["sslmode is one of disable, allow, prefer, require"]),
            ("application_name=x&TimeZone=UTC", vec!["TimeZone", "UTC by themselves"]),
        ] {
            let cure = refused_parameters(&format!("u:p?w@h/d?{query}")).expect(query);
            assert!(parts.iter().all(|part| cure.contains(part)), "{query}: {cure}");
        }
        for query in ["", "host=/run/postgresql&port=5433", "sslmode=prefer", "application_name=x", "nonsense=1"] {
            assert_eq!(refused_parameters(&format!("u@h/d?{query}")), None, "{query}");
        }
        assert_eq!(refused_parameters("u:p?schema=x@h/d"), None, "that is a password");
    }

    #[test]
    fn f21_tls_that_is_not_built_in_is_told_with_the_build_that_has_it() {
        for mode in TLS_MODES {
            let refused = refused_parameters(&format!("u@h/d?sslmode={mode}"));
            if cfg!(feature = "postgres-tls") {
                assert_eq!(refused, None);
            } else {
                assert!(refused.is_some_and(|cure| cure.contains("postgres-tls") && cure.contains(mode)));
            }
        }
    }
}
