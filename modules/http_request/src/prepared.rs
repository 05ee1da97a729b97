//! A prepared step: parts of a request whose arguments are known early are made once on each thread, the others for each request.

use crate::auth::{self, ApiKey};
use crate::body::Payload;
use crate::client::{Common, HttpClient, count};
use crate::exchange::{Answer, ExchangeRecord};
use crate::expect::Expect;
use crate::fields::Fields;
use crate::hosts::Hosts;
use crate::http_request::{Error as Kind, Inputs, Late, Plain, Wanted};
use crate::origin::LastOrigin;
use crate::request::{self, BodyParts, HeadParts};
use crate::target::Target;
use crate::trace::{Request, Trace, credentials};
use crate::transport::{LastHead, Template};
use bggo_runtime::contract::{Early, Fault, Step, Text};
use http::Method;
use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::ops::Deref;
use std::rc::Rc;
use std::time::Duration;

/// A prepared step.
pub struct HttpRequest {
    inputs: Inputs,
    pub(crate) wanted: Wanted,
    early: EarlyParts,
    /// The whole request, if every input is known early.
    fixed: Option<Rc<Parts<'static>>>,
    kept: RefCell<Option<ComposedOnce>>,
    /// The head of the last answer.
    pub(crate) last_head: RefCell<LastHead>,
    last_origin: RefCell<LastOrigin>,
    hosts: OnceCell<Hosts>,
    pub(crate) reads: ReadsOf,
}

/// What the grid reads of an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReadsOf {
    pub(crate) anything: bool,
    pub(crate) fields: bool,
    pub(crate) address: bool,
    pub(crate) body: bool,
}

impl ReadsOf {
    fn of(wanted: Wanted) -> Self {
        let Wanted {
            status_code,
            headers,
            body,
            json,
            url,
            http_version,
            size,
            remote_address,
            reused,
            timings,
        } = wanted;
        let body = body || json;
        let others = [
            status_code,
            url,
            http_version,
            size,
            remote_address,
            reused,
            timings,
        ];
        Self {
            anything: headers || body || others.contains(&true),
            fields: headers || body,
            address: remote_address,
            body,
        }
    }
}

/// The parts of a request that are made early; `None` if an argument of the part is not known early.
#[derive(Default)]
struct EarlyParts {
    key: Option<Option<ApiKey>>,
    method: Option<Method>,
    target: Option<Target>,
    head: Option<Fields>,
    cookies: Option<Vec<(String, String)>>,
    payload: Option<Payload>,
    expect: Option<Option<Expect>>,
}

/// All parts of one request. Those that were made early are borrowed.
pub(crate) struct Parts<'a> {
    pub(crate) key: Cow<'a, Option<ApiKey>>,
    pub(crate) method: Cow<'a, Method>,
    pub(crate) target: Cow<'a, Target>,
    pub(crate) head: Cow<'a, Fields>,
    pub(crate) cookies: Cow<'a, [(String, String)]>,
    pub(crate) payload: Cow<'a, Payload>,
    pub(crate) expect: Cow<'a, Option<Expect>>,
    pub(crate) limits: Limits,
    /// Its credentials, where they are always the same.
    pub(crate) credentials: Option<Vec<String>>,
}

impl Parts<'_> {
    /// The same with nothing borrowed.
    fn owned(&self) -> Parts<'static> {
        fn owned<T: ToOwned + ?Sized>(part: &T) -> Cow<'static, T> {
            Cow::Owned(part.to_owned())
        }
        Parts {
            key: owned(&self.key),
            method: owned(&self.method),
            target: owned(&self.target),
            head: owned(&self.head),
            cookies: owned(&self.cookies),
            payload: owned(&self.payload),
            expect: owned(&self.expect),
            limits: self.limits,
            credentials: self.credentials.clone(),
        }
    }
}

/// The head of a request: the fields of the step and of its client.
pub(crate) struct Composed {
    pub(crate) fields: Fields,
    /// The bytes of the head, where they are always the same.
    pub(crate) template: Option<Template>,
}

