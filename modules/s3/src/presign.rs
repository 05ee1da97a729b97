//! The runner `s3_presign`: a URL with a signature in its query.

use crate::request::S3Request;
use crate::s3_presign::{Inputs, Late, Output, Uses, Wanted};
use bggo_runtime::contract::{Fault, Prepare, Runner, Step, Value};

/// A prepared step.
pub struct S3Presign {
    inputs: Inputs,
}

impl Runner for S3Presign {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, _: Wanted) -> Result<Self, Fault> {
        Ok(Self { inputs })
    }

    async fn run<'a>(
        &'a self,
        _: &'a Step<'_>,
        uses: Uses<'a>,
        late: &'a [Late<'a>],
    ) -> Result<Output, Fault> {
        let plain = self.inputs.with(late)?;
        let access = &uses.client.access;
        let mut request = S3Request::new(&plain.method, access, &plain.bucket)?;
        request.key(&plain.key)?;
        let url = request.presigned(access, plain.expires.as_secs().max(1));
        Ok(Output {
            url: Value::from(url),
        })
    }
}
