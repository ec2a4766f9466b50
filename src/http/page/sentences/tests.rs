//! Every sentence that the ledger can keep has its Russian: by the types that make sentences where there are such, and by
//! the sources of those that are written where they are said.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use super::{Group, PARSED, Piece, Told, form};
use crate::config::ImageLabels;
use crate::docker::{DaemonError, refusal};
use crate::http::page::texts::{ENGLISH, RUSSIAN};
use crate::model::{DaemonCall, UnassignedReason};
use crate::store::StoreError;

/// What the system, the daemon or the database might say.
const FOREIGN: &str = "Xyz said no (os error 5)";

/// What stands for a placeholder of a literal.
const SOMETHING: &str = "x";

/// Written alike in Russian: names of programs, protocols and formats, and what we say of ids.
const NAMES: &[&str] = &[
    "API",
    "Coolify",
    "Docker",
    "Dockledger",
    "ECS",
    "HTTP",
    "JSON",
    "Kubernetes",
    "Nomad",
    "PEM",
    "Podman",
    "PostgreSQL",
    "SQLite",
    "Swarm",
    "TLS",
    "URL",
    "compose",
    "id",
    "kamal",
    "ssh",
];

/// The Latin words of what is our own in a text; a text that no form fits is all foreign.
fn untranslated(told: &Told) -> Vec<String> {
    let is_cyrillic = |c: char| ('а'..='я').contains(&c.to_lowercase().next().unwrap_or(c)) || c == 'ё';
    let mut left = Vec::new();
    let mut is_russian = false;
    for piece in told {
        match piece {
            Piece::Words(text) => {
                is_russian |= text.contains(is_cyrillic);
                let words = text
                    .split(|c: char| !c.is_alphanumeric())
                    .filter(|word| word.contains(|c: char| c.is_ascii_alphabetic()));
                left.extend(words.filter(|word| !NAMES.contains(word)).map(str::to_owned));
            }
            Piece::Quoted(text)
                if text != SOMETHING && text.replace(FOREIGN, "").contains(|c: char| c.is_ascii_alphabetic()) =>
            {
                left.push(text.clone());
            }
            Piece::Quoted(_) | Piece::Typed(_) | Piece::Name(_) => {}
        }
    }
    if !is_russian {
        left.push("no word of Russian".to_owned());
    }
    left
}

