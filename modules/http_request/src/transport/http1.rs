//! One exchange over HTTP/1 on one connection: writes the request, reads the head of the answer, then its body.

use super::compose::put_head;
use super::message::{AnswerContext, AnswerHead, ConnectionOptions, Details, Outgoing};
use crate::body::{self, Stream};
use crate::fault::{self, HEAD_BYTES, HEAD_FIELDS, Unreadable};
use crate::http_request::Error as Kind;
use bggo_http1::{Asked, Bad, Chunks, Framing, Head, Limits, Next, Notable, Progress};
use bggo_runtime::contract::{Fault, FaultText, Moment};
use bggo_wire::{Kind as OfWire, Loan, Proxy, Trouble, Wire};
use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode, Version};
use std::future::poll_fn;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// The most that the head of an answer may have: fields, and bytes.
const LIMITS: Limits = Limits {
    fields: HEAD_FIELDS,
    bytes: HEAD_BYTES,
};
/// Heads of interim answers (1xx) to one request.
const MOST_INTERIM: usize = 64;
/// Bytes of a body that are appended at once.
const PIECE: usize = 64 << 10;
/// How long a request with `Expect: 100-continue` waits for the word to go on, as curl does.
const CONTINUE: Duration = Duration::from_secs(1);

/// The body of a request that is sent.
pub(super) enum Sending<'a> {
    Bytes(&'a [u8]),
    Stream(Box<Stream>),
}

impl Sending<'_> {
    pub(super) fn of(opened: body::OpenedBody) -> Self {
        match opened {
            body::OpenedBody::Stream(stream) => Self::Stream(Box::new(stream)),
            body::OpenedBody::None | body::OpenedBody::Bytes(_) => Self::Bytes(&[]),
        }
    }

    /// How many bytes it has.
    pub(super) fn size(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Stream(stream) => stream.size(),
        }
    }
}

/// An answer whose head has come.
pub(crate) struct Reply<'c> {
    /// How many idle connections to one server are kept.
    max_idle: usize,
    /// Until the body is over.
    loan: Option<Loan<'c>>,
    head: AnswerHead,
    body: Body,
    /// The connection may serve another request.
    keeps: bool,
}

enum Body {
    /// So many bytes are left.
    Left(u64),
    /// So many bytes are left of a chunk.
    Chunked(Box<Chunks>, u64),
    UntilClose,
    Over,
}

/// Why no answer came.
pub(crate) enum Http1Failure {
    /// The connection broke, or was closed, before a byte of an answer.
    Before(Trouble),
    /// The same after some bytes of it.
    Within(Trouble),
    /// What came is no HTTP/1.
    Bad(Bad),
    /// Interim answers come without end.
    TooManyInterim,
    /// The body of the request cannot be read.
    Request(Fault),
}

impl Http1Failure {
    /// Whether it was closed before a byte of an answer, perhaps before it read the request.
    pub(super) fn is_closed_before_answer(&self) -> bool {
        match self {
            Self::Before(trouble) => matches!(trouble.kind(), OfWire::Reset | OfWire::Closed),
            Self::Within(_) | Self::Bad(_) | Self::TooManyInterim | Self::Request(_) => false,
        }
    }

    pub(super) fn fault(self, outgoing: &Outgoing<'_>) -> Fault {
        match self {
            Self::Before(trouble) | Self::Within(trouble) => {
                fault::of_exchange(&trouble, outgoing.url, outgoing.hosts)
            }
            Self::Bad(Bad::TooManyFields | Bad::HeadTooLarge) => {
                fault::too_large_head(outgoing.url, outgoing.hosts)
            }
            Self::Bad(bad) => fault::of_answer(&bad.words().into(), outgoing.url, outgoing.hosts),
            Self::TooManyInterim => {
                let words = FaultText::plain("more than 64 interim answers (1xx) came before it");
                fault::of_answer(&words, outgoing.url, outgoing.hosts)
            }
            Self::Request(fault) => fault,
        }
    }
}

