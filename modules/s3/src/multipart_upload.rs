//! The runner `s3_multipart_upload`: a file in parts, several at a time. What is not completed is aborted: at once where the step
//! fails, and by its client where the step is dropped.
//!
//! ```text
//! POST ?uploads -> id -> PUT ?partNumber=1.. on several lanes -> POST ?uploadId with all ETags
//!                    '-> kept by the client until it is completed or aborted
//! ```

use crate::abort::abort;
use crate::access::Access;
use crate::answer::{MOST, text_of};
use crate::counters::counters;
use crate::metadata;
use crate::output::{field, number, text};
use crate::request::{S3Request, bytes, send, size_of, unexpected};
use crate::s3_multipart_upload::{Inputs, Late, Metric, Output, Uses, Wanted};
use crate::uploads::Unfinished;
use bggo_module_http_request::{Answer, AskBody, AskCounters, Asking};
use bggo_runtime::contract::{Fault, FaultText, Prepare, Runner, Running, Step};
use std::cell::{Cell, RefCell};
use std::fmt::Write as _;
use std::future::poll_fn;
use std::task::Poll;

const COUNTERS: AskCounters = counters!(s3_multipart_upload);

/// The most parts that S3 takes.
const MOST_PARTS: u64 = 10_000;
/// The smallest part, but for the last one.
const SMALLEST: u64 = 5 << 20;

/// A prepared step.
pub struct S3MultipartUpload {
    inputs: Inputs,
    wanted: Wanted,
}

/// An upload on its way.
struct Upload<'a> {
    access: &'a Access,
    step: &'a Step<'a>,
    path: &'a str,
    size: u64,
    part_size: u64,
    parts: u64,
    of: Unfinished,
    /// The next part that no lane has taken, from 0.
    next: Cell<u64>,
    /// The ETag of each part.
    etags: RefCell<Vec<String>>,
}

impl Runner for S3MultipartUpload {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, wanted: Wanted) -> Result<Self, Fault> {
        Ok(Self { inputs, wanted })
    }

    async fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: Uses<'a>,
        late: &'a [Late<'a>],
    ) -> Result<Output, Fault> {
        let plain = self.inputs.with(late)?;
        let size = size_of(&plain.source_path).await?;
        let part_size = plain.part_size;
        if part_size < SMALLEST {
            let text = "part_size is less than 5MiB, the smallest part that S3 takes";
            return Err(Fault::new("request", text));
        }
        // A file without bytes is one part.
        let parts = size.div_ceil(part_size).max(1);
        if parts > MOST_PARTS {
            let text = format_args!(
                "the file has {parts} parts, and S3 takes {MOST_PARTS}: raise part_size"
            );
            return Err(Fault::new("request", FaultText::plain(text)));
        }
        let lanes = plain.concurrency.as_u64();
        let lanes = lanes.ok_or_else(|| Fault::new("request", "concurrency is a whole number"))?;
        let lanes = lanes.clamp(1, parts);
        let access = &uses.client.access;
        let asking = Asking::Step(step);
        let content_type = plain.content_type.as_deref();
        let metadata = metadata::fields(plain.metadata);
        let place = (&*plain.bucket, &*plain.key);
        let id = begin(access, asking, place, content_type, &metadata).await?;
        let upload = Upload {
            access,
            step,
            path: &plain.source_path,
            size,
            part_size,
            parts,
            of: Unfinished {
                bucket: plain.bucket.to_string(),
                key: plain.key.to_string(),
                id,
            },
            next: Cell::new(0),
            etags: RefCell::new(vec![
                String::new();
                usize::try_from(parts).unwrap_or_default()
            ]),
        };
        // From here on its parts are deleted, whatever comes.
        access.unfinished.add(upload.of.clone());
        let ended = match upload.send(lanes).await {
            Ok(()) => upload.complete().await,
            Err(fault) => Err(fault),
        };
        let (answer, etag) = match ended {
            Ok(ended) => ended,
            Err(fault) => {
                let asking = Asking::Further(step);
                // If that fails as well, the client tries it once more when it is destroyed.
                let _ = abort(access, asking, &upload.of, Some(&COUNTERS)).await;
                return Err(fault);
            }
        };
        access.unfinished.remove(&upload.of);
        step.received_at(answer.ended);
        Ok(Output {
            etag: text(Some(&etag).filter(|_| self.wanted.etag).map(String::as_str)),
            version_id: field(&answer, "x-amz-version-id"),
            size: number(size),
            parts: number(parts),
        })
    }
}

