//! The runner `s3_delete_object`: one object goes.

use crate::counters::counters;
use crate::output::{field, status};
use crate::request::{S3Request, send};
use crate::s3_delete_object::{Inputs, Late, Output, Uses, Wanted};
use bggo_module_http_request::{AskCounters, Asking};
use bggo_runtime::contract::{Fault, Prepare, Runner, Step, Value};

const COUNTERS: AskCounters = counters!(s3_delete_object);

/// A prepared step.
pub struct S3DeleteObject {
    inputs: Inputs,
    wanted: Wanted,
}

impl Runner for S3DeleteObject {
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
        let access = &uses.client.access;
        let mut request = S3Request::new("DELETE", access, &plain.bucket)?;
        request.key(&plain.key)?;
        if let Some(version) = &plain.version_id {
            request.query("versionId", version);
        }
        request.reads_fields = self.wanted.version_id || self.wanted.delete_marker;
        let asking = Asking::Step(step);
        let answer = send(access, asking, &request, Some(&COUNTERS)).await?;
        step.received_at(answer.ended);
        Ok(Output {
            status_code: status(&answer),
            version_id: field(&answer, "x-amz-version-id"),
            delete_marker: Value::Bool(answer.field("x-amz-delete-marker") == Some("true")),
        })
    }
}
