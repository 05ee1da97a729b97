//! A connection to a socket in the file system.

use crate::trouble::{Kind, Phase, Trouble};
use std::io;
use std::path::Path;
use std::time::Duration;
use tokio::net::UnixStream;

/// How long the first and each later wait for room in the server's queue is: they double up to the second.
const WAITS: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(100));

/// Connects. Where the server's queue of connections is full, the system would let a blocking call wait and tells any other to
/// come again, so it is asked again until there is room; whoever waits has a time limit.
pub(super) async fn connect(path: &Path) -> Result<UnixStream, Trouble> {
    let mut wait = WAITS.0;
    loop {
        match UnixStream::connect(path).await {
            Ok(stream) => return Ok(stream),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(WAITS.1);
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                let text = "the path of a socket has at most 107 bytes, none of them zero";
                return Err(Trouble::new(Kind::Unreachable, Phase::Dial, text));
            }
            Err(error) => return Err(Trouble::of_system(Phase::Dial, &error)),
        }
    }
}
