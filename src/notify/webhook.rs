//! A receiver over HTTP. Its name is resolved once for each try, and the connection goes to an address that was judged:
//! a name that points elsewhere a moment later gets nothing.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::address::permitted;
use super::receiver::{Receiver, TellError};
use super::signature::Secret;
use super::tls::Tls;
use crate::config::{NotifyConfig, ReceiverUrl};
use crate::model::{BoxFuture, Notification, Timestamp};

/// For one try: the name, the connection, TLS, the request and the head of the answer.
const DEADLINE: Duration = Duration::from_secs(5);

/// Of an answer. Its head says whether the notification was taken; its body is not read.
const MOST_ANSWER_BYTES: usize = 64 * 1024;

/// Finds the addresses of a name.
type Resolve = fn(String, u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>>;

/// A URL that notifications are posted to.
#[derive(Debug)]
pub(super) struct Webhook {
    url: ReceiverUrl,
    secret_file: String,
    config: NotifyConfig,
    tls: Tls,
    resolve: Resolve,
}

impl Webhook {
    /// `None` if none is configured.
    pub(super) fn of(config: &NotifyConfig) -> Option<Self> {
        let (url, secret_file) = (config.url.clone()?, config.secret_file.clone()?);
        let tls = Tls::new(config.ca_file.clone());
        Some(Self { url, secret_file, config: config.clone(), tls, resolve: by_system })
    }

    async fn post(&self, notification: &Notification) -> Result<(), TellError> {
        let body = serde_json::to_vec(notification).expect("a notification has no keys but texts");
        let secret = self.secret().await?;
        let request = self.request(notification, &secret, body)?;
        let stream = self.connect().await?;
        let status = if self.url.is_https {
            let stream = self.tls.over(&self.url.host, &self.url.to_string(), stream).await?;
            self.answer(stream, request).await?
        } else {
            self.answer(stream, request).await?
        };
        let (url, code) = (self.url.to_string(), status.as_u16());
        match code {
            200..300 => Ok(()),
            300..400 => Err(TellError::Redirected { url, status: code }),
            _ => Err(TellError::Refused { url, status: code }),
        }
    }

    fn request(
        &self,
        notification: &Notification,
        secret: &Secret,
        body: Vec<u8>,
    ) -> Result<Request<Full<Bytes>>, TellError> {
        let signature = secret.sign(Timestamp::now(), &body);
        Request::post(&self.url.path)
            .header(header::HOST, self.url.authority())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, concat!("dockledger/", env!("CARGO_PKG_VERSION")))
            .header(header::CONNECTION, "close")
            .header("x-dockledger-id", &notification.id)
            .header("x-dockledger-event", notification.event.as_str())
            .header("x-dockledger-signature", signature)
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| self.unreached(&error))
    }

    /// The addresses that may be told.
    async fn addresses(&self) -> Result<Vec<SocketAddr>, TellError> {
        let host = self.url.host.clone();
        let found = (self.resolve)(host.clone(), self.url.port).await;
        let found = found.map_err(|error| TellError::Unresolved { host: host.clone(), cause: error.to_string() })?;
        permitted(&found, &self.config.allowed_addresses, self.url.is_https)
            .map_err(|refusal| TellError::NotAllowed { host, refusal })
    }

    async fn secret(&self) -> Result<Secret, TellError> {
        let path = self.secret_file.clone();
        spawn_blocking(move || Secret::read(&path)).await.map_err(|error| self.unreached(&error))?
    }

    /// Connects to the first of them that answers.
    async fn connect(&self) -> Result<TcpStream, TellError> {
        let told = self.addresses().await?;
        let mut failed = None;
        for address in told {
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => failed = Some(format!("{address}: {error}")),
            }
        }
        Err(self.unreached(&failed.unwrap_or_default()))
    }

    /// Sends the request and waits for the head of its answer.
    async fn answer(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin,
        request: Request<Full<Bytes>>,
    ) -> Result<StatusCode, TellError> {
        let handshake = http1::Builder::new().max_buf_size(MOST_ANSWER_BYTES).handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.map_err(|error| self.unreached(&error))?;
        let mut connection = pin!(connection);
        let mut answer = pin!(sender.send_request(request));
        let answered = tokio::select! {
            biased;
            answered = &mut answer => answered,
            // It may have closed right after its answer.
            _ = &mut connection => answer.await,
        };
        Ok(answered.map_err(|error| self.unreached(&error))?.status())
    }

    fn unreached(&self, cause: &(impl ToString + ?Sized)) -> TellError {
        TellError::Unreached { url: self.url.to_string(), cause: cause.to_string() }
    }
}

impl Receiver for Webhook {
    fn tell<'a>(&'a self, notification: &'a Notification) -> BoxFuture<'a, Result<(), TellError>> {
        Box::pin(async move {
            match timeout(DEADLINE, self.post(notification)).await {
                Ok(told) => told,
                Err(_) => Err(TellError::Overdue { url: self.url.to_string(), bound: DEADLINE }),
            }
        })
    }

    #[cfg(feature = "cli")]
    fn examine(&self) -> BoxFuture<'_, Result<String, TellError>> {
        Box::pin(async move {
            let looked = async {
                self.secret().await?;
                self.tls.examine().await?;
                self.addresses().await
            };
            match timeout(DEADLINE, looked).await {
                Ok(found) => Ok(format!("{} has {} addresses that may be told", self.url, found?.len())),
                Err(_) => Err(TellError::Overdue { url: self.url.to_string(), bound: DEADLINE }),
            }
        })
    }
}

fn by_system(host: String, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
    Box::pin(async move { Ok(tokio::net::lookup_host((host.as_str(), port)).await?.collect()) })
}

#[cfg(test)]
mod tests;