/// What is composed once for all clients that share their settings.
struct ComposedOnce {
    common: Rc<Common>,
    composed: Rc<Composed>,
}

/// The parts of a request, made before or for it alone.
pub(crate) enum PartsOf<'a> {
    Fixed(&'a Rc<Parts<'static>>),
    Made(Box<Parts<'a>>),
}

impl PartsOf<'_> {
    /// Parts that outlive the run.
    pub(crate) fn kept(&self) -> Rc<Parts<'static>> {
        match self {
            Self::Fixed(parts) => Rc::clone(parts),
            Self::Made(parts) => Rc::new(parts.owned()),
        }
    }
}

impl<'a> Deref for PartsOf<'a> {
    type Target = Parts<'a>;

    fn deref(&self) -> &Parts<'a> {
        match self {
            Self::Fixed(parts) => parts,
            Self::Made(parts) => parts,
        }
    }
}

impl HttpRequest {
    /// Makes what can be made before the first run.
    pub(crate) fn new(inputs: Inputs, wanted: Wanted) -> Result<Self, Fault> {
        let early = early(&inputs)?;
        let mut prepared = Self {
            inputs,
            wanted,
            early,
            fixed: None,
            kept: RefCell::default(),
            last_head: RefCell::default(),
            last_origin: RefCell::default(),
            hosts: OnceCell::new(),
            reads: ReadsOf::of(wanted),
        };
        if are_known(&prepared.inputs) {
            let mut parts = prepared.made(&[])?.owned();
            parts.credentials = Some(prepared.credentials(&[])?);
            prepared.fixed = Some(Rc::new(parts));
        }
        Ok(prepared)
    }

