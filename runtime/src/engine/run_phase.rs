//! `setup` and `teardown`: each runs on a thread of its own, which prepares its steps and ends with it. The control thread waits
//! for it and handles signals meanwhile.

use super::phase::{PhaseKind, PhaseRun};
use super::program::{ErasedRunAssets, Program};
use super::worker::{Guarded, destroy, listen};
use crate::assets::Prepare;
use crate::context::{UserContext, WorkerContext, WorkerContextParts};
use crate::event::{Event, LogLevel};
use crate::grid::RunPhase;
use crate::panic;
use crate::shutdown::Phases;
use crate::task;
use futures_util::future::select;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::{oneshot, watch};
use tokio::task::LocalSet;

/// Instead of the number of a scenario: it belongs to all of them.
const NO_SCENARIO: u32 = u32::MAX;

/// What the thread of a phase needs.
pub(super) struct PhaseWork {
    pub program: &'static dyn Program,
    pub shared: ErasedRunAssets,
    /// Its number among those of the grid.
    pub number: u32,
    pub phase: &'static RunPhase,
    pub phases: watch::Receiver<Phases>,
    /// Hears whether it passed. It hears nothing if the thread could not run it.
    pub done: oneshot::Sender<bool>,
}

/// The life of the thread of a phase.
pub(super) fn phase_thread(parts: WorkerContextParts, work: PhaseWork) {
    let (causes, events) = (Arc::clone(&parts.causes), Arc::clone(&parts.events));
    let ran = panic::caught(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let passed = runtime.block_on(run(Rc::new(WorkerContext::new(parts)), &work));
        runtime.shutdown_background();
        Ok::<bool, std::io::Error>(passed)
    });
    let passed = match ran {
        Ok(Ok(passed)) => passed,
        Ok(Err(error)) => {
            let text = format!(
                "the thread of `{}` has no runtime: {error}",
                work.phase.name
            );
            events.tell(Event::Message(LogLevel::Error, text));
            false
        }
        Err(text) => {
            events.tell(Event::Panic(text));
            causes.bug();
            false
        }
    };
    // The control thread is there as long as nobody leaves the run at once.
    let _ = work.done.send(passed);
}

async fn run(context: Rc<WorkerContext>, work: &PhaseWork) -> bool {
    let local = LocalSet::new();
    local
        .run_until(async {
            let listening = listen(Rc::clone(&context), Rc::default(), work.phases.clone());
            let listener = task::spawn(Box::pin(listening));
            let prepare = Prepare::new(&context);
            let prepared = panic::caught(|| work.program.worker(&prepare, &work.shared));
            let passed = match prepared {
                Ok(worker) => {
                    let scenario = work.phase.scenario.unwrap_or(NO_SCENARIO);
                    let user = UserContext::new(Rc::clone(&context), 0, scenario);
                    let kind = match work.phase.is_setup() {
                        true => PhaseKind::Setup,
                        false => PhaseKind::Teardown,
                    };
                    let run =
                        PhaseRun::of_run(&user, kind, (work.phase.first_slot, work.phase.limit));
                    let ran = Guarded {
                        task: Rc::clone(&worker).phase(work.number, run),
                    }
                    .await;
                    let results = pin!(context.results_to_come.until_none(scenario));
                    let over = select(results, context.until_cancelled());
                    // Those that have not come by then count as possibly written.
                    let _ = tokio::time::timeout(work.phase.limit, over).await;
                    destroy(&context, worker).await;
                    prepare.end().await;
                    ran
                }
                Err(text) => {
                    prepare.give_up().await;
                    Err(text)
                }
            };
            if let Some(rows) = &context.samples {
                rows.finish();
            }
            listener.abort();
            passed.unwrap_or_else(|text| {
                context.panicked(&text);
                false
            })
        })
        .await
}
