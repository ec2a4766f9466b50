//! A fixed answer. Pure.

/// An answer of HTTP/1.1, also one that lies about its length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    status: u16,
    body: Vec<u8>,
    framing: Framing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    Length(u64),
    UntilClose,
}

impl Reply {
    /// This status and body, with the body's true length.
    #[must_use]
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        Self { status, framing: Framing::Length(body.len() as u64), body }
    }

    /// The same with another `Content-Length`. The connection ends after the body.
    #[must_use]
    pub fn lying(self, content_length: u64) -> Self {
        Self { framing: Framing::Length(content_length), ..self }
    }

    /// The same without a length: the body ends with the connection.
    #[must_use]
    pub fn until_close(self) -> Self {
        Self { framing: Framing::UntilClose, ..self }
    }

    pub(super) fn head(&self) -> Vec<u8> {
        let length = match self.framing {
            Framing::Length(length) => format!("Content-Length: {length}\r\n"),
            Framing::UntilClose => "Connection: close\r\n".to_owned(),
        };
        format!("HTTP/1.1 {} Played\r\nContent-Type: application/json\r\n{length}\r\n", self.status).into_bytes()
    }

    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    /// Whether the client can tell where the body ends without the connection's end.
    pub(super) const fn keeps_connection(&self) -> bool {
        matches!(self.framing, Framing::Length(length) if length == self.body.len() as u64)
    }
}
