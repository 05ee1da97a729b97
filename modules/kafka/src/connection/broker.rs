//! One connection to a broker. Requests go out one behind the other, and a broker answers in the order in which they came.
//!
//! ```text
//! ask, send -> out -> wire -> broker -> wire -answers in order-> asked: kept for who asked, who is woken
//!                                                             '-> heard: handed over at once, from where they stand
//! ```
//!
//! It has no task: whoever waits for an answer drives it, for all. tokio keeps one reader's waker a socket, that of who drove last, so
//! who leaves wakes the others that wait.

use crate::connection::ask::{Ask, Versions};
use crate::kafka_produce::Error as Kind;
use crate::outcome;
use bggo_runtime::contract::{Fault, FaultText};
use bggo_wire::Wire;
use bytes::Bytes;
use kafka_protocol::messages::{ApiKey, RequestHeader};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, StrBytes};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

/// The most bytes of an answer.
const MOST: usize = 512 << 20;
/// Length, then the number that the answer repeats.
const HEAD: usize = 8;

/// A connection.
#[derive(Debug)]
pub(crate) struct Connection(RefCell<Inner>);

#[derive(Debug)]
struct Inner {
    wire: Wire,
    client_id: StrBytes,
    versions: Versions,
    /// The number of the next request.
    next: i32,
    /// Requests whose answers are to come, in order.
    open: VecDeque<Open>,
    /// Answers that came for who asked, until they are taken.
    came: Vec<(i32, Bytes)>,
    /// Who waits for an answer.
    waiting: Vec<(i32, Waker)>,
    end: Option<Fault>,
    /// Memory for what is sent.
    room: Vec<u8>,
}

/// A request whose answer is to come.
#[derive(Debug, Clone, Copy)]
struct Open {
    number: i32,
    goes: Goes,
}

/// Where an answer goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Goes {
    /// It is kept for who asked.
    Kept,
    /// It is handed over by [`Connection::poll`].
    Heard,
    /// Nobody waits for it any more.
    Nowhere,
}

/// What takes the answers of requests that were sent by [`Connection::send_bytes`]: the number of the request, and the bytes behind it.
pub(crate) type Hears<'a> = &'a mut dyn FnMut(i32, &[u8]);

impl Connection {
    pub(crate) fn new(wire: Wire, client_id: StrBytes) -> Self {
        Self(RefCell::new(Inner {
            wire,
            client_id,
            versions: Versions::default(),
            next: 0,
            open: VecDeque::new(),
            came: Vec::new(),
            waiting: Vec::new(),
            end: None,
            room: Vec::new(),
        }))
    }

    /// From here on requests have the versions that the broker knows.
    pub(crate) fn knows(&self, versions: Versions) {
        self.0.borrow_mut().versions = versions;
    }