/// Sends a request and reads the head of its answer.
pub(super) async fn exchange<'c>(
    mut loan: Loan<'c>,
    (outgoing, proxy): (&Outgoing<'_>, Option<&Proxy>),
    body: Sending<'_>,
    max_idle: usize,
) -> Result<Reply<'c>, Http1Failure> {
    let mut exchange = match body {
        Sending::Bytes(bytes) if Exchange::takes(outgoing, bytes) => {
            Exchange::begin(&mut loan, (outgoing, proxy), bytes)
        }
        body => {
            put_head(loan.out(), (outgoing, proxy), body.size());
            let mut exchange = Exchange::new(outgoing);
            let asks = exchange.asks;
            let of = (asks, &outgoing.hears);
            let sending = send_body(&mut loan, &mut exchange.answer, body, of);
            outgoing.hears.phases.takes_time();
            exchange.sent = Some(Box::pin(sending).await?);
            outgoing.hears.note_sent();
            exchange
        }
    };
    let head = poll_fn(|cx| exchange.poll(&mut loan, &outgoing.hears, cx)).await?;
    let made = exchange.head(&loan, &head, &outgoing.hears);
    Ok(exchange.reply(loan, (head, made), max_idle))
}

/// A request on its way, and how far its answer was read. It is driven by whoever polls it, and holds nothing that its connection
/// or its step has.
pub(super) struct Exchange {
    asks: ConnectionOptions,
    asked: Asked,
    /// `None` until the request is sent.
    sent: Option<IsSent>,
    answer: Reading,
}

impl Exchange {
    fn new(outgoing: &Outgoing<'_>) -> Self {
        Self {
            asks: outgoing.asks(),
            asked: Asked {
                head: *outgoing.method == Method::HEAD,
                ..Asked::default()
            },
            sent: None,
            answer: Reading::default(),
        }
    }

    /// The same for a request that asks for another protocol: status 101 is its final answer.
    pub(super) fn for_upgrade(mut self) -> Self {
        self.asked.upgrade = true;
        self
    }

    /// Whether a request is appended at once, with its body.
    pub(super) fn takes(outgoing: &Outgoing<'_>, body: &[u8]) -> bool {
        body.len() <= PIECE && !outgoing.asks().for_word
    }

    /// Appends a request with its body, or sends it. [`Exchange::poll`] sends what is left.
    pub(super) fn begin(
        wire: &mut Wire,
        (outgoing, proxy): (&Outgoing<'_>, Option<&Proxy>),
        body: &[u8],
    ) -> Self {
        match (outgoing.template, outgoing.cookies) {
            (Some(template), None) if body.is_empty() => wire.send_now(template.head()),
            _ => {
                let out = wire.out();
                put_head(out, (outgoing, proxy), body.len() as u64);
                out.put(body);
                outgoing.hears.phases.hands_over(body.len() as u64);
            }
        }
        Self::new(outgoing)
    }

    /// Sends what was appended and reads up to the head of the final answer, which stays where it is.
    pub(super) fn poll(
        &mut self,
        wire: &mut Wire,
        hears: &AnswerContext<'_>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Head, Http1Failure>> {
        let answer = &mut self.answer;
        if self.sent.is_none() {
            self.sent = Some(ready!(hears.watch(answer.poll_send(wire, hears, cx)))?);
        }
        if wire.peek().is_empty() {
            ready!(answer.poll_more(wire, hears, cx))?;
        }
        if let Some(head) = hears.last_head.borrow().recognise(wire.peek(), self.asked) {
            return Poll::Ready(Ok(head));
        }
        loop {
            let head = ready!(answer.poll_next(wire, (self.asked, hears), cx))?;
            if !is_interim(&head) {
                hears
                    .last_head
                    .borrow_mut()
                    .keep(wire.peek(), self.asked, head);
                return Poll::Ready(Ok(head));
            }
            answer.passes(wire, head.size)?;
        }
    }

    /// What is read of a head. Most answers need no field of theirs, and then none is copied.
    pub(super) fn head(&self, wire: &Wire, head: &Head, hears: &AnswerContext<'_>) -> AnswerHead {
        let reads = hears.reads;
        let status = StatusCode::from_u16(head.status).unwrap_or_default();
        let reads_fields = reads.fields
            || reads.cookies && head.notable.has(Notable::SET_COOKIE)
            || reads.location && head.notable.has(Notable::LOCATION)
            || hears.examples.takes(status);
        let is_kept = hears.examples.may_come && !reads_fields;
        let details = (reads_fields || reads.address || is_kept).then(|| {
            let mut details = Box::<Details>::default();
            if reads.address {
                details.remote_address = wire.peer();
            }
            let bytes = wire.peek().get(..head.size).unwrap_or_default();
            if reads_fields {
                put_fields(&mut details.headers, bytes);
            } else if is_kept {
                details.unread = bytes.into();
            }
            details
        });
        AnswerHead {
            status,
            version: match head.minor {
                0 => Version::HTTP_10,
                _ => Version::HTTP_11,
            },
            came: self.answer.came.unwrap_or_else(|| hears.now()),
            details,
        }
    }

    /// The body of an answer that came whole with its head: how many bytes it has. They stand behind the head.
    pub(super) fn whole(wire: &Wire, head: &Head) -> Option<usize> {
        let size = match head.framing {
            Framing::None => 0,
            Framing::Length(length) => usize::try_from(length).ok()?,
            Framing::Chunked | Framing::UntilClose => return None,
        };
        (size <= wire.peek().len().checked_sub(head.size)?).then_some(size)
    }

    /// Whether the connection may serve another request behind an answer with this head.
    fn keeps(&self, head: &Head) -> bool {
        head.keeps && self.sent == Some(IsSent::Whole) && !self.asks.to_close
    }

    /// The whole answer was taken, which came at this moment. Returns whether its connection goes back.
    pub(super) fn ends(
        &self,
        loan: &mut Loan<'_>,
        (head, body): (&Head, usize),
        (max_idle, came): (usize, Moment),
    ) -> bool {
        loan.consume(head.size + body);
        goes_back(loan, self.keeps(head), (max_idle, came))
    }

    /// The answer, from its body on.
    pub(super) fn reply<'c>(
        self,
        mut loan: Loan<'c>,
        (head, made): (Head, AnswerHead),
        max_idle: usize,
    ) -> Reply<'c> {
        loan.consume(head.size);
        let mut reply = Reply {
            max_idle,
            head: made,
            body: match head.framing {
                Framing::None => Body::Over,
                Framing::Length(length) => Body::Left(length),
                Framing::Chunked => Body::Chunked(Box::new(Chunks::new(&LIMITS)), 0),
                Framing::UntilClose => Body::UntilClose,
            },
            keeps: self.keeps(&head),
            loan: Some(loan),
        };
        if matches!(reply.body, Body::Over | Body::Left(0)) {
            reply.finish();
        }
        reply
    }
}

