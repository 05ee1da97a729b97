//! What the crate `bggo-parts` uses, which runs steps with parts around their attempts and instances that are found late. It is
//! no contract: that crate and the runtime change together.

pub use crate::clock::Moment;
pub use crate::context::Deadline;
pub use crate::extension::{RunExtension, WorkerExtension};
pub use crate::fault::{Fault, FaultText};
pub use crate::flow::{Flow, Running, Stop};
pub use crate::info::{At, Info};
pub use crate::step::{
    AttemptOf, DrivenStep, Iteration, Limited, OutputSlot, OutputSlots, Policy, Ran, RunInstance,
    Step, TIMEOUT, Wait, WaitOf, each,
};
pub use crate::step_outputs::{KeptOutputs, WhyNone, instance, place_of_index, place_of_key};
