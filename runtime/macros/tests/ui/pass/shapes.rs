//! Inputs with `shape = true`: known, known in part, or late as a whole. `with` gives whole values of all of them.

use bggo_runtime::contract::{
    Early, Fault, Parts, Prepare, Runner, Shape, Step, Text, Value, encode_json, module,
};

module!("pass/shapes.hcl");

pub struct Send(send::Inputs);

impl Runner for Send {
    type Inputs = send::Inputs;
    type Late<'a> = send::Late<'a>;
    type Uses<'a> = send::Uses;
    type Wanted = send::Wanted;
    type Output = send::Output;

    fn prepare(_: &Prepare<'_>, inputs: send::Inputs, _: send::Wanted) -> Result<Self, Fault> {
        Ok(Self(inputs))
    }

    async fn run<'a>(
        &'a self,
        _: &'a Step<'_>,
        _: send::Uses,
        late: &'a [send::Late<'a>],
    ) -> Result<send::Output, Fault> {
        let send::Plain { words, maybe, fields, free, text: _ } = self.0.with(late)?;
        let maybe = maybe.map_or_else(|| "absent".to_owned(), |value| encode_json(&value));
        let all = format!("{} {maybe} {} {}", encode_json(&words), encode_json(&fields), encode_json(&free));
        // What the test looks at.
        Err(Fault::new("value", all))
    }
}

mod grid {
    use super::send::{In, Late, Needs, Prepared, Wanted};
    use bggo_runtime::contract::Info;
    use bggo_runtime::contract::Prepare;
    use bggo_runtime::contract::testing::{At, Begun, Iteration, Policy, UserContext, WorkerContext};
    use std::rc::Rc;

    static INFO: Info = Info::new("send", "one", "grid.hcl:1");

    /// What a step says that is prepared with some inputs and runs with others.
    pub fn send(early: &[In], late: &[Late<'_>]) -> String {
        let worker = Rc::new(WorkerContext::alone().unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let user = UserContext::new(Rc::clone(&worker), 1, 0);
            let begun = Begun::when_free(worker.moment(), 0);
            let iteration = Iteration::new(&user, &begun);
            let prepared = Prepared::new(&Prepare::new(&worker), Ok(early.to_vec()), Wanted::NONE, Policy::new());
            let step = iteration.step(At::step(&INFO), prepared.policy());
            let fault = prepared.run(&step, Needs::NONE, late).await.unwrap_err();
            fault.text().to_owned()
        })
    }
}

static WORDS: [Shape; 3] = [Shape::Known(Value::text("SET")), Shape::Hole(0), Shape::object(&PAIRS)];
static PAIRS: [(Text, Shape); 2] =
    [(Text::Static("a"), Shape::Hole(1)), (Text::Static("b"), Shape::Known(Value::Null))];

fn words() -> send::In {
    send::In::Words(Early::Known(Shape::list(&WORDS)))
}

fn main() {
    use grid::send;
    use send::{In, Late};
    let holes = [Value::text("k"), Value::number(7)];
    let late_words = Late::Words(Parts::Holes(&holes));
    let filled = r#"["SET","k",{"a":7,"b":null}]"#;

    assert_eq!(send(&[words()], &[late_words]), format!("{filled} absent {{\"a\":1}} null"));

    // Whole values come where nothing was known, and known ones stay as they are.
    let list = Value::list(const { &[Value::number(1), Value::number(2)] });
    let object = Value::object(const { &[(Text::Static("x"), Value::number(1))] });
    let early = [
        In::Words(Early::Later),
        In::Maybe(Early::Known(Some(Shape::Known(object.clone())))),
        In::Fields(Early::Later),
        In::Free(Early::Later),
    ];
    let late = [
        Late::Words(Parts::Whole(&list)),
        Late::Fields(Some(Parts::Whole(&object))),
        Late::Free(Parts::Whole(&list)),
    ];
    assert_eq!(send(&early, &late), r#"[1,2] {"x":1} {"x":1} [1,2]"#);

    // A late null is absent, or leaves the default.
    let early = [words(), In::Maybe(Early::Later), In::Fields(Early::Later)];
    let late = [late_words, Late::Maybe(None), Late::Fields(None)];
    assert_eq!(send(&early, &late), format!("{filled} absent {{\"a\":1}} null"));

    // Holes of optional inputs.
    let one = || Shape::from(vec![Shape::Hole(0)]);
    let early = [words(), In::Maybe(Early::Known(Some(one()))), In::Fields(Early::Known(Some(one())))];
    let null = [Value::Null];
    let late = [late_words, Late::Maybe(Some(Parts::Holes(&holes))), Late::Fields(Some(Parts::Holes(&null)))];
    assert_eq!(send(&early, &late), format!(r#"{filled} ["k"] [null] null"#));

    // Lengths are those of shapes and of whole values.
    let short = "`words` must have a length of at least 2";
    let early = [In::Words(Early::Known(Shape::from(vec![Shape::Hole(0)])))];
    assert_eq!(send(&early, &[Late::Words(Parts::Holes(&holes))]), short);
    let only = Value::list(const { &[Value::Null] });
    assert_eq!(send(&[In::Words(Early::Later)], &[Late::Words(Parts::Whole(&only))]), short);

    // What has a shape is given.
    let early = [words(), In::Maybe(Early::Known(Some(one()))), In::Text(Early::Known(Some(Text::Static("x"))))];
    assert_eq!(send(&early, &[late_words]), "at most one of `maybe`, `text` may be given");

    // What does not come is said.
    assert_eq!(send(&[words()], &[]), "`words` is required, but it is null");
    assert_eq!(send(&[words()], &[Late::Words(Parts::Holes(&holes[..1]))]), "hole 1 of an input has no value");
}
