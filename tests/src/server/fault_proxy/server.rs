//! Messages of HTTP/1 as bytes, and the server that answers them.

use std::io::{ErrorKind, Read, Result, Write};
use std::net::{SocketAddr, TcpStream};

/// A message: its head with the empty line, and its body.
pub(super) struct Message {
    pub(super) head: Vec<u8>,
    pub(super) body: Vec<u8>,
}

impl Message {
    pub(super) fn bytes(&self) -> Vec<u8> {
        [&*self.head, &*self.body].concat()
    }

    /// A word of its first line.
    pub(super) fn word(&self, at: usize) -> String {
        let line = self.head.split(|byte| *byte == b'\r').next();
        let line = String::from_utf8_lossy(line.unwrap_or_default()).into_owned();
        line.split(' ').nth(at).unwrap_or_default().to_owned()
    }

    pub(super) fn status(&self) -> u16 {
        self.word(1).parse().expect("a status")
    }

    /// Its fields, in their order.
    pub(super) fn fields(&self) -> Vec<(String, String)> {
        let text = String::from_utf8_lossy(&self.head).into_owned();
        let lines = text.lines().skip(1);
        let fields = lines.filter_map(|line| line.split_once(':'));
        fields
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect()
    }

    pub(super) fn field(&self, name: &str) -> Option<String> {
        let mut fields = self.fields().into_iter();
        fields.find_map(|(known, value)| (known == name).then_some(value))
    }

    /// Whether the connection is over behind it.
    pub(super) fn is_last(&self) -> bool {
        self.field("connection")
            .is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }

    /// How long its body is, as its head says.
    ///
    /// # Errors
    /// It is in chunks, which neither end of these tests sends.
    pub(super) fn length(&self) -> Result<usize> {
        if self.field("transfer-encoding").is_some() {
            return Err(ErrorKind::InvalidData.into());
        }
        let length = self.field("content-length");
        Ok(length.map_or(0, |length| length.parse().expect("a length")))
    }
}

/// The next head, from what `more` appends. `None` if the connection ended before it was whole.
pub(super) fn head(
    left: &mut Vec<u8>,
    mut more: impl FnMut(&mut Vec<u8>) -> Result<usize>,
) -> Result<Option<Message>> {
    let end = loop {
        if let Some(at) = left.windows(4).position(|part| part == b"\r\n\r\n") {
            break at + 4;
        }
        if more(left)? == 0 {
            return Ok(None);
        }
    };
    Ok(Some(Message {
        head: left.drain(..end).collect(),
        body: Vec::new(),
    }))
}

/// The next bytes, so many, from what `more` appends.
///
/// # Errors
/// The connection ended before they were there.
pub(super) fn exactly(
    length: usize,
    left: &mut Vec<u8>,
    mut more: impl FnMut(&mut Vec<u8>) -> Result<usize>,
) -> Result<Vec<u8>> {
    while left.len() < length {
        if more(left)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(left.drain(..length).collect())
}

/// The server, over a connection that is made when it is needed.
pub(super) struct Server {
    address: SocketAddr,
    socket: Option<TcpStream>,
}

impl Server {
    pub(super) fn new(address: SocketAddr) -> Self {
        Self {
            address,
            socket: None,
        }
    }

    /// The whole answer to a request; `None` if the server closed or cannot be reached.
    pub(super) fn answer(&mut self, request: &[u8]) -> Option<Message> {
        let mut socket = match self.socket.take() {
            Some(socket) => socket,
            None => {
                let socket = TcpStream::connect(self.address).ok()?;
                socket.set_nodelay(true).ok()?;
                socket
            }
        };
        socket.write_all(request).ok()?;
        let mut more = |left: &mut Vec<u8>| {
            let mut piece = [0; 16 << 10];
            let count = socket.read(&mut piece)?;
            left.extend_from_slice(&piece[..count]);
            Ok(count)
        };
        let mut left = Vec::new();
        let mut answer = head(&mut left, &mut more).ok().flatten()?;
        answer.body = exactly(answer.length().ok()?, &mut left, &mut more).ok()?;
        self.socket = Some(socket);
        Some(answer)
    }
}
