//! The end of a connection that the program holds the other end of, in the clear or over TLS.

use rustix::net::sockopt::set_socket_linger;
use rustls::{ServerConfig, ServerConnection};
use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// A connection of the program.
pub(super) struct Program {
    socket: TcpStream,
    tls: Option<Box<ServerConnection>>,
    /// Whether each byte goes out by itself.
    is_slow: bool,
}

/// Whether the bytes of a connection go out by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    Whole,
    ByteByByte,
}

impl Program {
    /// Takes a connection; with settings of TLS it shakes hands when something is read.
    pub(super) fn new(
        socket: TcpStream,
        tls: Option<&Arc<ServerConfig>>,
        pace: Pace,
    ) -> Result<Self> {
        socket.set_nodelay(true)?;
        let tls = tls.map(|settings| ServerConnection::new(Arc::clone(settings)));
        let mut tls = tls.transpose().map_err(Error::other)?.map(Box::new);
        if let Some(tls) = &mut tls {
            tls.set_buffer_limit(None);
        }
        Ok(Self {
            socket,
            tls,
            is_slow: pace == Pace::ByteByByte,
        })
    }

    /// Appends what comes next: how many bytes, 0 at the end.
    pub(super) fn more(&mut self, left: &mut Vec<u8>) -> Result<usize> {
        let mut piece = [0; 16 << 10];
        let came = match self.tls.take() {
            Some(mut tls) => {
                let came = self.opened(&mut tls, &mut piece);
                self.tls = Some(tls);
                came
            }
            None => self.socket.read(&mut piece),
        };
        let count = match came {
            // The program says no farewell.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => 0,
            came => came?,
        };
        left.extend_from_slice(&piece[..count]);
        Ok(count)
    }

    /// Reads what TLS brings. What the program sent before it closed is read also where it hears nothing more.
    fn opened(&mut self, tls: &mut ServerConnection, piece: &mut [u8]) -> Result<usize> {
        let mut socket = Paced(&mut self.socket, self.is_slow);
        loop {
            match tls.reader().read(piece) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                came => return came,
            }
            while tls.is_handshaking() && tls.wants_write() {
                tls.write_tls(&mut socket)?;
            }
            if tls.read_tls(&mut socket)? == 0 {
                return Ok(0);
            }
            tls.process_new_packets().map_err(Error::other)?;
            while tls.wants_write() && tls.write_tls(&mut socket).is_ok() {}
        }
    }

    /// Sends bytes.
    pub(super) fn say(&mut self, bytes: &[u8]) -> Result<()> {
        self.write(bytes, self.is_slow)
    }

    /// Sends bytes one by one: each in a record of its own, which goes out byte by byte as well.
    pub(super) fn say_byte_by_byte(&mut self, bytes: &[u8]) -> Result<()> {
        bytes.iter().try_for_each(|byte| self.write(&[*byte], true))
    }

    /// Says that nothing more comes.
    pub(super) fn says_no_more(&mut self) -> Result<()> {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
            self.write(&[], self.is_slow)?;
        }
        self.socket.shutdown(Shutdown::Write)
    }

    /// Says that nothing more comes, and waits until the program closes: a socket that is closed with something unread makes a
    /// reset of it.
    pub(super) fn closes(mut self) -> Result<()> {
        // It may have closed already.
        let _ = self.socket.shutdown(Shutdown::Write);
        while self.more(&mut Vec::new())? > 0 {}
        Ok(())
    }

    /// Breaks the connection off, behind all that was said: a reset drops what the system has not sent yet, as bytes that go out
    /// one by one may be.
    pub(super) fn reset(self) {
        if self.is_slow {
            while self.has_unsent() {
                std::thread::yield_now();
            }
        }
        // A socket that is gone already needs no reset.
        let _ = set_socket_linger(&self.socket, Some(Duration::ZERO));
    }

    /// Whether the system has bytes that the program's has not acknowledged.
    fn has_unsent(&self) -> bool {
        let (Ok(here), Ok(there)) = (self.socket.local_addr(), self.socket.peer_addr()) else {
            return false;
        };
        let ports = [here, there].map(|address| format!(":{:04X}", address.port()));
        let table = std::fs::read_to_string("/proc/net/tcp").expect("the system's connections");
        // Its number, both addresses, its state, and what waits to be sent and to be read.
        let mut lines = table.lines().map(|line| line.split_whitespace());
        let line = lines.find(|words| {
            let mut addresses = words.clone().skip(1).take(2).zip(&ports);
            addresses.all(|(address, port)| address.ends_with(port.as_str()))
        });
        let waits = line.and_then(|mut words| words.nth(4));
        waits.is_some_and(|waits| !waits.starts_with("00000000:"))
    }

    fn write(&mut self, bytes: &[u8], is_slow: bool) -> Result<()> {
        let mut socket = Paced(&mut self.socket, is_slow);
        let Some(tls) = &mut self.tls else {
            return socket.write_all(bytes);
        };
        tls.writer().write_all(bytes)?;
        while tls.wants_write() {
            tls.write_tls(&mut socket)?;
        }
        Ok(())
    }
}

/// A socket that may take one byte at a time.
struct Paced<'a>(&'a mut TcpStream, bool);

impl Read for Paced<'_> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        self.0.read(into)
    }
}

impl Write for Paced<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let most = if self.1 { 1 } else { bytes.len() };
        self.0.write(&bytes[..most.min(bytes.len())])
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}
