//! A step takes its assets, required and optional ones, and an asset gets its early and late inputs.

use bggo_runtime::contract::{Asset, AssetCx, AssetMetrics, Early, Fault, Prepare, Runner, Step, Text, Value, module};
use std::rc::Rc;

module!("pass/asset.hcl");

pub struct Line {
    to: Text,
}

impl Asset for Line {
    type Inputs = line::Inputs;
    type Uses = line::Uses;
    type Ready = ();
    type Exports = line::Exports;

    fn prepare(_: &Prepare<'_>, inputs: &line::Inputs) -> Result<(), Fault> {
        let line::Inputs { to, retries } = inputs;
        assert_eq!(*to, Early::Later);
        assert_eq!(retries.known().and_then(|number| number.as_u64()), Some(2));
        Ok(())
    }

    async fn create(_: AssetCx, _: Rc<()>, _: line::Uses, inputs: line::Inputs) -> Result<Self, Fault> {
        match inputs.to {
            Early::Known(to) if to.as_str() == "busy" => Err(line::Error::Busy.fault("it is busy")),
            Early::Known(to) => Ok(Self { to }),
            Early::Later => Err(Fault::missing("to")),
        }
    }

    fn exports(&self) -> line::Exports {
        line::Exports { address: Value::Text(self.to.clone()) }
    }

    async fn destroy(self) -> Result<(), Fault> {
        Ok(())
    }
}

pub struct Session {
    path: String,
    metrics: AssetMetrics,
}

impl Asset for Session {
    type Inputs = session::Inputs;
    type Uses = session::Uses;
    type Ready = ();
    type Exports = session::Exports;

    fn prepare(_: &Prepare<'_>, _: &session::Inputs) -> Result<(), Fault> {
        Ok(())
    }

    async fn create(cx: AssetCx, _: Rc<()>, uses: session::Uses, _: session::Inputs) -> Result<Self, Fault> {
        let metrics = cx.metrics();
        metrics.set(session::Metric::OPEN, 1);
        metrics.add(session::Metric::STATIC, 1);
        let session::Uses { over, beside } = uses;
        let beside = beside.map_or("nothing".to_owned(), |session| session.path.clone());
        Ok(Self { path: format!("over {} beside {beside}", over.to.as_str()), metrics })
    }

    fn exports(&self) -> session::Exports {
        session::Exports { path: Value::from(self.path.clone()) }
    }

    async fn destroy(self) -> Result<(), Fault> {
        self.metrics.set(session::Metric::OPEN, 0);
        Ok(())
    }
}

pub struct Talk;

impl Runner for Talk {
    type Inputs = talk::Inputs;
    type Late<'a> = talk::Late;
    type Uses<'a> = talk::Uses<'a>;
    type Wanted = talk::Wanted;
    type Output = talk::Output;

    fn prepare(_: &Prepare<'_>, _: talk::Inputs, _: talk::Wanted) -> Result<Self, Fault> {
        Ok(Self)
    }

    async fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: talk::Uses<'a>,
        _: &'a [talk::Late],
    ) -> Result<talk::Output, Fault> {
        let talk::Uses { step: first, late: second } = uses;
        step.add(talk::Metric::LENGTH, 1);
        step.add_labelled(talk::Metric::WORDS, "en", 2);
        step.record_time(talk::Metric::PAUSE, std::time::Duration::from_millis(3));
        if let Some(breath) = step.asks(talk::Metric::BREATH) {
            step.record_time(breath, std::time::Duration::from_millis(1));
        }
        let second = second.map_or("nobody", |line| line.to.as_str());
        match second {
            "nobody" => step.miss(talk::Metric::ANSWERED),
            _ => step.hit(talk::Metric::ANSWERED),
        }
        if second == "silence" {
            return Err(talk::Error::Silent.fault("nothing"));
        }
        Ok(talk::Output { said: Value::from(format!("{} and {second}", first.to.as_str())) })
    }
}

use bggo_runtime::contract::testing::{
    At, Begun, Iteration, Policy, RunScope, Scope, UserContext, WorkerContext,
};
use bggo_runtime::contract::{Info, ResourceInfo};
use bggo_runtime::emitted::RunAsset;

static INFO: Info = Info::new("talk", "one", "grid.hcl:1").slots(0..9).metrics(talk::METRICS);
static RESOURCE: ResourceInfo = ResourceInfo::new("line", "one", "grid.hcl:2");
static SESSION: ResourceInfo =
    ResourceInfo::new("session", "one", "grid.hcl:3").metrics(session::METRICS).first_slot(9);

fn lines(scope: &Scope) -> [line::Slot; 2] {
    [(); 2].map(|()| line::Slot::new(scope, &RESOURCE, 0, &[]))
}