    /// The parts of one request.
    pub(crate) fn parts<'a>(&'a self, late: &[Late<'_>]) -> Result<PartsOf<'a>, Fault> {
        match &self.fixed {
            Some(fixed) => Ok(PartsOf::Fixed(fixed)),
            None => Ok(PartsOf::Made(Box::new(self.made(late)?))),
        }
    }

    /// Whether faults may name hosts.
    pub(crate) fn hosts(&self, step: &Step<'_>) -> Hosts {
        *self.hosts.get_or_init(|| {
            if step.info().is_input_sensitive("url") {
                Hosts::OfSensitiveUrl
            } else {
                Hosts::Open
            }
        })
    }

    /// What takes down the exchanges of one run of a step.
    #[cold]
    pub(crate) fn trace<'a>(
        &self,
        (step, shown): (&'a Step<'a>, usize),
        client: &HttpClient,
        (parts, late): (&Parts<'_>, &[Late<'_>]),
    ) -> Result<Trace<'a>, Fault> {
        let plain = self.inputs.with(late)?;
        let key = parts.key.as_ref().as_ref();
        let trace = Trace::new((step, shown), client, &parts.head, key);
        trace.hide_credentials(&plain.url, plain.basic_auth, plain.bearer_token.as_deref());
        Ok(trace)
    }

    /// Under load: shows the request and what came of it, if this kind of failure has no example yet.
    #[cold]
    pub(crate) fn show(
        &self,
        (step, kind): (&Step<'_>, &'static str),
        client: &HttpClient,
        (parts, late): (&Parts<'_>, &[Late<'_>]),
        (seen, answer): (&ExchangeRecord, Option<&Answer>),
    ) {
        let Some(shown) = step.wants_example(kind) else {
            return;
        };
        // Both were made before, so they can be made.
        let Ok(composed) = self.composed(parts, client) else {
            return;
        };
        let Ok(trace) = self.trace((step, shown), client, (parts, late)) else {
            return;
        };
        let url = parts.target.url();
        let cookies = seen.cookies(|| client.cookies(|| url, &parts.cookies, &composed.fields));
        trace.hide_cookies(&cookies);
        trace.sends(Request {
            method: &parts.method,
            url,
            target: None,
            headers: &composed.fields,
            cookies: cookies.first(),
            payload: &parts.payload,
        });
        if let Some(answer) = answer {
            trace.hears(&answer.head);
            trace.begins(answer.start(), answer.size);
        } else if let Some(head) = seen.head.take() {
            trace.hears(&head);
        }
    }

    /// The credentials of a request, which its head may hold in Base64.
    pub(crate) fn credentials(&self, late: &[Late<'_>]) -> Result<Vec<String>, Fault> {
        let plain = self.inputs.with(late)?;
        Ok(credentials(
            &plain.url,
            plain.basic_auth,
            plain.bearer_token.as_deref(),
        ))
    }

    /// The head of a request. Its fields are made once on each thread, for each set of settings of a client, if they are always the
    /// same; so are the bytes of a fixed request's head.
    pub(crate) fn composed(
        &self,
        parts: &Parts<'_>,
        client: &HttpClient,
    ) -> Result<Rc<Composed>, Fault> {
        let is_fixed = self.fixed.is_some();
        let are_same = is_fixed
            || self.early.head.is_some()
                && self.early.payload.is_some()
                && parts.target.credentials.is_none();
        if are_same
            && let Some(kept) = &*self.kept.borrow()
            && Rc::ptr_eq(&kept.common, &client.common)
        {
            return Ok(Rc::clone(&kept.composed));
        }
        let fields = parts.head.as_ref().clone();
        let of_client = &client.common.fields;
        let fields = request::complete(fields, (&parts.target, &parts.payload), of_client)?;
        let template = match (client.common.connections.own(), parts.payload.whole()) {
            (Some(connections), Some(body)) if is_fixed => {
                let size = body.len() as u64;
                request::check_length(&fields, size)?;
                let to = (&*parts.method, parts.target.url(), None);
                Some(connections.template(to, &fields, size))
            }
            _ => None,
        };
        let composed = Rc::new(Composed { fields, template });
        if are_same {
            *self.kept.borrow_mut() = Some(ComposedOnce {
                common: Rc::clone(&client.common),
                composed: Rc::clone(&composed),
            });
        }
        Ok(composed)
    }

    /// What a url says that comes with a run.
    fn written(&self, url: &str) -> Result<Target, Fault> {
        let url = url.trim();
        if let Some(target) = self.last_origin.borrow().target(url) {
            return Ok(target);
        }
        let target = request::written(url)?;
        self.last_origin.borrow_mut().keep(url, &target);
        Ok(target)
    }

    fn made<'a>(&'a self, late: &[Late<'_>]) -> Result<Parts<'a>, Fault> {
        let plain = &self.inputs.with(late)?;
        let early = &self.early;
        let key = part(&early.key, || key(plain))?;
        Ok(Parts {
            method: part(&early.method, || method(plain))?,
            target: part(&early.target, || {
                let target = self.written(&plain.url)?;
                request::with_query(target, plain.query_params, key.as_ref().as_ref())
            })?,
            head: part(&early.head, || head(plain, key.as_ref().as_ref()))?,
            cookies: match &early.cookies {
                Some(made) => Cow::Borrowed(made.as_slice()),
                None => Cow::Owned(cookies(plain)?),
            },
            payload: part(&early.payload, || payload(plain))?,
            expect: part(&early.expect, || expect(plain))?,
            limits: limits(plain)?,
            credentials: None,
            key,
        })
    }
}

fn part<T: Clone>(
    early: &Option<T>,
    make: impl FnOnce() -> Result<T, Fault>,
) -> Result<Cow<'_, T>, Fault> {
    match early {
        Some(made) => Ok(Cow::Borrowed(made)),
        None => make().map(Cow::Owned),
    }
}

/// Whether no input comes with a run.
fn are_known(inputs: &Inputs) -> bool {
    let Inputs {
        method,
        url,
        headers,
        query_params,
        body,
        json,
        form_data,
        multipart,
        file,
        basic_auth,
        bearer_token,
        api_key,
        cookies,
        timeout,
        expect_status,
        follow_redirects,
        max_redirects,
    } = inputs;
    let texts = [bearer_token, body, json, file];
    let values = [
        headers,
        query_params,
        form_data,
        multipart,
        basic_auth,
        api_key,
        cookies,
        expect_status,
    ];
    url.known().is_some()
        && method.known().is_some()
        && texts.iter().all(|input| input.known().is_some())
        && values.iter().all(|input| input.known().is_some())
        && timeout.known().is_some()
        && follow_redirects.known().is_some()
        && max_redirects.known().is_some()
}

