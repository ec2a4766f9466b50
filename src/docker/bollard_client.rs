//! bollard over our own connector: pings and actions.

use std::sync::Arc;

use bollard::query_parameters::{
    RemoveContainerOptions, RestartContainerOptions, StartContainerOptions, StopContainerOptions,
};
use bollard::{API_DEFAULT_VERSION, BollardRequest, Docker};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use super::connector::Connector;
use super::endpoint::Endpoint;
use super::message::{Action, Grace};

/// bollard's own timeout, in seconds: so long that it never acts. It ends at the head of an answer, and a ping is left
/// waiting without one; our deadlines are around the whole call.
const NO_TIMEOUT_SECONDS: u64 = 10 * 365 * 24 * 60 * 60;

/// A client that has not connected yet. It sends no version in its paths, so that the daemon answers with its own.
pub(super) fn connect(endpoint: &Arc<Endpoint>) -> Docker {
    let client =
        Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(Connector::new(Arc::clone(endpoint)));
    let transport = move |request: BollardRequest| {
        let client = client.clone();
        async move { client.request(request).await.map_err(bollard::errors::Error::from) }
    };
    let address = format!("http://{}", endpoint.authority());
    Docker::connect_with_custom_transport(transport, Some(address), NO_TIMEOUT_SECONDS, API_DEFAULT_VERSION)
        .expect("bollard checks nothing of a custom transport")
}

/// As the daemon takes it.
fn seconds(grace: Grace) -> Option<i32> {
    grace.0.map(|grace| i32::try_from(grace.as_secs()).unwrap_or(i32::MAX))
}

/// One action on the container of this path segment.
pub(super) async fn act(docker: &Docker, container: &str, action: Action) -> Result<(), bollard::errors::Error> {
    match action {
        Action::Start => docker.start_container(container, None::<StartContainerOptions>).await,
        Action::Stop(grace) => {
            let options = seconds(grace).map(|t| StopContainerOptions { t: Some(t), ..Default::default() });
            docker.stop_container(container, options).await
        }
        Action::Restart(grace) => {
            let options = seconds(grace).map(|t| RestartContainerOptions { t: Some(t), ..Default::default() });
            docker.restart_container(container, options).await
        }
        Action::Remove => docker.remove_container(container, None::<RemoveContainerOptions>).await,
    }
}