    /// The newest version of a request that both ends know, of those up to `newest`.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn version(&self, key: ApiKey, oldest: i16, newest: i16) -> Result<i16, Fault> {
        let common = self.0.borrow().versions.common(key, oldest, newest);
        common.ok_or_else(|| {
            let text =
                format_args!("the broker does not know {key:?} in a version that is known here");
            Kind::Protocol.fault(FaultText::plain(text))
        })
    }

    /// Whether it is of no use any more.
    pub(crate) fn is_over(&self) -> bool {
        self.0.borrow().end.is_some()
    }

    /// Whether the system has not taken all that is to be sent.
    pub(crate) fn has_unsent(&self) -> bool {
        self.0.borrow().wire.has_unsent()
    }

    /// It is of no use any more, such as one whose answer did not come in time.
    pub(crate) fn give_up(&self, fault: Fault) {
        self.0.borrow_mut().ends(fault);
    }

    /// Asks, in the newest version that both ends know, and waits for the answer. Who is dropped before gets none.
    ///
    /// # Errors
    /// The broker does not know the request, the connection ended, or the answer is none.
    pub(crate) async fn ask<A: Ask>(&self, request: &A) -> Result<A::Answer, Fault> {
        let version = self.version(A::KEY, 0, A::NEWEST)?;
        self.ask_in(request, version).await
    }

    /// The same in a version.
    ///
    /// # Errors
    /// See [`Self::ask`].
    pub(crate) async fn ask_in<A: Ask>(
        &self,
        request: &A,
        version: i16,
    ) -> Result<A::Answer, Fault> {
        let asked = self.begin(request, version)?;
        let mut bytes = poll_fn(|cx| asked.poll(cx)).await?;
        decode::<A>(&mut bytes, version)
    }

    /// Asks without waiting: [`Asked::poll`] does. For who waits for several things at a time.
    ///
    /// # Errors
    /// The request cannot be written, or the connection is over.
    pub(crate) fn begin<A: Ask>(&self, request: &A, version: i16) -> Result<Asked<'_>, Fault> {
        let number = self.0.borrow_mut().write(request, version)?;
        Ok(Asked {
            connection: self,
            number,
        })
    }

    /// Sends a request that is written already, all of it: `write` gets the number that it has to have. Its answer is handed over by
    /// [`Self::poll`]; there is none to come if `is_answered` says so. It goes out with the next poll at the latest.
    pub(crate) fn send_bytes(&self, is_answered: bool, write: impl FnOnce(i32, &mut Wire)) -> i32 {
        let inner = &mut *self.0.borrow_mut();
        let number = inner.number();
        if inner.end.is_none() {
            if is_answered {
                inner.open.push_back(Open {
                    number,
                    goes: Goes::Heard,
                });
            } else {
                inner.wire.send_only();
            }
            write(number, &mut inner.wire);
        }
        number
    }

    /// Sends what is to be sent and takes what has come, until nothing more can be done now. Answers of requests that were sent by
    /// [`Self::send_bytes`] are handed over. Ready when the connection is over.
    pub(crate) fn poll(&self, cx: &mut Context<'_>, hears: Hears<'_>) -> Poll<Fault> {
        let inner = &mut *self.0.borrow_mut();
        inner.drive(cx, hears);
        match &inner.end {
            Some(fault) => Poll::Ready(fault.clone()),
            None => Poll::Pending,
        }
    }
}

/// The answer of a request, as the codec reads it.
///
/// # Errors
/// It is none.
pub(crate) fn decode<A: Ask>(bytes: &mut Bytes, version: i16) -> Result<A::Answer, Fault> {
    let no_answer = |_| {
        let text = format_args!("what came is no answer to {:?}", A::KEY);
        Kind::Protocol.fault(FaultText::plain(text))
    };
    skip_tags(bytes, A::Answer::header_version(version))
        .ok_or_else(|| outcome::no_answer("the head of an answer is cut off"))?;
    A::Answer::decode(bytes, version).map_err(no_answer)
}

/// Takes what stands between the number of an answer and the answer itself.
fn skip_tags(bytes: &mut Bytes, header_version: i16) -> Option<()> {
    if header_version == 0 {
        return Some(());
    }
    // There are none to this day, so it is a zero.
    match *bytes.first()? {
        0 => {
            bytes::Buf::advance(bytes, 1);
            Some(())
        }
        _ => None,
    }
}

/// A request whose answer is waited for. One that is dropped gets none.
#[derive(Debug)]
pub(crate) struct Asked<'c> {
    connection: &'c Connection,
    number: i32,
}

impl Asked<'_> {
    /// Drives the connection until the answer is there: its bytes, for [`decode`].
    ///
    /// # Errors
    /// The connection ended before.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<Result<Bytes, Fault>> {
        let inner = &mut *self.connection.0.borrow_mut();
        if !inner.has(self.number) {
            inner.drive(cx, &mut |_, _| {});
        }
        let is_it = |(number, _): &(i32, Bytes)| *number == self.number;
        if let Some(at) = inner.came.iter().position(is_it) {
            let (_, bytes) = inner.came.swap_remove(at);
            return Poll::Ready(Ok(bytes));
        }
        if let Some(fault) = &inner.end {
            return Poll::Ready(Err(fault.clone()));
        }
        match inner
            .waiting
            .iter_mut()
            .find(|(number, _)| *number == self.number)
        {
            Some((_, waker)) => waker.clone_from(cx.waker()),
            None => inner.waiting.push((self.number, cx.waker().clone())),
        }
        Poll::Pending
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        let inner = &mut *self.connection.0.borrow_mut();
        inner.came.retain(|(number, _)| *number != self.number);
        inner.waiting.retain(|(number, _)| *number != self.number);
        if let Some(open) = inner
            .open
            .iter_mut()
            .find(|open| open.number == self.number)
        {
            open.goes = Goes::Nowhere;
        }
        // It may have been the one that drove.
        inner.wake_all();
    }
}

