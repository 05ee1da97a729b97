//! One request of S3: signed, sent, and its answer told apart from an error.

use crate::access::{Access, BucketPlace};
use crate::answer::{S3Error, kind};
use crate::date::stamp;
use crate::encode::{Slash, encode_into};
use crate::metadata;
use crate::sign::{Credentials, EMPTY, Signed, ToSign, UNSIGNED, hash};
use bggo_module_http_request::{Answer, Ask, AskBody, AskCounters, Asking, KeptAsk};
use bggo_runtime::contract::{Fault, FaultText, Text};
use bytes::Bytes;
use ring::digest::{Context, SHA256};
use std::cell::RefCell;
use std::io::SeekFrom;
use std::rc::Rc;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

/// The most bytes of a key.
const KEY: usize = 1_024;
/// Bytes of a file that are hashed at once.
const PIECE: usize = 64 << 10;

/// The metrics of the runner that asks, if a step does.
pub(crate) type Counting<'a> = Option<&'a AskCounters>;

/// A request, without its signature.
pub(crate) struct S3Request<'a> {
    method: &'a str,
    place: BucketPlace,
    /// Of the bucket, or of a key.
    path: String,
    query: String,
    /// Fields that are signed, by their names in lower case.
    pub(crate) fields: Vec<(&'a str, &'a str)>,
    pub(crate) body: AskBody,
    /// The largest body of an answer that is kept.
    pub(crate) most: Option<u64>,
    pub(crate) reads_fields: bool,
    /// Where it is kept, if it is the same each time.
    pub(crate) kept: Option<&'a Kept>,
}

/// The request of a step whose arguments are always the same. Within a second its signature is the same as well, so it is made once a
/// second on each thread, for clients that are alike.
#[derive(Default)]
pub(crate) struct Kept(RefCell<Option<Rc<KeptRequest>>>);

struct KeptRequest {
    second: u64,
    credentials: Credentials,
    host: String,
    path: String,
    signs_payload: bool,
    ask: KeptAsk,
}

impl Kept {
    /// For a step, if its arguments are always the same.
    pub(crate) fn of_known(are_known: &[bool]) -> Option<Self> {
        (!are_known.contains(&false)).then(Self::default)
    }

    fn of(&self, access: &Access, request: &S3Request<'_>, second: u64) -> Option<Rc<KeptRequest>> {
        let last = self.0.borrow();
        let last = last.as_ref()?;
        let is_same = last.second == second
            && access.http.may_send(&last.ask)
            && last.credentials == *access.signer.credentials()
            && last.host == request.place.place.host()
            && last.path == request.path
            && last.signs_payload == access.signs_payload;
        is_same.then(|| Rc::clone(last))
    }
}

/// Why a request failed.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) fault: Fault,
    /// The code of the error that S3 answered with. Empty if it is another failure.
    pub(crate) code: String,
}

impl From<Fault> for Failed {
    fn from(fault: Fault) -> Self {
        Self {
            fault,
            code: String::new(),
        }
    }
}

impl From<Failed> for Fault {
    fn from(failed: Failed) -> Self {
        failed.fault
    }
}

impl<'a> S3Request<'a> {
    /// A request for a bucket.
    pub(crate) fn new(method: &'a str, access: &Access, bucket: &str) -> Result<Self, Fault> {
        let place = access.bucket(bucket)?;
        Ok(Self {
            method,
            path: place.path.clone(),
            place,
            query: String::new(),
            fields: Vec::new(),
            body: AskBody::Nothing,
            most: None,
            reads_fields: false,
            kept: None,
        })
    }

    /// It is for an object of the bucket.
    pub(crate) fn key(&mut self, key: &str) -> Result<(), Fault> {
        if key.is_empty() || key.len() > KEY {
            let text = format_args!("a key has 1 to {KEY} bytes, this one has {}", key.len());
            return Err(Fault::new("request", FaultText::plain(text)));
        }
        self.path.truncate(self.place.path.len());
        encode_into(&mut self.path, key, Slash::Stays);
        Ok(())
    }

