//! The asset `postgres_connection`: one session with a server, which one step at a time has on loan.

use crate::arguments::Settings;
use crate::cancel;
use crate::exchange::{self, End, Goes};
use crate::limit::before;
use crate::login::{self, Greeting};
use crate::message::{Bad, Message, TERMINATE, put_query, send};
use crate::postgres_connection::{Error as Kind, Exports, Inputs, Metric, Uses};
use crate::postgres_query::Error as StepKind;
use crate::server_error::ServerError;
use crate::session::{Opened, Session, State};
use bggo_runtime::contract::{
    Asset, AssetClock, AssetCx, AssetMetrics, Fault, FaultText, Number, Prepare, Running, Settling,
    Step, Value, format_duration,
};
use bggo_scram::Keys;
use bggo_wire::{Dialer, Home, KeptDeadline, Loan, Named, Turn, Turns, Wire};
use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

/// How long a destruction waits for requests to cancel that are on their way.
const LAST_CANCELS: Duration = Duration::from_secs(2);

/// What all connections of a resource share on a thread.
#[derive(Debug, Default)]
pub struct Ready {
    /// The settings, if they are the same for all.
    settings: Option<Rc<Settings>>,
    /// What was made of passwords before.
    keys: Keys,
}

/// A connection.
#[derive(Debug)]
pub struct PostgresConnection {
    core: Rc<Core>,
    ready: Rc<Ready>,
    metrics: AssetMetrics,
    clock: AssetClock,
    home: Home,
    turns: Turns,
    session: RefCell<Session>,
    /// Requests to cancel that are on their way.
    cancels: Cancels,
    deadline: KeptDeadline,
    server_version: String,
    backend_pid: Option<u32>,
}

/// What makes the connections of a resource.
#[derive(Debug)]
pub(crate) struct Maker {
    core: Rc<Core>,
    ready: Rc<Ready>,
    metrics: AssetMetrics,
    clock: AssetClock,
}

/// What a request to cancel needs as well.
#[derive(Debug)]
struct Core {
    settings: Rc<Settings>,
    dialer: Dialer,
    named: Named,
}

#[derive(Default)]
struct Cancels(RefCell<Vec<Running<'static, ()>>>);

impl std::fmt::Debug for Cancels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Cancels")
            .field(&self.0.borrow().len())
            .finish()
    }
}

impl Asset for PostgresConnection {
    const WORKS_WHEN_IDLE: bool = true;
    const SETTLES: bool = true;

    type Inputs = Inputs;
    type Uses = Uses;
    type Ready = Ready;
    type Exports = Exports;

    fn prepare(_: &Prepare<'_>, inputs: &Inputs) -> Result<Ready, Fault> {
        Ok(Ready::new(Settings::of(inputs)?))
    }

    async fn create(cx: AssetCx, ready: Rc<Ready>, _: Uses, inputs: Inputs) -> Result<Self, Fault> {
        Maker::new(&cx, ready, || Settings::of(&inputs))?
            .make()
            .await
    }

    fn exports(&self) -> Exports {
        Exports {
            server_version: self.server_version.clone().into(),
            backend_pid: self
                .backend_pid
                .map_or(Value::Null, |pid| Number::from(pid).into()),
        }
    }

    fn has_idle_work(&self) -> bool {
        !self.cancels.0.borrow().is_empty()
    }

    fn poll_idle(&self, cx: &mut Context<'_>) {
        // Those that are not over go on with the next poll.
        let _ = self.cancels.poll(cx);
    }

    async fn settle(&self, end: &Settling<'_>) -> Result<(), Fault> {
        let (state, opened) = {
            let session = self.session.borrow();
            (session.state, session.opened)
        };
        if state == State::Idle {
            // One that was lost with its connection is over as well.
            self.session.borrow_mut().has_no_transaction();
            return Ok(());
        }
        self.metrics.add(Metric::TRANSACTIONS_LEFT_OPEN, 1);
        if let Some(opened) = opened {
            end.left_open("transaction", opened.by);
        }
        let _turn = self.turns.take().await;
        let rolled_back = self.rolls_back_alone().await;
        let mut session = self.session.borrow_mut();
        if rolled_back.is_err() {
            session.ends();
        }
        session.state = State::Idle;
        session.has_no_transaction();
        rolled_back
    }

