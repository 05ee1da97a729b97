//! The runner `s3_get_object`: the content of one object, or a part of it.

use crate::counters::counters;
use crate::metadata::of_answer;
use crate::output::{field, number, status};
use crate::request::{Kept, S3Request, send};
use crate::s3_get_object::{Inputs, Late, Output, Uses, Wanted};
use bggo_module_http_request::{AskCounters, Asking};
use bggo_runtime::contract::{Fault, Prepare, Runner, Step, Value};

const COUNTERS: AskCounters = counters!(s3_get_object);

/// A prepared step.
pub struct S3GetObject {
    inputs: Inputs,
    wanted: Wanted,
    kept: Option<Kept>,
}

impl Runner for S3GetObject {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, wanted: Wanted) -> Result<Self, Fault> {
        let Inputs {
            bucket,
            key,
            version_id,
            range,
        } = &inputs;
        let kept = Kept::of_known(&[
            bucket.known().is_some(),
            key.known().is_some(),
            version_id.known().is_some(),
            range.known().is_some(),
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
        let access = &uses.client.access;
        let mut request = S3Request::new("GET", access, &plain.bucket)?;
        request.key(&plain.key)?;
        request.kept = self.kept.as_ref();
        if let Some(version) = &plain.version_id {
            request.query("versionId", version);
        }
        if let Some(range) = &plain.range {
            request.fields.push(("range", range));
        }
        let wanted = self.wanted;
        request.most = wanted.body.then(|| access.http.max_body_size());
        request.reads_fields = wanted.etag
            || wanted.version_id
            || wanted.content_type
            || wanted.last_modified
            || wanted.metadata;
        let asking = Asking::Step(step);
        let answer = send(access, asking, &request, Some(&COUNTERS)).await?;
        step.received_at(answer.ended);
        Ok(Output {
            status_code: status(&answer),
            body: if wanted.body {
                Value::from(String::from_utf8_lossy(&answer.body).into_owned())
            } else {
                Value::Null
            },
            size: number(answer.size),
            etag: field(&answer, "etag"),
            version_id: field(&answer, "x-amz-version-id"),
            content_type: field(&answer, "content-type"),
            last_modified: field(&answer, "last-modified"),
            metadata: if wanted.metadata {
                of_answer(&answer)
            } else {
                Value::Null
            },
        })
    }
}