/// Whether a request was sent to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum IsSent {
    Whole,
    /// An answer came first, as from a server that refuses a body and closes.
    InPart,
}

/// Sends a body piece by piece, until it ends or an answer comes.
async fn send_body(
    wire: &mut Wire,
    answer: &mut Reading,
    body: Sending<'_>,
    (asks, hears): (ConnectionOptions, &AnswerContext<'_>),
) -> Result<IsSent, Http1Failure> {
    if asks.for_word {
        // A final answer may come before the head is out, as from a server that refuses every request.
        if until_sent(wire, answer, hears).await? == IsSent::InPart {
            return Ok(IsSent::InPart);
        }
        let word = answer.word(wire, hears);
        let word = tokio::time::timeout(CONTINUE, Box::pin(word)).await;
        match word {
            // It came, or there is none.
            Ok(Ok(Word::GoOn)) | Err(_) => {}
            Ok(Ok(Word::Final)) => return Ok(IsSent::InPart),
            Ok(Err(lost)) => return Err(lost),
        }
    }
    match body {
        Sending::Bytes(bytes) => {
            for piece in bytes.chunks(PIECE) {
                wire.out().put(piece);
                hears.phases.hands_over(piece.len() as u64);
                if until_sent(wire, answer, hears).await? == IsSent::InPart {
                    return Ok(IsSent::InPart);
                }
            }
        }
        Sending::Stream(mut stream) => {
            loop {
                let piece = poll_fn(|cx| stream.poll_piece(cx)).await;
                let unread =
                    |error: Unreadable| Http1Failure::Request(Kind::Request.fault(error.0));
                let Some(piece) = piece.map_err(unread)? else {
                    break;
                };
                wire.out().put(&piece);
                hears.phases.hands_over(piece.len() as u64);
                if until_sent(wire, answer, hears).await? == IsSent::InPart {
                    return Ok(IsSent::InPart);
                }
            }
            // A body without bytes leaves its head unsent.
            return until_sent(wire, answer, hears).await;
        }
    }
    Ok(IsSent::Whole)
}

/// Sends what was appended. Interim answers that come meanwhile are passed over.
async fn until_sent(
    wire: &mut Wire,
    answer: &mut Reading,
    hears: &AnswerContext<'_>,
) -> Result<IsSent, Http1Failure> {
    while poll_fn(|cx| answer.poll_send(wire, hears, cx)).await? == IsSent::InPart {
        if answer.word(wire, hears).await? == Word::Final {
            return Ok(IsSent::InPart);
        }
    }
    Ok(IsSent::Whole)
}

/// What an answer says of the rest of its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    /// An interim answer: it may be sent.
    GoOn,
    /// The head of the final answer stands there.
    Final,
}

