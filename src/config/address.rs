//! Addresses of databases and daemons as they may be shown. Pure.

use super::postgres_parameters::is_harmless;

/// An address as it may be shown: the password of a URL, and every parameter that might be one, replaced by
/// `***`. A password with characters that should have been encoded is masked with all that might belong to it.
#[must_use]
pub fn without_password(address: &str) -> String {
    if is_misspelt_server(address) {
        return "***".into();
    }
    let Some((scheme, rest)) = address.split_once("://") else { return address.into() };
    let (user, place) = match rest.rsplit_once('@') {
        Some((user_info, place)) => match user_info.split_once(':') {
            Some((user, _)) => (format!("{user}:***@"), place),
            None => (format!("{user_info}@"), place),
        },
        None => (String::new(), rest),
    };
    let Some((place, query)) = place.split_once('?') else { return format!("{scheme}://{user}{place}") };
    let parameters: Vec<String> = query
        .split('&')
        .map(|parameter| match secret_parameter(parameter) {
            Some((key, _)) => format!("{key}=***"),
            None => parameter.into(),
        })
        .collect();
    format!("{scheme}://{user}{place}?{}", parameters.join("&"))
}

/// Whether this is meant for a server and no URL: libpq's own form, or a URL that lacks a slash. As the path of a file it
/// would put the password into the file's name.
fn is_misspelt_server(address: &str) -> bool {
    let begins = ["postgres:", "postgresql:"].iter().any(|scheme| address.starts_with(scheme));
    let is_libpqs = !address.starts_with(['/', '.']) && address.contains("password=");
    !address.contains("://") && (begins || is_libpqs)
}

/// What [`without_password`] hides in this address, as it is written there; for words of others that may repeat it.
pub(crate) fn passwords_in(address: &str) -> Vec<&str> {
    let Some((_, rest)) = address.split_once("://") else { return Vec::new() };
    let (user_info, place) = rest.rsplit_once('@').map_or((None, rest), |(user_info, place)| (Some(user_info), place));
    let of_user = user_info.and_then(|user_info| user_info.split_once(':')).map(|(_, password)| password);
    let parameters = place.split_once('?').into_iter().flat_map(|(_, query)| query.split('&'));
    let of_parameters = parameters.filter_map(secret_parameter).map(|(_, value)| value);
    of_user.into_iter().chain(of_parameters).filter(|password| !password.is_empty()).collect()
}

fn secret_parameter(parameter: &str) -> Option<(&str, &str)> {
    parameter.split_once('=').filter(|(key, _)| !is_harmless(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// B46: wherever an address is shown.
    #[test]
    fn a_password_is_never_shown() {
        for (address, shown) in [
            ("postgres://ledger:hunter2@db/x", "postgres://ledger:***@db/x"),
            ("postgres://ledger:hun@ter2@db/x", "postgres://ledger:***@db/x"),
            ("postgres://ledger:hun/ter?2@db/x", "postgres://ledger:***@db/x"),
            (
                "postgres://ledger@db/x?password=hunter2&sslmode=require",
                "postgres://ledger@db/x?password=***&sslmode=require",
            ),
            ("postgres://db/x?pass%77ord=hunter2", "postgres://db/x?pass%77ord=***"),
            ("postgres:///x?host=/run/postgresql", "postgres:///x?host=/run/postgresql"),
            ("/var/lib/dockledger/ledger.db", "/var/lib/dockledger/ledger.db"),
            ("sqlite:ledger.db", "sqlite:ledger.db"),
            ("postgres:/ledger:hunter2@db/x", "***"),
            ("host=db user=ledger password=hunter2", "***"),
        ] {
            assert_eq!(without_password(address), shown);
        }
    }

    #[test]
    fn what_is_hidden_is_known_by_its_words() {
        for (address, hidden) in [
            ("postgres://ledger:hun@ter2@db/x?sslmode=require", vec!["hun@ter2"]),
            ("postgres://ledger:a@db/x?sslpassword=b&options=c&password=d", vec!["a", "b", "d"]),
            ("postgres://ledger@db/x", vec![]),
            ("/var/lib/password=x", vec![]),
        ] {
            assert_eq!(passwords_in(address), hidden, "{address}");
        }
    }
}
