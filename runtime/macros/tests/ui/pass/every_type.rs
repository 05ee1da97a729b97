//! Inputs reach the module early or late, with their defaults, whatever their names and types.

use bggo_runtime::contract::{Early, Fault, Number, Prepare, Runner, Seq, Step, Text, Value, module};
use std::time::Duration;

module!("pass/every_type.hcl");

pub struct Every(every::Inputs);

impl Runner for Every {
    type Inputs = every::Inputs;
    type Late<'a> = every::Late<'a>;
    type Uses<'a> = every::Uses;
    type Wanted = every::Wanted;
    type Output = every::Output;

    fn prepare(_: &Prepare<'_>, inputs: every::Inputs, _: every::Wanted) -> Result<Self, Fault> {
        Ok(Self(inputs))
    }

    async fn run<'a>(
        &'a self,
        _: &'a Step<'_>,
        _: every::Uses,
        late: &'a [every::Late<'a>],
    ) -> Result<every::Output, Fault> {
        // Without `..`: a new input of the manifest does not compile here.
        let every::Plain {
            text,
            maybe_text,
            method,
            body,
            fixed_body,
            number,
            maybe_number,
            flag,
            pause,
            limit,
            payload,
            maybe_payload,
            list,
            maybe_map,
            anything,
        } = self.0.with(late)?;
        let text = format!(
            "{text} {maybe_text:?} {method} {body:?} {fixed_body} {number} {maybe_number:?} {flag} {pause:?} {limit} {payload:?} {maybe_payload:?} {list:?} {:?} {anything:?}",
            maybe_map.is_some()
        );
        Ok(every::Output { r#type: Value::from(text), all: Value::Null })
    }
}

pub struct Type(r#type::Inputs);

impl Runner for Type {
    type Inputs = r#type::Inputs;
    type Late<'a> = r#type::Late<'a>;
    type Uses<'a> = r#type::Uses;
    type Wanted = r#type::Wanted;
    type Output = r#type::Output;

    fn prepare(_: &Prepare<'_>, inputs: r#type::Inputs, _: r#type::Wanted) -> Result<Self, Fault> {
        Ok(Self(inputs))
    }

    async fn run<'a>(
        &'a self,
        _: &'a Step<'_>,
        _: r#type::Uses,
        late: &'a [r#type::Late<'a>],
    ) -> Result<r#type::Output, Fault> {
        let r#type::Plain { value, late, self_, r#match, input } = self.0.with(late)?;
        let text = format!("{value} {late:?} {self_:?} {:?} {input:?}", r#match.is_some());
        Ok(r#type::Output { r#match: Value::from(text) })
    }
}

pub struct Bounded(bounded::Inputs);

impl Runner for Bounded {
    type Inputs = bounded::Inputs;
    type Late<'a> = bounded::Late<'a>;
    type Uses<'a> = bounded::Uses;
    type Wanted = bounded::Wanted;
    type Output = bounded::Output;

    fn prepare(_: &Prepare<'_>, inputs: bounded::Inputs, _: bounded::Wanted) -> Result<Self, Fault> {
        Ok(Self(inputs))
    }

    async fn run<'a>(
        &'a self,
        _: &'a Step<'_>,
        _: bounded::Uses,
        late: &'a [bounded::Late<'a>],
    ) -> Result<bounded::Output, Fault> {
        self.0.with(late)?;
        Ok(bounded::Output {})
    }
}

mod grid {
    use super::*;
    use bggo_runtime::contract::Info;
    use bggo_runtime::contract::testing::{At, Begun, Iteration, Policy, UserContext, WorkerContext};
    use std::rc::Rc;

    static INFO: Info = Info::new("every", "one", "grid.hcl:1");

