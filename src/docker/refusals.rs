//! Which calls are not carried out: noted where the answers come in, read by whoever tells. What an answer means is pure.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::error::{DaemonError, status_cure};
use super::fault::names_nothing;
use crate::config::ImageLabels;
use crate::model::{DaemonCall, Refusal};

/// For each call that was answered, whether it is refused. Cheap to clone; all clones are one. It outlives the clients that
/// note in it: what one of them met holds for the next.
#[derive(Clone, Debug, Default)]
pub struct Refusals(Arc<Mutex<BTreeMap<DaemonCall, Option<Refusal>>>>);

impl Refusals {
    /// The call was answered as the API says. One image that can be read says nothing of another that cannot.
    pub(crate) fn carried_out(&self, call: DaemonCall, subject: Option<&str>) {
        let mut known = self.lock();
        let is_of_another = |refusal: &Refusal| refusal.subject.is_some() && refusal.subject.as_deref() != subject;
        if known.get(&call).is_some_and(|known| known.as_ref().is_none_or(is_of_another)) {
            return;
        }
        known.insert(call, None);
    }

    /// The call is refused. Of several images the first stands for all.
    pub(crate) fn refused(&self, refusal: Refusal) {
        let mut known = self.lock();
        let is_told =
            |standing: &Refusal| standing.is_like(&refusal) && standing.subject.is_some() && refusal.subject.is_some();
        if !known.get(&refusal.call).is_some_and(|known| known.as_ref().is_some_and(is_told)) {
            known.insert(refusal.call, Some(refusal));
        }
    }

    /// Whether that call is refused, as far as it was asked.
    #[must_use]
    pub fn of(&self, call: DaemonCall) -> Option<Refusal> {
        self.lock().get(&call).cloned().flatten()
    }

    /// Whether that call was answered, or refused, since this process began.
    pub(crate) fn is_known(&self, call: DaemonCall) -> bool {
        self.lock().contains_key(&call)
    }

