//! Opens connections to the daemon for hyper's client, and counts them.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use hyper::Uri;
use hyper_util::rt::TokioIo;
use tokio::sync::watch;
use tower_service::Service;

use super::endpoint::Endpoint;
use super::ways::stream::Stream;
use super::ways::tls::TlsClient;

/// Connects to one endpoint, whatever host a request names.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    endpoint: Arc<Endpoint>,
    tls: Option<TlsClient>,
    opened: watch::Sender<u64>,
    connecting: Arc<AtomicBool>,
}

impl Connector {
    /// Nothing is opened yet.
    pub(super) fn new(endpoint: Arc<Endpoint>) -> Self {
        let tls = match &*endpoint {
            Endpoint::Tls(secured) => Some(TlsClient::new(secured.files.clone())),
            Endpoint::Unix(_) | Endpoint::Usual(_) | Endpoint::Tcp { .. } | Endpoint::Ssh(_) => None,
        };
        Self { endpoint, tls, opened: watch::Sender::new(0), connecting: Arc::default() }
    }

    /// How many connections were opened so far, and how that grows.
    pub(super) fn opened(&self) -> watch::Receiver<u64> {
        self.opened.subscribe()
    }

    /// Whether the last connection that was begun was not opened, nor failed.
    pub(super) fn is_connecting(&self) -> bool {
        self.connecting.load(Ordering::Relaxed)
    }

    async fn connect(self) -> io::Result<TokioIo<Stream>> {
        self.connecting.store(true, Ordering::Relaxed);
        let stream = Stream::open(&self.endpoint, self.tls.as_ref()).await;
        self.connecting.store(false, Ordering::Relaxed);
        let stream = stream?;
        self.opened.send_modify(|count| *count += 1);
        Ok(TokioIo::new(stream))
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Stream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<TokioIo<Stream>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        Box::pin(self.clone().connect())
    }
}
