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

mod grid {
    use super::*;
    use bggo_runtime::emitted::{At, Flow, Info, It, Policy, Ran};
    use bggo_runtime::engine::Thread;
    use std::rc::Rc;

    static INFO: Info = Info::new("every", "one", "grid.hcl:1");

    fn on_a_thread<T>(work: impl AsyncFnOnce(&It<'_>, &Prepare<'_>) -> T) -> T {
        let thread = Rc::new(Thread::alone().unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let it = It::new(&thread, 1, 0, thread.now());
            work(&it, &Prepare::new(&thread)).await
        })
    }

    /// What a step says that is prepared with some inputs and runs with others.
    pub fn every(early: &'static [every::In], late: &[every::Late<'_>]) -> Result<String, String> {
        on_a_thread(async |it, cx| {
            let prepared = every::Prepared::fixed(cx, early, every::Wanted::NONE.r#type(), Policy::new());
            let step = it.step(At::step(&INFO), prepared.policy());
            let result = prepared.run(&step, every::Needs::NONE, late).await;
            let flow: Flow = step.end(Ok(Ran::Done));
            assert!(flow.is_ok());
            match result {
                Ok(output) => Ok(output.r#type.to_string()),
                Err(fault) => Err(fault.text().to_owned()),
            }
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
}
