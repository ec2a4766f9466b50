//! Who answers: asked once for each connection of the list, and never in its way.

use dockledger::simulation::{Fault, Reply};

use super::{SHORT, client, client_with, playing, wait_for};

#[tokio::test]
async fn the_daemons_own_id_is_its_key() {
    let proxy = playing(&[]);
    let identity = client(&proxy).list().await.unwrap().identity.unwrap();
    assert_eq!((&*identity.engine, &*identity.version, &*identity.key), ("docker", "20.10.24", "ABCD:EFGH"));
    assert_eq!(client(&proxy).identity().await, Some(identity));
}

// Podman makes up an id each time it is asked.
#[tokio::test]
async fn an_id_that_differs_between_two_asks_is_none() {
    let info = |id: &str| {
        Reply::new(200, format!(r#"{{"ID":"{id}","Name":"lab","DockerRootDir":"/var/lib/containers/storage"}}"#))
    };
    let version = Reply::new(200, r#"{"Version":"4.3.1","Components":[{"Name":"Podman Engine"}]}"#);
    let proxy = playing(&[("/info", info("b")), ("/version", version)]);
    proxy.inject(Fault::Answer(info("a")).on("/info").times(1));
    let identity = client(&proxy).list().await.unwrap().identity.unwrap();
    assert_eq!((&*identity.engine, &*identity.key), ("podman", "lab|podman|/var/lib/containers/storage"));
}

// D6: /info hangs when containerd does.
#[tokio::test]
async fn an_identity_that_hangs_is_unknown_and_the_list_is_not_lost() {
    for path in ["/info", "/version"] {
        let proxy = playing(&[]);
        proxy.inject(Fault::Silent.on(path));
        let daemon = client_with(&proxy, |config| config.inspect_deadline = SHORT);
        let listed = daemon.list().await.unwrap();
        assert_eq!((listed.listing.containers.len(), listed.identity), (3, None), "{path}");
        proxy.heal();
        assert!(daemon.list().await.unwrap().identity.is_some(), "{path}: asked again beside the next list");
        let asked = proxy.traffic().borrow().requests_for("/info");
        daemon.list().await.unwrap();
        assert_eq!(proxy.traffic().borrow().requests_for("/info"), asked, "{path}: known, so not asked again");
    }
}

#[tokio::test]
async fn an_identity_that_makes_no_sense_is_unknown() {
    for reply in [Reply::new(500, "no"), Reply::new(200, "[]"), Reply::new(200, "{}"), Reply::new(200, "null")] {
        let proxy = playing(&[("/info", reply.clone())]);
        let listed = client(&proxy).list().await.unwrap();
        assert_eq!((listed.listing.containers.len(), listed.identity), (3, None), "{reply:?}");
    }
}

#[tokio::test]
async fn the_identity_does_not_delay_the_list_beyond_the_lists_own_deadline() {
    let proxy = playing(&[]);
    proxy.inject(Fault::Silent.on("/info"));
    let daemon = client_with(&proxy, |config| config.list_deadline = SHORT);
    let listed = daemon.list().await.unwrap();
    assert_eq!(listed.identity, None);
}

// D20: another daemon answers on a new connection.
#[tokio::test]
async fn a_new_connection_asks_anew() {
    let proxy = playing(&[]);
    let daemon = client(&proxy);
    let first = daemon.list().await.unwrap().identity.unwrap();
    proxy.refuse();
    wait_for(&proxy, |traffic| traffic.open == 0 && !traffic.listening).await;
    proxy.heal();
    wait_for(&proxy, |traffic| traffic.listening).await;
    proxy.inject(Fault::Answer(Reply::new(200, r#"{"ID":"OTHER"}"#)).on("/info"));
    let second = daemon.list().await.unwrap().identity.unwrap();
    assert_eq!((&*first.key, &*second.key), ("ABCD:EFGH", "OTHER"));
}