/// How far the head of an answer was read.
#[derive(Default)]
struct Reading {
    progress: Progress,
    interim: usize,
    /// When the first byte came.
    came: Option<Moment>,
}

impl Reading {
    fn note_first_byte(&mut self, hears: &AnswerContext<'_>) {
        if self.came.is_none() {
            self.came = Some(hears.now());
        }
    }

    fn lost(&self, trouble: Trouble) -> Http1Failure {
        match self.came {
            None => Http1Failure::Before(trouble),
            Some(_) => Http1Failure::Within(trouble),
        }
    }

    /// Sends what was appended, and hears whether an answer comes first.
    fn poll_send(
        &mut self,
        wire: &mut Wire,
        hears: &AnswerContext<'_>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<IsSent, Http1Failure>> {
        match wire.poll_flush(cx) {
            Poll::Ready(Ok(())) => return Poll::Ready(Ok(IsSent::Whole)),
            // What it said before it closed may stand there.
            Poll::Ready(Err(trouble)) => {
                let read = wire.poll_fill(cx, LIMITS.bytes);
                return Poll::Ready(match read {
                    Poll::Ready(Ok(1..)) => {
                        self.note_first_byte(hears);
                        Ok(IsSent::InPart)
                    }
                    _ => Err(Http1Failure::Before(trouble)),
                });
            }
            Poll::Pending => {}
        }
        match ready!(wire.poll_fill(cx, LIMITS.bytes)) {
            Ok(0) => Poll::Ready(Err(self.lost(Trouble::closed()))),
            Ok(_) => {
                self.note_first_byte(hears);
                Poll::Ready(Ok(IsSent::InPart))
            }
            Err(trouble) => Poll::Ready(Err(self.lost(trouble))),
        }
    }

    /// The next head, which stays where it is.
    fn poll_next(
        &mut self,
        wire: &mut Wire,
        (asked, hears): (Asked, &AnswerContext<'_>),
        cx: &mut Context<'_>,
    ) -> Poll<Result<Head, Http1Failure>> {
        loop {
            if !wire.peek().is_empty() {
                let head = bggo_http1::read(wire.peek(), &mut self.progress, &asked, &LIMITS);
                if let Some(head) = head.map_err(Http1Failure::Bad)? {
                    return Poll::Ready(Ok(head));
                }
            }
            ready!(self.poll_more(wire, hears, cx))?;
        }
    }

    /// Waits until more has come.
    fn poll_more(
        &mut self,
        wire: &mut Wire,
        hears: &AnswerContext<'_>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Http1Failure>> {
        match ready!(wire.poll_fill(cx, LIMITS.bytes + PIECE)) {
            Ok(0) => Poll::Ready(Err(self.lost(Trouble::closed()))),
            Ok(_) => {
                self.note_first_byte(hears);
                Poll::Ready(Ok(()))
            }
            Err(trouble) => Poll::Ready(Err(self.lost(trouble))),
        }
    }

    /// The next head as a word to a request that is not sent to its end. Only an interim one is consumed.
    async fn word(
        &mut self,
        wire: &mut Wire,
        hears: &AnswerContext<'_>,
    ) -> Result<Word, Http1Failure> {
        let head = poll_fn(|cx| self.poll_next(wire, (Asked::default(), hears), cx)).await?;
        if !is_interim(&head) {
            return Ok(Word::Final);
        }
        self.passes(wire, head.size)?;
        Ok(Word::GoOn)
    }

    /// An interim answer is passed over.
    fn passes(&mut self, wire: &mut Wire, length: usize) -> Result<(), Http1Failure> {
        wire.consume(length);
        self.interim += 1;
        if self.interim > MOST_INTERIM {
            return Err(Http1Failure::TooManyInterim);
        }
        Ok(())
    }
}

fn is_interim(head: &Head) -> bool {
    (100..200).contains(&head.status) && head.status != 101
}

/// All fields of a head.
pub(crate) fn fields(head: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    put_fields(&mut headers, head);
    headers
}

fn put_fields(headers: &mut HeaderMap, head: &[u8]) {
    for (name, value) in bggo_http1::fields(head) {
        let name = HeaderName::from_bytes(name);
        let value = HeaderValue::from_maybe_shared(Bytes::copy_from_slice(&value));
        // Both were checked when the head was read.
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
}

impl Reply<'_> {
    pub(super) fn head(&self) -> &AnswerHead {
        &self.head
    }

    pub(super) fn take_head(&mut self) -> AnswerHead {
        self.head.take()
    }

    /// Whether nothing of the body is left, or has to be waited for.
    pub(super) fn has_ended(&self) -> bool {
        let Some(loan) = &self.loan else {
            return true;
        };
        matches!(self.body, Body::Left(left) if left <= loan.peek().len() as u64)
    }

    /// How many bytes may come before something else does; 0 at the end.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<Result<u64, FaultText>> {
        let (Body::Chunked(chunks, left), Some(loan)) = (&mut self.body, &mut self.loan) else {
            return Poll::Ready(Ok(match self.body {
                Body::Left(left) => left,
                Body::UntilClose => u64::MAX,
                Body::Chunked(..) | Body::Over => 0,
            }));
        };
        while *left == 0 {
            let piece = chunks.step(loan.peek());
            let piece = piece.map_err(|bad| FaultText::from(bad.words()))?;
            loan.consume(piece.skip);
            match piece.next {
                Next::Data(size) => *left = size,
                Next::End => break,
                Next::More => {
                    let more = ready!(loan.poll_fill(cx, usize::MAX));
                    if more.map_err(|trouble| trouble.text().clone())? == 0 {
                        return Poll::Ready(Err(Trouble::closed().text().clone()));
                    }
                }
            }
        }
        Poll::Ready(Ok(*left))
    }

