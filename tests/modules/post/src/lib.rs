//! Letters whose answers come after the steps that sent them.

use bggo_runtime::contract::{
    Asset, AssetCx, Fault, LateResult, Moment, Number, Prepare, Runner, StampMetrics, Step, Value, module,
};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

module!("manifest.hcl");

/// A letter that came, with its stamp.
struct Letter {
    stamp: Vec<u8>,
    came: Moment,
}

/// Carries letters.
pub struct LetterBox {
    cx: AssetCx,
    letters: RefCell<VecDeque<Letter>>,
    /// What nobody answers.
    unanswered: RefCell<Vec<LateResult>>,
    numbers: Cell<u64>,
}

impl Asset for LetterBox {
    type Inputs = letter_box::Inputs;
    type Uses = letter_box::Uses;
    type Ready = ();
    type Exports = letter_box::Exports;

    fn prepare(_: &Prepare<'_>, _: &letter_box::Inputs) -> Result<(), Fault> {
        Ok(())
    }

    async fn create(
        cx: AssetCx,
        _: Rc<()>,
        _: letter_box::Uses,
        _: letter_box::Inputs,
    ) -> Result<Self, Fault> {
        Ok(Self {
            cx,
            letters: RefCell::default(),
            unanswered: RefCell::default(),
            numbers: Cell::default(),
        })
    }

    fn exports(&self) -> letter_box::Exports {
        letter_box::Exports {}
    }

    async fn destroy(self) -> Result<(), Fault> {
        Ok(())
    }
}

/// Sends a letter.
pub struct LetterSend {
    inputs: letter_send::Inputs,
    stamps: bool,
}

impl LetterSend {
    fn refused() -> Fault {
        letter_send::Error::Refused.fault("nobody wants it")
    }
}

impl Runner for LetterSend {
    type Inputs = letter_send::Inputs;
    type Late<'a> = letter_send::Late<'a>;
    type Uses<'a> = letter_send::Uses<'a>;
    type Wanted = letter_send::Wanted;
    type Output = letter_send::Output;

    fn prepare(
        _: &Prepare<'_>,
        inputs: letter_send::Inputs,
        wanted: letter_send::Wanted,
    ) -> Result<Self, Fault> {
        Ok(Self {
            inputs,
            stamps: wanted.stamp,
        })
    }

    async fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: letter_send::Uses<'a>,
        late: &'a [letter_send::Late<'a>],
    ) -> Result<letter_send::Output, Fault> {
        let given = self.inputs.with(late)?;
        let post = uses.r#box;
        let stamp = self.stamps.then(|| step.stamp().to_vec());
        post.letters.borrow_mut().push_back(Letter {
            stamp: stamp.unwrap_or_default(),
            came: step.now(),
        });
        let (answer, after): (String, Duration) = (given.answer.to_string(), given.after);
        let number = post.numbers.get();
        post.numbers.set(number + 1);
        if given.wait {
            step.pause(after).await;
            return match answer.as_str() {
                "refused" => Err(Self::refused()),
                _ => Ok(letter_send::Output {
                    number: Value::from(Number::from(number)),
                }),
            };
        }
        let result = step.late_result();
        if answer == "none" {
            post.unanswered.borrow_mut().push(result);
            return Ok(letter_send::Output::default());
        }
        let mut deadline = post.cx.deadline();
        deadline.set(step.now() + after);
        post.cx.spawn("carrier", async move {
            std::future::poll_fn(|cx| deadline.poll(cx)).await;
            match answer.as_str() {
                "refused" => result.undelivered(&Self::refused()),
                _ => result.delivered(),
            }
        })?;
        Ok(letter_send::Output::default())
    }
}

/// Takes the letter that came first.
pub struct LetterTake;

const STAMPS: StampMetrics = [
    letter_take::Metric::END_TO_END,
    letter_take::Metric::END_TO_END_FROM_DUE,
    letter_take::Metric::END_TO_END_WALL_CLOCK,
];

impl Runner for LetterTake {
    type Inputs = letter_take::Inputs;
    type Late<'a> = letter_take::Late;
    type Uses<'a> = letter_take::Uses<'a>;
    type Wanted = letter_take::Wanted;
    type Output = letter_take::Output;

    fn prepare(
        _: &Prepare<'_>,
        _: letter_take::Inputs,
        _: letter_take::Wanted,
    ) -> Result<Self, Fault> {
        Ok(Self)
    }

    async fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: letter_take::Uses<'a>,
        _: &'a [letter_take::Late],
    ) -> Result<letter_take::Output, Fault> {
        let letter = uses.r#box.letters.borrow_mut().pop_front();
        let Some(letter) = letter else {
            return Err(letter_take::Error::Empty.fault("there is none"));
        };
        step.record_stamp(&letter.stamp, letter.came, STAMPS);
        Ok(letter_take::Output {
            stamped: Value::from(!letter.stamp.is_empty()),
        })
    }
}
