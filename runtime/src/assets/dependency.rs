//! What slots know of each other: that one is built on another, and how a scope ends them.

use crate::flow::Running;
use std::rc::Rc;
use std::task::Context;

/// What an asset may be built on. A slot is destroyed after all that is built on it.
pub trait Dependency {
    /// One more slot is built on this one, until the guard is released.
    fn guard(&self) -> Rc<dyn DependencyGuard>;
}

/// Keeps a slot from being destroyed as long as another one is built on it. It is the slot itself where that is on the same thread: every
/// idle user with such assets has guards.
pub trait DependencyGuard {
    /// The slot that is built on it is over: it is destroyed, or will never be created.
    fn release(self: Rc<Self>);
}

/// What a scope sees of its slots.
pub(crate) trait Owned {
    /// Destroys what is there, after all that is built on it.
    fn end(self: Rc<Self>) -> Running<'static, ()>;
    /// Lets what is there end what an iteration has left open on it; `None` where it has nothing to do with that.
    fn settle(self: Rc<Self>) -> Option<Running<'static, ()>>;
    /// Whether what is there has work to do while its user waits.
    fn has_idle_work(&self) -> bool;
    /// Lets what is there work while its user waits.
    fn poll_idle(&self, cx: &mut Context<'_>);
}