impl Inner {
    fn number(&mut self) -> i32 {
        let number = self.next;
        self.next = self.next.wrapping_add(1) & i32::MAX;
        number
    }

    fn write<A: Ask>(&mut self, request: &A, version: i16) -> Result<i32, Fault> {
        if let Some(fault) = &self.end {
            return Err(fault.clone());
        }
        let number = self.number();
        let header = RequestHeader::default()
            .with_request_api_key(A::KEY as i16)
            .with_request_api_version(version)
            .with_correlation_id(number)
            .with_client_id(Some(self.client_id.clone()));
        let room = &mut self.room;
        room.clear();
        room.extend_from_slice(&[0; 4]);
        let written = header
            .encode(room, A::header_version(version))
            .and_then(|()| request.encode(room, version));
        let length = u32::try_from(room.len().saturating_sub(4));
        let (Ok(()), Ok(length)) = (written, length) else {
            let text = format_args!("{:?} cannot be written in version {version}", A::KEY);
            return Err(Kind::Protocol.fault(FaultText::plain(text)));
        };
        if let Some(place) = room.first_chunk_mut() {
            *place = length.to_be_bytes();
        }
        self.open.push_back(Open {
            number,
            goes: Goes::Kept,
        });
        self.wire.out().put(room);
        // Requests are few, but one may be large.
        room.clear();
        room.shrink_to(1024);
        Ok(number)
    }

    fn has(&self, number: i32) -> bool {
        self.came.iter().any(|(came, _)| *came == number)
    }

    /// Sends and reads until nothing more can be done now.
    fn drive(&mut self, cx: &mut Context<'_>, hears: Hears<'_>) {
        while self.end.is_none() {
            if self.wire.has_unsent()
                && let Poll::Ready(Err(trouble)) = self.wire.poll_flush(cx)
            {
                // It may have said something before it broke off, which is read first.
                while self.takes(hears) {}
                return self.ends(outcome::broken(&trouble));
            }
            if self.takes(hears) {
                continue;
            }
            match self.wire.poll_fill(cx, MOST) {
                Poll::Pending => return,
                Poll::Ready(Ok(1..)) => {}
                Poll::Ready(Ok(0)) => {
                    self.ends(outcome::broken(&bggo_wire::Trouble::closed()));
                }
                Poll::Ready(Err(trouble)) => self.ends(outcome::broken(&trouble)),
            }
        }
    }

    /// Takes an answer that has come whole: whether there was one.
    fn takes(&mut self, hears: Hears<'_>) -> bool {
        let came = self.wire.peek();
        let Some((head, _)) = came.split_first_chunk::<HEAD>() else {
            return false;
        };
        let [a, b, c, d, number @ ..] = *head;
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        let number = i32::from_be_bytes(number);
        if !(4..=MOST - 4).contains(&length) {
            let text = format_args!(
                "an answer says that it has {length} bytes: the port is none of a Kafka broker"
            );
            self.ends(Kind::Protocol.fault(FaultText::plain(text)));
            return false;
        }
        let Some(body) = came.get(HEAD..length + 4) else {
            return false;
        };
        let Some(open) = self.open.pop_front().filter(|open| open.number == number) else {
            self.ends(outcome::no_answer(
                "an answer came that belongs to no request",
            ));
            return false;
        };
        match open.goes {
            Goes::Heard => hears(number, body),
            Goes::Kept => {
                self.came.push((number, Bytes::copy_from_slice(body)));
                if let Some((_, waker)) = self.waiting.iter().find(|(waits, _)| *waits == number) {
                    waker.wake_by_ref();
                }
            }
            Goes::Nowhere => {}
        }
        self.wire.consume(length + 4);
        self.wire.paid();
        true
    }

    fn ends(&mut self, fault: Fault) {
        if self.end.is_none() {
            self.end = Some(fault);
            self.wake_all();
        }
    }

    fn wake_all(&self) {
        for (_, waker) in &self.waiting {
            waker.wake_by_ref();
        }
    }
}