    /// Who answers it.
    pub(crate) fn answerer(&self, access: &Access) -> Answerer<'_> {
        Answerer {
            host: self.place.place.host(),
            second: access.second(),
        }
    }

    /// Adds to the query. The names come in their order, as they are signed.
    pub(crate) fn query(&mut self, name: &str, value: &str) {
        if !self.query.is_empty() {
            self.query.push('&');
        }
        self.query.push_str(name);
        self.query.push('=');
        encode_into(&mut self.query, value, Slash::IsEncoded);
    }

    /// Where it goes, with a query.
    pub(crate) fn presigned(&self, access: &Access, expires: u64) -> String {
        let to_sign = self.to_sign(UNSIGNED);
        let query = access.signer.presign(&to_sign, access.second(), expires);
        let place = &self.place.place;
        format!("{}://{}{}?{query}", place.scheme(), place.host(), self.path)
    }

    fn to_sign<'b>(&'b self, payload: &'b str) -> ToSign<'b> {
        ToSign {
            method: self.method,
            host: self.place.place.host(),
            path: &self.path,
            query: &self.query,
            fields: &self.fields,
            payload,
        }
    }

    /// The hash of its body, if that is signed.
    async fn payload(&self, access: &Access) -> Result<String, Fault> {
        if !access.signs_payload {
            return Ok(UNSIGNED.to_owned());
        }
        match &self.body {
            AskBody::Nothing => Ok(EMPTY.to_owned()),
            AskBody::Bytes(bytes) => Ok(hash(bytes)),
            AskBody::File { path, from, size } => {
                let hashed = Box::pin(hash_of_file(path, *from, *size)).await;
                hashed.map_err(|text| Fault::new("request", text))
            }
        }
    }
}

/// The hash of a part of a file, which is read through one buffer.
async fn hash_of_file(path: &str, from: u64, size: u64) -> Result<String, FaultText> {
    let wrong = |error: std::io::Error| unreadable(path, &error);
    let mut file = File::open(path).await.map_err(wrong)?;
    file.seek(SeekFrom::Start(from)).await.map_err(wrong)?;
    let mut hash = Context::new(&SHA256);
    let mut buffer = vec![0; PIECE];
    let mut left = size;
    while left > 0 {
        let room = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        let into = buffer.get_mut(..room).unwrap_or_default();
        let count = file.read(into).await.map_err(wrong)?;
        if count == 0 {
            return Err(unreadable(path, &"it became shorter"));
        }
        hash.update(buffer.get(..count).unwrap_or_default());
        left -= count as u64;
    }
    let mut hex = String::with_capacity(64);
    crate::encode::hex_into(&mut hex, hash.finish().as_ref());
    Ok(hex)
}

/// Why a file cannot be read.
pub(crate) fn unreadable(path: &str, why: &dyn std::fmt::Display) -> FaultText {
    FaultText::plain("the file ")
        .and_value(path)
        .and(format_args!(" cannot be read: {why}"))
}

/// The size of a file.
///
/// # Errors
/// It cannot be read (`request`), or it is a folder.
pub(crate) async fn size_of(path: &str) -> Result<u64, Fault> {
    let about = tokio::fs::metadata(path).await;
    let about = about.map_err(|error| Fault::new("request", unreadable(path, &error)))?;
    if about.is_dir() {
        return Err(Fault::new("request", unreadable(path, &"it is a folder")));
    }
    Ok(about.len())
}

/// Whether the target and the body of a step's request hold what the grid keeps back.
fn kept_back(asking: Asking<'_>) -> (bool, bool) {
    let (Asking::Step(step) | Asking::Further(step)) = asking else {
        return (false, false);
    };
    let is = |name: &&str| step.info().is_input_sensitive(name);
    let of_target = [
        "bucket",
        "key",
        "version_id",
        "prefix",
        "delimiter",
        "continuation_token",
    ];
    (of_target.iter().any(is), is(&"body"))
}

/// The fields whose values nobody is shown.
fn secret_fields<'a>(asking: Asking<'_>, request: &S3Request<'a>) -> Vec<&'a str> {
    let mut names = vec!["x-amz-security-token"];
    if let Asking::Step(step) | Asking::Further(step) = asking
        && step.info().is_input_sensitive("metadata")
    {
        let all = request.fields.iter().map(|(name, _)| *name);
        names.extend(all.filter(|name| name.starts_with(metadata::PREFIX)));
    }
    names
}

/// The fields that a signature adds to a request.
struct SignedFields {
    signed: Signed,
    payload: String,
}

impl SignedFields {
    async fn of(access: &Access, request: &S3Request<'_>, second: u64) -> Result<Self, Fault> {
        let payload = request.payload(access).await?;
        let signed = access.signer.sign(&request.to_sign(&payload), second);
        Ok(Self { signed, payload })
    }

    /// All fields of the request.
    fn all<'b>(&'b self, access: &'b Access, request: &S3Request<'b>) -> Vec<(Text, &'b str)> {
        let mut fields: Vec<(Text, &str)> = Vec::with_capacity(8);
        fields.push((Text::Static("X-Amz-Date"), self.signed.date()));
        fields.push((Text::Static("X-Amz-Content-Sha256"), &self.payload));
        if let Some(token) = access.signer.session_token() {
            fields.push((Text::Static("X-Amz-Security-Token"), token));
        }
        let others = request.fields.iter();
        fields.extend(others.map(|(name, value)| (Text::from((*name).to_owned()), *value)));
        fields.push((Text::Static("Authorization"), &self.signed.authorization));
        fields
    }
}

