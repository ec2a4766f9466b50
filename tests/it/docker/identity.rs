//! Who answers: from one answer to each of two calls, whatever becomes of the other.

use std::time::Duration;

use dockledger::docker::ContainerSource;
use dockledger::model::DaemonCall;
use dockledger::simulation::{Fault, Reply};

use super::{SHORT, client, client_with, playing};

// F3
#[tokio::test]
async fn the_daemons_own_id_comes_with_one_answer() {
    let proxy = playing(&[]);
    let identified = client(&proxy).identify().await;
    let identity = identified.identity.expect("it says");
    assert_eq!((&*identity.engine, &*identity.version, identity.shown()), ("docker", "20.10.24", Some("ABCD:EFGH")));
    assert_eq!(identified.without_id, None);
    let traffic = proxy.traffic().borrow().clone();
    assert_eq!((traffic.requests_for("/info"), traffic.requests_for("/version")), (1, 1));
}

// F3: each takes longer than an inspect may.
#[tokio::test]
async fn a_late_answer_counts_within_its_own_deadline() {
    let proxy = playing(&[]);
    let slow = Fault::Drip { bytes: 20, every: Duration::from_millis(60) };
    proxy.inject(slow.on("/info"));
    let daemon = client_with(&proxy, |config| config.inspect_deadline = Duration::from_millis(10));
    assert_eq!(daemon.identify().await.without_id, None);
}

// Podman makes up an id each time it is asked.
#[tokio::test]
async fn podman_is_known_by_its_version_and_has_no_id() {
    let info = Reply::new(200, r#"{"ID":"a","Name":"lab","DockerRootDir":"/var/lib/containers/storage"}"#);
    let version = Reply::new(200, r#"{"Version":"4.3.1","Components":[{"Name":"Podman Engine"}]}"#);
    let proxy = playing(&[("/info", info), ("/version", version)]);
    let identified = client(&proxy).identify().await;
    let identity = identified.identity.expect("it says");
    assert_eq!((&*identity.engine, identity.id.as_deref()), ("podman", None));
    assert_eq!(identity.shown(), Some("lab|podman|/var/lib/containers/storage"));
    assert!(identified.without_id.expect("why").contains("Podman"));
}

// D6: /info hangs when containerd does, and /version does not.
#[tokio::test]
async fn one_call_that_hangs_costs_itself_alone() {
    for (path, call, has_id) in [("/info", DaemonCall::Info, false), ("/version", DaemonCall::Version, true)] {
        let proxy = playing(&[]);
        proxy.inject(Fault::Silent.on(path));
        let daemon = client_with(&proxy, |config| config.identity_deadline = SHORT);
        let identified = daemon.identify().await;
        let identity = identified.identity.expect("the other call tells");
        assert_eq!((&*identity.engine, identity.id.is_some()), ("docker", has_id), "{path}");
        let refusal = daemon.refusals().of(call).expect("told");
        assert_eq!((refusal.status, refusal.waiting_helps), (None, true));
        assert!(refusal.to_string().contains("identity_deadline (150ms)"), "{refusal}");
        if !has_id {
            assert!(
                identified.without_id.expect("why").contains("GET /info was not answered within identity_deadline")
            );
        }
    }
}

// F2: a daemon that refuses is not one that hangs.
#[tokio::test]
async fn a_refusal_is_told_with_its_status_and_the_engine_is_known_all_the_same() {
    for status in [403, 404, 405, 501] {
        let proxy = playing(&[("/info", Reply::new(status, "<html>denied</html>"))]);
        let daemon = client(&proxy);
        let identified = daemon.identify().await;
        assert_eq!(identified.without_id, Some(format!("GET /info is refused with status {status}")));
        assert_eq!(identified.identity.expect("its version").shown(), None);
        let refusal = daemon.refusals().of(DaemonCall::Info).expect("told");
        assert!(refusal.cure.contains("INFO=1") && !refusal.waiting_helps, "{refusal}");
    }
}

#[tokio::test]
async fn an_identity_that_makes_no_sense_is_unknown() {
    for reply in [Reply::new(500, "no"), Reply::new(200, "[]"), Reply::new(200, "{}"), Reply::new(200, "null")] {
        let proxy = playing(&[("/info", reply.clone()), ("/version", reply.clone())]);
        let identified = client(&proxy).identify().await;
        assert_eq!(identified.identity, None, "{reply:?}");
        assert!(identified.without_id.is_some(), "{reply:?}");
    }
}
