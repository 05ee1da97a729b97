//! Measures how large a virtual user is: makes one as a run does, takes its size, and drops it before it begins.
//!
//! `bggo build` asks the built program for the size, because only rustc knows the size of a future.

use super::request::{RunRequest, RunState};
use super::scenario_users::ScenarioUsers;
use super::user::User;
use crate::assets::{Prepare, RunScope};
use crate::context::WorkerContext;
use crate::metrics::Slab;
use crate::outputs::Report;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;
use tokio::task::LocalSet;

/// Bytes of the future of a user, of the scenario where it is largest. Its assets and its boxed steps take more on top.
///
/// # Errors
/// The system has no memory or no event loop for it.
pub fn user_bytes(run: &RunRequest, report: &Arc<Report>) -> io::Result<usize> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let state = RunState::new(run);
    let slots = run.slots();
    let slab = Slab::new(slots.count as usize)?;
    LocalSet::new().block_on(&runtime, async {
        let context = Rc::new(WorkerContext::new(state.parts(run, report, 0, &slab)));
        let scope = RunScope::new(Rc::clone(&context));
        let assets = run.program.run_assets(&scope);
        let worker = run.program.worker(&Prepare::new(&context), &assets);
        let sizes = run.scenario_loads(&slots).into_iter().map(|load| {
            let scenario = load.scenario;
            let shared = (&context, &Rc::default());
            let users = Rc::new(ScenarioUsers::new(load, shared, Instant::now(), (0, 1)));
            let user = Rc::clone(&worker).user(scenario, User::new(&context, 1, &users));
            std::mem::size_of_val(&*user)
        });
        Ok(sizes.max().unwrap_or_default())
    })
}
