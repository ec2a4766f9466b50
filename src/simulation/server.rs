//! The engine's API, served from a world over a unix socket.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::os::unix::net::UnixListener as StdListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use http_body_util::{Either, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::UnixListener;
use tokio::sync::watch;

use super::api::{self, Answer, Request};
use super::render::API_VERSION;
use super::socket::{SocketPlace, listen};
use super::streams::{EventBody, Streams};
use super::world::World;
use crate::model::ContainerId;

/// A daemon that serves one [`World`] over a unix socket in a directory of its own. It runs on a thread of its own, so
/// that it neither needs nor disturbs the caller's runtime and clock; it stops, and its socket goes, when it is
/// dropped.
#[derive(Debug)]
pub struct SimulatedDaemon {
    place: SocketPlace,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl SimulatedDaemon {
    /// Serves the world from now on. Fails if the socket or the thread cannot be made.
    pub fn start(mut world: World) -> io::Result<Self> {
        let place = SocketPlace::new("simulated")?;
        let listener = listen(&place.socket())?;
        // From now on what happens is told; what was before is kept for those who ask.
        world.log.take_untold();
        let shared = Arc::new(Shared {
            world: Mutex::new(world),
            faults: watch::Sender::new(Faults::default()),
            stop: watch::Sender::new(false),
            requests: Mutex::default(),
            list: Mutex::new(None),
            streams: Mutex::default(),
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        let served = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("simulated-daemon".into()).spawn(move || {
            runtime.block_on(serve(listener, served));
        })?;
        Ok(Self { place, shared, thread: Some(thread) })
    }

    /// The socket's path.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.place.socket()
    }

    /// The address in the form of `DOCKER_HOST`.
    #[must_use]
    pub fn docker_host(&self) -> String {
        self.place.docker_host()
    }

    /// Reads or changes the world; no request is answered meanwhile.
    pub fn with<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        let mut world = lock(&self.shared.world);
        *lock(&self.shared.list) = None;
        let done = act(&mut world);
        lock(&self.shared.streams).tell(&mut world);
        done
    }

    /// From now on no event is sent, as to a stream that is half dead. What happens meanwhile is kept as ever, for
    /// streams that are opened later and ask for it.
    pub fn lose_events(&self, lose: bool) {
        lock(&self.shared.streams).loses = lose;
    }

    /// From now on each event is sent twice.
    pub fn repeat_events(&self, repeat: bool) {
        lock(&self.shared.streams).repeats = repeat;
    }

    /// From now on the events of what happens at once are sent last first.
    pub fn disorder_events(&self, disorder: bool) {
        lock(&self.shared.streams).disorders = disorder;
    }

    /// Ends the streams of events in the middle, as a daemon that is killed.
    pub fn cut_events(&self) {
        lock(&self.shared.streams).cut();
    }

    /// Ends the streams of events in order.
    pub fn end_events(&self) {
        lock(&self.shared.streams).end();
    }

    /// Sends raw bytes on the streams of events.
    pub fn send_on_events(&self, bytes: impl Into<Bytes>) {
        lock(&self.shared.streams).send(&bytes.into());
    }

    /// How many streams of events are open. A client that went away is noticed a moment later.
    #[must_use]
    pub fn followers(&self) -> usize {
        lock(&self.shared.streams).count()
    }

    /// How often each call came, by calls like `GET /containers/{id}/json`, hanging ones included.
    #[must_use]
    pub fn requests(&self) -> BTreeMap<String, usize> {
        lock(&self.shared.requests).clone()
    }

    /// Forgets the requests counted so far.
    pub fn forget_requests(&self) {
        lock(&self.shared.requests).clear();
    }

    /// From now on a list is answered only when this is taken back; then those that wait are answered.
    pub fn hang_list(&self, hang: bool) {
        self.shared.faults.send_modify(|faults| faults.list = hang);
    }

    /// The same for the head of a stream of events.
    pub fn hang_events(&self, hang: bool) {
        self.shared.faults.send_modify(|faults| faults.events = hang);
    }

    /// The same for `/info`, which hangs when the container runtime does.
    pub fn hang_info(&self, hang: bool) {
        self.shared.faults.send_modify(|faults| faults.info = hang);
    }

    /// The same for the inspect of one container.
    pub fn hang_inspect(&self, container: &ContainerId, hang: bool) {
        self.shared.faults.send_modify(|faults| {
            if hang {
                faults.inspects.insert(container.clone());
            } else {
                faults.inspects.remove(container);
            }
        });
    }

    /// From now on every path that begins so, without its version, is answered with this status and an error page.
    /// `None` takes it back.
    pub fn fail(&self, path_prefix: &str, status: Option<u16>) {
        self.shared.faults.send_modify(|faults| {
            match status {
                Some(status) => faults.failing.insert(path_prefix.into(), status),
                None => faults.failing.remove(path_prefix),
            };
        });
    }
}

impl Drop for SimulatedDaemon {
    fn drop(&mut self) {
        self.shared.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // A panic of the server has already been printed; a second one here would abort the test.
            let _ = thread.join();
        }
    }
}

