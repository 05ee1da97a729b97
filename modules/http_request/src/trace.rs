//! Requests and answers as people read them: request line, headers and body; status line, headers and body. What is sensitive
//! is kept back, and what was kept back of a request is kept back in its answer as well.

use crate::auth::ApiKey;
use crate::body::Payload;
use crate::charset;
use crate::client::HttpClient;
use crate::decompress::decompress;
use crate::fields::{Fields, name};
use crate::request;
use crate::transport::{AnswerHead, fields};
use bggo_runtime::contract::{Info, Message, Secrets, Step, Text, Value};
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, StatusCode, Version};
use std::cell::RefCell;
use url::Url;

/// Bytes of a compressed body that are kept, so that it can be decompressed.
const COMPRESSED: usize = 256 << 10;
/// The most bytes that it may have when it is decompressed.
const DECOMPRESSED: u64 = 4 << 20;
/// Bytes of a body that are kept beyond those that are shown: a secret that begins before the cut ends here.
const BEYOND: usize = 64 << 10;

/// Fields whose values hold credentials.
const CREDENTIALS: &[&str] = &[
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
];
/// Fields whose values hold urls.
const LEADING: &[&str] = &["location", "content-location", "referer"];

/// Inputs of a step whose values are kept back.
struct Hides {
    method: bool,
    url: bool,
    query: bool,
    /// Names of headers that the step sets.
    headers: Vec<Text>,
    /// Names of headers that the client sets.
    of_client: Vec<Text>,
    body: bool,
}

/// Takes down the exchanges of one run of a step, and hands each over when it is over.
pub(crate) struct Trace<'a> {
    /// Who is given each exchange.
    step: Option<&'a Step<'a>>,
    /// Bytes of a body that are shown.
    shown: usize,
    hides: Hides,
    secrets: RefCell<Secrets>,
    running: RefCell<Option<Running>>,
}

/// An exchange that is not over.
struct Running {
    method: String,
    /// Path and query.
    place: String,
    headers: Vec<(String, Option<String>)>,
    body: Sent,
    answer: Option<Head>,
    start: Vec<u8>,
    size: u64,
}

enum Sent {
    Start(Vec<u8>, u64),
    Secret(Option<u64>),
    Files,
}

struct Head {
    status: StatusCode,
    version: Version,
    headers: HeaderMap,
}

/// What a request is shown of.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a Method,
    pub(crate) url: &'a Url,
    /// Path and query as they are sent, where they are not those of the url.
    pub(crate) target: Option<&'a str>,
    /// Without the cookies.
    pub(crate) headers: &'a Fields,
    /// The value of Cookie.
    pub(crate) cookies: Option<&'a HeaderValue>,
    pub(crate) payload: &'a Payload,
}

impl<'a> Trace<'a> {
    /// Of a step that sends the headers `own`, with this many bytes of each body. It has a key, or none.
    pub(crate) fn new(
        (step, shown): (&'a Step<'a>, usize),
        client: &HttpClient,
        own: &Fields,
        key: Option<&ApiKey>,
    ) -> Self {
        let of_client = client.is_sensitive().then_some(&client.common.fields);
        let mut trace = Self::kept((step.info(), shown), of_client, (own, key));
        trace.step = Some(step);
        trace
    }

