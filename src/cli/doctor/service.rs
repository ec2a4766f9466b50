//! What keeps `run` from starting, from being served, and from telling anybody.

use hyper::Method;

use super::finding::{Finding, fault, faulty, fine};
use crate::cli::context::runtime;
use crate::cli::exit::Exit;
use crate::cli::service::Service;
use crate::config::Config;
use crate::http::{Obstacle, examine_guard, examine_listener};
use crate::notify::{Tried, examine_receivers};

/// Looks at all of it as the user who asks: a service of another user may read more files, or fewer.
pub(super) fn examine(config: &Config) -> Vec<Finding> {
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(failure) => return vec![faulty("service", &failure)],
    };
    let looked = runtime.block_on(async { tokio::join!(is_running(config), examine_receivers(&config.notify)) });
    // A name that takes its time to be found is not waited for.
    runtime.shutdown_background();
    let (is_running, receivers) = looked;
    let mut findings = vec![
        guard(examine_guard(&config.http)),
        listener(examine_listener(&config.http), is_running, &config.http.listen.to_string()),
    ];
    findings.extend(of_receivers(receivers));
    findings
}

/// Whether a service of this ledger and host answers at its control socket.
async fn is_running(config: &Config) -> bool {
    match Service::of(config) {
        Some(service) => service.open(Method::GET, "/healthz", &[]).await.is_ok(),
        None => false,
    }
}

fn guard(examined: Result<String, Obstacle>) -> Finding {
    match examined {
        Ok(detail) => fine("service", detail),
        Err(obstacle) => fault("service", Exit::Usage, format!("`dockledger run` would not start: {obstacle}")),
    }
}

/// An address that is taken is no fault where the service that runs has it.
fn listener(examined: Result<(), Obstacle>, is_running: bool, address: &str) -> Finding {
    match examined {
        Ok(()) if is_running => {
            fine("listener", format!("{address} is free, and the running service serves elsewhere"))
        }
        Ok(()) => fine("listener", format!("{address} can be listened on")),
        Err(_) if is_running => fine("listener", format!("{address} is taken, and a service of this ledger runs")),
        Err(obstacle) => fault("listener", Exit::Failed, obstacle.to_string()),
    }
}

fn of_receivers(tried: Tried) -> Vec<Finding> {
    let finding = |outcome| match outcome {
        Ok(detail) => fine("notifications", format!("{detail}; `dockledger notify test` tells it")),
        Err(failure) => fault("notifications", Exit::Failed, failure),
    };
    tried.into_iter().map(|(_, outcome)| finding(outcome)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ReceiverKind;

    fn taken() -> Result<(), Obstacle> {
        let listen = "127.0.0.1:7878".parse().expect("an address");
        Err(Obstacle::Listen { listen, cause: std::io::ErrorKind::AddrInUse.into() })
    }

    #[test]
    fn an_address_in_use_is_a_fault_unless_our_own_service_has_it() {
        for (examined, is_running, ok) in [(taken(), false, false), (taken(), true, true), (Ok(()), false, true)] {
            let finding = listener(examined, is_running, "127.0.0.1:7878");
            assert_eq!(finding.ok, ok, "{finding:?}");
            assert!(finding.detail.contains("127.0.0.1:7878"), "{finding:?}");
        }
    }

    #[test]
    fn a_receiver_that_cannot_be_told_is_a_fault() {
        let tried = vec![
            (ReceiverKind::Webhook, Err("cannot find the address of hooks.example".to_owned())),
            (ReceiverKind::Command, Ok("/bin/true can be executed".to_owned())),
        ];
        let findings: Vec<_> = of_receivers(tried).into_iter().map(|finding| (finding.ok, finding.exit)).collect();
        assert_eq!(findings, [(false, Exit::Failed), (true, Exit::Fine)]);
    }
}
