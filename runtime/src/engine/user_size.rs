//! How large a virtual user is: one is made as a run would make it, measured, and dropped before it has begun.
//!
//! `bggo build` asks the program that it has built, because only the compiler of the program knows the size of a future.

use super::control::{RunRequest, RunState};
use super::user::{Arrivals, User};
use crate::assets::{Prepare, RunScope};
use crate::context::{UserContext, WorkerContext};
use crate::metrics::Slab;
use crate::outputs::Report;
use crate::schedule::Share;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;
use tokio::task::LocalSet;

/// Bytes of the future that is one user's whole life; what its assets and boxed steps take comes on top.
///
/// # Errors
/// The system has no memory or no event loop for it.
pub fn user_bytes(run: &RunRequest, report: &Arc<Report>) -> io::Result<usize> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let state = RunState::new(run.grid);
    let slab = Slab::new(state.iterations.end() as usize)?;
    LocalSet::new().block_on(&runtime, async {
        let context = Rc::new(WorkerContext::new(state.parts(run, report, 0, &slab)));
        let scope = RunScope::new(Rc::clone(&context));
        let assets = run.program.run_assets(&scope);
        let worker = run.program.worker(&Prepare::new(&context), &assets);
        let arrivals = Arrivals::new(run.schedule, Share::new(0, 1), Instant::now());
        let user = worker.user(User::new(
            UserContext::new(context, 1, 0),
            Rc::new(arrivals),
        ));
        Ok(std::mem::size_of_val(&*user))
    })
}
