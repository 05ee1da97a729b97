//! The asset `rabbitmq_connection`: the session that steps use, that of one user or one that the users of a thread share.
//!
//! One that was lost fails the step that finds out; the next step has a new one. So no loss is made good in silence, and nothing is
//! sent twice.

use crate::opening::{Opener, Settings, settings};
use crate::rabbitmq_connection::{Error as Kind, Exports, Inputs, Uses};
use crate::session::Session;
use crate::shared::{Lane, Shared};
use bggo_runtime::contract::{Asset, AssetCx, Fault, Prepare, Step, Text, Value};
use bggo_wire::KeptDeadline;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Context;

/// A connection.
#[derive(Debug)]
pub struct RabbitmqConnection {
    way: Way,
    server_version: Option<Text>,
}

/// Whose it is.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are of one user, and a box would cost each of those memory"
)]
enum Way {
    /// Of one user, whose steps drive it.
    Own {
        session: Session,
        deadline: KeptDeadline,
    },
    /// Of all users of a thread.
    Shared(Rc<Shared>),
}

/// Where a step speaks.
#[derive(Debug)]
pub(crate) enum Place<'a> {
    /// On the connection of its user.
    Own {
        session: &'a Session,
        deadline: &'a KeptDeadline,
    },
    /// On the channels of its user, whose number is the last part, of a connection that is shared.
    Shared(Rc<Lane>, Rc<Session>, u32),
}

impl Place<'_> {
    /// The connection as it is now.
    pub(crate) fn session(&self) -> &Session {
        match self {
            Self::Own { session, .. } => session,
            Self::Shared(_, session, _) => session,
        }
    }

    /// The deadline of one step after the other.
    pub(crate) fn deadline(&self) -> &KeptDeadline {
        match self {
            Self::Own { deadline, .. } => deadline,
            Self::Shared(lane, ..) => &lane.deadline,
        }
    }

    /// Whose channels are meant.
    pub(crate) fn lane(&self) -> u32 {
        match self {
            Self::Own { .. } => 0,
            Self::Shared(.., number) => *number,
        }
    }
}

impl Asset for RabbitmqConnection {
    const WORKS_WHEN_IDLE: bool = true;

    type Inputs = Inputs;
    type Uses = Uses;
    /// The settings, if they are the same for all connections of the thread.
    type Ready = Option<Rc<Settings>>;
    type Exports = Exports;

    fn prepare(_: &Prepare<'_>, inputs: &Inputs) -> Result<Self::Ready, Fault> {
        Ok(settings(inputs)?.map(Rc::new))
    }

    async fn create(
        cx: AssetCx,
        ready: Rc<Self::Ready>,
        _: Uses,
        inputs: Inputs,
    ) -> Result<Self, Fault> {
        let settings =
            match &*ready {
                Some(settings) => Rc::clone(settings),
                None => Rc::new(settings(&inputs)?.ok_or_else(|| {
                    Kind::Settings.fault("an argument of the connection is missing")
                })?),
            };
        let is_shared = cx.may_spawn();
        let opener = Opener::new(&cx, settings);
        let (session, server_version) = opener.open().await?;
        let way = match is_shared {
            true => {
                let shared = Rc::new(Shared::new(opener, session));
                let of_task = Rc::clone(&shared);
                cx.spawn("connection", poll_fn(move |cx| of_task.poll_task(cx)))?;
                Way::Shared(shared)
            }
            false => Way::Own {
                session,
                deadline: KeptDeadline::new(),
            },
        };
        Ok(Self {
            way,
            server_version,
        })
    }

    fn exports(&self) -> Exports {
        Exports {
            server_version: self.server_version.clone().map_or(Value::Null, Value::Text),
        }
    }

    fn has_idle_work(&self) -> bool {
        match &self.way {
            Way::Own { session, .. } => session.has_idle_work(),
            Way::Shared(_) => false,
        }
    }

    fn poll_idle(&self, cx: &mut Context<'_>) {
        if let Way::Own { session, .. } = &self.way {
            session.poll_idle(cx);
        }
    }

    fn is_spent(&self) -> bool {
        match &self.way {
            Way::Own { session, .. } => session.is_spent(),
            // It is opened again by the step that needs it.
            Way::Shared(_) => false,
        }
    }

    async fn destroy(self) -> Result<(), Fault> {
        match &self.way {
            Way::Own { session, .. } => session.close().await,
            Way::Shared(shared) => shared.close().await,
        }
        Ok(())
    }
}

impl RabbitmqConnection {
    /// Where a step speaks.
    ///
    /// # Errors
    /// A shared connection that was lost cannot be opened again.
    pub(crate) async fn place(&self, step: &Step<'_>) -> Result<Place<'_>, Fault> {
        match &self.way {
            Way::Own { session, deadline } => Ok(Place::Own { session, deadline }),
            Way::Shared(shared) => {
                let session = shared.session().await?;
                let is_it = |lane: &Lane| lane.is_of(shared);
                let lane = step.of_user(is_it, || Lane::new(shared));
                let number = lane.number(&session);
                Ok(Place::Shared(lane, session, number))
            }
        }
    }
}
