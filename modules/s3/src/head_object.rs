//! The runner `s3_head_object`: what is known of an object, without its content.

use crate::counters::counters;
use crate::metadata::of_answer;
use crate::output::{field, number, status};
use crate::request::{Kept, S3Request, send};
use crate::s3_head_object::{Inputs, Late, Output, Uses, Wanted};
use bggo_module_http_request::{AskCounters, Asking};
use bggo_runtime::contract::{Fault, Prepare, Runner, Step, Value};

const COUNTERS: AskCounters = counters!(s3_head_object);

/// A prepared step.
pub struct S3HeadObject {
    inputs: Inputs,
    wanted: Wanted,
    kept: Option<Kept>,
}

impl Runner for S3HeadObject {
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
        } = &inputs;
        let kept = Kept::of_known(&[
            bucket.known().is_some(),
            key.known().is_some(),
            version_id.known().is_some(),
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
        let mut request = S3Request::new("HEAD", access, &plain.bucket)?;
        request.key(&plain.key)?;
        request.kept = self.kept.as_ref();
        if let Some(version) = &plain.version_id {
            request.query("versionId", version);
        }
        let Wanted {
            status_code: _,
            size,
            etag,
            version_id,
            content_type,
            last_modified,
            metadata,
        } = self.wanted;
        request.reads_fields =
            size || etag || version_id || content_type || last_modified || metadata;
        let asking = Asking::Step(step);
        let answer = send(access, asking, &request, Some(&COUNTERS)).await?;
        step.received_at(answer.ended);
        let length = answer.field("content-length");
        let length = length.and_then(|length| length.parse().ok());
        Ok(Output {
            status_code: status(&answer),
            size: length.map_or(Value::Null, number),
            etag: field(&answer, "etag"),
            version_id: field(&answer, "x-amz-version-id"),
            content_type: field(&answer, "content-type"),
            last_modified: field(&answer, "last-modified"),
            metadata: if metadata {
                of_answer(&answer)
            } else {
                Value::Null
            },
        })
    }
}
