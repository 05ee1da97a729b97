//! Makes the outputs of a step from an answer: only those that some expression of the grid reads.

use crate::charset;
use crate::client::Defaults;
use crate::decompress::decompress;
use crate::exchange::Answer;
use crate::http_request::{Output, Wanted};
use crate::phases::Phases;
use crate::target::Target;
use bggo_runtime::contract::{Fault, Number, RawJson, Text, Value};
use http::Version;
use http::header::HeaderMap;
use std::sync::Arc;

/// Makes the outputs.
pub(crate) fn output(
    (answer, asked, phases): (&Answer, &Target, &Phases),
    wanted: Wanted,
    client: Defaults,
) -> Result<Output, Fault> {
    let mut output = Output::default();
    let head = &answer.head;
    if wanted.status_code {
        output.status_code = Number::from(u32::from(head.status.as_u16())).into();
    }
    if wanted.headers {
        output.headers = headers(head.headers());
    }
    if wanted.body || wanted.json {
        let plain = if client.decompresses {
            decompress(answer.body.clone(), head.headers(), client.max_body)?
        } else {
            answer.body.clone()
        };
        let text = charset::text(&plain, head.headers());
        if wanted.json {
            output.json = Value::Raw(RawJson::of_answer(Arc::clone(&text)));
        }
        if wanted.body {
            output.body = Text::Shared(text).into();
        }
    }
    if wanted.url {
        output.url = answer
            .redirected
            .as_ref()
            .unwrap_or_else(|| asked.url())
            .to_string()
            .into();
    }
    if wanted.http_version {
        output.http_version = version(head.version).into();
    }
    if wanted.size {
        output.size = Number::from(answer.size).into();
    }
    if wanted.remote_address {
        output.remote_address = head
            .remote_address()
            .map_or(Value::Null, |address| address.to_string().into());
    }
    if wanted.timings {
        output.timings = timings(answer, phases);
    }
    if wanted.reused {
        output.reused = phases.is_reused().map_or(Value::Null, Value::Bool);
    }
    Ok(output)
}

fn timings(answer: &Answer, phases: &Phases) -> Value {
    let dialled = phases.dialling();
    let timings = [
        ("dns", dialled.dns.into()),
        ("connecting", dialled.connecting.into()),
        ("tls_handshake", dialled.tls.into()),
        ("sending", phases.sending().map_or(Value::Null, Value::from)),
        ("waiting", phases.waiting(answer.head.came).into()),
        ("receiving", answer.receiving.into()),
        ("total", answer.total.into()),
    ];
    let timings = timings.map(|(name, time)| (Text::Static(name), time));
    Vec::<(Text, Value)>::from(timings).into()
}

/// The fields of a head, by their names in lower case.
pub(crate) fn headers(headers: &HeaderMap) -> Value {
    let joined: Vec<(Text, Value)> = headers
        .keys()
        .map(|name| {
            let values: Vec<_> = headers
                .get_all(name)
                .iter()
                .map(|value| charset::of_header(value.as_bytes()))
                .collect();
            (name.as_str().into(), values.join(", ").into())
        })
        .collect();
    joined.into()
}

pub(crate) fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "0.9",
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2",
        Version::HTTP_3 => "3",
        _ => "1.1",
    }
}
