//! Calls of methods without a connection: messages are encoded, and what the grid says that comes back is decoded.

use std::rc::Rc;
use std::sync::Arc;

use bggo_protobuf::{Decoder, Encoder, Limits, Skeleton, Table, Wanted, encode};
use bggo_runtime::contract::{
    Asset, AssetCx, Early, Fault, Method, Parts, Prepare, Runner, Shape, Step, Value, module,
};

module!("manifest.hcl");

/// Declares methods.
pub struct Remote {
    name: Value,
}

impl Asset for Remote {
    type Inputs = remote::Inputs;
    type Uses = remote::Uses;
    type Ready = ();
    type Exports = remote::Exports;

    fn prepare(_: &Prepare<'_>, _: &remote::Inputs) -> Result<(), Fault> {
        Ok(())
    }

    async fn create(
        _: AssetCx,
        _: Rc<()>,
        _: remote::Uses,
        inputs: remote::Inputs,
    ) -> Result<Self, Fault> {
        let name = inputs.name.known().cloned();
        let name = name.ok_or_else(|| Fault::missing("name"))?;
        Ok(Self {
            name: Value::Text(name),
        })
    }

    fn exports(&self) -> remote::Exports {
        remote::Exports {
            name: self.name.clone(),
        }
    }

    async fn destroy(self) -> Result<(), Fault> {
        Ok(())
    }
}

/// A method with its messages.
struct Called {
    method: Method,
    table: Arc<Table>,
}

impl Called {
    fn of(method: &Early<Method>) -> Result<Self, Fault> {
        let method = *method.known().ok_or_else(|| Fault::missing("method"))?;
        Ok(Self {
            method,
            table: Arc::new(Table::read(method.table)?),
        })
    }

    /// What stands on the line, read again.
    fn decoded(&self, message: u32, bytes: &[u8]) -> Result<Value, Fault> {
        let table = Arc::clone(&self.table);
        let decoder = Decoder::new(table, message, &Wanted::All, Limits::USUAL)?;
        Ok(decoder.decode(bytes)?)
    }

    /// A value as it comes to the other side.
    fn passed(&self, message: u32, value: &Value) -> Result<Value, Fault> {
        let mut bytes = Vec::new();
        encode(&self.table, message, value, &mut bytes)?;
        self.decoded(message, &bytes)
    }

    fn passed_all(&self, message: u32, values: Option<&Value>) -> Result<Vec<Value>, Fault> {
        let items = values.and_then(Value::items);
        let items = items.iter().flat_map(|items| items.iter());
        items.map(|item| self.passed(message, item)).collect()
    }
}

/// Calls a method.
pub struct RemoteCall {
    inputs: remote_call::Inputs,
    called: Called,
    /// What is sent, as far as it is known.
    encoder: Option<Encoder>,
}

impl Runner for RemoteCall {
    type Inputs = remote_call::Inputs;
    type Late<'a> = remote_call::Late<'a>;
    type Uses<'a> = remote_call::Uses<'a>;
    type Wanted = remote_call::Wanted;
    type Output = remote_call::Output;

    fn prepare(
        _: &Prepare<'_>,
        inputs: remote_call::Inputs,
        _: remote_call::Wanted,
    ) -> Result<Self, Fault> {
        let called = Called::of(&inputs.method)?;
        let encoder = match inputs.message.known() {
            Some(Some(shape)) => {
                let (table, request) = (Arc::clone(&called.table), called.table.request());
                Some(Encoder::new(table, request, &skeleton(shape))?)
            }
            _ => None,
        };
        Ok(Self {
            inputs,
            called,
            encoder,
        })
    }

    async fn run<'a>(
        &'a self,
        _: &'a Step<'_>,
        _: remote_call::Uses<'a>,
        late: &'a [remote_call::Late<'a>],
    ) -> Result<remote_call::Output, Fault> {
        let called = &self.called;
        let (request, response) = (called.table.request(), called.table.response());
        let holes = late.iter().find_map(|input| match input {
            remote_call::Late::Message(Some(Parts::Holes(holes))) => Some(*holes),
            _ => None,
        });
        let inputs = self.inputs.with(late)?;
        let sent = match (&self.encoder, &inputs.message) {
            (Some(encoder), _) => {
                let mut bytes = Vec::new();
                encoder.encode(holes.unwrap_or_default(), &mut bytes)?;
                vec![called.decoded(request, &bytes)?]
            }
            (None, Some(message)) => vec![called.passed(request, message)?],
            (None, None) if called.method.client_streams => {
                called.passed_all(request, inputs.messages)?
            }
            (None, None) => vec![called.passed(request, &Value::Null)?],
        };
        let answers = called.passed_all(response, inputs.answers)?;
        let Method {
            name,
            client_streams,
            server_streams,
            ..
        } = called.method;
        Ok(remote_call::Output {
            method: Value::from(format!("{name} {client_streams} {server_streams}")),
            sent: sent.into(),
            message: answers.last().cloned().unwrap_or(Value::Null),
            messages: answers.into(),
        })
    }
}

/// A call that lasts.
pub struct RemoteStream {
    called: Called,
}

impl Asset for RemoteStream {
    type Inputs = remote_stream::Inputs;
    type Uses = remote_stream::Uses;
    type Ready = ();
    type Exports = remote_stream::Exports;

    fn prepare(_: &Prepare<'_>, _: &remote_stream::Inputs) -> Result<(), Fault> {
        Ok(())
    }

    async fn create(
        _: AssetCx,
        _: Rc<()>,
        _: remote_stream::Uses,
        inputs: remote_stream::Inputs,
    ) -> Result<Self, Fault> {
        Ok(Self {
            called: Called::of(&inputs.method)?,
        })
    }

    fn exports(&self) -> remote_stream::Exports {
        remote_stream::Exports {
            kind: Value::text(self.called.method.name),
        }
    }

    async fn destroy(self) -> Result<(), Fault> {
        Ok(())
    }
}

/// Sends in a call that lasts.
pub struct RemoteSend {
    inputs: remote_send::Inputs,
}

impl Runner for RemoteSend {
    type Inputs = remote_send::Inputs;
    type Late<'a> = remote_send::Late<'a>;
    type Uses<'a> = remote_send::Uses<'a>;
    type Wanted = remote_send::Wanted;
    type Output = remote_send::Output;

    fn prepare(
        _: &Prepare<'_>,
        inputs: remote_send::Inputs,
        _: remote_send::Wanted,
    ) -> Result<Self, Fault> {
        Ok(Self { inputs })
    }

    async fn run<'a>(
        &'a self,
        _: &'a Step<'_>,
        uses: remote_send::Uses<'a>,
        late: &'a [remote_send::Late<'a>],
    ) -> Result<remote_send::Output, Fault> {
        let called = &uses.stream.called;
        let message = self.inputs.with(late)?.message;
        let mut bytes = Vec::new();
        encode(&called.table, called.table.request(), &message, &mut bytes)?;
        Ok(remote_send::Output {
            message: called.decoded(called.table.response(), &bytes)?,
        })
    }
}

/// What is known of a message, as the encoder takes it.
fn skeleton(shape: &Shape) -> Skeleton {
    match shape {
        Shape::Known(value) => Skeleton::Known(value.clone()),
        Shape::Hole(number) => Skeleton::Hole(*number),
        Shape::List(items) => Skeleton::List(items.iter().map(skeleton).collect()),
        Shape::Object(pairs) => {
            let pairs = pairs.iter();
            Skeleton::Object(
                pairs
                    .map(|(name, part)| (name.clone(), skeleton(part)))
                    .collect(),
            )
        }
    }
}
