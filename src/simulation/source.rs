//! The daemon of a [`SimulatedHost`], as a ledger asks it: behind the seam of the real client.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::container::SimulatedContainer;
use super::host::SimulatedHost;
use super::plan::{Call, PlannedFault};
use super::render;
use super::stream::SimulatedStream;
use super::unanswered::{cut, error_of, nonsense, status};
use super::world::World;
use crate::config::Config;
use crate::docker::{
    Action, CallProgress, Connection, ContainerSource, DaemonError, EventStream, Identified, ImageAnswer, ListDecoder,
    Listed, SourceFactory,
};
use crate::model::{BoxFuture, ContainerId, DaemonIdentity, Examined, ExaminedContainer, ImageId, Inspected, Scope};

/// Between two tries of a ping that fails, as the real client's.
const RETRY_EVERY: Duration = Duration::from_secs(1);

/// One client, whose connection lives as long as the daemon does.
#[derive(Debug)]
struct SimulatedSource {
    host: SimulatedHost,
    decoder: ListDecoder,
    progress: Arc<CallProgress>,
    identity_deadline: Duration,
    number: u64,
}

/// Tells the simulated clients of this process apart.
static CLIENTS: AtomicU64 = AtomicU64::new(1);

/// One call on its way; counted until it ends or is dropped.
struct OnItsWay<'a>(&'a SimulatedHost);

impl Drop for OnItsWay<'_> {
    fn drop(&mut self) {
        self.0.count_call(-1);
    }
}

impl SimulatedHost {
    /// For a ledger of this configuration.
    #[must_use]
    pub fn sources(&self, config: &Config) -> SourceFactory {
        let (host, config) = (self.clone(), config.clone());
        SourceFactory::new(move || Arc::new(SimulatedSource::new(host.clone(), &config)))
    }
}

impl SimulatedSource {
    fn new(host: SimulatedHost, config: &Config) -> Self {
        let decoder = ListDecoder::new(config);
        let number = CLIENTS.fetch_add(1, Ordering::Relaxed);
        Self { host, decoder, progress: Arc::default(), identity_deadline: config.identity_deadline, number }
    }

    /// Makes a call that ends when the daemon does.
    async fn call<T>(
        &self,
        name: &'static str,
        call: impl Future<Output = Result<T, DaemonError>>,
    ) -> Result<T, DaemonError> {
        self.host.count_call(1);
        let _counted = OnItsWay(&self.host);
        let mut lives = self.host.lives();
        tokio::select! {
            biased;
            _ = lives.changed() => Err(cut(name, self.progress.bytes(), "the daemon was restarted")),
            answer = call => answer,
        }
    }

    /// The way there: the error that the call ends in, or a fault that the answer shows.
    async fn reach(
        &self,
        call: Call,
        name: &'static str,
        container: Option<&ContainerId>,
    ) -> Result<Option<PlannedFault>, DaemonError> {
        let fault = self.host.plan().meet(call, container).await;
        match fault.as_ref().and_then(|fault| error_of(fault, name)) {
            Some(error) => Err(error),
            None => Ok(fault),
        }
    }

    async fn listing(&self, scope: &Scope) -> Result<Listed, DaemonError> {
        let began = Instant::now();
        let fault = self.reach(Call::List, LIST, None).await?;
        let connection = Connection { client: self.number, number: self.host.life() };
        let (body, shown) = self.host.ask(|world| (body_of(world, fault.as_ref()), shown(world)));
        let denied = match &fault {
            Some(PlannedFault::LeftOut(container)) => Some(container),
            _ => None,
        };
        self.host.note_listing(&shown, denied);
        self.progress.got_head();
        self.progress.got_bytes(body.len());
        let mut listing = self.decoder.read(&body).map_err(|cause| nonsense(LIST, cause))?;
        if let Scope::Containers(ids) = scope {
            listing.containers.retain(|listed| ids.contains(&listed.id));
            listing.quarantined.retain(|quarantined| ids.contains(&quarantined.container_id));
        }
        self.host.plan().travel().await;
        Ok(Listed { listing: Arc::new(listing), body_bytes: body.len() as u64, duration: began.elapsed(), connection })
    }

