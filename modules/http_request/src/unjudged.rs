//! An exchange that passed, with all that is needed to show it if a check fails its step. No text is made of it before that.

use crate::client::Common;
use crate::exchange::Answer;
use crate::prepared::{Composed, Parts};
use crate::trace::{Request, Trace};
use bggo_runtime::contract::{Info, Message, Secrets, Step};
use http::header::HeaderValue;
use std::rc::Rc;

/// An exchange whose step is not judged yet.
pub(crate) struct Unjudged {
    pub(crate) info: &'static Info,
    pub(crate) common: Rc<Common>,
    /// The headers of the client are kept back.
    pub(crate) is_sensitive: bool,
    pub(crate) parts: Rc<Parts<'static>>,
    pub(crate) composed: Rc<Composed>,
    /// The lines of Cookie of its requests.
    pub(crate) cookies: Vec<HeaderValue>,
    /// Where they are not among the parts.
    pub(crate) credentials: Vec<String>,
    pub(crate) answer: Answer,
}

impl Unjudged {
    /// The request, the answer, and the secrets that went into them.
    pub(crate) fn messages(&self) -> (Message, Option<Message>, Secrets) {
        let (parts, answer) = (&self.parts, &self.answer);
        let of_client = self.is_sensitive.then_some(&self.common.fields);
        let key = parts.key.as_ref().as_ref();
        let shown = (self.info, Step::EXAMPLE_BYTES);
        let trace = Trace::kept(shown, of_client, (&parts.head, key));
        for credential in parts.credentials.iter().flatten().chain(&self.credentials) {
            trace.hide(credential);
        }
        trace.hide_cookies(&self.cookies);
        trace.sends(Request {
            method: &parts.method,
            url: parts.target.url(),
            target: None,
            headers: &self.composed.fields,
            cookies: self.cookies.first(),
            payload: &parts.payload,
        });
        trace.hears(&answer.head);
        trace.begins(answer.start(), answer.size);
        trace.take()
    }
}
