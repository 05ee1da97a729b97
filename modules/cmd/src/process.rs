//! A command that runs: its processes as one group, and its streams.
//!
//! The first process is not waited for until its group has been signalled for the last time. Until then the system gives its number, which is
//! that of the group, to nobody else, so no signal can meet a stranger.

use crate::output::Output;
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::pin::Pin;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::AsyncWrite;
use tokio::net::unix::pipe::Sender;
use tokio::signal::unix::{self, SignalKind};

/// A command that was started. Dropped before [`Self::reap`] its processes are killed.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    group: Pid,
    /// Tells that some child of this program has changed.
    changes: unix::Signal,
    stdin: Option<Input>,
    /// Standard output.
    pub(crate) stdout: Output,
    /// Standard error.
    pub(crate) stderr: Output,
    /// The first process is over; its number is still taken.
    has_ended: bool,
    was_asked_to_end: bool,
    /// How it ended, once nothing is left of it.
    reaped: Option<ExitStatus>,
}

/// What is still to be written to standard input.
#[derive(Debug)]
struct Input {
    pipe: Sender,
    bytes: Vec<u8>,
    written: usize,
}

impl Process {
    /// Starts a command in a group of its own. `most` bytes are kept of each of its streams. The thread is held up until the
    /// program is loaded, about a millisecond.
    ///
    /// # Errors
    /// It cannot be started.
    pub(crate) fn start(
        command: &mut Command,
        stdin: Option<Vec<u8>>,
        most: usize,
    ) -> io::Result<Self> {
        // Before the start, so that no end is missed.
        let changes = unix::signal(SignalKind::child())?;
        let mut child = command
            .process_group(0)
            .stdin(stdin.as_ref().map_or_else(Stdio::null, |_| Stdio::piped()))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let group = i32::try_from(child.id()).map(Pid::from_raw);
        let group = group.map_err(|_| io::Error::other("the command has no number"))?;
        match Self::streams(&mut child, stdin, most) {
            Ok((stdin, stdout, stderr)) => Ok(Self {
                child,
                group,
                changes,
                stdin,
                stdout,
                stderr,
                has_ended: false,
                was_asked_to_end: false,
                reaped: None,
            }),
            Err(error) => {
                // Already over is fine.
                let _ = killpg(group, Signal::SIGKILL);
                let _ = child.wait();
                Err(error)
            }
        }
    }

    fn streams(
        child: &mut Child,
        stdin: Option<Vec<u8>>,
        most: usize,
    ) -> io::Result<(Option<Input>, Output, Output)> {
        let missing = || io::Error::other("a pipe of the command is missing");
        let input = match stdin {
            Some(bytes) => {
                let pipe: OwnedFd = child.stdin.take().ok_or_else(missing)?.into();
                Some(Input {
                    pipe: Sender::from_owned_fd(pipe)?,
                    bytes,
                    written: 0,
                })
            }
            None => None,
        };
        let stdout = Output::new(child.stdout.take().ok_or_else(missing)?, most)?;
        let stderr = Output::new(child.stderr.take().ok_or_else(missing)?, most)?;
        Ok((input, stdout, stderr))
    }

    /// Completes when the first process is over and no process holds the streams any more. May be dropped and asked again.
    pub(crate) async fn until_closed(&mut self) {
        std::future::poll_fn(|cx| {
            let closed = self.poll_streams(cx);
            let ended = self.poll_ended(cx);
            if closed.is_ready() {
                ended
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    /// Completes when the first process is over. The streams are read and written meanwhile.
    async fn until_ended(&mut self) {
        std::future::poll_fn(|cx| {
            let _ = self.poll_streams(cx);
            self.poll_ended(cx)
        })
        .await;
    }

    /// The number of the first process.
    #[cfg(test)]
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether the first process is over.
    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Asks all processes to end. Once is enough: to some programs a second time means at once.
    pub(crate) fn ask_to_end(&mut self) {
        if !std::mem::replace(&mut self.was_asked_to_end, true) {
            self.signal(Signal::SIGTERM);
        }
    }

    /// Asks all processes to end, kills them after a grace, and completes when the first one is over. What is left of the others then is
    /// killed by [`Self::reap`].
    pub(crate) async fn stop(&mut self, grace: Duration) {
        self.ask_to_end();
        let ended = tokio::time::timeout(grace, self.until_ended()).await;
        if ended.is_err() {
            self.signal(Signal::SIGKILL);
            self.until_ended().await;
        }
    }

    /// Kills what is left of the group, and waits for the first process, which is over.
    ///
    /// # Errors
    /// Somebody else has waited for it.
    pub(crate) fn reap(&mut self) -> io::Result<ExitStatus> {
        if let Some(status) = self.reaped {
            return Ok(status);
        }
        self.signal(Signal::SIGKILL);
        let status = self.child.wait()?;
        self.reaped = Some(status);
        Ok(status)
    }

    fn signal(&self, signal: Signal) {
        if self.reaped.is_none() {
            // A group of which nobody is left needs no signal.
            let _ = killpg(self.group, signal);
        }
    }

    fn poll_streams(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_input(cx);
        let stdout = self.stdout.poll_end(cx);
        let stderr = self.stderr.poll_end(cx);
        if stdout.is_ready() && stderr.is_ready() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Writes what fits. A command may leave its input unread: then the rest is dropped.
    fn poll_input(&mut self, cx: &mut Context<'_>) {
        while let Some(input) = &mut self.stdin {
            let rest = &input.bytes[input.written..];
            if rest.is_empty() {
                self.stdin = None;
                return;
            }
            match Pin::new(&mut input.pipe).poll_write(cx, rest) {
                Poll::Pending => return,
                Poll::Ready(Ok(written)) if written > 0 => input.written += written,
                Poll::Ready(_) => self.stdin = None,
            }
        }
    }

    fn poll_ended(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while !self.has_ended {
            let options = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
            match waitid(Id::Pid(self.group), options) {
                // It runs: the next change is waited for.
                Ok(WaitStatus::StillAlive) => {}
                // It is over, or nobody can tell any more.
                Ok(_) | Err(_) => {
                    self.has_ended = true;
                    break;
                }
            }
            if ready!(self.changes.poll_recv(cx)).is_none() {
                self.has_ended = true;
            }
        }
        Poll::Ready(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.reaped.is_none() {
            self.signal(Signal::SIGKILL);
            // It is not waited for: that could hold up the thread.
            let _ = self.child.try_wait();
        }
    }
}