/// Signs a request and sends it.
///
/// # Errors
/// There is no answer (the kinds of an `http_request`), or it is an error of S3.
pub(crate) async fn send(
    access: &Access,
    asking: Asking<'_>,
    request: &S3Request<'_>,
    counting: Counting<'_>,
) -> Result<Answer, Failed> {
    let second = access.second();
    let target = if request.query.is_empty() {
        &request.path
    } else {
        &format!("{}?{}", request.path, request.query)
    };
    let (url_is_sensitive, body_is_sensitive) = kept_back(asking);
    let secret_fields = secret_fields(asking, request);
    let mut ask = Ask {
        secret_fields: &secret_fields,
        url_is_sensitive,
        body_is_sensitive,
        body: request.body.clone(),
        most: request.most,
        reads_fields: request.reads_fields,
        counters: counting,
        ..Ask::new(request.method, &request.place.place, target)
    };
    let known = request
        .kept
        .and_then(|kept| kept.of(access, request, second));
    if let Some(known) = &known {
        let answer = access.http.ask_kept(asking, &ask, &known.ask).await?;
        if answer.is_success() {
            return Ok(answer);
        }
        let signed = SignedFields::of(access, request, second).await?;
        let fields = signed.all(access, request);
        ask.fields = &fields;
        return Err(refused(access, asking, request, (&ask, &answer)));
    }
    let signed = SignedFields::of(access, request, second).await?;
    let fields = signed.all(access, request);
    ask.fields = &fields;
    let answer = match request.kept {
        None => access.http.ask(asking, &ask).await?,
        Some(kept) => {
            let made = Rc::new(KeptRequest {
                second,
                credentials: access.signer.credentials().clone(),
                host: request.place.place.host().to_owned(),
                path: request.path.clone(),
                signs_payload: access.signs_payload,
                ask: access.http.keep(&ask)?,
            });
            kept.0.replace(Some(Rc::clone(&made)));
            access.http.ask_kept(asking, &ask, &made.ask).await?
        }
    };
    if answer.is_success() {
        return Ok(answer);
    }
    Err(refused(access, asking, request, (&ask, &answer)))
}

/// What an answer says that is no success. It is shown as an example.
fn refused(
    access: &Access,
    asking: Asking<'_>,
    request: &S3Request<'_>,
    (ask, answer): (&Ask<'_>, &Answer),
) -> Failed {
    let failed = failed(answer, request.answerer(access));
    let shown = (failed.fault.kind(), answer);
    access.http.show_failure(asking, ask, shown);
    failed
}

/// Who answered, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answerer<'a> {
    pub(crate) host: &'a str,
    /// By the clock of this host, since 1970.
    pub(crate) second: u64,
}

/// What an answer says that is no success.
pub(crate) fn failed(answer: &Answer, by: Answerer<'_>) -> Failed {
    let error = S3Error::read(&answer.body).unwrap_or_default();
    let kind = error.kind(answer.status());
    let mut text =
        FaultText::plain(format_args!("status {} from ", answer.status())).and_value(by.host);
    if !error.code.is_empty() {
        text = text.and(": ");
        // A code that is known holds no value of the grid.
        text = match kind {
            kind::OTHER => text.and_value(&error.code),
            _ => text.and(&error.code),
        };
    }
    if !error.message.is_empty() {
        text = text.and(": ").and_value(error.message.trim());
    }
    if let Some(region) = answer.field("x-amz-bucket-region") {
        text = text.and("; the bucket is in region ").and_value(region);
    }
    if error.code == "RequestTimeTooSkewed"
        && let Some(date) = answer.field("date")
    {
        let own = stamp(by.second);
        text = text.and("; the server's clock says ").and_value(date);
        text = text.and(format_args!(", that of this host {own}"));
    }
    Failed {
        fault: Fault::new(kind, text),
        code: error.code,
    }
}

/// The fault for a 200 whose body is an error, or not what it should be.
pub(crate) fn unexpected(answer: &Answer, by: Answerer<'_>) -> Failed {
    if S3Error::read(&answer.body).is_some() {
        return failed(answer, by);
    }
    let text = FaultText::plain("the answer from ")
        .and_value(by.host)
        .and(" is not the XML that S3 answers with");
    Failed::from(Fault::new("protocol", text))
}

/// Known bytes as a body.
pub(crate) fn bytes(text: impl Into<Bytes>) -> AskBody {
    AskBody::Bytes(text.into())
}
