//! Variables that look like ours and are none: other programs make them, and people misspell. Pure.

use super::Surroundings;
use super::keys::KEYS;

const PREFIX: &str = "DOCKLEDGER_";

/// Names that are shown of them: there may be one for each port of each service of a cluster.
const SHOWN: usize = 6;

/// One line about the variables that begin as ours do and are no keys; an empty one counts as unset. Their values are not
/// shown: what is in them is not ours to know.
pub(super) fn unknown_variables(surroundings: &Surroundings, is_key: impl Fn(&str) -> bool) -> Option<String> {
    let is_unknown = |name: &&String| {
        name.starts_with(PREFIX)
            && !is_key(name)
            && *name != "DOCKLEDGER_CONFIG"
            && surroundings.variable(name).is_some()
    };
    let unknown: Vec<&str> = surroundings.variables.keys().filter(is_unknown).map(String::as_str).collect();
    let (of_services, others): (Vec<&str>, Vec<&str>) = unknown.into_iter().partition(|name| is_of_a_service(name));
    let misspelt = others.iter().filter_map(|name| Some((*name, meant_by(name)?)));
    let mut parts: Vec<String> =
        misspelt.take(SHOWN).map(|(name, meant)| format!("is ${meant} meant by ${}?", cut(name))).collect();
    if !of_services.is_empty() {
        parts.push(
            "Kubernetes makes such variables for services (`enableServiceLinks: false` turns them off)".to_owned(),
        );
    }
    let all: Vec<&str> = others.into_iter().chain(of_services).collect();
    let hint = if parts.is_empty() { String::new() } else { format!("; {}", parts.join("; ")) };
    (!all.is_empty()).then(|| format!("no keys of the configuration, and ignored: {}{hint}", names(&all)))
}

fn names(all: &[&str]) -> String {
    let shown: Vec<String> = all.iter().take(SHOWN).map(|name| format!("${}", cut(name))).collect();
    match all.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn cut(name: &str) -> String {
    /// Longer names are cut: they are there to be recognised.
    const CHARACTERS: usize = 60;
    name.chars().take(CHARACTERS).collect()
}

/// Whether Kubernetes, or a link of Docker, makes a variable of this name for a service called `dockledger`,
/// `dockledger-http` and the like: `DOCKLEDGER_PORT=tcp://…`, `DOCKLEDGER_SERVICE_HOST`, `DOCKLEDGER_PORT_7878_TCP_ADDR`.
fn is_of_a_service(name: &str) -> bool {
    let words: Vec<&str> = name.split('_').skip(1).collect();
    let ends_with = |end: &[&str]| words.ends_with(end);
    let named_port = words.windows(2).any(|pair| pair == ["SERVICE", "PORT"]);
    let numbered_port = words.windows(3).any(|three| {
        three[0] == "PORT" && three[1].parse::<u16>().is_ok() && matches!(three[2], "TCP" | "UDP" | "SCTP")
    });
    ends_with(&["PORT"]) || ends_with(&["SERVICE", "HOST"]) || named_port || numbered_port
}

/// The key that a name is only a slip away from.
fn meant_by(name: &str) -> Option<String> {
    /// Letters that were left out, doubled, exchanged or mistaken.
    const SLIPS: usize = 2;
    let near = KEYS.iter().map(|key| key.variable()).map(|known| (strsim::osa_distance(name, &known), known));
    near.min()
        .filter(|(slips, known)| *slips <= SLIPS && known.len() > PREFIX.len() + 2 * SLIPS)
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warning(variables: &[(&str, &str)]) -> Option<String> {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let surroundings = Surroundings { variables, ..Surroundings::of_this_process() };
        unknown_variables(&surroundings, |name| KEYS.iter().any(|key| key.variable() == name))
    }

    /// F4: what Kubernetes makes of services called `dockledger`, `dockledger-http`, `dockledger-database`.
    #[test]
    fn f4_links_to_services_are_one_line_that_says_where_they_come_from() {
        let told = warning(&[
            ("DOCKLEDGER_PORT", "tcp://10.96.0.10:7878"),
            ("DOCKLEDGER_PORT_7878_TCP", "tcp://10.96.0.10:7878"),
            ("DOCKLEDGER_PORT_7878_TCP_ADDR", "10.96.0.10"),
            ("DOCKLEDGER_PORT_7878_TCP_PORT", "7878"),
            ("DOCKLEDGER_PORT_7878_TCP_PROTO", "tcp"),
            ("DOCKLEDGER_SERVICE_HOST", "10.96.0.10"),
            ("DOCKLEDGER_SERVICE_PORT", "7878"),
            ("DOCKLEDGER_HTTP_SERVICE_PORT_METRICS", "9000"),
            ("DOCKLEDGER_DATABASE_PORT", "tcp://10.96.0.11:5432"),
            ("DOCKLEDGER_HOST", "web-1"),
            ("OTHER_PORT", "1"),
        ]);
        let told = told.expect("a warning");
        assert!(told.contains("$DOCKLEDGER_DATABASE_PORT") && told.contains("and 3 more"), "{told}");
        assert!(told.contains("enableServiceLinks") && !told.contains("meant") && !told.contains("10.96"), "{told}");
    }

    /// F4: a key whose variable a service could make would be set by chance.
    #[test]
    fn f4_no_key_of_ours_has_the_name_of_a_link_to_a_service() {
        for key in KEYS {
            assert!(!is_of_a_service(&key.variable()), "{}", key.name);
        }
    }

    #[test]
    fn f4_a_slip_is_told_with_the_key_that_is_meant() {
        let told = warning(&[("DOCKLEDGER_INTERVALL", "30s"), ("DOCKLEDGER_VERSION", "secret")]).expect("a warning");
        assert!(told.contains("is $DOCKLEDGER_INTERVAL meant by $DOCKLEDGER_INTERVALL?"), "{told}");
        assert!(told.contains("$DOCKLEDGER_VERSION") && !told.contains("secret"), "{told}");
        assert!(!told.contains("Kubernetes"), "{told}");
        let exchanged = warning(&[("DOCKLEDGER_DTAABASE", "x")]).expect("a warning");
        assert!(exchanged.contains("$DOCKLEDGER_DATABASE meant"), "{exchanged}");
    }

    #[test]
    fn what_is_empty_or_known_is_not_told() {
        assert_eq!(warning(&[("DOCKLEDGER_FOO", ""), ("DOCKLEDGER_CONFIG", "x"), ("DOCKLEDGER_INTERVAL", "1s")]), None);
    }
}
