//! How large a virtual user is: one is made as a run would make it, measured, and dropped before it has begun.
//!
//! `bggo build` asks the program that it has built, because only the compiler of the program knows the size of a future.

use super::control::{Run, Shared};
use super::thread::Thread;
use super::user::{Arrivals, User};
use crate::metrics::Slab;
use crate::prepare::Prepare;
use crate::report::Report;
use crate::schedule::Share;
use crate::scope::RunScope;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;
use tokio::task::LocalSet;

/// Bytes of the future that is one user's whole life; what its assets and boxed steps take comes on top.
///
/// # Errors
/// The system has no memory or no event loop for it.
pub fn user_bytes(run: &Run, report: &Arc<Report>) -> io::Result<usize> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let shared = Shared::new(run.grid);
    let slab = Slab::new(shared.iterations.end() as usize)?;
    LocalSet::new().block_on(&runtime, async {
        let thread = Rc::new(Thread::new(shared.parts(run, report, 0, &slab)));
        let scope = RunScope::new(Rc::clone(&thread));
        let assets = run.program.run_assets(&scope);
        let worker = run.program.worker(&Prepare::new(&thread), &assets);
        let arrivals = Arrivals::new(run.schedule, Share::new(0, 1), Instant::now());
        let user = worker.user(User::new(thread, Rc::new(arrivals), 1));
        Ok(std::mem::size_of_val(&*user))
    })
}
