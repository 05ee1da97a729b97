//! A use that takes one of several kinds of asset: the module sees which one it got.

use bggo_runtime::contract::{Asset, AssetCx, Fault, Prepare, Runner, Step, Text, Value, module};
use std::rc::Rc;

module!("pass/alternatives.hcl");

pub struct Connection(Text);
pub struct Pool(Text);

macro_rules! named {
    ($ty:ident, $module:ident) => {
        impl Asset for $ty {
            type Inputs = $module::Inputs;
            type Uses = $module::Uses;
            type Ready = ();
            type Exports = $module::Exports;

            fn prepare(_: &Prepare<'_>, _: &$module::Inputs) -> Result<(), Fault> {
                Ok(())
            }

            async fn create(_: AssetCx, _: Rc<()>, _: $module::Uses, inputs: $module::Inputs) -> Result<Self, Fault> {
                let name = inputs.name.known().cloned().ok_or_else(|| Fault::missing("name"))?;
                Ok(Self(name))
            }

            fn exports(&self) -> $module::Exports {
                $module::Exports {}
            }

            async fn destroy(self) -> Result<(), Fault> {
                Ok(())
            }
        }
    };
}

named!(Connection, connection);
named!(Pool, pool);

pub struct Session {
    by: String,
}

impl Asset for Session {
    type Inputs = session::Inputs;
    type Uses = session::Uses;
    type Ready = ();
    type Exports = session::Exports;

    fn prepare(_: &Prepare<'_>, _: &session::Inputs) -> Result<(), Fault> {
        Ok(())
    }

    async fn create(_: AssetCx, _: Rc<()>, uses: session::Uses, _: session::Inputs) -> Result<Self, Fault> {
        let session::Uses { db, beside } = uses.clone();
        let db = match db {
            session::DbAsset::Connection(connection) => format!("connection {}", connection.0.as_str()),
            session::DbAsset::Pool(pool) => format!("pool {}", pool.0.as_str()),
        };
        let beside = match beside {
            Some(session::BesideAsset::Session(session)) => session.by.clone(),
            Some(session::BesideAsset::Pool(pool)) => pool.0.as_str().to_owned(),
            None => "nothing".to_owned(),
        };
        Ok(Self { by: format!("{db} beside {beside}") })
    }

    fn exports(&self) -> session::Exports {
        session::Exports { by: Value::from(self.by.clone()) }
    }

    async fn destroy(self) -> Result<(), Fault> {
        Ok(())
    }
}

pub struct Query;

impl Runner for Query {
    type Inputs = query::Inputs;
    type Late<'a> = query::Late;
    type Uses<'a> = query::Uses<'a>;
    type Wanted = query::Wanted;
    type Output = query::Output;

    fn prepare(_: &Prepare<'_>, _: query::Inputs, _: query::Wanted) -> Result<Self, Fault> {
        Ok(Self)
    }

    async fn run<'a>(
        &'a self,
        _: &'a Step<'_>,
        uses: query::Uses<'a>,
        _: &'a [query::Late],
    ) -> Result<query::Output, Fault> {
        let db = match uses.db {
            query::DbAsset::Connection(connection) => format!("connection {}", connection.0.as_str()),
            query::DbAsset::Pool(pool) => format!("pool {}", pool.0.as_str()),
        };
        let log = match uses.log {
            Some(query::LogAsset::Pool(pool)) => pool.0.as_str(),
            Some(query::LogAsset::Connection(connection)) => connection.0.as_str(),
            None => "nobody",
        };
        Ok(query::Output { by: Value::from(format!("{db} log {log}")) })
    }
}

use bggo_runtime::contract::testing::{At, Begun, Iteration, Policy, UserContext, WorkerContext};
use bggo_runtime::contract::{Info, ResourceInfo};
use bggo_runtime::emitted::Early;

static INFO: Info = Info::new("query", "one", "grid.hcl:1").slots(0..3);
static RESOURCE: ResourceInfo = ResourceInfo::new("connection", "one", "grid.hcl:2");
static ANN: [connection::In; 1] = [connection::In::Name(Early::Known(Text::Static("ann")))];
static BOB: [pool::In; 1] = [pool::In::Name(Early::Known(Text::Static("bob")))];

fn main() {
    let worker = Rc::new(WorkerContext::alone().unwrap());
    let user = UserContext::new(Rc::clone(&worker), 1, 0);
    let begun = Begun::when_free(worker.moment(), 0);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let (it, cx) = (Iteration::new(&user, &begun), Prepare::new(&worker));
        let scope = cx.scope();
        let (ann, bob) = (connection::Prepared::fixed(&cx, &ANN), pool::Prepared::fixed(&cx, &BOB));
        let one = connection::Slot::new(&scope, &RESOURCE, 0, &[]);
        let two = pool::Slot::new(&scope, &RESOURCE, 0, &[]);
        let connection = || one.get(&it, &mut |cx| ann.create(cx, Ok(Vec::new())));
        let pool = || two.get(&it, &mut |cx| bob.create(cx, Ok(Vec::new())));

        let prepared = query::Prepared::fixed(&cx, &[], query::Wanted::NONE.by(), Policy::new());
        let step = it.step(At::step(&INFO), prepared.policy());
        let needs = query::Needs::NONE.db(query::DbGet::Connection(connection()));
        let output = prepared.run(&step, needs, &[]).await.unwrap();
        assert_eq!(output.by, Value::from("connection ann log nobody"));
        let needs = query::Needs::NONE.db(query::DbGet::Pool(pool())).log(query::LogGet::Pool(pool()));
        let output = prepared.run(&step, needs, &[]).await.unwrap();
        assert_eq!(output.by, Value::from("pool bob log bob"));
        let fault = prepared.run(&step, query::Needs::NONE, &[]).await.unwrap_err();
        assert_eq!(fault.text(), "`db` is required, but it is null");

        let sessions = session::Prepared::fixed(&cx, &[]);
        let [first, second, gone] = [(); 3].map(|()| session::Slot::new(&scope, &RESOURCE, 0, &[&one, &two]));
        let needs = || session::Needs::NONE.db(Some(session::DbSlot::Pool(two.clone())));
        first.get(&it, &mut |cx| sessions.create(cx, needs(), Ok(Vec::new()))).await.unwrap();
        assert_eq!(first.export(0).unwrap(), Value::from("pool bob beside nothing"));
        let needs = || {
            session::Needs::NONE
                .db(Some(session::DbSlot::Connection(one.clone())))
                .beside(Some(session::BesideSlot::Session(first.clone())))
        };
        second.depend_on(&first);
        second.get(&it, &mut |cx| sessions.create(cx, needs(), Ok(Vec::new()))).await.unwrap();
        assert_eq!(second.export(0).unwrap(), Value::from("connection ann beside pool bob beside nothing"));
        let needs = || session::Needs::NONE.beside(None);
        let missing = gone.get(&it, &mut |cx| sessions.create(cx, needs(), Ok(Vec::new()))).await;
        assert!(missing.is_err());
        scope.destroy().await;
    });
}
