//! The runner `s3_put_object`: one object, from a text or from a file.

use crate::counters::counters;
use crate::metadata;
use crate::output::{field, number, status};
use crate::request::{Kept, S3Request, bytes, send, size_of};
use crate::s3_put_object::{Inputs, Late, Output, Uses, Wanted};
use bggo_module_http_request::{AskBody, AskCounters, Asking};
use bggo_runtime::contract::{Fault, Prepare, Runner, Step};

const COUNTERS: AskCounters = counters!(s3_put_object);

/// A prepared step.
pub struct S3PutObject {
    inputs: Inputs,
    wanted: Wanted,
    kept: Option<Kept>,
}

impl Runner for S3PutObject {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, wanted: Wanted) -> Result<Self, Fault> {
        let Inputs {
            bucket,
            key,
            body,
            source_path: _,
            content_type,
            metadata,
        } = &inputs;
        // A file is read each time.
        let has_body = matches!(body.known(), Some(Some(_)));
        let kept = Kept::of_known(&[
            has_body,
            bucket.known().is_some(),
            key.known().is_some(),
            content_type.known().is_some(),
            metadata.known().is_some(),
        ]);
        Ok(Self {
            inputs,
            wanted,
            kept,
        })
    }

    async fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: Uses<'a>,
        late: &'a [Late<'a>],
    ) -> Result<Output, Fault> {
        let plain = self.inputs.with(late)?;
        let (body, size) = match (&plain.body, &plain.source_path) {
            (Some(content), None) => (bytes(content.to_vec()), content.len() as u64),
            (None, Some(path)) => {
                let size = size_of(path).await?;
                let body = AskBody::File {
                    path: path.to_string(),
                    from: 0,
                    size,
                };
                (body, size)
            }
            _ => {
                let text = "an object has one content: body or source_path";
                return Err(Fault::new("request", text));
            }
        };
        let access = &uses.client.access;
        let mut request = S3Request::new("PUT", access, &plain.bucket)?;
        request.key(&plain.key)?;
        request.kept = self.kept.as_ref();
        request.body = body;
        request.reads_fields = self.wanted.etag || self.wanted.version_id;
        if let Some(content_type) = &plain.content_type {
            request.fields.push(("content-type", content_type));
        }
        let own = metadata::fields(plain.metadata);
        let own = own.iter().map(|(name, value)| (name.as_str(), *value));
        request.fields.extend(own);
        let asking = Asking::Step(step);
        let answer = send(access, asking, &request, Some(&COUNTERS)).await?;
        step.received_at(answer.ended);
        Ok(Output {
            status_code: status(&answer),
            etag: field(&answer, "etag"),
            version_id: field(&answer, "x-amz-version-id"),
            size: number(size),
        })
    }
}