    async fn who_answers(&self) -> Result<Identified, DaemonError> {
        let fault = self.reach(Call::Identify, "GET /info", None).await?;
        if fault == Some(PlannedFault::IdentitySilent) {
            let without_id = Some("GET /info is refused with status 403".to_owned());
            return Ok(Identified { identity: None, without_id });
        }
        let identity = self.host.ask(|world| DaemonIdentity {
            engine: "docker".into(),
            version: world.version.clone(),
            id: Some(world.engine_id.clone()),
            place: None,
        });
        Ok(Identified { identity: Some(identity), without_id: None })
    }

    /// What the inspect of a container says, if it exists; an error where that is not to be understood.
    async fn inspected(
        &self,
        call: Call,
        container: &ContainerId,
    ) -> Result<Option<Result<ExaminedContainer, String>>, DaemonError> {
        let asking = async {
            self.reach(call, INSPECT, Some(container)).await?;
            let inspect = |world: &mut World| world.container(container.as_str()).ok().map(render::inspect);
            let answer = self.host.ask(inspect);
            if answer.is_none() {
                self.host.note_gone(container);
            }
            self.host.plan().travel().await;
            Ok(answer.map(|body| self.decoder.examine(body.to_string().as_bytes(), container)))
        };
        self.call(INSPECT, asking).await
    }
}

const LIST: &str = "GET /containers/json";
const INSPECT: &str = "GET /containers/{id}/json";
const IMAGE: &str = "GET /images/{id}/json";
const EVENTS: &str = "GET /events";

impl ContainerSource for SimulatedSource {
    fn list<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<Listed, DaemonError>> {
        Box::pin(async move {
            self.progress.begin();
            self.call(LIST, self.listing(scope)).await
        })
    }

    fn identify(&self) -> BoxFuture<'_, Identified> {
        Box::pin(async move {
            let asked = self.call("GET /info", self.who_answers());
            let unanswered = |why: &str| Identified { identity: None, without_id: Some(why.to_owned()) };
            match timeout(self.identity_deadline, asked).await {
                Ok(Ok(identified)) => identified,
                Ok(Err(error)) => unanswered(&error.to_string()),
                Err(_) => unanswered("GET /info was not answered within identity_deadline"),
            }
        })
    }

    fn inspect<'a>(&'a self, container: &'a ContainerId) -> BoxFuture<'a, Inspected> {
        Box::pin(async move {
            match self.inspected(Call::Inspect, container).await {
                Ok(Some(Ok(examined))) => Inspected::Present(examined.details),
                Ok(Some(Err(cause))) => Inspected::Unanswered(cause),
                Ok(None) => Inspected::Gone,
                Err(error) => Inspected::Unanswered(error.to_string()),
            }
        })
    }

    fn examine<'a>(&'a self, container: &'a ContainerId) -> BoxFuture<'a, Examined> {
        Box::pin(async move {
            match self.inspected(Call::Examine, container).await {
                Ok(Some(Ok(examined))) => Examined::Present(Box::new(examined)),
                Ok(Some(Err(cause))) => Examined::Unanswered(cause),
                Ok(None) => Examined::Gone,
                Err(error) => Examined::Unanswered(error.to_string()),
            }
        })
    }

    fn image<'a>(&'a self, image: &'a ImageId) -> BoxFuture<'a, ImageAnswer> {
        Box::pin(async move {
            let read = async {
                self.reach(Call::Image, IMAGE, None).await?;
                Ok(self.host.ask(|world| {
                    let found = world.images.get(image.as_str())?;
                    let entry = serde_json::json!({ "Id": "0".repeat(64), "State": "created", "Labels": found.labels });
                    Some(list_of(&[entry.to_string()]))
                }))
            };
            match self.call(IMAGE, read).await.map(|body| body.map(|body| self.decoder.read(&body))) {
                Ok(None) => ImageAnswer::Gone,
                Ok(Some(Ok(listing))) => {
                    let claims = listing.containers.into_iter().next().map(|listed| listed.claims).unwrap_or_default();
                    ImageAnswer::Labels(Arc::new(claims))
                }
                Ok(Some(Err(_))) | Err(_) => ImageAnswer::Unanswered,
            }
        })
    }

    fn await_daemon(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            while self.call("GET /_ping", self.reach(Call::Ping, "GET /_ping", None)).await.is_err() {
                sleep(RETRY_EVERY).await;
            }
        })
    }

    fn act<'a>(&'a self, container: &'a ContainerId, action: Action) -> BoxFuture<'a, Result<(), DaemonError>> {
        Box::pin(async move {
            let (name, key) = (action_call(action), container.as_str());
            let acting = async {
                self.reach(Call::Act, name, Some(container)).await?;
                let acted = self.host.act(|world| match action {
                    Action::Start => world.start(key),
                    Action::Stop(_) => world.stop(key),
                    Action::Restart(_) => world.restart(key),
                    Action::Remove => world.remove(key, false),
                });
                match acted {
                    Ok(()) | Err(super::WorldError::Unchanged(_)) => Ok(()),
                    Err(error) => Err(status(name, error.status(), &error.to_string())),
                }
            };
            self.call(name, acting).await
        })
    }

    fn events(&self, since_nanos: Option<i64>) -> BoxFuture<'_, Result<Box<dyn EventStream>, DaemonError>> {
        Box::pin(async move {
            let opening = async {
                self.reach(Call::OpenStream, EVENTS, None).await?;
                Ok(Box::new(SimulatedStream::open(self.host.clone(), since_nanos)) as Box<dyn EventStream>)
            };
            self.call(EVENTS, opening).await
        })
    }

    fn progress(&self) -> Arc<CallProgress> {
        Arc::clone(&self.progress)
    }
}