    async fn destroy(self) -> Result<(), Fault> {
        self.close().await;
        Ok(())
    }
}

impl Ready {
    pub(crate) fn new(settings: Option<Settings>) -> Self {
        Self {
            settings: settings.map(Rc::new),
            keys: Keys::default(),
        }
    }
}

impl Maker {
    /// Of a resource. `settings` are asked where they are not the same for all.
    ///
    /// # Errors
    /// They cannot be used.
    pub(crate) fn new(
        cx: &AssetCx,
        ready: Rc<Ready>,
        settings: impl FnOnce() -> Result<Option<Settings>, Fault>,
    ) -> Result<Self, Fault> {
        let settings =
            match &ready.settings {
                Some(settings) => Rc::clone(settings),
                None => Rc::new(settings()?.ok_or_else(|| {
                    Kind::Settings.fault("an argument of the connection is missing")
                })?),
            };
        Ok(Self {
            core: Rc::new(Core {
                dialer: Dialer::new(cx, &settings.dials),
                settings,
                named: match cx.info().is_sensitive() {
                    true => Named::Secret,
                    false => Named::Open,
                },
            }),
            ready,
            metrics: cx.metrics(),
            clock: cx.clock(),
        })
    }

    /// A connection, logged in.
    ///
    /// # Errors
    /// There is none.
    pub(crate) async fn make(&self) -> Result<PostgresConnection, Fault> {
        let mut connection = PostgresConnection {
            core: Rc::clone(&self.core),
            ready: Rc::clone(&self.ready),
            metrics: self.metrics.clone(),
            clock: self.clock.clone(),
            home: Home::new(),
            turns: Turns::new(),
            session: RefCell::default(),
            cancels: Cancels::default(),
            deadline: KeptDeadline::new(),
            server_version: String::new(),
            backend_pid: None,
        };
        let (wire, greeting) = connection.connect().await?;
        connection.server_version = greeting.server_version;
        connection.backend_pid = greeting.key.as_ref().map(|key| key.pid);
        connection.session.get_mut().key = greeting.key;
        drop(connection.home.settle(0, wire));
        Ok(connection)
    }
}

impl PostgresConnection {
    /// Takes its leave of the server.
    pub(crate) async fn close(&self) {
        if let Some(mut wire) = self.home.lend(0) {
            wire.send_only();
            wire.out().put(&TERMINATE);
            // It is a courtesy: a server that does not take it sees the end of the connection.
            wire.send_now(&[]);
            wire.spent();
        }
        let until = self.clock.now() + LAST_CANCELS;
        let all = poll_fn(|cx| self.cancels.poll(cx));
        let _ = before(self.clock.deadline(), until, all).await;
    }
}

impl Cancels {
    /// Drives them: whether all are over.
    fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut running = self.0.borrow_mut();
        running.retain_mut(|cancel| cancel.as_mut().poll(cx).is_pending());
        match running.is_empty() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

impl PostgresConnection {
    /// The deadline of one step after the other.
    pub(crate) fn deadline(&self) -> &KeptDeadline {
        &self.deadline
    }

