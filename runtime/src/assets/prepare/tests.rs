//! Tasks of what is prepared on a thread: told to end by its drop, joined, dropped and named when they do not end.

use super::*;
use crate::event::Event;
use crate::test_support::{TestWorker, ms, on_stopped_clock, settle};
use tokio::sync::Notify;
use tokio::time::sleep;

/// What a module prepared: its drop tells its task to end.
struct Ready(Rc<Notify>);

impl Drop for Ready {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

/// A task that hears of the end and then takes 7 ms.
fn pool(prepare: &Prepare<'_>, worker: &Rc<TestWorker>) -> Ready {
    let end = Rc::new(Notify::new());
    let (hears, to) = (Rc::clone(&end), Rc::clone(worker));
    let task = async move {
        to.note("pool begins");
        hears.notified().await;
        sleep(ms(7)).await;
        to.note("pool ends");
    };
    prepare.spawn("pool", task).unwrap();
    Ready(end)
}

fn told(worker: &TestWorker) -> Vec<String> {
    let texts = worker.told().into_iter().map(|event| match event {
        Event::Message(_, text) | Event::Panic(text) => text,
        other => format!("{other:?}"),
    });
    texts.collect()
}

#[test]
fn a_task_ends_with_what_was_prepared_and_is_waited_for() {
    on_stopped_clock(async {
        let worker = Rc::new(TestWorker::load());
        let prepare = Prepare::new(&worker.context);
        let ready = pool(&prepare, &worker);
        sleep(ms(25)).await;
        drop(ready);
        prepare.end().await;
        worker.note("over");
        assert_eq!(worker.notes(), ["0 pool begins", "32 pool ends", "32 over"]);
        assert_eq!(told(&worker), [""; 0]);
    });
}

#[test]
fn a_task_that_does_not_end_is_dropped_and_named() {
    on_stopped_clock(async {
        let worker = Rc::new(TestWorker::load());
        let prepare = Prepare::new(&worker.context);
        let ready = pool(&prepare, &worker);
        prepare.spawn("deaf", std::future::pending()).unwrap();
        drop(ready);
        prepare.end().await;
        worker.note("over");
        assert_eq!(
            worker.notes(),
            ["0 pool begins", "7 pool ends", "30000 over"]
        );
        assert_eq!(
            told(&worker),
            [
                "a module did not end what it had prepared on a thread: its task `deaf` did not end within 30s and was dropped"
            ]
        );
    });
}

#[test]
fn tasks_of_what_could_not_be_prepared_are_dropped() {
    on_stopped_clock(async {
        let worker = Rc::new(TestWorker::load());
        let prepare = Prepare::new(&worker.context);
        let ready = pool(&prepare, &worker);
        settle().await;
        prepare.give_up().await;
        worker.note("over");
        assert_eq!(worker.notes(), ["0 pool begins", "0 over"]);
        assert_eq!(told(&worker), [""; 0]);
        drop(ready);
    });
}

#[test]
fn nothing_is_spawned_after_the_end() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let tasks = Rc::default();
        let prepare = Prepare::with(&worker.context, &tasks);
        Prepare::with(&worker.context, &tasks).end().await;
        let fault = prepare.spawn("late", async {}).unwrap_err();
        assert_eq!(
            fault.text(),
            "its task `late` cannot begin, for it is destroyed"
        );
    });
}

#[test]
fn a_panic_in_a_task_is_a_bug_of_the_run() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let prepare = Prepare::new(&worker.context);
        prepare
            .spawn("panics", async { panic!("a task was told to panic") })
            .unwrap();
        settle().await;
        assert!(worker.context.cancelled());
        prepare.end().await;
        assert_eq!(told(&worker).len(), 1);
        assert!(told(&worker)[0].contains("a task was told to panic"));
    });
}