    /// What is refused now: as stored, but for what was learned since.
    pub(crate) fn standing(&self, stored: &[Refusal]) -> Vec<Refusal> {
        let known = self.lock();
        let unasked = stored.iter().filter(|refusal| !known.contains_key(&refusal.call)).cloned();
        let mut standing: Vec<Refusal> = unasked.chain(known.values().flatten().cloned()).collect();
        standing.sort_by_key(|refusal| refusal.call);
        standing
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<DaemonCall, Option<Refusal>>> {
        // Each entry is replaced whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a fault of a call says of the call; `None` if it says nothing: a lost connection, or a trouble of one container.
pub(crate) fn refusal(
    call: DaemonCall,
    error: &DaemonError,
    subject: Option<&str>,
    image_labels: ImageLabels,
) -> Option<Refusal> {
    let (status, cause) = match error {
        DaemonError::Status { status, body, .. } => (*status, body.clone()),
        DaemonError::InvalidResponse { cause, .. } => (200, format!("its answer is not the API's: {cause}")),
        _ => return None,
    };
    let subject = subject.filter(|_| is_of_one(call, status));
    if !tells_of_the_call(call, status, &cause) && subject.is_none() {
        return None;
    }
    Some(Refusal {
        call,
        request: call.request().to_owned(),
        status: Some(status),
        cause: if cause.is_empty() { "without a word".to_owned() } else { cause },
        waiting_helps: waiting_helps(status) && subject.is_none(),
        effect: effect(call, image_labels),
        cure: cure(call, status, subject.is_some()),
        subject: subject.map(str::to_owned),
        passes: 0,
    })
}

/// A call that nobody answers in time.
pub(crate) fn unanswered(call: DaemonCall, cause: String, passes: u32, image_labels: ImageLabels) -> Refusal {
    let cure = match call.deadline_setting() {
        Some(setting) => format!("raise {setting}, or see what keeps the daemon from answering"),
        None => "see what keeps the daemon from answering".to_owned(),
    };
    Refusal {
        call,
        request: call.request().to_owned(),
        status: None,
        cause,
        waiting_helps: true,
        effect: effect(call, image_labels),
        cure,
        subject: None,
        passes,
    }
}

/// An engine that cannot read an image says 500: it is that image's trouble.
const fn is_of_one(call: DaemonCall, status: u16) -> bool {
    matches!((call, status), (DaemonCall::Images, 500))
}

/// Of a busy daemon, or of a proxy that cannot reach it.
const fn waiting_helps(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500 | 502..=599)
}

/// Whether the status is one of the call, and not of what it is about or of the moment.
fn tells_of_the_call(call: DaemonCall, status: u16, words: &str) -> bool {
    match call {
        DaemonCall::Inspect | DaemonCall::Images => !waiting_helps(status),
        // The engine refuses actions for reasons of the container's own.
        DaemonCall::Actions => {
            matches!(status, 300..=399 | 401 | 403 | 405 | 407 | 501) || (status == 404 && !names_nothing(words))
        }
        _ => true,
    }
}

/// What is not done without the call.
fn effect(call: DaemonCall, image_labels: ImageLabels) -> String {
    let effect = match (call, image_labels) {
        (DaemonCall::List, _) => "no container is seen and no row is kept true",
        (DaemonCall::Events, _) => "changes are seen by tick, one interval late at most",
        (DaemonCall::Inspect, _) => {
            "no container can be verified as gone, so no row goes missing; details, as how often it was started and when, \
             stay unknown"
        }
        (DaemonCall::Images, ImageLabels::Required) => {
            "no container gets a row by its labels, since image_labels is \"required\""
        }
        (DaemonCall::Images, _) => {
            "labels are not checked against those of the image: one that its author baked in counts as the container's own"
        }
        (DaemonCall::Info, _) => {
            "the daemon is known by its containers alone; should all that have rows vanish at once, nothing is made or \
             marked missing until `dockledger hosts confirm`"
        }
        (DaemonCall::Version, _) => "which engine answers is not known",
        (DaemonCall::Ping, _) => "a daemon that hangs is looked for by listing alone",
        (DaemonCall::Actions, _) => "containers are not started, stopped, restarted or removed",
    };
    effect.to_owned()
}

fn cure(call: DaemonCall, status: u16, is_of_one: bool) -> String {
    let cure = if is_of_one {
        "pull the image again, since the daemon cannot read it".to_owned()
    } else {
        status_cure(call, status)
    };
    if call == DaemonCall::Images {
        format!("{cure}, or set image_labels = \"off\" to do without the check")
    } else {
        cure
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(status: u16, body: &str) -> DaemonError {
        DaemonError::Status { endpoint: "unix:///x".into(), call: "GET /x", status, body: body.into() }
    }

    fn of(call: DaemonCall, error: &DaemonError, subject: Option<&str>) -> Option<Refusal> {
        refusal(call, error, subject, ImageLabels::WhenReadable)
    }

    // F1, F2
    #[test]
    fn a_refusal_names_call_status_effect_and_cure_and_never_a_restart() {
        for call in DaemonCall::ALL {
            for code in [301, 400, 401, 403, 404, 405, 407, 501] {
                // The engine's own refusals of actions are the container's.
                if (*call, code) == (DaemonCall::Actions, 400) {
                    continue;
                }
                let refusal = of(*call, &status(code, "<html>"), None).expect("a refusal");
                let told = refusal.to_string();
                assert!(told.contains(call.request()) && told.contains(&code.to_string()), "{told}");
                assert!(*call == DaemonCall::Actions || !told.contains("restart"), "{told}");
                assert!(!refusal.waiting_helps, "{told}");
            }
            let told = of(*call, &status(403, ""), None).expect("a refusal").to_string();
            assert!(told.contains(call.proxy_setting()), "{told}");
        }
        let images = of(DaemonCall::Images, &status(403, ""), None).expect("a refusal").to_string();
        assert!(images.contains("image_labels"), "{images}");
    }

    // F1
    #[test]
    fn what_is_of_one_container_or_of_the_moment_says_nothing_of_the_call() {
        assert_eq!(of(DaemonCall::Inspect, &status(500, "broken"), None), None);
        assert_eq!(of(DaemonCall::Images, &status(503, "busy"), Some("sha256:1")), None);
        assert_eq!(of(DaemonCall::Actions, &status(409, "it runs"), None), None);
        assert_eq!(of(DaemonCall::Actions, &status(404, "No such container: x"), None), None);
        let absent = DaemonError::SocketMissing { endpoint: "unix:///x".into() };
        assert!(DaemonCall::ALL.iter().all(|call| of(*call, &absent, None).is_none()));
        assert!(of(DaemonCall::List, &status(503, ""), None).expect("told").waiting_helps);
    }

    // F1
    #[test]
    fn an_image_that_cannot_be_read_stands_until_it_can_whatever_others_say() {
        let refusals = Refusals::default();
        let lost = "content digest sha256:1: not found";
        let broken = of(DaemonCall::Images, &status(500, lost), Some("sha256:1")).expect("a refusal");
        assert!(!broken.waiting_helps && broken.to_string().contains("sha256:1"), "{broken}");
        refusals.refused(broken.clone());
        refusals.refused(of(DaemonCall::Images, &status(500, lost), Some("sha256:2")).expect("a refusal"));
        refusals.carried_out(DaemonCall::Images, Some("sha256:3"));
        assert_eq!(refusals.standing(&[]), [broken]);
        refusals.carried_out(DaemonCall::Images, Some("sha256:1"));
        assert_eq!(refusals.standing(&[]), []);
    }

    #[test]
    fn what_is_stored_stands_until_the_call_is_asked() {
        let refusals = Refusals::default();
        let stored = [of(DaemonCall::Events, &status(403, ""), None).expect("a refusal")];
        refusals.carried_out(DaemonCall::List, None);
        assert_eq!(refusals.standing(&stored), stored);
        refusals.carried_out(DaemonCall::Events, None);
        assert_eq!(refusals.standing(&stored), []);
    }
}