    /// Makes a connection and logs in.
    async fn connect(&self) -> Result<(Wire, Greeting), Fault> {
        let settings = &*self.core.settings;
        let begun = self.clock.now();
        let work = async {
            let (mut wire, tls) =
                cancel::reach(&self.core.dialer, settings, self.core.named).await?;
            let begun = self.clock.now();
            let greeting = login::login(
                &mut wire,
                (settings, tls.is_some()),
                &self.ready.keys,
                self.nonce(),
            )
            .await?;
            self.metrics
                .record_time(Metric::AUTHENTICATING, self.clock.now() - begun);
            if let Some(tls) = tls {
                self.metrics.record_time(Metric::TLS_HANDSHAKING, tls);
            }
            Ok::<_, Fault>((wire, greeting))
        };
        let limit = settings.connect_timeout;
        let made = before(self.clock.deadline(), begun + limit, Box::pin(work)).await;
        let Some(made) = made else {
            let place = settings.target(self.core.named).place();
            let text = FaultText::plain("connecting to ").and_text(&place);
            return Err(Kind::Connect
                .fault(text.and(format_args!(" took longer than {}", format_duration(limit)))));
        };
        let made = made?;
        self.metrics.add(Metric::CONNECTIONS, 1);
        self.metrics
            .record_time(Metric::CONNECTING, self.clock.now() - begun);
        Ok(made)
    }

    /// A new connection that is not this one's, logged in.
    ///
    /// # Errors
    /// There is none.
    pub(crate) async fn open_apart(&self) -> Result<Wire, Fault> {
        let (wire, _) = self.connect().await?;
        Ok(wire)
    }

    fn nonce(&self) -> [u8; 24] {
        let mut nonce = [0; 24];
        for part in nonce.chunks_exact_mut(8) {
            part.copy_from_slice(&self.clock.random().to_be_bytes());
        }
        nonce
    }

    /// What the server keeps for the session.
    pub(crate) fn session(&self) -> &RefCell<Session> {
        &self.session
    }