const fn action_call(action: Action) -> &'static str {
    match action {
        Action::Start => "POST /containers/{id}/start",
        Action::Stop(_) => "POST /containers/{id}/stop",
        Action::Restart(_) => "POST /containers/{id}/restart",
        Action::Remove => "DELETE /containers/{id}",
    }
}

/// The containers of a listing that is sent now, and whether they are up.
fn shown(world: &World) -> BTreeMap<ContainerId, bool> {
    world.containers().map(|container| (container.id.clone(), container.state.is_up())).collect()
}

fn list_of<const N: usize>(entries: &[String; N]) -> Vec<u8> {
    format!("[{}]", entries.join(",")).into_bytes()
}

fn entry_of(world: &World, container: &SimulatedContainer) -> String {
    world.entry(container).to_string()
}

/// The body, with the lie that the fault is.
fn body_of(world: &World, fault: Option<&PlannedFault>) -> Vec<u8> {
    let mut told = match fault {
        Some(
            PlannedFault::LeftOut(_) | PlannedFault::Twice(_) | PlannedFault::WithoutId(_) | PlannedFault::Garbled(_),
        ) => world.clone(),
        Some(PlannedFault::Nonsense) => return b"<html>".to_vec(),
        _ => return world.render_list(true),
    };
    // A container that is gone by now cannot be lied about.
    let _ = match fault {
        Some(PlannedFault::LeftOut(container)) => told.remove(container.as_str(), true),
        Some(PlannedFault::Twice(container)) => world.container(container.as_str()).map(|found| {
            told.inject_entry(entry_of(world, found));
        }),
        Some(PlannedFault::WithoutId(container)) => {
            told.set_entry(container.as_str(), Some(r#"{"Names":["/nameless"],"State":"running"}"#.into()))
        }
        Some(PlannedFault::Garbled(container)) => {
            let entry = format!(r#"{{"Id":"{container}","State":7,"Status":null}}"#);
            told.set_entry(container.as_str(), Some(entry))
        }
        _ => Ok(()),
    };
    told.render_list(true)
}
