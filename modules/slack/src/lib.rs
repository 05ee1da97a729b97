//! Messages in Slack, by incoming webhooks: a POST of JSON that is answered by `ok`, by a word that says what is wrong, or by how long to
//! wait.

use bggo_module_http_request::{Answer, Ask, AskBody, Asking, HttpClient, Place};
use bggo_runtime::contract::{
    Fault, FaultText, Number, Prepare, Runner, Step, Text, Value, encode_json, format_duration,
    module,
};
use bytes::Bytes;
use std::time::Duration;

module!("manifest.hcl");

/// Bytes that are kept of an answer. Slack's are a few words.
const MOST: u64 = 4 << 10;
/// Characters of an answer that a fault shows.
const SHOWN: usize = 100;

/// A step that posts a message.
#[derive(Debug)]
pub struct Slack {
    inputs: slack::Inputs,
}

impl Runner for Slack {
    type Inputs = slack::Inputs;
    type Late<'a> = slack::Late<'a>;
    type Uses<'a> = slack::Uses<'a>;
    type Wanted = slack::Wanted;
    type Output = slack::Output;

    fn prepare(_: &Prepare<'_>, inputs: slack::Inputs, _: slack::Wanted) -> Result<Self, Fault> {
        Ok(Self { inputs })
    }

    async fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: slack::Uses<'a>,
        late: &'a [slack::Late<'a>],
    ) -> Result<slack::Output, Fault> {
        let plain = self.inputs.with(late)?;
        let body = Bytes::from(message(&plain));
        let webhook = Webhook::new(&plain.webhook_url)?;
        let post = Post {
            step,
            client: uses.client.ok_or_else(|| Fault::missing("client"))?,
            webhook: &webhook,
            body,
            limit: plain.timeout,
        };
        let (status, waits) = post.until_taken().await?;
        Ok(slack::Output {
            status_code: Value::Number(Number::from(i64::from(status))),
            waits: Value::Number(Number::from(i64::from(waits))),
        })
    }
}

/// What is posted.
fn message(plain: &slack::Plain<'_>) -> String {
    let text = |text: &str| Value::from(text.to_owned());
    let pairs = [
        ("text", plain.text.as_deref().map(text)),
        ("blocks", plain.blocks.cloned()),
        ("channel", plain.channel.as_deref().map(text)),
    ];
    let given = pairs.into_iter();
    let given = given.filter_map(|(name, value)| Some((Text::Static(name), value?)));
    encode_json(&Value::Object(given.collect::<Vec<_>>().into()))
}

/// Where a message goes.
struct Webhook<'a> {
    place: Place,
    target: &'a str,
}

impl<'a> Webhook<'a> {
    fn new(url: &'a str) -> Result<Self, Fault> {
        let url = url.trim();
        let host = url.find("://").map_or(0, |at| at + "://".len());
        let path = url[host..].find(['/', '?', '#']).map(|at| host + at);
        let target = path.map_or("", |at| &url[at..]);
        if !target.starts_with('/') || target.contains('#') {
            let text =
                "webhook_url has no path, or a part behind #: it is not the url of a webhook";
            return Err(slack::Error::Request.fault(text));
        }
        Ok(Self {
            place: Place::new(url)?,
            target,
        })
    }
}

/// A message on its way.
struct Post<'a> {
    step: &'a Step<'a>,
    client: &'a HttpClient,
    webhook: &'a Webhook<'a>,
    body: Bytes,
    limit: Duration,
}

impl Post<'_> {
    /// Posts until it is taken, waiting as long as Slack says. Gives the status, and how often it waited.
    async fn until_taken(&self) -> Result<(u16, u32), Fault> {
        let begun = self.step.now();
        let is_sensitive = |name| self.step.info().is_input_sensitive(name);
        let body_is_sensitive = ["text", "blocks", "channel"].into_iter().any(is_sensitive);
        let fields = [(Text::Static("Content-Type"), "application/json")];
        let mut asking = Asking::from(self.step);
        let mut waits = 0;
        loop {
            let left = self.limit.saturating_sub(self.step.now() - begun);
            let ask = Ask {
                fields: &fields,
                body: AskBody::Bytes(self.body.clone()),
                timeout: Some(left.max(Duration::from_millis(1))),
                most: Some(MOST),
                url_is_sensitive: true,
                body_is_sensitive,
                ..Ask::new("POST", &self.webhook.place, self.webhook.target)
            };
            let answer = self.client.ask(asking, &ask).await?;
            let failed = match judge(&answer) {
                Ok(()) => return Ok((answer.status(), waits)),
                Err(failed) => failed,
            };
            let left = self.limit.saturating_sub(self.step.now() - begun);
            let fault = match failed {
                Failed::Wait(wait) if wait < left => {
                    self.step.pause(wait).await;
                    waits += 1;
                    asking = Asking::Further(self.step);
                    continue;
                }
                Failed::Wait(wait) => {
                    let text = format!(
                        "Slack takes no message for {}, and the step has {} left",
                        format_duration(wait),
                        format_duration(Duration::from_secs(left.as_secs()))
                    );
                    slack::Error::RateLimited.fault(FaultText::plain(text))
                }
                Failed::With(fault) => fault,
            };
            let failed = (fault.kind(), &answer);
            self.client
                .show_failure(Asking::Further(self.step), &ask, failed);
            return Err(fault);
        }
    }
}

/// Why a message was not taken.
enum Failed {
    /// Not yet.
    Wait(Duration),
    With(Fault),
}

/// What an answer says.
fn judge(answer: &Answer) -> Result<(), Failed> {
    let said = String::from_utf8_lossy(&answer.body);
    let said = said.trim();
    let status = answer.status();
    if status == 200 && said == "ok" {
        return Ok(());
    }
    let seconds = answer.field("retry-after");
    let seconds = seconds.and_then(|seconds| seconds.trim().parse().ok());
    let error = match (status, seconds) {
        (429, Some(seconds)) => return Err(Failed::Wait(Duration::from_secs(seconds))),
        (429, None) => slack::Error::RateLimited,
        (400 | 413, _) => slack::Error::InvalidPayload,
        (403 | 404 | 410, _) => slack::Error::NoService,
        _ => slack::Error::Status,
    };
    let mut text = FaultText::plain(format_args!("Slack answered with status {status}"));
    if !said.is_empty() {
        let short: String = said.chars().take(SHOWN).collect();
        text = text.and(": ").and_value(short);
    }
    Err(Failed::With(error.fault(text)))
}
