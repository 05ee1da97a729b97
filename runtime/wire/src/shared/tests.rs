//! Lines: their order, and those that leave them.

use super::*;
use std::future::Future;
use std::pin::Pin;
use std::task::Context;

type Waits<'l> = Pin<Box<dyn Future<Output = Waiting<'l>> + 'l>>;

/// Waits in a line until it is called.
fn waits(line: &Line) -> Waits<'_> {
    Box::pin(async {
        let mut waiting = line.join();
        assert!(!waiting.is_next() || !line.is_waited_for());
        waiting.called().await;
        waiting
    })
}

fn poll<'l>(waits: &mut Waits<'l>) -> Option<Waiting<'l>> {
    match waits.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(waiting) => Some(waiting),
        Poll::Pending => None,
    }
}

#[test]
fn whoever_came_first_is_called_first() {
    let line = Line::default();
    let mut all = [waits(&line), waits(&line), waits(&line)];
    for waits in &mut all {
        assert!(poll(waits).is_none());
    }
    line.call_next();
    assert!(poll(&mut all[2]).is_none() && poll(&mut all[1]).is_none());
    let first = poll(&mut all[0]).expect("it is called");
    assert!(first.is_next());
    // It took what there was; there may be more, so the next one looks.
    drop(first);
    assert!(poll(&mut all[2]).is_none());
    assert!(poll(&mut all[1]).is_some_and(|second| second.is_next()));
}

#[test]
fn a_newcomer_does_not_pass_one_that_was_called_and_has_not_looked_yet() {
    let line = Line::default();
    let mut first = waits(&line);
    assert!(poll(&mut first).is_none());
    line.call_next();
    assert!(!line.join().is_next());
    drop(poll(&mut first).expect("it is called"));
    assert!(line.join().is_next());
}

#[test]
fn one_that_found_nothing_is_the_first_again() {
    let line = Line::default();
    let (mut first, mut second) = (waits(&line), waits(&line));
    assert!(poll(&mut first).is_none() && poll(&mut second).is_none());
    line.call_next();
    let mut waiting = poll(&mut first).expect("it is called");
    let mut again: Waits<'_> = Box::pin(async move {
        waiting.called().await;
        waiting
    });
    assert!(poll(&mut again).is_none());
    line.call_next();
    assert!(poll(&mut second).is_none());
    assert!(poll(&mut again).is_some());
}

#[test]
fn one_that_gives_up_leaves_the_line() {
    let line = Line::default();
    let (mut first, mut second) = (waits(&line), waits(&line));
    assert!(poll(&mut first).is_none() && poll(&mut second).is_none());
    drop(first);
    line.call_next();
    assert!(poll(&mut second).is_some());
    assert!(!line.is_waited_for());
}

#[test]
fn what_one_that_gave_up_was_called_for_is_the_next_ones() {
    let line = Line::default();
    let (mut first, mut second) = (waits(&line), waits(&line));
    assert!(poll(&mut first).is_none() && poll(&mut second).is_none());
    line.call_next();
    // It was called and is dropped before it heard of it.
    drop(first);
    assert!(poll(&mut second).is_some());
    assert!(!line.is_waited_for());
}

#[test]
fn a_connection_that_was_not_made_leaves_its_room_to_the_next_one() {
    let line = Rc::new(Line::default());
    let opening = Opening::new(&line);
    assert_eq!((line.in_use(), line.opening()), (1, 1));
    let mut next = waits(&line);
    assert!(poll(&mut next).is_none());
    drop(opening);
    assert_eq!((line.in_use(), line.opening()), (0, 0));
    assert!(poll(&mut next).is_some());
}