    /// So many bytes of the body were taken; none at the end of the connection.
    ///
    /// # Errors
    /// It ended early.
    fn took(&mut self, count: u64) -> Result<(), FaultText> {
        let has_clean_end = count == 0 && self.has_clean_end();
        match &mut self.body {
            Body::Left(left) | Body::Chunked(_, left) if count > 0 => *left -= count.min(*left),
            Body::UntilClose if count > 0 => {}
            Body::UntilClose if has_clean_end => self.body = Body::Over,
            Body::UntilClose => {
                return Err("TLS ended without a word, so it may have been cut off".into());
            }
            _ => return Err(Trouble::closed().text().clone()),
        }
        Ok(())
    }

    /// The next piece of the body as it came, `None` at its end.
    ///
    /// # Errors
    /// It ended early: why.
    pub(super) fn poll_piece(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, FaultText>> {
        loop {
            let room = ready!(self.poll_room(cx))?;
            let Some(loan) = self.loan.as_mut().filter(|_| room > 0) else {
                self.finish();
                return Poll::Ready(Ok(None));
            };
            if loan.peek().is_empty() {
                let more = ready!(loan.poll_fill(cx, usize::MAX));
                if more.map_err(|trouble| trouble.text().clone())? == 0 {
                    self.took(0)?;
                    continue;
                }
            }
            let there = loan.peek();
            let there = usize::try_from(room).map_or(there.len(), |room| room.min(there.len()));
            let piece = Bytes::copy_from_slice(loan.peek().get(..there).unwrap_or_default());
            loan.consume(there);
            self.took(there as u64)?;
            return Poll::Ready(Ok(Some(piece)));
        }
    }

    /// Drops the next bytes of the body: how many; 0 at its end.
    ///
    /// # Errors
    /// It ended early: why.
    pub(super) fn poll_skip(&mut self, cx: &mut Context<'_>) -> Poll<Result<u64, FaultText>> {
        let room = ready!(self.poll_room(cx))?;
        let Some(loan) = self.loan.as_mut().filter(|_| room > 0) else {
            self.finish();
            return Poll::Ready(Ok(0));
        };
        let skipped = ready!(loan.poll_skip(cx, room));
        let skipped = skipped.map_err(|trouble| trouble.text().clone())?;
        self.took(skipped)?;
        if skipped == 0 {
            self.finish();
        }
        Poll::Ready(Ok(skipped))
    }

    fn has_clean_end(&self) -> bool {
        let loan = self.loan.as_ref();
        loan.is_none_or(|loan| loan.ended_cleanly())
    }

    /// Nobody reads the rest: the connection is closed in an orderly way.
    pub(super) fn leave(&mut self) {
        if let Some(loan) = self.loan.take() {
            loan.spent();
        }
    }

    /// The answer came whole.
    fn finish(&mut self) {
        if let Some(mut loan) = self.loan.take()
            && !goes_back(&mut loan, self.keeps, (self.max_idle, self.head.came))
        {
            loan.spent();
        }
    }
}

/// A whole answer came. Returns whether its connection goes back: it may serve another request, and is not one idle connection too
/// many.
fn goes_back(loan: &mut Loan<'_>, keeps: bool, (max_idle, came): (usize, Moment)) -> bool {
    loan.paid();
    loan.rests(came);
    let is_one_too_many = || max_idle < usize::MAX && loan.others_idle() >= max_idle;
    keeps && !is_one_too_many()
}
