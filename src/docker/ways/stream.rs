//! A connection to a daemon, whatever it goes by.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::{Connected, Connection};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

use super::ssh::SshStream;
use super::tls::{TlsClient, TlsConnection};
use super::{tcp, usual};
use crate::docker::endpoint::Endpoint;

/// A connection of either kind.
#[derive(Debug)]
pub(in crate::docker) enum Stream {
    Unix(UnixStream),
    Tcp(TcpStream),
    Tls(Box<TlsConnection>),
    Ssh(Box<SshStream>),
}

impl Stream {
    /// Opens one. `tls` is there where the endpoint speaks it.
    pub(in crate::docker) async fn open(endpoint: &Endpoint, tls: Option<&TlsClient>) -> io::Result<Self> {
        match endpoint {
            Endpoint::Unix(path) => UnixStream::connect(path).await.map(Self::Unix),
            Endpoint::Usual(usual) => usual::connect_usual(usual).await.map(Self::Unix),
            Endpoint::Tcp { host, port } => tcp::connect(host, *port).await.map(Self::Tcp),
            Endpoint::Tls(secured) => {
                let stream = tcp::connect(&secured.host, secured.port).await?;
                let client = tls.expect("an endpoint that speaks TLS has a client of it");
                client.over(secured, stream).await.map(|stream| Self::Tls(Box::new(stream)))
            }
            Endpoint::Ssh(ssh) => SshStream::start(ssh).await.map(|stream| Self::Ssh(Box::new(stream))),
        }
    }
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

/// Does the same with whichever it is.
macro_rules! each_stream {
    ($stream:expr, $inner:ident => $call:expr) => {
        match $stream {
            Stream::Unix($inner) => $call,
            Stream::Tcp($inner) => $call,
            Stream::Tls($inner) => $call,
            Stream::Ssh($inner) => $call,
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        each_stream!(self.get_mut(), stream => Pin::new(stream).poll_read(cx, buf))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        each_stream!(self.get_mut(), stream => Pin::new(stream).poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each_stream!(self.get_mut(), stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each_stream!(self.get_mut(), stream => Pin::new(stream).poll_shutdown(cx))
    }
}
