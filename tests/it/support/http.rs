//! A ledger that is served on a port of its own, and a client that speaks to it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use dockledger::config::Config;
use dockledger::model::Trigger;
use dockledger::{HttpService, LedgerBuilder, LedgerHandle};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::UnixStream;

const BOUND: Duration = Duration::from_secs(20);

/// A running service.
pub(crate) struct Served {
    pub(crate) ledger: LedgerHandle,
    pub(crate) http: HttpService,
    pub(crate) address: SocketAddr,
    /// The control socket, by which everything may be done.
    pub(crate) control: PathBuf,
    client: Client<HttpConnector, Full<Bytes>>,
    _directory: TempDir,
}

/// An answer that was read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Served {
    /// Serves the ledger of a configuration, once its first pass is over.
    pub(crate) async fn start(config: &Config) -> Self {
        let mut config = config.clone();
        config.http.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let directory = tempfile::tempdir().expect("a temporary directory");
        let own = || directory.path().join("control/ledger.sock");
        let control = config.http.control_socket.get_or_insert_with(own).clone();
        let http = HttpService::new(&config.http).expect("it may be served so");
        let ledger = LedgerBuilder::new(config).service(http.service()).spawn().await.expect("the address makes sense");
        let mut status = ledger.watch_status();
        let is_up = status.wait_for(|status| status.listening.is_some() && status.last_report.is_some());
        let up = tokio::time::timeout(BOUND, is_up).await.expect("within its bound").expect("it lives");
        let address = up.listening.expect("it was waited for");
        // A connection for each request: the server closes one whose request it did not read to the end.
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http();
        drop(up);
        Self { ledger, http, address, control, client, _directory: directory }
    }

    /// How many passes ran because somebody asked.
    pub(crate) fn passes_asked_for(&self) -> u64 {
        let passes = self.ledger.status().tally.passes;
        passes.iter().filter(|((trigger, _), _)| *trigger == Trigger::Request).map(|(_, count)| count).sum()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "").await
    }

    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask("GET", path, headers, "").await
    }

    /// A request with a body of JSON, by the control socket.
    pub(crate) async fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.order(method, path, &[("content-type", "application/json")], &body.to_string()).await
    }

    /// A request by the control socket.
    pub(crate) async fn order(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let ordered = async {
            let stream = UnixStream::connect(&self.control).await.expect("the control socket is served");
            let shaken = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
            let (mut sender, connection) = shaken.expect("it speaks HTTP");
            tokio::spawn(connection);
            let response = sender.send_request(request(method, path, headers, body)).await;
            Answer::of(response.expect("an answer")).await
        };
        tokio::time::timeout(BOUND, ordered).await.unwrap_or_else(|_| panic!("no answer to {method} {path}"))
    }

    /// A request by loopback.
    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.ask_at(self.address, method, path, headers, body).await
    }

    /// A request by way of whoever passes it on.
    pub(crate) async fn ask_at(
        &self,
        at: SocketAddr,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let asked = async {
            let request = request(method, &format!("http://{at}{path}"), headers, body);
            Answer::of(self.client.request(request).await.expect("an answer")).await
        };
        tokio::time::timeout(BOUND, asked).await.unwrap_or_else(|_| panic!("no answer to {method} {path}"))
    }

    /// The changes as server-sent events.
    pub(crate) async fn follow(&self, path: &str, headers: &[(&str, &str)]) -> Events {
        let headers: Vec<_> = headers.iter().copied().chain([("accept", "text/event-stream")]).collect();
        let request = request("GET", &format!("http://{}{path}", self.address), &headers, "");
        let response = self.client.request(request).await.expect("an answer");
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Events { body: response.into_body(), read: String::new() }
    }
}

fn request(method: &str, uri: &str, headers: &[(&str, &str)], body: &str) -> Request<Full<Bytes>> {
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Full::new(Bytes::from(body.to_owned()))).expect("a request")
}

impl Answer {
    async fn of(response: Response<Incoming>) -> Self {
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("a whole body").to_bytes();
        let body = String::from_utf8(body.to_vec()).expect("text");
        Self { status: head.status, headers: head.headers, body }
    }

    /// The document, of an answer with that status.
    pub(crate) fn json(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Asserts that it is a problem document of that status and code.
    pub(crate) fn is_problem(&self, status: u16, code: &str) {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{self:?}");
        let problem = self.json(status);
        assert_eq!((&problem["status"], &problem["code"]), (&status.into(), &code.into()), "{problem}");
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// A stream of server-sent events.
pub(crate) struct Events {
    body: Incoming,
    read: String,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) id: Option<i64>,
    pub(crate) data: Value,
}

impl Events {
    /// The next event; `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        let next = async {
            loop {
                while let Some((block, rest)) = self.read.split_once("\n\n") {
                    let event = event(block);
                    self.read = rest.to_owned();
                    if event.is_some() {
                        return event;
                    }
                }
                let frame = self.body.frame().await?.expect("the stream ends and is not cut");
                let data = frame.into_data().expect("no trailers");
                self.read.push_str(std::str::from_utf8(&data).expect("no event is cut within a character"));
            }
        };
        tokio::time::timeout(BOUND, next).await.expect("an event within its bound")
    }
}

/// An event of its lines; keep-alives and `retry` are none.
fn event(block: &str) -> Option<Event> {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    Some(Event {
        name: field("event")?.to_owned(),
        id: field("id").map(|id| id.parse().expect("a revision")),
        data: serde_json::from_str(field("data").unwrap_or("null")).expect("JSON"),
    })
}