/// And this one, for what is built on it on the control thread.
pub fn behind(scope: &RunScope, shared: &RunAsset) -> Option<line::Slot> {
    line::Slot::of_run(scope, shared)
}

/// The macro makes this one for an asset that a run may share.
pub fn shared(scope: &RunScope, prepared: Rc<line::Prepared>) -> RunAsset {
    line::shared(scope, &RESOURCE, 0, &[], Box::new(move |cx| prepared.create(cx, Ok(Vec::new()))))
}

fn main() {
    assert_eq!(line::EXPORTS, ["address"]);
    let names: Vec<_> = talk::METRICS.iter().map(|metric| (metric.name(), metric.label_name())).collect();
    let language = Some("language");
    assert_eq!(names, [("length", None), ("words", language), ("pause", None), ("answered", None), ("breath", None)]);
    let on_demand: Vec<_> = talk::METRICS.iter().filter(|metric| metric.is_on_demand()).collect();
    assert_eq!(on_demand, [&talk::METRICS[4]]);
    assert_eq!(talk::Metric::ANSWERED.number(), 3);
    let warns = |info: Info| info.warning_of(&talk::METRICS[1]).map(|warning| warning.over_millionths());
    assert_eq!(warns(Info::new("talk", "one", "grid.hcl:1")), Some(5_000));
    assert_eq!(warns(Info::new("talk", "one", "grid.hcl:1").without_warning(&["words"])), None);
    let worker = Rc::new(WorkerContext::alone().unwrap());
    let user = UserContext::new(Rc::clone(&worker), 1, 0);
    let begun = Begun::when_free(worker.moment(), 0);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let (it, cx) = (Iteration::new(&user, &begun), Prepare::new(&worker));
        static LATER: [line::In; 1] = [line::In::To(Early::Later)];
        let ready = line::Prepared::fixed(&cx, &LATER);
        let make = |to: &'static str| {
            let ready = Rc::clone(&ready);
            move |cx| ready.create(cx, Ok(vec![line::In::To(Early::Known(Text::Static(to)))]))
        };
        let prepared = talk::Prepared::fixed(&cx, &[], talk::Wanted::NONE.said(), Policy::new());

        let scope = cx.scope();
        let [first, second] = lines(&scope);
        let step = it.step(At::step(&INFO), prepared.policy());
        let needs = talk::Needs::NONE.step(first.get(&it, &mut make("ann"))).late(second.get(&it, &mut make("bob")));
        let output = prepared.run(&step, needs, &[]).await.unwrap();
        assert_eq!(output.said, Value::from("ann and bob"));
        assert_eq!(second.export(0).unwrap(), Value::from("bob"));

        let needs = talk::Needs::NONE.step(first.get(&it, &mut make("ann")));
        let output = prepared.run(&step, needs, &[]).await.unwrap();
        assert_eq!(output.said, Value::from("ann and nobody"));

        let fault = prepared.run(&step, talk::Needs::NONE, &[]).await.unwrap_err();
        assert_eq!(fault.text(), "`step` is required, but it is null");
        scope.destroy().await;

        let scope = cx.scope();
        let [first, gone] = lines(&scope);
        first.get(&it, &mut make("ann")).await.unwrap();
        let sessions = session::Prepared::fixed(&cx, &[]);
        let [one, two, none] = [(); 3].map(|()| session::Slot::new(&scope, &SESSION, 0, &[&first]));
        let needs = || session::Needs::NONE.over(Some(&first));
        one.get(&it, &mut |cx| sessions.create(cx, needs(), Ok(Vec::new()))).await.unwrap();
        assert_eq!(one.export(0).unwrap(), Value::from("over ann beside nothing"));
        let beside = || needs().beside(Some(&one));
        two.get(&it, &mut |cx| sessions.create(cx, beside(), Ok(Vec::new()))).await.unwrap();
        assert_eq!(two.export(0).unwrap(), Value::from("over ann beside over ann beside nothing"));
        for needs in [session::Needs::NONE, session::Needs::NONE.over(Some(&gone))] {
            let mut needs = Some(needs);
            let made = none.get(&Iteration::new(&user, &begun), &mut |cx| {
                sessions.create(cx, needs.take().unwrap_or(session::Needs::NONE), Ok(Vec::new()))
            });
            assert!(made.await.is_err());
        }
        scope.destroy().await;

        let scope = cx.scope();
        let [busy, _] = lines(&scope);
        let needs = talk::Needs::NONE.step(busy.get(&it, &mut make("busy")));
        let step = it.step(At::step(&INFO), prepared.policy());
        assert!(prepared.run(&step, needs, &[]).await.is_err());
        scope.destroy().await;
    });
}
