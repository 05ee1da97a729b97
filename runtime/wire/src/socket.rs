//! A socket of one of the two families that connections use. It is driven by whoever polls it, without a task of its own.

use socket2::SockRef;
use std::io::{self, Read};
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

/// An open socket.
#[derive(Debug)]
pub(crate) enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Socket {
    /// Reads into `room`: as many bytes as there are, 0 at the end.
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        room: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut read = ReadBuf::new(room);
        let polled = match self {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, &mut read),
            Self::Unix(stream) => Pin::new(stream).poll_read(cx, &mut read),
        };
        polled.map_ok(|()| read.filled().len())
    }

    /// Reads what came before the connection broke, if it `is_broken`: all has come then that ever will, so the system is asked,
    /// whatever the reactor has told. Else it reads as [`Self::poll_read`] does.
    pub(crate) fn poll_read_or_rest(
        &mut self,
        is_broken: bool,
        cx: &mut Context<'_>,
        room: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if is_broken && let Some(read) = self.read_system(room).transpose() {
            return Poll::Ready(read);
        }
        self.poll_read(cx, room)
    }

    /// Writes as many bytes as the system takes.
    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Unix(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    /// Whether there may be something to read, as far as the reactor has told. It makes no system call; the waker is kept where
    /// the answer is no.
    pub(crate) fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => stream.poll_read_ready(cx),
            Self::Unix(stream) => stream.poll_read_ready(cx),
        }
    }

    /// Asks the system what there is to read, without waiting: `None` if there is nothing yet, 0 at the end.
    pub(crate) fn read_now(&self, room: &mut [u8]) -> io::Result<Option<usize>> {
        let read = match self {
            Self::Tcp(stream) => stream.try_read(room),
            Self::Unix(stream) => stream.try_read(room),
        };
        match read {
            Ok(count) => Ok(Some(count)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The same, whatever the reactor has told.
    pub(crate) fn read_system(&self, room: &mut [u8]) -> io::Result<Option<usize>> {
        let socket = match self {
            Self::Tcp(stream) => SockRef::from(stream),
            Self::Unix(stream) => SockRef::from(stream),
        };
        match (&*socket).read(room) {
            Ok(count) => Ok(Some(count)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes what the system takes without waiting: how many bytes, or `None` if it takes none now.
    pub(crate) fn write_now(&self, bytes: &[u8]) -> io::Result<Option<usize>> {
        let written = match self {
            Self::Tcp(stream) => stream.try_write(bytes),
            Self::Unix(stream) => stream.try_write(bytes),
        };
        match written {
            Ok(count) => Ok(Some(count)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether the system has neither bytes nor an end for this socket: it is asked, whatever the reactor has told.
    pub(crate) fn has_nothing(&self) -> bool {
        let socket = match self {
            Self::Tcp(stream) => SockRef::from(stream),
            Self::Unix(stream) => SockRef::from(stream),
        };
        let peeked = socket.peek(&mut [MaybeUninit::uninit()]);
        peeked.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Says that nothing more will be written.
    pub(crate) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }

    /// The address of the other end, if it has one.
    pub(crate) fn peer(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(stream) => stream.peer_addr().ok(),
            Self::Unix(_) => None,
        }
    }
}