    fn on_a_thread<T>(work: impl AsyncFnOnce(&Iteration<'_>, &Prepare<'_>) -> T) -> T {
        let worker = Rc::new(WorkerContext::alone().unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let user = UserContext::new(Rc::clone(&worker), 1, 0);
            let begun = Begun::when_free(worker.moment(), 0);
            work(&Iteration::new(&user, &begun), &Prepare::new(&worker)).await
        })
    }

    /// What a step says that is prepared with some inputs and runs with others.
    pub fn every(early: &'static [every::In], late: &[every::Late<'_>]) -> Result<String, String> {
        on_a_thread(async |it, cx| {
            let prepared = every::Prepared::fixed(cx, early, every::Wanted::NONE.r#type(), Policy::new());
            let step = it.step(At::step(&INFO), prepared.policy());
            let result = prepared.run(&step, every::Needs::NONE, late).await;
            match result {
                Ok(output) => Ok(output.r#type.to_string()),
                Err(fault) => Err(fault.text().to_owned()),
            }
        })
    }

    /// Why a step is refused that is prepared with some inputs and runs with others.
    pub fn bounded(early: &[bounded::In], late: &[bounded::Late<'_>]) -> Option<String> {
        on_a_thread(async |it, cx| {
            let prepared = bounded::Prepared::new(cx, Ok(early.to_vec()), bounded::Wanted::NONE, Policy::new());
            let step = it.step(At::step(&INFO), prepared.policy());
            let result = prepared.run(&step, bounded::Needs::NONE, late).await;
            let fault = result.err()?;
            assert_eq!(fault.kind(), "value");
            Some(fault.text().to_owned())
        })
    }

    pub fn odd_names(early: &'static [r#type::In], late: &[r#type::Late<'_>]) -> String {
        on_a_thread(async |it, cx| {
            let prepared = r#type::Prepared::fixed(cx, early, r#type::Wanted::ALL, Policy::new());
            let step = it.step(At::step(&INFO), prepared.policy());
            prepared.run(&step, r#type::Needs::NONE, late).await.unwrap().r#match.to_string()
        })
    }
}

fn main() {
    use every::{In, Late};
    static TEXT: [In; 1] = [In::Text(Early::Known(Text::Static("t")))];
    let defaults = r#"t None GET None {"b":[1,"x"],"a":null} -1.5 None true 90s 2048 [195, 169] None List"#;
    let plain = grid::every(&TEXT, &[]).unwrap();
    assert!(plain.starts_with(defaults), "{plain}");
    assert!(plain.ends_with("false Null"), "{plain}");

    assert_eq!(grid::every(&[], &[]), Err("`text` is required, but it is null".to_owned()));

    // A late null leaves the default, or what may be absent is absent.
    static LATER: [In; 7] = [
        In::Text(Early::Later),
        In::Method(Early::Later),
        In::MaybeNumber(Early::Later),
        In::Pause(Early::Later),
        In::Limit(Early::Later),
        In::Payload(Early::Later),
        In::MaybePayload(Early::Later),
    ];
    let nulls = [
        Late::Text(format_args!("t")),
        Late::Method(None),
        Late::MaybeNumber(None),
        Late::Pause(None),
        Late::Limit(None),
        Late::Payload(None),
        Late::MaybePayload(None),
    ];
    assert_eq!(grid::every(&LATER, &nulls).unwrap(), plain);

    let number = Number::from(7_i64);
    let late = [
        Late::Text(format_args!("{}{}", "a", 1)),
        Late::Method(Some(format_args!("PUT"))),
        Late::MaybeNumber(Some(number)),
        Late::Pause(Some(Duration::from_secs(1))),
        Late::Limit(Some(7)),
        Late::Payload(Some(&[1])),
        Late::MaybePayload(Some(&[])),
    ];
    let given = grid::every(&LATER, &late).unwrap();
    assert!(given.starts_with("a1 None PUT None"), "{given}");
    assert!(given.contains("true 1s 7 [1] Some([]) List"), "{given}");

    static KNOWN: [In; 3] = [
        In::Text(Early::Known(Text::Static("t"))),
        In::Limit(Early::Known(Some(1))),
        In::MaybePayload(Early::Known(Some(Seq::Static(b"ab")))),
    ];
    let known = grid::every(&KNOWN, &[]).unwrap();
    assert!(known.contains("90s 1 [195, 169] Some([97, 98]) List"), "{known}");

    let other = [Late::Text(format_args!("t")), Late::Method(Some(format_args!("{}", "POST")))];
    assert_eq!(grid::every(&LATER, &other), Err(r#"`method` is one of "GET", "PUT", not "POST""#.to_owned()));
    static WRONG: [In; 2] =
        [In::Text(Early::Known(Text::Static("t"))), In::Method(Early::Known(Some(Text::Static("POST"))))];
    assert_eq!(grid::every(&WRONG, &[]), Err(r#"`method` is one of "GET", "PUT", not "POST""#.to_owned()));

    static PAUSE: [r#type::In; 1] = [r#type::In::Input(Early::Known(Duration::from_secs(2)))];
    let odd = grid::odd_names(&PAUSE, &[r#type::Late::Late(Some(true)), r#type::Late::Self_(Some(format_args!("x")))]);
    assert_eq!(odd, r#"1 Some(true) Some("x") false 2s"#);

    bounds();
    rules();
}

/// Each bound refuses what is known early and what comes late, with one text.
fn bounds() {
    use bounded::{In, Late};
    let early = |input: In| grid::bounded(&[input, In::First(Early::Known(Some(Text::Static("a"))))], &[]);
    let late = |input: In, late: Late<'_>| {
        grid::bounded(&[input, In::First(Early::Known(Some(Text::Static("a"))))], &[late])
    };
    let seconds = Duration::from_secs;
    let refused = |text: &str| Some(text.to_owned());

    assert_eq!(early(In::Port(Early::Known(Some(Number::new(65_535))))), None);
    assert_eq!(early(In::Port(Early::Known(None))), None);
    for (port, text) in [(0, "`port` must be at least 1"), (65_536, "`port` must be at most 65535")] {
        assert_eq!(early(In::Port(Early::Known(Some(Number::new(port))))), refused(text));
        assert_eq!(late(In::Port(Early::Later), Late::Port(Some(Number::new(port)))), refused(text));
    }
    let text = "`pause` must be more than 0s";
    assert_eq!(early(In::Pause(Early::Known(Some(seconds(0))))), refused(text));
    assert_eq!(late(In::Pause(Early::Later), Late::Pause(Some(seconds(0)))), refused(text));
    assert_eq!(late(In::Pause(Early::Later), Late::Pause(Some(seconds(1)))), None);
    let text = "`room` must be at most 1024";
    assert_eq!(early(In::Room(Early::Known(Some(1025)))), refused(text));
    assert_eq!(late(In::Room(Early::Later), Late::Room(Some(1025))), refused(text));
    let text = "`name` must have a length of at most 2";
    assert_eq!(early(In::Name(Early::Known(Some(Text::Static("abc"))))), refused(text));
    assert_eq!(late(In::Name(Early::Later), Late::Name(Some(format_args!("abc")))), refused(text));
    assert_eq!(late(In::Name(Early::Later), Late::Name(Some(format_args!("äö")))), None);
    let text = "`items` must have a length of at least 1";
    let none = Value::list(&[]);
    assert_eq!(early(In::Items(Early::Known(Some(none.clone())))), refused(text));
    assert_eq!(late(In::Items(Early::Later), Late::Items(Some(&none))), refused(text));
    let text = "`raw` must have a length of at least 1";
    assert_eq!(early(In::Raw(Early::Known(Some(Seq::Static(b""))))), refused(text));
    assert_eq!(late(In::Raw(Early::Later), Late::Raw(Some(&[]))), refused(text));
}

/// A rule is judged as soon as what it asks is known, and not before.
fn rules() {
    use bounded::{In, Late};
    let text = |text: &'static str| Early::Known(Some(Text::Static(text)));
    let conflict = Some("one text is enough".to_owned());
    assert_eq!(grid::bounded(&[In::First(text("a")), In::Second(text("b"))], &[]), conflict);
    let second_later = [In::First(text("a")), In::Second(Early::Later)];
    assert_eq!(grid::bounded(&second_later, &[Late::Second(Some(format_args!("b")))]), conflict);
    assert_eq!(grid::bounded(&second_later, &[Late::Second(None)]), None);
    let both_later = [In::First(Early::Later), In::Second(Early::Later)];
    let needed = Some("one of `first`, `second` must be given".to_owned());
    assert_eq!(grid::bounded(&[], &[]), needed);
    assert_eq!(grid::bounded(&both_later, &[Late::First(None), Late::Second(None)]), needed);
    assert_eq!(grid::bounded(&both_later, &[Late::First(Some(format_args!("a"))), Late::Second(None)]), None);
    // Where a label is given, the port must be.
    let named = [In::First(text("a")), In::Label(text("x"))];
    assert_eq!(grid::bounded(&named, &[]), Some("a label needs its port".to_owned()));
    let with_port = [In::First(text("a")), In::Label(text("x")), In::Port(Early::Known(Some(Number::new(1))))];
    assert_eq!(grid::bounded(&with_port, &[]), None);
    // A warning is the compiler's.
    let warned = [In::First(text("a")), In::Label(text("x")), In::Port(Early::Known(Some(Number::new(1)))), In::Name(text("n"))];
    assert_eq!(grid::bounded(&warned, &[]), None);
}