    /// The session on loan to a step, if that takes no waiting. What is sent on it has to be sent, and its answer asked for, within the
    /// same poll.
    pub(crate) fn lend_now<'a>(
        &'a self,
        step: &'a Step<'a>,
        cx: &mut Context<'_>,
    ) -> Option<Lent<'a>> {
        {
            let session = self.session.borrow();
            let is_usual = !session.is_lost && !session.is_of_another(step.iteration_began());
            if !is_usual || self.has_idle_work() {
                return None;
            }
        }
        let turn = self.turns.take_now()?;
        let heard = |wire: &mut Wire| self.session.borrow_mut().beside.hears(wire);
        let loan = self.home.lend_heard_until(0, cx, heard)?;
        Some(Lent {
            connection: self,
            step,
            loan: Some(loan),
            flight: Flight::Nothing,
            has_ended: false,
            _turn: turn,
        })
    }

    /// The session on loan to a step: at once if that can be, else in its turn.
    ///
    /// # Errors
    /// As of [`PostgresConnection::lend`].
    pub(crate) async fn lend_soon<'a>(&'a self, step: &'a Step<'a>) -> Result<Lent<'a>, Fault> {
        let now = poll_fn(|cx| Poll::Ready(self.lend_now(step, cx)));
        match now.await {
            Some(lent) => Ok(lent),
            // Steps hold no place for what happens seldom.
            None => Box::pin(self.lend_in_turn(step)).await,
        }
    }

    async fn lend_in_turn<'a>(&'a self, step: &'a Step<'a>) -> Result<Lent<'a>, Fault> {
        let turn = self.turn(step).await;
        self.lend(turn, step).await
    }

    /// Waits for the turn of a step.
    pub(crate) async fn turn(&self, step: &Step<'_>) -> Turn<'_> {
        if let Some(turn) = self.turns.take_now() {
            return turn;
        }
        let since = step.now();
        let turn = self.turns.take().await;
        self.metrics
            .record_time(Metric::WAITING, step.sent() - since);
        turn
    }

    /// Whether the transaction of this iteration was lost with its connection. From now on steps go on without it.
    pub(crate) fn forgets_lost(&self, step: &Step<'_>) -> bool {
        let mut session = self.session.borrow_mut();
        let is_lost = session.is_lost && !session.is_of_another(step.iteration_began());
        if session.is_lost {
            session.has_no_transaction();
        }
        is_lost
    }

    /// The session on loan to a step whose turn it is, once its connection is there.
    ///
    /// # Errors
    /// There is no connection, or the transaction of the step was lost with it.
    pub(crate) async fn lend<'a>(
        &'a self,
        turn: Turn<'a>,
        step: &'a Step<'a>,
    ) -> Result<Lent<'a>, Fault> {
        if self.has_idle_work() {
            poll_fn(|cx| {
                self.poll_idle(cx);
                Poll::Ready(())
            })
            .await;
        }
        let is_left = self.session.borrow().is_of_another(step.iteration_began());
        if is_left {
            self.leaves_iteration();
        }
        let loan = self
            .home
            .lend_heard(0, |wire| self.session.borrow_mut().beside.hears(wire));
        if loan.is_none() && self.session.borrow_mut().ends() {
            self.metrics.add(Metric::TRANSACTIONS_LOST, 1);
        }
        if is_left && self.session.borrow().state == State::Idle {
            self.session.borrow_mut().has_no_transaction();
        }
        if self.session.borrow().is_lost {
            let by = self.session.borrow().opened.map(|opened| opened.by);
            let text = FaultText::plain("the connection was lost inside the transaction");
            let text = match by {
                Some(by) => text.and(format_args!(" that {by} began")),
                None => text,
            };
            return Err(StepKind::TransactionLost.fault(text));
        }
        let loan = match loan {
            Some(loan) => loan,
            None => {
                // It happens seldom, so steps hold no place for it.
                let (wire, greeting) = Box::pin(self.connect()).await?;
                self.metrics.add(Metric::RECONNECTS, 1);
                self.session.borrow_mut().key = greeting.key;
                step.sent();
                self.home.settle(0, wire)
            }
        };
        let mut lent = Lent {
            connection: self,
            step,
            loan: Some(loan),
            flight: Flight::Nothing,
            has_ended: false,
            _turn: turn,
        };
        if is_left && self.session.borrow().state != State::Idle {
            Box::pin(lent.rolls_back()).await?;
            step.sent();
        }
        Ok(lent)
    }

    /// Rolls a transaction back of which no step knows. Where that fails the connection is closed, which rolls it back as well.
    async fn rolls_back_alone(&self) -> Result<(), Fault> {
        let heard = |wire: &mut Wire| self.session.borrow_mut().beside.hears(wire);
        let Some(mut wire) = self.home.lend_heard(0, heard) else {
            self.session.borrow_mut().ends();
            return Ok(());
        };
        send(wire.out(), |out| put_query(out, "ROLLBACK"));
        let mut error = None;
        let mut take = |message: Message<'_>| {
            match message.tag {
                b'Z' => return Ok(Goes::Done),
                b'E' => error = Some(ServerError::read(message.body).fault()),
                _ => {}
            }
            Ok(Goes::On)
        };
        let done = poll_fn(|cx| {
            let beside = &mut self.session.borrow_mut().beside;
            exchange::poll(&mut wire, beside, &mut take, cx)
        });
        match done.await {
            Err(end) => {
                wire.spent();
                return Err(end.fault());
            }
            Ok(()) => wire.paid(),
        }
        match error {
            Some(fault) => {
                wire.spent();
                Err(fault)
            }
            None => Ok(()),
        }
    }

    /// An iteration has ended whose transaction is open.
    fn leaves_iteration(&self) {
        if self.session.borrow().state != State::Idle {
            self.metrics.add(Metric::TRANSACTIONS_LEFT_OPEN, 1);
        }
    }

    /// Asks the server to cancel what it does for the session. The session is over.
    fn cancel(&self) {
        let Some(key) = self.session.borrow().key.clone() else {
            return;
        };
        self.metrics.add(Metric::CANCELS, 1);
        let core = Rc::clone(&self.core);
        let (deadline, until) = (
            self.clock.deadline(),
            self.clock.now() + core.settings.connect_timeout,
        );
        let mut cancel: Running<'static, ()> = Box::pin(async move {
            let send = cancel::send(&core.dialer, &core.settings, core.named, key);
            let _ = before(deadline, until, send).await;
        });
        // The first poll begins the dial. Who waits for it polls again.
        if cancel
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_pending()
        {
            self.cancels.0.borrow_mut().push(cancel);
        }
    }
}