/// Makes each part whose arguments are known.
fn early(inputs: &Inputs) -> Result<EarlyParts, Fault> {
    // `with` needs a url. No part that reads a late url is made here, so any text will do.
    let mut known = inputs.clone();
    if known.url.known().is_none() {
        known.url = Early::Known(Text::Static(""));
    }
    let plain = known.with(&[])?;
    // Late limits are absent here. A known limit that is wrong stays wrong whatever comes later.
    limits(&plain)?;
    let mut parts = EarlyParts::default();
    let key_known = inputs.api_key.known().is_some();
    if key_known {
        parts.key = Some(key(&plain)?);
    }
    let key = parts.key.as_ref().and_then(Option::as_ref);
    if inputs.method.known().is_some() {
        parts.method = Some(method(&plain)?);
    }
    if key_known && inputs.url.known().is_some() && inputs.query_params.known().is_some() {
        parts.target = Some(request::target(&plain.url, plain.query_params, key)?);
    }
    if key_known
        && inputs.headers.known().is_some()
        && inputs.bearer_token.known().is_some()
        && inputs.basic_auth.known().is_some()
    {
        parts.head = Some(head(&plain, key)?);
    }
    if inputs.cookies.known().is_some() {
        parts.cookies = Some(cookies(&plain)?);
    }
    let texts = [&inputs.body, &inputs.json, &inputs.file]
        .iter()
        .all(|input| input.known().is_some());
    let values = [&inputs.form_data, &inputs.multipart]
        .iter()
        .all(|input| input.known().is_some());
    if texts && values {
        parts.payload = Some(payload(&plain)?);
    }
    if let (Some(head), Some(size)) = (&parts.head, parts.payload.as_ref().and_then(Payload::size))
    {
        request::check_length(head, size)?;
    }
    if inputs.expect_status.known().is_some() {
        parts.expect = Some(expect(&plain)?);
    }
    Ok(parts)
}

fn key(plain: &Plain<'_>) -> Result<Option<ApiKey>, Fault> {
    plain.api_key.map(auth::api_key).transpose()
}

fn method(plain: &Plain<'_>) -> Result<Method, Fault> {
    request::method(&plain.method)
}

fn head(plain: &Plain<'_>, key: Option<&ApiKey>) -> Result<Fields, Fault> {
    request::head(HeadParts {
        headers: plain.headers,
        bearer: plain.bearer_token.as_deref(),
        basic: plain.basic_auth,
        key,
    })
}

fn cookies(plain: &Plain<'_>) -> Result<Vec<(String, String)>, Fault> {
    plain
        .cookies
        .map_or_else(|| Ok(Vec::new()), request::cookies)
}

fn payload(plain: &Plain<'_>) -> Result<Payload, Fault> {
    request::payload(bodies(plain))
}

fn bodies<'a>(plain: &'a Plain<'_>) -> BodyParts<'a> {
    BodyParts {
        body: plain.body.as_deref(),
        json: plain.json.as_deref(),
        form_data: plain.form_data,
        multipart: plain.multipart,
        file: plain.file.as_deref(),
    }
}

/// The limits that a step sets itself.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) timeout: Option<Duration>,
    pub(crate) follow_redirects: Option<bool>,
    pub(crate) max_redirects: Option<usize>,
}

fn limits(plain: &Plain<'_>) -> Result<Limits, Fault> {
    let most = plain.max_redirects.map(|most| count("max_redirects", most));
    Ok(Limits {
        timeout: plain.timeout,
        follow_redirects: plain.follow_redirects,
        max_redirects: most.transpose().map_err(|text| Kind::Request.fault(text))?,
    })
}

fn expect(plain: &Plain<'_>) -> Result<Option<Expect>, Fault> {
    plain.expect_status.map(Expect::read).transpose()
}
