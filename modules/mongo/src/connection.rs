//! The asset `mongo_connection`: a connection to a server, on which the steps of its user have their turns.
//!
//! It is opened when it is created. One that was lost, or whose answer was not waited for, is replaced within the next step, and that is
//! counted: nothing is sent twice, and nothing is made good in silence.

use crate::arguments::Settings;
use crate::login::First;
use crate::mongo_command::Error as Of;
use crate::mongo_connection::{Error as Kind, Exports, Inputs, Metric, Uses};
use crate::object_id::ObjectIds;
use crate::outcome;
use bggo_runtime::contract::{
    Asset, AssetClock, AssetCx, AssetMetrics, Fault, Number, Prepare, Text, Value, format_duration,
};
use bggo_scram::Keys;
use bggo_wire::{Address, Dialer, Home, KeptDeadline, Loan, Named, Target, Turns, Wire};
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// What all connections of a resource share on a thread.
#[derive(Debug, Default)]
pub struct Ready {
    /// The settings, if they are the same for all.
    settings: Option<Rc<Settings>>,
    /// What was made of passwords before.
    keys: Keys,
    ids: ObjectIds,
    /// The server does not know the word hello.
    is_old: Cell<bool>,
}

/// A connection.
#[derive(Debug)]
pub struct MongoConnection {
    settings: Rc<Settings>,
    ready: Rc<Ready>,
    named: Named,
    dialer: Dialer,
    clock: AssetClock,
    home: Home,
    pub(crate) turns: Turns,
    pub(crate) deadline: KeptDeadline,
    /// The number of the last message.
    number: Cell<i32>,
    max_document: Cell<usize>,
    max_wire_version: Cell<i64>,
    server_version: RefCell<Option<Text>>,
    metrics: AssetMetrics,
}

impl Asset for MongoConnection {
    type Inputs = Inputs;
    type Uses = Uses;
    type Ready = Ready;
    type Exports = Exports;

    fn prepare(_: &Prepare<'_>, inputs: &Inputs) -> Result<Ready, Fault> {
        Ok(Ready {
            settings: Settings::of(inputs)?.map(Rc::new),
            ..Ready::default()
        })
    }

    async fn create(cx: AssetCx, ready: Rc<Ready>, _: Uses, inputs: Inputs) -> Result<Self, Fault> {
        let settings = match &ready.settings {
            Some(settings) => Rc::clone(settings),
            None => {
                let settings = Settings::of(&inputs)?;
                Rc::new(settings.ok_or_else(|| {
                    Kind::Settings.fault("an argument of the connection is missing")
                })?)
            }
        };
        let connection = Self {
            dialer: Dialer::new(&cx, &settings.dials),
            settings,
            ready,
            named: match cx.info().is_sensitive() {
                true => Named::Secret,
                false => Named::Open,
            },
            clock: cx.clock(),
            home: Home::new(),
            turns: Turns::new(),
            deadline: KeptDeadline::new(),
            number: Cell::new(0),
            max_document: Cell::new(16 << 20),
            max_wire_version: Cell::new(0),
            server_version: RefCell::default(),
            metrics: cx.metrics(),
        };
        drop(connection.open().await?);
        Ok(connection)
    }

    fn exports(&self) -> Exports {
        let version = self.server_version.borrow().clone();
        Exports {
            server_version: version.map_or(Value::Null, Value::Text),
            max_wire_version: Number::from(self.max_wire_version.get()).into(),
        }
    }

    async fn destroy(self) -> Result<(), Fault> {
        Ok(())
    }
}

impl MongoConnection {
    /// The database of steps that name none.
    pub(crate) fn database(&self) -> &str {
        &self.settings.database
    }

    /// The most bytes of a document.
    pub(crate) fn max_document(&self) -> usize {
        self.max_document.get()
    }

    /// A new ObjectId.
    pub(crate) fn make_id(&self) -> [u8; 12] {
        let clock = &self.clock;
        self.ready.ids.make(clock.since_1970(), || clock.random())
    }

    /// The number of the next message.
    pub(crate) fn next_number(&self) -> i32 {
        let number = self.number.get().wrapping_add(1);
        self.number.set(number);
        number
    }

    /// The connection, if it is there and can serve. What is read of it has to be asked for within the same poll.
    pub(crate) fn there(&self, cx: &mut Context<'_>) -> Option<Loan<'_>> {
        // A server says nothing unasked.
        self.home.lend_heard_until(0, cx, |_| false)
    }

    /// The same for whoever reads it in another poll.
    pub(crate) fn is_there(&self) -> Option<Loan<'_>> {
        self.home.lend_heard(0, |_| false)
    }