#[derive(Debug)]
struct Shared {
    world: Mutex<World>,
    faults: watch::Sender<Faults>,
    stop: watch::Sender<bool>,
    requests: Mutex<BTreeMap<String, usize>>,
    /// The list of all containers, until the world may have changed: rendering 10,000 containers would else be most of
    /// what a benchmark measures. Locked after the world.
    list: Mutex<Option<Bytes>>,
    /// Locked after the world.
    streams: Mutex<Streams>,
}

#[derive(Clone, Debug, Default)]
struct Faults {
    list: bool,
    events: bool,
    info: bool,
    inspects: HashSet<ContainerId>,
    failing: HashMap<String, u16>,
}

impl Faults {
    fn status_for(&self, path: &str) -> Option<u16> {
        self.failing.iter().find(|(prefix, _)| path.starts_with(prefix.as_str())).map(|(_, status)| *status)
    }
}

/// A poisoned lock means that a test panicked inside [`SimulatedDaemon::with`]; what it guards is still whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(listener: StdListener, shared: Arc<Shared>) {
    let listener = UnixListener::from_std(listener).expect("the runtime has I/O and the socket does not block");
    let mut stop = shared.stop.subscribe();
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            accepted = listener.accept() => {
                // Out of file handles: the next accept may succeed.
                let Ok((stream, _)) = accepted else { tokio::task::yield_now().await; continue };
                tokio::spawn(serve_connection(TokioIo::new(stream), Arc::clone(&shared)));
            }
        }
    }
}

async fn serve_connection(stream: TokioIo<tokio::net::UnixStream>, shared: Arc<Shared>) {
    let service = service_fn(move |request| respond(request, Arc::clone(&shared)));
    // A client that goes away in mid-answer is its own business.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(stream, service).await;
}

/// Whole, or a stream without an end.
type AnswerBody = Either<Full<Bytes>, EventBody>;

async fn respond(
    request: hyper::Request<Incoming>,
    shared: Arc<Shared>,
) -> Result<hyper::Response<AnswerBody>, hyper::http::Error> {
    let request = Request::new(request.method().as_str(), request.uri().path(), request.uri().query());
    *lock(&shared.requests).entry(request.call()).or_default() += 1;
    wait_while_hanging(&request, &shared).await;
    let failing = shared.faults.borrow().status_for(&request.path);
    let (status, content_type, body) = match (failing, request.events()) {
        (Some(status), _) => {
            let page = Bytes::from(format!("<html><h1>{status}</h1></html>"));
            (status, "text/html", Either::Left(Full::new(page)))
        }
        (None, Some(Ok(query))) => {
            let world = lock(&shared.world);
            let followed = lock(&shared.streams).follow(query, &world);
            (200, "application/json", Either::Right(followed))
        }
        (None, Some(Err(error))) => whole(api::refusal(&error)),
        (None, None) if is_whole_list(&request) => {
            (200, "application/json", Either::Left(Full::new(whole_list(&shared))))
        }
        (None, None) => whole(answer(&request, &shared)),
    };
    hyper::Response::builder()
        .status(status)
        .header("Api-Version", API_VERSION)
        .header("Content-Type", content_type)
        .header("Server", "Docker/28.2.2 (linux)")
        .body(body)
}

fn whole(answer: Answer) -> (u16, &'static str, AnswerBody) {
    (answer.status, answer.content_type, Either::Left(Full::new(answer.body.into())))
}

async fn wait_while_hanging(request: &Request, shared: &Shared) {
    let listed = request.path == "/containers/json";
    let asked_info = request.path == "/info";
    let asked_events = request.path == "/events";
    let inspected = request.inspected().and_then(|key| lock(&shared.world).find(key).ok());
    let hangs = |faults: &Faults| {
        (listed && faults.list)
            || (asked_info && faults.info)
            || (asked_events && faults.events)
            || inspected.as_ref().is_some_and(|id| faults.inspects.contains(id))
    };
    // The sender lives in `shared`, so waiting ends only by the condition, or with the connection.
    let _ = shared.faults.subscribe().wait_for(|faults| !hangs(faults)).await;
}

fn is_whole_list(request: &Request) -> bool {
    request.method == "GET" && request.path == "/containers/json" && matches!(&*request.query, "all=1" | "all=true")
}

fn whole_list(shared: &Shared) -> Bytes {
    let world = lock(&shared.world);
    let mut cached = lock(&shared.list);
    cached.get_or_insert_with(|| Bytes::from(world.render_list(true))).clone()
}

fn answer(request: &Request, shared: &Shared) -> Answer {
    let mut world = lock(&shared.world);
    if request.method != "GET" {
        *lock(&shared.list) = None;
    }
    let answer = api::answer(&mut world, request);
    lock(&shared.streams).tell(&mut world);
    answer
}

#[cfg(test)]
mod tests;
