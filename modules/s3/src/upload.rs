//! The runner `s3`: a file goes to a presigned URL.

use crate::counters::counters;
use crate::request::{Answerer, failed, size_of};
use crate::s3::{Inputs, Late, Output, Uses, Wanted};
use bggo_module_http_request::{Ask, AskBody, AskCounters, Asking, Place};
use bggo_runtime::contract::{Fault, FaultText, Prepare, Runner, Step, Value};

const COUNTERS: AskCounters = counters!(s3);

/// A prepared step.
pub struct S3 {
    inputs: Inputs,
    wanted: Wanted,
}

impl Runner for S3 {
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
        if !plain.action.eq_ignore_ascii_case("upload") {
            let text = FaultText::value(&plain.action);
            let text = text.and(" is no action: the only one is upload");
            return Err(Fault::new("request", text));
        }
        let client = uses
            .client
            .ok_or_else(|| Fault::new("request", "a request needs a client"))?;
        let place = Place::new(&plain.upload_url)?;
        let target = target(&plain.upload_url);
        let path = plain.source_path.to_string();
        let ask = Ask {
            body: AskBody::File {
                size: size_of(&path).await?,
                path,
                from: 0,
            },
            url_is_sensitive: step.info().is_input_sensitive("upload_url"),
            counters: Some(&COUNTERS),
            ..Ask::new("PUT", &place, &target)
        };
        let asking = Asking::Step(step);
        let answer = client.ask(asking, &ask).await?;
        if !answer.is_success() {
            let failed = failed(
                &answer,
                Answerer {
                    host: place.host(),
                    second: step.since_1970().as_secs(),
                },
            );
            let shown = (failed.fault.kind(), &answer);
            client.show_failure(asking, &ask, shown);
            return Err(failed.fault);
        }
        step.received_at(answer.ended);
        let status = format!("{} {}", answer.status(), answer.reason());
        Ok(Output {
            success: Value::Bool(true),
            status: if self.wanted.status {
                Value::from(status.trim_end().to_owned())
            } else {
                Value::Null
            },
        })
    }
}

/// Path and query of a url as they are written: they are signed. Only what no request line holds is encoded.
fn target(url: &str) -> String {
    let url = url.trim();
    let behind = url.split_once("://").map_or(url, |(_, behind)| behind);
    let at = behind.find(['/', '?', '#']).unwrap_or(behind.len());
    let (_, target) = behind.split_at(at);
    let target = target.split('#').next().unwrap_or_default();
    let mut out = String::with_capacity(target.len() + 1);
    if !target.starts_with('/') {
        out.push('/');
    }
    for byte in target.bytes() {
        if byte.is_ascii_graphic() {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_stays_as_it_is_written() {
        for (url, expected) in [
            ("http://a", "/"),
            (" http://a:80/b?c=d#e ", "/b?c=d"),
            ("https://a?X=/%2F", "/?X=/%2F"),
            ("http://a/b/../c//%2e?q=a+b", "/b/../c//%2e?q=a+b"),
            ("http://a/\u{fc} x", "/%C3%BC%20x"),
        ] {
            assert_eq!(target(url), expected);
        }
    }
}
