//! The runner `s3_list_objects`: the objects of a bucket, page after page.

use crate::answer::{MOST, Page};
use crate::counters::counters;
use crate::output::{number, text};
use crate::request::{S3Request, send, unexpected};
use crate::s3_list_objects::{Inputs, Late, Output, Uses, Wanted};
use bggo_module_http_request::{AskCounters, Asking};
use bggo_runtime::contract::{Fault, Prepare, Runner, Step, Text, Value};

const COUNTERS: AskCounters = counters!(s3_list_objects);

/// A prepared step.
pub struct S3ListObjects {
    inputs: Inputs,
    wanted: Wanted,
}

impl Runner for S3ListObjects {
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
        let max_keys = plain.max_keys.to_string();
        let most = match plain.max_pages {
            Some(most) => most
                .as_u64()
                .ok_or_else(|| Fault::new("request", "max_pages is a whole number"))?,
            None => u64::MAX,
        };
        let mut next = plain.continuation_token.as_deref().map(str::to_owned);
        let (mut objects, mut prefixes) = (Vec::new(), Vec::new());
        let (mut count, mut pages) = (0, 0);
        let mut asking = Asking::Step(step);
        loop {
            let mut request = S3Request::new("GET", access, &plain.bucket)?;
            request.most = Some(MOST);
            // In the order of their names.
            if let Some(token) = &next {
                request.query("continuation-token", token);
            }
            if let Some(delimiter) = &plain.delimiter {
                request.query("delimiter", delimiter);
            }
            request.query("encoding-type", "url");
            request.query("list-type", "2");
            request.query("max-keys", &max_keys);
            if let Some(prefix) = &plain.prefix {
                request.query("prefix", prefix);
            }
            let answer = send(access, asking, &request, Some(&COUNTERS)).await?;
            let page = Page::read(&answer.body);
            let page = page.ok_or_else(|| unexpected(&answer, request.answerer(access)))?;
            pages += 1;
            count += page.objects.len() as u64;
            if self.wanted.objects {
                objects.extend(page.objects.into_iter().map(|object| {
                    Value::from(vec![
                        (Text::Static("key"), Value::from(object.key)),
                        (Text::Static("size"), number(object.size)),
                        (Text::Static("etag"), Value::from(object.etag)),
                        (
                            Text::Static("last_modified"),
                            Value::from(object.last_modified),
                        ),
                    ])
                }));
            }
            if self.wanted.prefixes {
                prefixes.extend(page.prefixes.into_iter().map(Value::from));
            }
            if page.next.is_some() && page.next == next {
                let text = "the server says that a page follows itself";
                return Err(Fault::new("protocol", text));
            }
            next = page.next;
            if next.is_none() || pages == most {
                break;
            }
            asking = Asking::Further(step);
        }
        Ok(Output {
            objects: Value::from(objects),
            prefixes: Value::from(prefixes),
            count: number(count),
            pages: number(pages),
            continuation_token: text(next.as_deref()),
        })
    }
}
