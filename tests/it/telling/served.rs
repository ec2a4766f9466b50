//! A ledger that is served, and a client that says just what it is told to.

use std::net::SocketAddr;
use std::time::Duration;

use dockledger::config::Config;
use dockledger::{HttpService, LedgerBuilder, LedgerHandle};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::whole::ledger::Case;

/// Longer than anything here takes: only a fault makes a test wait for it.
pub(super) const BOUND: Duration = Duration::from_secs(30);

pub(super) struct Served {
    pub(super) case: Case,
    pub(super) ledger: LedgerHandle,
    pub(super) address: SocketAddr,
}

/// What was answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Served {
    /// A service over the case, served at any port, after its first pass.
    pub(super) async fn over(case: Case) -> Self {
        let mut config: Config = case.config.clone();
        config.http.listen = "127.0.0.1:0".parse().expect("an address");
        let http = HttpService::new(&config.http).expect("it may be served so");
        let ledger =
            LedgerBuilder::new(config).service(http.service()).spawn().await.expect("nothing is wrong with it");
        let mut status = ledger.watch_status();
        let is_served = status.wait_for(|status| status.listening.is_some() && status.last_report.is_some());
        let served = tokio::time::timeout(BOUND, is_served).await.expect("it is served soon").expect("it lives");
        let address = served.listening.expect("it was waited for");
        drop(served);
        Self { case, ledger, address }
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[]).await.expect("it answers")
    }

    pub(super) async fn post(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask("POST", path, headers).await.expect("it answers")
    }

    pub(super) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> std::io::Result<Answer> {
        ask(self.address, method, path, headers).await
    }
}

/// One request on a connection of its own; an error if the connection broke before there was an answer.
pub(super) async fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(address).await?;
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: 0\r\n{headers}\r\n"
    );
    // A server that has heard enough may close before all is said, and has answered then.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let read = tokio::time::timeout(BOUND, stream.read_to_end(&mut answer)).await.expect("it is answered");
    if answer.is_empty() {
        read?;
    }
    let text = String::from_utf8(answer).expect("UTF-8");
    let (head, body) = text.split_once("\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Ok(Answer { status, head: head.to_lowercase(), body: body.to_owned() })
}

impl Answer {
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The value of a series, by its name and labels as they are written.
    pub(super) fn sample(&self, series: &str) -> f64 {
        let line = self.body.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {series} in {}", self.body))
    }
}