/// What of a step is on its way while its answer is not whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flight {
    Nothing,
    /// What changes nothing by itself.
    Reads,
    /// What may write, and is committed by itself where no transaction is open.
    Writes,
    Commit,
    /// A rollback: whatever becomes of it, the transaction is over.
    Rollback,
}

/// The session on loan to a step. Dropped in the middle of an exchange it closes the connection.
pub(crate) struct Lent<'a> {
    connection: &'a PostgresConnection,
    step: &'a Step<'a>,
    loan: Option<Loan<'a>>,
    flight: Flight,
    /// The connection ended, or of what came nothing can be made.
    has_ended: bool,
    _turn: Turn<'a>,
}

impl Lent<'_> {
    /// What the server keeps for the session.
    pub(crate) fn session(&self) -> &RefCell<Session> {
        &self.connection.session
    }

    pub(crate) fn step(&self) -> &Step<'_> {
        self.step
    }

    /// The server does not keep to the protocol: its connection is of no use any more.
    pub(crate) fn misbehaves(&mut self, text: &'static str) -> Fault {
        self.has_ended = true;
        StepKind::Protocol.fault(text)
    }

    /// Whether the connection has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// The wire, to append what is sent. `None` once it has ended.
    pub(crate) fn wire(&mut self) -> Option<&mut Wire> {
        self.loan.as_deref_mut()
    }

    /// Sends bytes as far as that takes no waiting. The exchange that follows sends the rest.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        if let Some(wire) = self.wire() {
            wire.send_now(bytes);
        }
    }

    /// Sends what was appended and takes answers until `take` says that they are whole.
    ///
    /// # Errors
    /// The connection ended or the server does not keep to the protocol.
    pub(crate) async fn exchange(
        &mut self,
        flight: Flight,
        take: &mut dyn FnMut(Message<'_>) -> Result<Goes, Bad>,
    ) -> Result<(), Fault> {
        poll_fn(|cx| self.poll_exchange(flight, take, cx)).await
    }

    /// The same in polls.
    pub(crate) fn poll_exchange(
        &mut self,
        flight: Flight,
        take: &mut dyn FnMut(Message<'_>) -> Result<Goes, Bad>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Fault>> {
        let Some(wire) = self.loan.as_deref_mut() else {
            return Poll::Ready(Err(StepKind::Closed.fault("the connection has ended")));
        };
        self.flight = flight;
        let mut session = self.connection.session.borrow_mut();
        let beside = &mut session.beside;
        let done = ready!(exchange::poll(wire, beside, take, cx));
        let notices = std::mem::take(&mut beside.notices);
        drop(session);
        if notices > 0 {
            self.connection.metrics.add(Metric::NOTICES, notices);
        }
        Poll::Ready(match done {
            Ok(()) => {
                self.flight = Flight::Nothing;
                wire.paid();
                Ok(())
            }
            Err(end) => {
                self.has_ended = true;
                if let End::Said(error) = &end {
                    self.count_error(error);
                }
                Err(end.fault())
            }
        })
    }

    /// More belongs to the exchange that an answer seemed to end: dropped now, it closes the connection.
    pub(crate) fn stays_in(&mut self, flight: Flight) {
        self.flight = flight;
    }

    /// Sends what was appended, and takes what the server says meanwhile: `Done` once `take` says that it is whole, `On` once all is
    /// sent.
    ///
    /// # Errors
    /// As of [`Lent::exchange`].
    pub(crate) fn poll_sent(
        &mut self,
        flight: Flight,
        take: &mut dyn FnMut(Message<'_>) -> Result<Goes, Bad>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Goes, Fault>> {
        match self.poll_exchange(flight, take, cx) {
            Poll::Ready(done) => Poll::Ready(done.map(|()| Goes::Done)),
            Poll::Pending if self.loan.as_ref().is_some_and(|wire| wire.has_unsent()) => {
                Poll::Pending
            }
            Poll::Pending => Poll::Ready(Ok(Goes::On)),
        }
    }

    /// Sends what is left of what was appended, whatever the server says.
    ///
    /// # Errors
    /// The connection ended.
    pub(crate) async fn flush(&mut self) -> Result<(), Fault> {
        match self.wire() {
            Some(wire) => {
                // What is left of a copy whose answer has come has none of its own.
                wire.send_only();
                let sent = wire.flush().await;
                sent.map_err(|trouble| End::Broken(trouble).fault())
            }
            None => Ok(()),
        }
    }

    /// The server is ready, with a transaction or without.
    pub(crate) fn is_ready(&self, body: &[u8]) {
        let mut session = self.connection.session.borrow_mut();
        session.state = State::of(body);
        match session.state {
            State::Idle => session.has_no_transaction(),
            State::Open | State::Failed if session.opened.is_none() => {
                session.opened = Some(Opened {
                    iteration: self.step.iteration_began(),
                    by: self.step.info(),
                });
            }
            State::Open | State::Failed => {}
        }
    }

    /// An error of the server, by the class of its SQLSTATE.
    pub(crate) fn count_error(&self, error: &ServerError) {
        // Every runner has this metric in the same place, before its own ones.
        self.step.add_labelled(
            crate::postgres_query::Metric::SERVER_ERRORS,
            error.class(),
            1,
        );
    }

    /// Runs a command without rows: what the server says that it did.
    ///
    /// # Errors
    /// The connection ended, or the server fails the command.
    pub(crate) async fn command(&mut self, sql: &str, flight: Flight) -> Result<String, Fault> {
        let mut bytes = Vec::with_capacity(sql.len() + 6);
        put_query(&mut bytes, sql);
        self.send(&bytes);
        let mut tag = String::new();
        let mut error = None;
        let mut state = [0];
        let mut take = |message: Message<'_>| {
            match message.tag {
                b'C' => tag = crate::described::command(message.body).0.to_owned(),
                b'E' => {
                    error = error
                        .take()
                        .or_else(|| Some(ServerError::read(message.body)))
                }
                b'Z' => {
                    state = [message.body.first().copied().unwrap_or_default()];
                    return Ok(Goes::Done);
                }
                _ => {
                    return Err(Bad(
                        "the server answers a command by what is no answer to it",
                    ));
                }
            }
            Ok(Goes::On)
        };
        self.exchange(flight, &mut take).await?;
        self.is_ready(&state);
        match error {
            Some(error) => {
                self.count_error(&error);
                Err(error.fault())
            }
            None => Ok(tag),
        }
    }

    async fn rolls_back(&mut self) -> Result<(), Fault> {
        self.command("ROLLBACK", Flight::Rollback).await.map(drop)
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let Some(loan) = self.loan.take() else {
            return;
        };
        let is_over = self.has_ended || self.flight != Flight::Nothing || !loan.is_whole();
        if !is_over {
            return;
        }
        loan.spent();
        let connection = self.connection;
        let was_open = connection.session.borrow().state != State::Idle;
        if self.flight == Flight::Commit || self.flight == Flight::Writes && !was_open {
            connection.metrics.add(Metric::POSSIBLY_WRITTEN, 1);
        }
        // A server that still has work is told to leave it.
        if !self.has_ended && self.flight != Flight::Nothing {
            connection.cancel();
        }
        let is_lost = connection.session.borrow_mut().ends();
        match self.flight {
            Flight::Commit | Flight::Rollback => {
                connection.session.borrow_mut().has_no_transaction()
            }
            Flight::Nothing | Flight::Reads | Flight::Writes if is_lost => {
                connection.metrics.add(Metric::TRANSACTIONS_LOST, 1);
            }
            Flight::Nothing | Flight::Reads | Flight::Writes => {}
        }
    }
}