    /// Of a step that has ended: whoever asks takes the exchange. `of_client` are the headers of its client, if they are kept back.
    pub(crate) fn kept(
        (info, shown): (&'static Info, usize),
        of_client: Option<&Fields>,
        (own, key): (&Fields, Option<&ApiKey>),
    ) -> Self {
        let is = |name| info.is_input_sensitive(name);
        let mut headers: Vec<Text> = Vec::new();
        if is("headers") {
            headers.extend(own.names().cloned());
        }
        let mut secrets = Secrets::default();
        match key {
            Some(ApiKey::Header(name, _)) => headers.push(name.clone()),
            Some(ApiKey::Query(_, value)) => secrets.add(value),
            None => {}
        }
        let of_client = of_client.map(|fields| fields.names().cloned());
        let bodies = ["body", "json", "form_data", "multipart", "file"];
        Self {
            step: None,
            shown,
            hides: Hides {
                method: is("method"),
                url: is("url"),
                query: is("query_params") || matches!(key, Some(ApiKey::Query(..))),
                headers,
                of_client: of_client.into_iter().flatten().collect(),
                body: bodies.into_iter().any(is),
            },
            secrets: RefCell::new(secrets),
            running: RefCell::default(),
        }
    }

    /// The same of a request of another module, which says itself whether its url or its body is kept back.
    pub(crate) fn hiding(mut self, url: bool, body: bool) -> Self {
        self.hides.url = url;
        self.hides.body = body;
        self
    }

    /// A request is sent.
    pub(crate) fn sends(&self, request: Request<'_>) {
        self.ends();
        let Request {
            method,
            url,
            target,
            headers,
            cookies,
            payload,
        } = request;
        let size = payload.size();
        let (known, has_files) = payload.known();
        let body = if self.hides.body {
            for bytes in known {
                self.hide(&String::from_utf8_lossy(bytes));
            }
            Sent::Secret(size)
        } else if has_files {
            Sent::Files
        } else {
            let bytes = known.into_iter().flatten().copied();
            let start = bytes.take(self.shown.saturating_add(BEYOND)).collect();
            Sent::Start(start, size.unwrap_or_default())
        };
        let mut lines = vec![self.host(url, headers)];
        let others = headers
            .iter()
            .filter(|(name, _)| !name.eq_ignore_ascii_case(name::HOST));
        for (name, value) in others {
            lines.push((name.to_string(), self.value(name, value)));
        }
        if let Some(cookies) = cookies {
            self.hide_cookie_line(&String::from_utf8_lossy(cookies.as_bytes()));
            lines.push((name::COOKIE.to_owned(), None));
        }
        // What the transport adds.
        if !headers.contains(name::ACCEPT) {
            lines.push((name::ACCEPT.to_owned(), Some("*/*".to_owned())));
        }
        let takes_body = matches!(*method, Method::POST | Method::PUT | Method::PATCH);
        if let Some(size) = size.filter(|size| *size > 0 || takes_body)
            && !headers.contains(name::CONTENT_LENGTH)
        {
            lines.push((name::CONTENT_LENGTH.to_owned(), Some(size.to_string())));
        }
        *self.running.borrow_mut() = Some(Running {
            method: self.unless(self.hides.method, method.as_str()),
            place: self.place(url, target),
            headers: lines,
            body,
            answer: None,
            start: Vec::new(),
            size: 0,
        });
    }

    /// The head of its answer has come.
    pub(crate) fn hears(&self, head: &AnswerHead) {
        if let Some(running) = &mut *self.running.borrow_mut() {
            running.answer = Some(Head {
                status: head.status,
                version: head.version,
                headers: match &head.details {
                    Some(details) if !details.unread.is_empty() => fields(&details.unread),
                    _ => head.headers().clone(),
                },
            });
        }
    }

    /// A piece of its body has come.
    pub(crate) fn piece(&self, bytes: &Bytes) {
        if let Some(running) = &mut *self.running.borrow_mut() {
            running.size += bytes.len() as u64;
            let is_compressed = running
                .answer
                .as_ref()
                .is_some_and(|answer| answer.headers.contains_key(CONTENT_ENCODING));
            let most = if is_compressed {
                COMPRESSED
            } else {
                self.shown.saturating_add(BEYOND)
            };
            let room = most.saturating_sub(running.start.len());
            let part = bytes.get(..room.min(bytes.len())).unwrap_or_default();
            running.start.extend_from_slice(part);
        }
    }

    /// Its body began so, and had this many bytes.
    pub(crate) fn begins(&self, start: &[u8], size: u64) {
        if let Some(running) = &mut *self.running.borrow_mut() {
            let most = start.len().min(COMPRESSED);
            running.start = start.get(..most).unwrap_or_default().to_vec();
            running.size = size;
        }
    }

    /// The exchange is over, with or without an answer: hands it over.
    pub(crate) fn ends(&self) {
        if let (Some(step), Some((sent, received))) = (self.step, self.messages()) {
            step.exchanged(&sent, received.as_ref(), &self.secrets.borrow());
        }
    }

    /// The exchange, and the secrets that went into it.
    pub(crate) fn take(&self) -> (Message, Option<Message>, Secrets) {
        let (sent, received) = self.messages().unwrap_or_default();
        (sent, received, self.secrets.take())
    }

    fn messages(&self) -> Option<(Message, Option<Message>)> {
        let running = self.running.borrow_mut().take()?;
        let version = running.answer.as_ref().map(|answer| answer.version);
        let version = version.map_or(String::new(), |version| format!(" {}", name_of(version)));
        let mut sent = Message::new(format!("{} {}{version}", running.method, running.place));
        put_lines(&mut sent, &running.headers);
        match running.body {
            Sent::Start(start, size) => sent.body(start, size),
            Sent::Secret(Some(0)) => {}
            Sent::Secret(size) => sent.secret_body(size),
            Sent::Files => sent.told_body("content of files"),
        }
        let received = running
            .answer
            .map(|answer| self.received(&answer, (running.start, running.size)));
        Some((sent, received))
    }

    fn received(&self, answer: &Head, (start, size): (Vec<u8>, u64)) -> Message {
        let status = answer.status;
        let reason = status.canonical_reason().unwrap_or_default();
        let first = format!("{} {} {reason}", name_of(answer.version), status.as_u16());
        let mut message = Message::new(first.trim_end());
        for (name, value) in &answer.headers {
            match self.value(name.as_str(), value) {
                Some(text) => message.line(name.as_str(), &text),
                None => message.secret_line(name.as_str()),
            }
        }
        if size == 0 {
            return message;
        }
        let is_compressed = answer.headers.contains_key(CONTENT_ENCODING);
        if !is_compressed {
            let start = if is_text(&answer.headers) {
                charset::text(&start.into(), &answer.headers)
                    .as_bytes()
                    .to_vec()
            } else {
                start
            };
            message.body(start, size);
            return message;
        }
        let is_whole = start.len() as u64 == size;
        let plain = is_whole
            .then(|| decompress(start.into(), &answer.headers, DECOMPRESSED).ok())
            .flatten();
        match plain {
            Some(plain) => {
                let size = plain.len() as u64;
                message.body(self.start(&plain), size);
            }
            None => message.told_body(&format!("{size} bytes, compressed")),
        }
        message
    }

    /// As much of a body as is needed to show it.
    fn start(&self, bytes: &[u8]) -> Vec<u8> {
        let most = self.shown.saturating_add(BEYOND).min(bytes.len());
        bytes.get(..most).unwrap_or_default().to_vec()
    }

    fn unless(&self, hidden: bool, text: &str) -> String {
        if hidden {
            self.hide(text);
            return Message::kept_back().to_owned();
        }
        text.to_owned()
    }

    fn host(&self, url: &Url, headers: &Fields) -> (String, Option<String>) {
        if let Some(value) = headers.get(name::HOST) {
            return (name::HOST.to_owned(), self.value(name::HOST, value));
        }
        let host = url.host_str().unwrap_or_default();
        if self.hides.url {
            self.hide(host);
            return (name::HOST.to_owned(), None);
        }
        let host = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        (name::HOST.to_owned(), Some(host))
    }

    /// Path and query.
    fn place(&self, url: &Url, target: Option<&str>) -> String {
        if self.hides.url {
            self.hide(url.as_str());
            self.hide_pairs(url);
            if let Some(target) = target {
                self.hide(target);
            }
            return Message::kept_back().to_owned();
        }
        if let Some(target) = target {
            return target.to_owned();
        }
        let path = url.path();
        match url.query() {
            Some(query) if self.hides.query => {
                self.hide(query);
                self.hide_pairs(url);
                format!("{path}?{}", Message::kept_back())
            }
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        }
    }

    fn hide_pairs(&self, url: &Url) {
        for (_, value) in url.query_pairs() {
            self.hide(&value);
        }
    }

    /// The value of a header, unless it is kept back.
    fn value(&self, name: &str, value: &HeaderValue) -> Option<String> {
        let is = |known: &str| known.eq_ignore_ascii_case(name);
        let leads_to_url = self.hides.url && LEADING.iter().any(|known| is(known));
        let text = charset::of_header(value.as_bytes());
        let is_hidden = leads_to_url
            || value.is_sensitive()
            || CREDENTIALS.iter().any(|known| is(known))
            || self.hides.headers.iter().any(|known| is(known))
            || self.hides.of_client.iter().any(|known| is(known));
        if !is_hidden {
            return Some(text.into_owned());
        }
        if is("cookie") || is("set-cookie") {
            self.hide_cookie_line(&text);
        } else {
            self.hide(&text);
        }
        None
    }

    /// Keeps back the values of cookies that were sent in these lines: an answer may hold them and set others in their place.
    pub(crate) fn hide_cookies(&self, lines: &[HeaderValue]) {
        for line in lines {
            self.hide_cookie_line(&String::from_utf8_lossy(line.as_bytes()));
        }
    }

    /// Keeps back the values of cookies. Their names, and what is said of them, are no secrets.
    fn hide_cookie_line(&self, line: &str) {
        for pair in line.split(';') {
            let (name, value) = pair.split_once('=').unwrap_or_default();
            let about = ["path", "domain", "expires", "max-age", "samesite"];
            if !about
                .iter()
                .any(|one| name.trim().eq_ignore_ascii_case(one))
            {
                self.hide(value.trim());
            }
        }
    }

    /// Keeps back the credentials of a request, which its headers may hold in Base64.
    pub(crate) fn hide_credentials(&self, url: &str, basic: Option<&Value>, bearer: Option<&str>) {
        for credential in credentials(url, basic, bearer) {
            self.hide(&credential);
        }
    }

    /// Keeps back a text from now on.
    pub(crate) fn hide(&self, text: &str) {
        self.secrets.borrow_mut().add(text);
    }
}

impl Drop for Trace<'_> {
    /// A step that is dropped while it waits for an answer has sent its request all the same.
    fn drop(&mut self) {
        self.ends();
    }
}

/// The credentials of a request.
pub(crate) fn credentials(url: &str, basic: Option<&Value>, bearer: Option<&str>) -> Vec<String> {
    let basic = basic.and_then(|basic| basic.get("password"));
    let basic = basic.filter(|password| !password.is_null());
    let of_url = url.contains('@').then(|| request::password(url)).flatten();
    let all = [
        basic.map(|password| password.to_string()),
        of_url,
        bearer.map(str::to_owned),
    ];
    all.into_iter().flatten().collect()
}

fn put_lines(message: &mut Message, lines: &[(String, Option<String>)]) {
    for (name, value) in lines {
        match value {
            Some(value) => message.line(name, value),
            None => message.secret_line(name),
        }
    }
}

fn name_of(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "HTTP/0.9",
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2",
        Version::HTTP_3 => "HTTP/3",
        _ => "HTTP/1.1",
    }
}

/// Whether the headers say of what charset a text is.
fn is_text(headers: &HeaderMap) -> bool {
    let named = headers.get(CONTENT_TYPE);
    named.is_some_and(|named| {
        let named = String::from_utf8_lossy(named.as_bytes()).to_ascii_lowercase();
        named.contains("charset=")
    })
}
