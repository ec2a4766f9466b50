//! A peer over TCP that vanishes without a word: a machine that lost power, a firewall that forgot the connection.

use std::fs::File;
use std::net::TcpListener as StdTcpListener;
use std::os::fd::AsFd as _;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use dockledger::config::Config;
use dockledger::docker::{ContainerSource, Daemon, Endpoint};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::support::skip::skip;

/// Longer than the system takes to ask whether the peer is there, and far shorter than for ever.
const BOUND: Duration = Duration::from_secs(45);

/// A network of its own, for as long as the value lives.
struct Network {
    holder: Child,
}

impl Network {
    fn new() -> Option<Self> {
        let holder =
            Command::new("unshare").args(["--net", "cat"]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().ok()?;
        let network = Self { holder };
        let own = std::fs::read_link("/proc/self/ns/net").ok()?;
        for _ in 0..500 {
            match std::fs::read_link(network.path()) {
                Ok(other) if other != own => return Some(network),
                _ => std::thread::sleep(Duration::from_millis(2)),
            }
        }
        None
    }

    fn path(&self) -> String {
        format!("/proc/{}/ns/net", self.holder.id())
    }

    fn ip(&self, line: &str) -> bool {
        let target = self.holder.id().to_string();
        let ran = Command::new("nsenter")
            .args(["--target", &target, "--net", "ip"])
            .args(line.split(' '))
            .stderr(Stdio::null())
            .status();
        ran.is_ok_and(|status| status.success())
    }

    /// What is made by `make` belongs to this network.
    fn within<T: Send + 'static>(&self, make: impl FnOnce() -> T + Send + 'static) -> T {
        let network = File::open(self.path()).expect("it is held");
        let thread = std::thread::spawn(move || {
            move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network)).expect("it can be entered");
            make()
        });
        thread.join().expect("it does not panic")
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        let _ = self.holder.wait();
    }
}

#[test]
fn a_peer_that_vanished_is_found_again_when_it_is_back() {
    let (Some(ours), Some(theirs)) = (Network::new(), Network::new()) else {
        return skip(module_path!(), "no network of its own can be made");
    };
    let peer = theirs.holder.id();
    let linked = ours.ip(&format!("link add near type veth peer name far netns {peer}"))
        && ours.ip("address add 10.99.99.1/24 dev near")
        && ours.ip("link set near up")
        && theirs.ip("address add 10.99.99.2/24 dev far")
        && theirs.ip("link set far up");
    if !linked {
        return skip(module_path!(), "two networks cannot be linked");
    }
    let listener = theirs.within(|| StdTcpListener::bind("10.99.99.2:2375").expect("bound"));
    // In our network all connections are made by this thread.
    ours.within(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(vanishes(listener, |up| {
            assert!(theirs.ip(if up { "link set far up" } else { "link set far down" }));
        }));
    });
}

/// The first ping is left waiting by a machine that then loses its network and all that it knew, and is back.
async fn vanishes(listener: StdTcpListener, link: impl Fn(bool)) {
    listener.set_nonblocking(true).expect("a socket");
    let listener = TcpListener::from_std(listener).expect("a runtime");
    let (asked, mut is_asked) = watch::channel(0);
    let pings = Arc::new(AtomicUsize::new(0));
    let (rebooted, reboot) = watch::channel(false);
    let served = tokio::spawn({
        let pings = Arc::clone(&pings);
        async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (asked, mut reboot, pings) = (asked.clone(), reboot.clone(), Arc::clone(&pings));
                tokio::spawn(async move {
                    let mut request = [0; 1024];
                    let _ = stream.read(&mut request).await;
                    asked.send_modify(|count| *count += 1);
                    if pings.fetch_add(1, Ordering::SeqCst) == 0 {
                        let _ = reboot.wait_for(|rebooted| *rebooted).await;
                        return;
                    }
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK").await;
                });
            }
        }
    });
    let endpoint = Endpoint::Tcp { host: "10.99.99.2".into(), port: 2375 };
    let daemon = Daemon::new(endpoint, &Config::new("unused"));
    let waiting = tokio::spawn(async move { daemon.await_daemon().await });
    timeout(BOUND, is_asked.wait_for(|count| *count == 1)).await.expect("it is asked").expect("it lives");
    link(false);
    rebooted.send(true).expect("it waits");
    // Its last words are lost on the way.
    tokio::time::sleep(Duration::from_secs(1)).await;
    link(true);
    timeout(BOUND, waiting).await.expect("it is found again").expect("it does not panic");
    assert!(pings.load(Ordering::SeqCst) >= 2, "another ping, on another connection");
    served.abort();
}