/// Begins an upload: its id.
async fn begin(
    access: &Access,
    asking: Asking<'_>,
    (bucket, key): (&str, &str),
    content_type: Option<&str>,
    metadata: &[(String, &str)],
) -> Result<String, Fault> {
    let mut request = S3Request::new("POST", access, bucket)?;
    request.key(key)?;
    request.query("uploads", "");
    request.most = Some(MOST);
    if let Some(content_type) = content_type {
        request.fields.push(("content-type", content_type));
    }
    let own = metadata.iter().map(|(name, value)| (name.as_str(), *value));
    request.fields.extend(own);
    let answer = send(access, asking, &request, Some(&COUNTERS)).await?;
    let id = text_of(&answer.body, "InitiateMultipartUploadResult", "UploadId");
    let id = id.ok_or_else(|| unexpected(&answer, request.answerer(access)))?;
    Ok(id)
}

impl<'a> Upload<'a> {
    /// Sends all parts on so many lanes. The first failure drops what the other lanes send.
    async fn send(&self, lanes: u64) -> Result<(), Fault> {
        let mut lanes: Vec<Running<'_, Result<(), Fault>>> = (0..lanes)
            .map(|_| Box::pin(self.lane()) as Running<'_, Result<(), Fault>>)
            .collect();
        poll_fn(|cx| {
            let mut failed = None;
            lanes.retain_mut(|lane| match lane.as_mut().poll(cx) {
                Poll::Pending => true,
                Poll::Ready(Ok(())) => false,
                Poll::Ready(Err(fault)) => {
                    failed.get_or_insert(fault);
                    false
                }
            });
            match failed {
                Some(fault) => Poll::Ready(Err(fault)),
                None if lanes.is_empty() => Poll::Ready(Ok(())),
                None => Poll::Pending,
            }
        })
        .await
    }

    /// Sends one part after the other that nobody has taken.
    async fn lane(&self) -> Result<(), Fault> {
        loop {
            let part = self.next.get();
            if part == self.parts {
                return Ok(());
            }
            self.next.set(part + 1);
            self.part(part).await?;
        }
    }

    async fn part(&self, part: u64) -> Result<(), Fault> {
        let from = part * self.part_size;
        let mut request = self.request("PUT")?;
        request.query("partNumber", &(part + 1).to_string());
        request.query("uploadId", &self.of.id);
        request.reads_fields = true;
        request.body = AskBody::File {
            path: self.path.to_owned(),
            from,
            size: self.part_size.min(self.size - from),
        };
        let began = self.step.now();
        let asking = Asking::Further(self.step);
        let answer = send(self.access, asking, &request, Some(&COUNTERS)).await?;
        self.step
            .record_time(Metric::PART_TIME, answer.ended - began);
        let Some(etag) = answer.field("etag") else {
            let text = FaultText::plain("the answer from ")
                .and_value(request.answerer(self.access).host)
                .and(" to a part has no ETag");
            return Err(Fault::new("protocol", text));
        };
        let at = usize::try_from(part).unwrap_or_default();
        if let Some(known) = self.etags.borrow_mut().get_mut(at) {
            etag.clone_into(known);
        }
        Ok(())
    }

    fn request(&self, method: &'a str) -> Result<S3Request<'a>, Fault> {
        let mut request = S3Request::new(method, self.access, &self.of.bucket)?;
        request.key(&self.of.key)?;
        Ok(request)
    }

    /// Makes one object of the parts: the answer, and the object's ETag.
    async fn complete(&self) -> Result<(Answer, String), Fault> {
        let mut list = String::from("<CompleteMultipartUpload>");
        for (part, etag) in (1..).zip(self.etags.borrow().iter()) {
            // Writing to a String never fails.
            let _ = write!(list, "<Part><PartNumber>{part}</PartNumber><ETag>");
            for letter in etag.chars() {
                match letter {
                    '&' => list.push_str("&amp;"),
                    '<' => list.push_str("&lt;"),
                    other => list.push(other),
                }
            }
            list.push_str("</ETag></Part>");
        }
        list.push_str("</CompleteMultipartUpload>");
        let mut request = self.request("POST")?;
        request.query("uploadId", &self.of.id);
        request.fields.push(("content-type", "application/xml"));
        request.body = bytes(list);
        request.most = Some(MOST);
        request.reads_fields = true;
        let asking = Asking::Further(self.step);
        let answer = send(self.access, asking, &request, Some(&COUNTERS)).await?;
        // A server that needs long for it answers with 200 first, and may find an error then.
        let etag = text_of(&answer.body, "CompleteMultipartUploadResult", "ETag");
        let etag = etag.ok_or_else(|| unexpected(&answer, request.answerer(self.access)))?;
        Ok((answer, etag))
    }
}