fn check(all: impl IntoIterator<Item = (String, Told)>) {
    let faults: Vec<String> = all
        .into_iter()
        .map(|(text, told)| (untranslated(&told), text, told))
        .filter(|(left, ..)| !left.is_empty())
        .map(|(left, text, told)| format!("{text}\n  {left:?}\n  {told:?}"))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Fails to compile where a variant is new: then [`daemon_errors`] lacks it.
const fn is_listed_below(error: &DaemonError) {
    match error {
        DaemonError::SocketMissing { .. }
        | DaemonError::Refused { .. }
        | DaemonError::Forbidden { .. }
        | DaemonError::Unconnected { .. }
        | DaemonError::Timeout { .. }
        | DaemonError::Slow { .. }
        | DaemonError::Stalled { .. }
        | DaemonError::UnexpectedEof { .. }
        | DaemonError::Status { .. }
        | DaemonError::InvalidResponse { .. }
        | DaemonError::TooLarge { .. }
        | DaemonError::OutcomeUnknown { .. } => {}
    }
}

fn daemon_errors() -> Vec<DaemonError> {
    let mut errors = Vec::new();
    for endpoint in ["unix:///var/run/docker.sock", "tcp://[::1]:2375", "ssh://u@h"] {
        let endpoint = || endpoint.to_owned();
        let cure = "check the address (--docker-host, DOCKER_HOST, `docker context ls`)".to_owned();
        errors.extend([
            DaemonError::SocketMissing { endpoint: endpoint() },
            DaemonError::Refused { endpoint: endpoint() },
            DaemonError::Forbidden { endpoint: endpoint() },
            DaemonError::Unconnected { endpoint: endpoint(), cause: FOREIGN.into(), cure },
        ]);
        for call in DaemonCall::ALL.iter().map(|call| call.request()) {
            let (deadline, bytes) = (Duration::from_millis(2_500), 17);
            errors.extend([
                DaemonError::Timeout { endpoint: endpoint(), call, deadline },
                DaemonError::Slow { endpoint: endpoint(), call, deadline },
                DaemonError::Stalled { endpoint: endpoint(), call, deadline, bytes },
                DaemonError::UnexpectedEof { endpoint: endpoint(), call, bytes, cause: FOREIGN.into() },
                DaemonError::InvalidResponse { endpoint: endpoint(), call, cause: FOREIGN.into() },
                DaemonError::TooLarge { endpoint: endpoint(), call, limit: 1_000 },
            ]);
            for status in [204, 301, 401, 403, 404, 405, 409, 500, 501, 503] {
                let body = FOREIGN.to_owned();
                errors.push(DaemonError::Status { endpoint: endpoint(), call, status, body });
            }
        }
    }
    let causes: Vec<String> = errors.iter().map(ToString::to_string).collect();
    let unknown =
        |cause| DaemonError::OutcomeUnknown { endpoint: "unix:///s".into(), call: "POST /containers/{id}/stop", cause };
    errors.extend(causes.into_iter().map(unknown));
    errors
}

#[test]
fn every_error_of_the_daemon_is_told_in_russian() {
    let errors = daemon_errors();
    errors.iter().for_each(is_listed_below);
    let kinds: BTreeSet<String> = errors.iter().map(|error| format!("{:?}", std::mem::discriminant(error))).collect();
    assert_eq!(kinds.len(), 12, "one of each at least");
    let degraded = |text: &str| {
        format!(
            "{text}; single containers answer: 3 did and their rows were updated, 1 did not, and nothing was made or marked missing"
        )
    };
    let plain: Vec<String> = errors.iter().map(ToString::to_string).collect();
    let all = plain.iter().map(|text| degraded(text)).chain(plain.iter().cloned());
    check(all.map(|text| (text.clone(), RUSSIAN.sentence(&text))));
}

/// As for the daemon's.
const fn is_listed_too(error: &StoreError) {
    match error {
        StoreError::Unopened { .. }
        | StoreError::Unanswered { .. }
        | StoreError::Query { .. }
        | StoreError::Busy { .. }
        | StoreError::Clash { .. }
        | StoreError::Refused { .. }
        | StoreError::LeaseHeld { .. }
        | StoreError::IdentityTaken { .. }
        | StoreError::ForeignTable { .. }
        | StoreError::WrongSchema { .. }
        // What was asked of the registry and is not there: the page says no more than that.
        | StoreError::Registry(_) => {}
    }
}

#[test]
fn every_error_of_the_store_is_told_in_russian() {
    let (url, cause, attempt) = (|| "postgres://u@h:5432/db".to_owned(), || FOREIGN.to_owned(), "commit a pass");
    let held = |holder: &str| StoreError::LeaseHeld { host: "local".into(), holder: holder.into() };
    let errors = [
        StoreError::Unopened { url: url(), cause: cause() },
        StoreError::runtime_ended(),
        StoreError::Unanswered { url: url(), deadline: Duration::from_secs(5) },
        StoreError::Query { attempt, url: url(), cause: format!("{FOREIGN}; make room on the disk") },
        StoreError::Query {
            attempt,
            url: url(),
            cause: format!("the connection was lost ({FOREIGN}); it is opened again"),
        },
        StoreError::Busy { attempt, url: url(), cause: cause() },
        StoreError::Clash { attempt, cause: cause() },
        StoreError::Refused { attempt, cause: cause() },
        held("process 12 on machine without an id"),
        held("process 12 on machine 9f, until 2026-01-02T03:04:05.678Z"),
        held("nobody now, and a later generation was given out"),
        StoreError::IdentityTaken { endpoint: "unix:///s".into(), host: "local".into(), other: "edge".into() },
        StoreError::ForeignTable { url: url(), table: "stacks".into() },
        StoreError::WrongSchema {
            url: url(),
            found: "no ledger".into(),
            needed: "the schema 2026".into(),
            cure: "run `dockledger migrate up`",
        },
    ];
    errors.iter().for_each(is_listed_too);
    check(errors.iter().map(|error| (error.to_string(), RUSSIAN.sentence(&error.to_string()))));
}

#[test]
fn every_refusal_is_told_in_russian() {
    let mut all = Vec::new();
    for call in DaemonCall::ALL.iter().copied() {
        for image_labels in [ImageLabels::WhenReadable, ImageLabels::Required] {
            for (status, body) in
                [(200, FOREIGN), (301, ""), (400, FOREIGN), (403, FOREIGN), (429, FOREIGN), (500, FOREIGN), (503, "")]
            {
                let error = DaemonError::Status {
                    endpoint: "unix:///s".into(),
                    call: call.request(),
                    status,
                    body: body.into(),
                };
                let refused = [None, Some("sha256:x")].map(|image| refusal(call, &error, image, image_labels));
                all.extend(refused.into_iter().flatten());
            }
            let late = "no answer within identity_deadline (15s)".to_owned();
            all.push(crate::docker::unanswered(call, late, 0, image_labels));
        }
    }
    check(all.iter().map(|refusal| (refusal.to_string(), RUSSIAN.refusal_at_length(refusal))));
    let english = ENGLISH.refusal_at_length(&all[0]);
    assert_eq!(english, [Piece::Words(all[0].to_string())]);
}

/// What each verdict may say, one of each kind.
#[test]
fn a_detail_is_a_name_or_a_sentence_in_russian() {
    for reason in UnassignedReason::ALL {
        assert_eq!(RUSSIAN.detail(*reason, ""), []);
        assert_eq!(ENGLISH.detail(*reason, "the image carries the same label").len(), 1);
    }
    assert_eq!(RUSSIAN.detail(UnassignedReason::UnknownStack, "project"), [Piece::Name("project".into())]);
    let renamed = |text: &str| format!("{text}: its name changes with each deploy");
    for text in [
        "a task of the Swarm service s",
        "a task of the Swarm service s (Swarm stack t)",
        "a container of the Swarm stack t",
        "a container of the Kubernetes pod p",
        "a container of the Kubernetes pod p (namespace n)",
        "a task in the Nomad allocation a",
        "a task of the Nomad job j in the Nomad allocation a",
        "a container of the ECS task e",
        "a container that Coolify deploys",
        "a container of kamal's service s, role web",
    ] {
        check([(renamed(text), RUSSIAN.detail(UnassignedReason::NoLabel, &renamed(text)))]);
    }
    for (reason, text) in [
        (UnassignedReason::KindMismatch, "the label says site, the workload is a stack"),
        (UnassignedReason::Superseded, "row s:web goes to s-web-1 (0123456789ab)"),
        (UnassignedReason::Contested, "row s:web belongs to a workload that is going"),
        (UnassignedReason::Contested, "row s:web belongs to stack 7f3a"),
        (UnassignedReason::Contested, "row s:web belongs to site 7f3a"),
        (UnassignedReason::Contested, "row s:web is bound to 0123456789ab, whose entry was not readable"),
        (UnassignedReason::Contested, "row s:web is bound to 0123456789ab, which may still exist"),
        (UnassignedReason::Contested, "it keeps row s:web of workload s; its labels name workload t"),
        (UnassignedReason::Contested, "it keeps row s:web of workload s; its labels name site t"),
        (UnassignedReason::Contested, "it keeps row s:web of workload s; its labels name compose project t"),
        (UnassignedReason::KindMismatch, "it keeps row s:web; the label says site, the workload is a stack"),
        (
            UnassignedReason::Superseded,
            "row s:web is held by s-web-1 (0123456789ab), and compose is about to replace that",
        ),
        (UnassignedReason::Contested, "row s:web belongs to project 7f3a"),
        (UnassignedReason::ImageUnreadable, "GET /images/{id}/json is refused with status 403"),
        (
            UnassignedReason::IdentityUnknown,
            "the daemon at unix:///s lists none of the 2 containers that rows of host local are bound to, and who it is \
             cannot be told (GET /info is refused with status 403): it may be another daemon, so nothing is made, re-bound or \
             marked missing. Allow `/info` at the proxy before it (INFO=1), raise identity_deadline if the answer is late, or, \
             if it is this host's daemon, run `dockledger hosts confirm local`",
        ),
    ] {
        check([(text.to_owned(), RUSSIAN.detail(reason, text))]);
    }
}

/// Parts of a sentence, which [`a_detail_is_a_name_or_a_sentence_in_russian`] and the types' tests see as a whole; words of
/// others that are looked for; and what goes to the log or to a caller of the API alone.
const NO_SENTENCES: &[&str] = &[
    "no such x",
    "no such container",
    "HTTP request to an HTTPS server",
    "plain HTTP request was sent to HTTPS port",
    "run as root or as a member of the group that owns the socket (`usermod -aG docker USER`, then log in again), ",
    "-p x ",
    " | ",
    "that it takes our certificate x",
    "whether it wants a client certificate, which it was not given",
    "see that it is a daemon with --tlsverify that listens there, its log, and x",
    "for no name at all (its subjectAltName is what counts)",
    "its certificate is made out x, and not for x",
    "second x of the epoch",
    "the label says x, the workload is a x",
    "belongs to x x",
    "belongs to a workload that is going",
    "is bound to x, whose entry was not readable",
    "is bound to x, which may still exist",
    "x, and compose is about to replace that",
    "row x is held by x",
    "row x goes to x",
    "row x x",
    "it keeps row x; x",
    "compose project x",
    "it keeps row x of workload x; its labels name x",
    "x (x x)",
    "a task of the Swarm service x",
    "a container of the Swarm stack x",
    "a container of the Kubernetes pod x",
    " of the Nomad job x",
    "a taskx in the Nomad allocation x",
    "a container of the ECS task x",
    "a container that Coolify deploys",
    ": its name changes with each deploy",
    "a container of kamal's service x, role x",
    "timeout is a whole number of seconds from 0 to x",
    "whoever carried it out did not answer",
    "acted on a container",
    "database disk image is malformed: x",
    "disk image is malformed",
    "file is not a database",
    "x, or set image_labels = \"off\" to do without the check",
    "x: x (TLS was asked for by x)",
];

/// Where sentences are written.
const WRITTEN: &[&str] = &[
    "docker/fault.rs",
    "docker/refusals.rs",
    "docker/ways/socket.rs",
    "docker/ways/ssh_words.rs",
    "docker/ways/tls.rs",
    "docker/ways/tls_words.rs",
    "docker/ways/usual.rs",
    "dispatch/rules/assign.rs",
    "dispatch/rules/claim.rs",
    "dispatch/rules/contest.rs",
    "dispatch/rules/dispute.rs",
    "dispatch/rules/orchestrated.rs",
    "dispatch/pass/identity.rs",
    "http/orders.rs",
    "http/page/acts.rs",
    "http/page/audit.rs",
    "store/db/fault.rs",
    "store/lease.rs",
    "store/open.rs",
    "store/threaded.rs",
];

const GROUPS: [Group; 8] = [
    Group::Sentence,
    Group::Cause,
    Group::Cure,
    Group::Effect,
    Group::Attempt,
    Group::Detail,
    Group::Holder,
    Group::Bound,
];

#[test]
fn every_sentence_that_is_written_where_it_is_said_has_its_russian() {
    let mut lacking = Vec::new();
    for file in WRITTEN {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(file);
        for text in literals(&std::fs::read_to_string(&path).expect("a source")) {
            let is_known =
                |group: &Group| form::told(&PARSED, *group, &text).is_some_and(|told| untranslated(&told).is_empty());
            if text.split(' ').count() >= 3 && !NO_SENTENCES.contains(&&*text) && !GROUPS.iter().any(is_known) {
                lacking.push(format!("{file}: {text:?}"));
            }
        }
    }
    assert!(lacking.is_empty(), "{}", lacking.join("\n"));
}

/// The literals of a source up to its tests, as they are at run time; a placeholder stands for some name, one of `Debug` for
/// a duration.
fn literals(source: &str) -> Vec<String> {
    let source = source.split("#[cfg(test)]").next().and_then(|source| source.split("#[cfg(all(test").next());
    let lists = source.unwrap_or_default().split(": [&str; ").enumerate();
    let source: Vec<&str> =
        lists.filter_map(|(at, part)| if at == 0 { Some(part) } else { Some(part.split_once("];")?.1) }).collect();
    let source = source.concat();
    let code: String = source
        .lines()
        .filter(|line| {
            !line.trim_start().starts_with("//") && !line.contains("tracing::") && !line.contains(".expect(")
        })
        .map(|line| format!("{line}\n"))
        .collect();
    let mut literals = Vec::new();
    let mut before = "";
    let mut rest = code.as_str();
    while let Some((code, after)) = rest.split_once('"') {
        before = if code.trim().is_empty() { before } else { code.trim_end() };
        let bytes = after.as_bytes();
        let mut end = 0;
        while bytes.get(end).is_some_and(|byte| *byte != b'"') {
            end += if bytes[end] == b'\\' { 2 } else { 1 };
        }
        rest = after.get(end + 1..).unwrap_or_default();
        if !is_looked_for(before, rest) {
            literals.push(filled(&after[..end.min(after.len())]));
        }
    }
    literals
}

/// Whether a literal is compared with what others say, or stands for what cannot be.
fn is_looked_for(before: &str, after: &str) -> bool {
    let is_key =
        before.ends_with('(') && !before.trim_end_matches('(').ends_with(|c: char| c.is_alphanumeric() || c == '!');
    ["has(", "contains(", "starts_with(", "unreachable!("].iter().any(|call| before.ends_with(call))
        || is_key && after.trim_start().starts_with(',')
}

fn filled(literal: &str) -> String {
    let joined: Vec<&str> =
        literal.split("\\\n").enumerate().map(|(at, line)| if at == 0 { line } else { line.trim_start() }).collect();
    let mut rest = joined.concat().replace("\\\"", "\"");
    let mut text = String::new();
    while let Some((before, after)) = rest.clone().split_once('{') {
        let (slot, behind) = after.split_once('}').unwrap_or((after, ""));
        text.push_str(before);
        text.push_str(if slot.ends_with(":?") { "10s" } else { SOMETHING });
        rest = behind.to_owned();
    }
    text + &rest
}

/// A form whose slots are not those of its Russian would lose what it was told, or say it twice.
#[test]
fn every_form_has_the_same_slots_in_both_languages_and_can_be_told_apart() {
    for form in PARSED.iter().flat_map(|(_, forms)| forms) {
        let [english, russian] = form.slots();
        assert_eq!(english, russian, "{form:?}");
        assert!(form.is_clear(), "{form:?}");
    }
}

#[test]
fn what_is_not_ours_is_quoted_whole_and_harmless() {
    let told = RUSSIAN.sentence("an error of a later version\u{1b}[2J");
    assert_eq!(told, [Piece::Quoted("an error of a later version\\u{1b}[2J".into())]);
    assert_eq!(ENGLISH.sentence("as it is"), [Piece::Words("as it is".into())]);
}
