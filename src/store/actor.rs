//! StoreActor: every write of the reconciliation, one transaction at a time.

use std::sync::Arc;
use std::time::Duration;

use ractor::{ActorProcessingErr, ActorRef, MessagingErr};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::Instant;

use super::{Lease, LeaseHolder, OpenMode, Store, StoreError, StoreMessage, lease_time_to_live};
use crate::config::Config;
use crate::dispatch::DispatchMessage;
use crate::model::{Epoch, Timestamp};
use crate::supervisor::SupervisorMessage;
use crate::tick::TickMessage;

/// The actor of the ledger.
#[derive(Debug)]
pub struct StoreActor;

/// What a StoreActor is born with.
#[derive(Debug)]
pub struct StoreArgs {
    /// The configuration.
    pub config: Arc<Config>,
    /// Which life of the child this is.
    pub epoch: Epoch,
    /// This process: all its lives hold one lease, each with a generation of its own.
    pub holder: LeaseHolder,
    /// Who hears that it is ready, or why it is not.
    pub supervisor: ActorRef<SupervisorMessage>,
    /// Whether it brings the schema up by itself.
    pub migrate: bool,
}

/// What a StoreActor knows. Public because ractor's trait names it.
#[derive(Debug)]
pub struct StoreState {
    args: StoreArgs,
    /// Open, and waiting for the lease.
    opened: Option<Store>,
    /// Absent until the lease is taken, and while a blocking body works with it.
    held: Option<Held>,
    retry_in: Duration,
    renewed: Instant,
    pruned: Option<Instant>,
    timer: Option<JoinHandle<Result<(), MessagingErr<StoreMessage>>>>,
}

/// The database and the right to write the host, moved together into each blocking body.
#[derive(Debug)]
struct Held {
    store: Store,
    lease: Lease,
}

/// Before the second try to open: a database that is starting is often there by then.
const FIRST_RETRY: Duration = Duration::from_millis(250);

/// Between two later tries: a database that comes back is found within this.
const LONGEST_RETRY: Duration = Duration::from_secs(5);

/// Between two removals of what is no longer kept, once nothing is left to remove.
const PRUNE_INTERVAL: Duration = Duration::from_secs(60 * 60);

#[ractor::actor(message = StoreMessage, state = StoreState, arguments = StoreArgs)]
impl StoreActor {
    async fn pre_start(
        &self,
        myself: ActorRef<StoreMessage>,
        args: StoreArgs,
    ) -> Result<StoreState, ActorProcessingErr> {
        myself.cast(StoreMessage::Begin)?;
        Ok(StoreState {
            args,
            opened: None,
            held: None,
            retry_in: FIRST_RETRY,
            renewed: Instant::now(),
            pruned: None,
            timer: None,
        })
    }

    async fn handle(
        &self,
        myself: ActorRef<StoreMessage>,
        message: StoreMessage,
        state: &mut StoreState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            StoreMessage::Begin => state.begin(&myself).await,
            StoreMessage::RenewLease => state.renew(&myself).await,
            StoreMessage::Prune => state.prune().await,
            request => state.answer(&myself, request).await,
        }
    }

    async fn post_stop(
        &self,
        _myself: ActorRef<StoreMessage>,
        state: &mut StoreState,
    ) -> Result<(), ActorProcessingErr> {
        if state.held.is_some()
            && let Err(error) = state.work(|store, lease| store.release_lease(lease)).await?
        {
            tracing::warn!(%error, "the lease stays until it expires");
        }
        Ok(())
    }
}

impl Drop for StoreState {
    fn drop(&mut self) {
        if let Some(timer) = self.timer.take() {
            timer.abort();
        }
    }
}

impl StoreState {
    async fn begin(&mut self, myself: &ActorRef<StoreMessage>) -> Result<(), ActorProcessingErr> {
        let config = self.args.config.clone();
        let holder = self.args.holder.clone();
        let mode = if self.args.migrate { OpenMode::Write } else { OpenMode::WriteUnmigrated };
        let opened = self.opened.take();
        let begun = spawn_blocking(move || {
            let mut store = match opened {
                Some(store) => store,
                None => Store::open(&config, mode)?,
            };
            let lease = store.acquire_lease(&config.host, &holder, lease_time_to_live(config.interval));
            Ok((store, lease))
        })
        .await?;
        let held = begun.and_then(|(store, lease)| match lease {
            Ok(lease) => Ok(Held { store, lease }),
            Err(error) => {
                self.opened = Some(store);
                Err(error)
            }
        });
        match held {
            Ok(held) => {
                self.renewed = Instant::now();
                self.send_later(myself, held.lease.time_to_live / 3, || StoreMessage::RenewLease);
                self.held = Some(held);
                self.tell(SupervisorMessage::StoreReady { epoch: self.args.epoch });
            }
            Err(error) => {
                self.report(&error);
                self.send_later(myself, self.retry_in, || StoreMessage::Begin);
                self.retry_in = (self.retry_in * 2).min(LONGEST_RETRY);
            }
        }
        Ok(())
    }

