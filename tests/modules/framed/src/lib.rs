//! A runner that uses every crate beside the runtime that a module from outside may name.

use bggo_http1::{Limits, RequestProgress, read_request};
use bggo_http2::Block;
use bggo_runtime::contract::{Fault, Number, Prepare, Runner, Step, Value, module};
use bggo_wire::Rules;

module!("manifest.hcl");

/// Says how many bytes a request's head has in HTTP/1 and in HTTP/2, and whether wire sends small packets at once.
pub struct Framed {
    inputs: framed::Inputs,
}

impl Runner for Framed {
    type Inputs = framed::Inputs;
    type Late<'a> = framed::Late<'a>;
    type Uses<'a> = framed::Uses;
    type Wanted = framed::Wanted;
    type Output = framed::Output;

    fn prepare(_: &Prepare<'_>, inputs: framed::Inputs, _: framed::Wanted) -> Result<Self, Fault> {
        Ok(Self { inputs })
    }

    async fn run<'a>(
        &'a self,
        _: &'a Step<'_>,
        _: framed::Uses,
        late: &'a [framed::Late<'a>],
    ) -> Result<framed::Output, Fault> {
        let framed::Plain { path } = self.inputs.with(late)?;
        let limits = Limits {
            fields: 10,
            bytes: 1 << 10,
        };
        let text = format!("GET {path} HTTP/1.1\r\nHost: a.test\r\n\r\n");
        let read = read_request(text.as_bytes(), &mut RequestProgress::new(), &limits);
        let Ok(Some(head)) = read else {
            return Err(framed::Error::Head.fault("no head"));
        };
        let mut block = Block::new();
        block.begin("GET", "http", ("a.test", &path));
        let is_at_once = Rules::default().nodelay;
        let parts = [head.size, block.bytes().len(), usize::from(is_at_once)];
        let parts = parts.map(|part| Value::from(Number::from(part as u64)));
        Ok(framed::Output {
            parts: parts.to_vec().into(),
        })
    }
}