    /// A new connection in place of one that is gone.
    pub(crate) async fn reopen(&self) -> Result<Loan<'_>, Fault> {
        let loan = self.open().await?;
        self.metrics.add(Metric::RECONNECTS, 1);
        Ok(loan)
    }

    async fn open(&self) -> Result<Loan<'_>, Fault> {
        let timeout = self.settings.connect_timeout;
        let begun = self.dialer.now();
        let mut limit = self.dialer.deadline();
        limit.set(begun + timeout);
        let mut opening = pin!(self.connect());
        let opened = poll_fn(|cx| match opening.as_mut().poll(cx) {
            Poll::Pending => limit.poll(cx).map(|()| None),
            Poll::Ready(opened) => Poll::Ready(Some(opened)),
        });
        let Some(opened) = opened.await else {
            let limit = format_duration(timeout);
            let text = format!("no answer to the first commands within {limit}");
            return Err(Kind::Connect.fault(text));
        };
        let wire = opened?;
        self.metrics.add(Metric::CONNECTIONS, 1);
        self.metrics
            .record_time(Metric::CONNECTING, self.dialer.now() - begun);
        Ok(self.home.settle(0, wire))
    }

    async fn connect(&self) -> Result<Wire, Fault> {
        let settings = &*self.settings;
        let target = Target {
            address: Address::Host {
                name: &settings.host,
                port: settings.port,
            },
            secure: settings.secure.as_deref(),
            named: self.named,
        };
        let dialled = self.dialer.dial(&target).await;
        let (mut wire, times) = dialled.map_err(|trouble| of_asset(outcome::broken(&trouble)))?;
        if settings.secure.is_some() {
            self.metrics.record_time(Metric::TLS_HANDSHAKING, times.tls);
        }
        let mut first = First {
            wire: &mut wire,
            settings,
            number: self.number.get(),
        };
        let greeted = self.greet(&mut first).await;
        self.number.set(first.number);
        greeted.map_err(|fault| of_asset(self.of_greeting(fault)))?;
        Ok(wire)
    }

    /// Says the first commands.
    async fn greet(&self, first: &mut First<'_>) -> Result<(), Fault> {
        let mut is_old = self.ready.is_old.get();
        let hello = first.hello(&mut is_old).await?;
        self.ready.is_old.set(is_old);
        if let Some(login) = &self.settings.login {
            let begun = self.dialer.now();
            let secrets = (&self.ready.keys, self.nonce());
            first.login(login, &hello, secrets).await?;
            self.metrics
                .record_time(Metric::AUTHENTICATING, self.dialer.now() - begun);
        }
        // Nobody reads it again after the first time.
        if self.max_wire_version.get() == 0 {
            let version = first.version().await?;
            self.server_version.replace(version.map(Text::from));
        }
        self.max_wire_version.set(hello.max_wire_version);
        self.max_document.set(hello.max_document);
        Ok(())
    }

    fn nonce(&self) -> [u8; 24] {
        let mut nonce = [0; 24];
        for part in nonce.chunks_exact_mut(8) {
            part.copy_from_slice(&self.clock.random().to_be_bytes());
        }
        nonce
    }

    /// A failure while the first commands were said. A server that wants TLS hangs up without a word, and so does one that is too old.
    fn of_greeting(&self, fault: Fault) -> Fault {
        if self.settings.secure.is_some() || fault.kind() != Of::Closed.name() {
            return fault;
        }
        Of::Closed.fault(
            "the server closed the connection before it answered: one with TLS needs tls = true, and one older than 3.6 knows no OP_MSG",
        )
    }
}

/// A failure of a step, as one of the asset.
fn of_asset(fault: Fault) -> Fault {
    let kind = match fault.kind() {
        "auth" | "unauthorized" => Kind::Auth,
        "not_primary" => Kind::NotPrimary,
        "unsupported" => Kind::Unsupported,
        "dns" => Kind::Dns,
        "connect" | "timeout" => Kind::Connect,
        "refused" => Kind::Refused,
        "unreachable" => Kind::Unreachable,
        "local" => Kind::Local,
        "tls" => Kind::Tls,
        "closed" => Kind::Closed,
        "protocol" | "too_large" => Kind::Protocol,
        _ => Kind::ServerError,
    };
    kind.of(fault)
}