    async fn renew(&mut self, myself: &ActorRef<StoreMessage>) -> Result<(), ActorProcessingErr> {
        let Some(held) = &self.held else { return Ok(()) };
        let every = held.lease.time_to_live / 3;
        // A commit has renewed it meanwhile, most of the time.
        if self.renewed.elapsed() >= every {
            let result = self.work(|store, lease| store.renew_lease(lease)).await?;
            self.fenced(&result);
            if let Err(error) = result {
                // Whoever waits for an answer still gets it: only a lease that is lost is trouble.
                tracing::debug!(%error, "the lease is renewed later");
            }
        }
        let wait = every.saturating_sub(self.renewed.elapsed()).max(LONGEST_RETRY);
        self.send_later(myself, wait, || StoreMessage::RenewLease);
        Ok(())
    }

    async fn prune(&mut self) -> Result<(), ActorProcessingErr> {
        let retention = self.args.config.retention.clone();
        match self.work(move |store, lease| store.prune(lease, &retention, Timestamp::now())).await? {
            Ok(0) => self.pruned = Some(Instant::now()),
            Ok(removed) => tracing::debug!(removed, "removed what is no longer kept"),
            Err(error) => tracing::warn!(%error, "what is no longer kept stays for now"),
        }
        Ok(())
    }

    async fn answer(
        &mut self,
        myself: &ActorRef<StoreMessage>,
        request: StoreMessage,
    ) -> Result<(), ActorProcessingErr> {
        match request {
            StoreMessage::Open { op, scope: _, reply_to } => {
                let asker = reply_to.clone();
                let began = move || send(&asker, DispatchMessage::SnapshotBegan { op });
                let result = self.work(move |store, lease| store.open_pass(&lease.host, began)).await?;
                send(&reply_to, DispatchMessage::Opened { op, result });
            }
            StoreMessage::ReadRows { op, reply_to, .. } => {
                send(&reply_to, DispatchMessage::RowsRead { op, result: Ok(Vec::new()) });
            }
            StoreMessage::LookUp { op, keys, reply_to } => {
                let result = self.work(move |store, _| store.look_up(&keys)).await?;
                send(&reply_to, DispatchMessage::Found { op, result });
            }
            StoreMessage::AdoptStacks { op, compose_projects, reply_to } => {
                let result = self.work(move |store, _| store.adopt_stacks(&compose_projects)).await?;
                send(&reply_to, DispatchMessage::Adopted { op, result });
            }
            StoreMessage::Commit { op, plan, reply_to } => {
                let result = self.work(move |store, lease| store.commit(lease, &plan)).await?;
                self.fenced(&result);
                send(&reply_to, DispatchMessage::Committed { op, result });
                self.prune_if_due(myself);
            }
            StoreMessage::PayDetails { op, writes, reply_to } => {
                let result = self.work(move |store, lease| store.pay_details(lease, &writes)).await?;
                self.fenced(&result);
                send(&reply_to, DispatchMessage::DetailsPaid { op, result });
            }
            StoreMessage::LookForBindings { reply_to } => {
                let result = self.work(|store, lease| store.new_bindings(&lease.host)).await?;
                send(&reply_to, TickMessage::NewBindings(result));
            }
            StoreMessage::Begin | StoreMessage::RenewLease | StoreMessage::Prune => {}
        }
        Ok(())
    }

    /// Runs one transaction on a blocking thread. It ends there even if this actor is killed meanwhile: then its
    /// generation is refused, or was whole before the next one was given out.
    async fn work<T: Send + 'static>(
        &mut self,
        body: impl FnOnce(&mut Store, &Lease) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<Result<T, StoreError>, ActorProcessingErr> {
        let Some(mut held) = self.held.take() else {
            return Ok(Err(StoreError::Unopened {
                url: "of the configuration".into(),
                cause: "it is not open yet; it is tried again".into(),
            }));
        };
        let (held, result) = spawn_blocking(move || {
            let result = body(&mut held.store, &held.lease);
            (held, result)
        })
        .await?;
        self.held = Some(held);
        Ok(result)
    }

    /// A transaction that began with the fence has renewed the lease, or tells that it is lost.
    fn fenced<T>(&mut self, result: &Result<T, StoreError>) {
        match result {
            Ok(_) => self.renewed = Instant::now(),
            Err(error @ StoreError::LeaseHeld { .. }) => self.report(error),
            Err(_) => {}
        }
    }

    fn prune_if_due(&self, myself: &ActorRef<StoreMessage>) {
        if self.pruned.is_none_or(|pruned| pruned.elapsed() >= PRUNE_INTERVAL) {
            send(myself, StoreMessage::Prune);
        }
    }

    fn report(&self, error: &StoreError) {
        self.tell(SupervisorMessage::StoreTrouble { epoch: self.args.epoch, error: error.clone() });
    }

    fn tell(&self, message: SupervisorMessage) {
        send(&self.args.supervisor, message);
    }

    fn send_later(
        &mut self,
        myself: &ActorRef<StoreMessage>,
        after: Duration,
        message: impl Fn() -> StoreMessage + Send + 'static,
    ) {
        self.timer = Some(myself.send_after(after, message));
    }
}

/// Whoever is dead by now has no use for the answer: what he owed is asked again by his successor.
fn send<M: ractor::Message>(to: &ActorRef<M>, message: M) {
    let _ = to.cast(message);
}
