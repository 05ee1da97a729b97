//! Methods: the payload of a method's frame -> what the server says, and what is asked of it -> a payload.

use crate::codec::{Input, Unwritable, put_long, put_short, put_table};
use bggo_runtime::contract::{Text, Value};

/// What a server says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method<'a> {
    /// The beginning of the handshake: the fields of a table about the server, and the ways to log in.
    Start {
        properties: &'a [u8],
        mechanisms: &'a [u8],
    },
    Tune {
        channel_max: u16,
        frame_max: u32,
        heartbeat: u16,
    },
    OpenOk,
    Close(Closed<'a>),
    CloseOk,
    Blocked(&'a [u8]),
    Unblocked,
    ChannelClose(Closed<'a>),
    ChannelCloseOk,
    /// An answer that says nothing more than that it was done, to something that opens a channel or a consumer.
    Opened,
    /// The same to anything else.
    Done,
    Flow(bool),
    QueueDeclared {
        queue: &'a [u8],
        messages: u32,
        consumers: u32,
    },
    /// How many messages went with it.
    Count(u32),
    /// The server ended a consumer.
    Cancel(&'a [u8]),
    Return {
        code: u16,
        text: &'a [u8],
        exchange: &'a [u8],
        routing_key: &'a [u8],
    },
    Deliver {
        consumer: &'a [u8],
        envelope: Envelope<'a>,
    },
    Got {
        envelope: Envelope<'a>,
        left: u32,
    },
    Empty,
    Ack {
        tag: u64,
        multiple: bool,
    },
    Nack {
        tag: u64,
        multiple: bool,
    },
}

/// Where a message comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Envelope<'a> {
    pub(crate) tag: u64,
    pub(crate) redelivered: bool,
    pub(crate) exchange: &'a [u8],
    pub(crate) routing_key: &'a [u8],
}

/// Why the server closed a channel or the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Closed<'a> {
    pub(crate) code: u16,
    pub(crate) text: &'a [u8],
}

impl<'a> Method<'a> {
    /// Reads a payload; `None` if it is no method that a server says to a client, or ends too early.
    pub(crate) fn read(payload: &'a [u8]) -> Option<Self> {
        let mut input = Input(payload);
        let (class, method) = (input.u16()?, input.u16()?);
        Some(match (class, method) {
            (10, 10) => {
                input.bytes(2)?;
                let properties = input.0;
                input.long()?;
                Self::Start {
                    properties,
                    mechanisms: input.long()?,
                }
            }
            (10, 30) => Self::Tune {
                channel_max: input.u16()?,
                frame_max: input.u32()?,
                heartbeat: input.u16()?,
            },
            (10, 41) => Self::OpenOk,
            (10, 50) => Self::Close(closed(&mut input)?),
            (10, 51) => Self::CloseOk,
            (10, 60) => Self::Blocked(input.short()?),
            (10, 61) => Self::Unblocked,
            // Of a channel, of quality of service, a consumer that began or was ended, and the mode of confirms.
            (20, 11) | (60, 11 | 21 | 31) | (85, 11) => Self::Opened,
            (20, 20) => Self::Flow(input.octet()? & 1 == 1),
            (20, 40) => Self::ChannelClose(closed(&mut input)?),
            (20, 41) => Self::ChannelCloseOk,
            (40, 11 | 21 | 31 | 51) | (50, 21 | 51) => Self::Done,
            (50, 11) => Self::QueueDeclared {
                queue: input.short()?,
                messages: input.u32()?,
                consumers: input.u32()?,
            },
            (50, 31 | 41) => Self::Count(input.u32()?),
            (60, 30) => Self::Cancel(input.short()?),
            (60, 50) => Self::Return {
                code: input.u16()?,
                text: input.short()?,
                exchange: input.short()?,
                routing_key: input.short()?,
            },
            (60, 60) => Self::Deliver {
                consumer: input.short()?,
                envelope: envelope(&mut input)?,
            },
            (60, 71) => Self::Got {
                envelope: envelope(&mut input)?,
                left: input.u32()?,
            },
            (60, 72) => Self::Empty,
            (60, 80) => Self::Ack {
                tag: input.u64()?,
                multiple: input.octet()? & 1 == 1,
            },
            (60, 120) => Self::Nack {
                tag: input.u64()?,
                multiple: input.octet()? & 1 == 1,
            },
            _ => return None,
        })
    }
}

fn closed<'a>(input: &mut Input<'a>) -> Option<Closed<'a>> {
    Some(Closed {
        code: input.u16()?,
        text: input.short()?,
    })
}

fn envelope<'a>(input: &mut Input<'a>) -> Option<Envelope<'a>> {
    Some(Envelope {
        tag: input.u64()?,
        redelivered: input.octet()? & 1 == 1,
        exchange: input.short()?,
        routing_key: input.short()?,
    })
}

/// What is asked of a server, but for a publish, which is written in parts.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ask<'a> {
    StartOk {
        name: Option<&'a str>,
        username: &'a str,
        password: &'a str,
    },
    TuneOk {
        channel_max: u16,
        frame_max: u32,
        heartbeat: u16,
    },
    Open {
        vhost: &'a str,
    },
    Close,
    CloseOk,
    ChannelOpen,
    ChannelClose,
    ChannelCloseOk,
    FlowOk(bool),
    SelectConfirms,
    Prefetch(u16),
    Consume {
        queue: &'a str,
        consumer: &'a str,
        no_ack: bool,
        exclusive: bool,
        /// The table as it is sent.
        arguments: &'a [u8],
    },
    Get {
        queue: &'a str,
        no_ack: bool,
    },
    Ack {
        tag: u64,
        multiple: bool,
    },
    Nack {
        tag: u64,
        multiple: bool,
        requeue: bool,
    },
    DeclareQueue {
        queue: &'a str,
        passive: bool,
        durable: bool,
        exclusive: bool,
        auto_delete: bool,
        arguments: &'a [u8],
    },
    DeclareExchange {
        exchange: &'a str,
        kind: &'a str,
        passive: bool,
        durable: bool,
        auto_delete: bool,
        internal: bool,
        arguments: &'a [u8],
    },
    BindQueue(Binding<'a>),
    BindExchange(Binding<'a>),
    UnbindQueue(Binding<'a>),
    UnbindExchange(Binding<'a>),
    PurgeQueue {
        queue: &'a str,
    },
    DeleteQueue {
        queue: &'a str,
        if_unused: bool,
        if_empty: bool,
    },
    DeleteExchange {
        exchange: &'a str,
        if_unused: bool,
    },
}

/// From where messages go where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Binding<'a> {
    /// The queue or exchange that gets them.
    pub(crate) to: &'a str,
    pub(crate) from: &'a str,
    pub(crate) routing_key: &'a str,
    pub(crate) arguments: &'a [u8],
}

/// A table without fields.
pub(crate) const NO_ARGUMENTS: &[u8] = &[0; 4];

impl Ask<'_> {
    /// Appends it.
    ///
    /// # Errors
    /// A text is too long.
    pub(crate) fn put(self, out: &mut Vec<u8>) -> Result<(), Unwritable> {
        match self {
            Self::StartOk {
                name,
                username,
                password,
            } => {
                put_ids(out, 10, 11);
                put_table(out, &about_us(name))?;
                put_short(out, "PLAIN")?;
                let login = ["", username, password].join("\0");
                put_long(out, login.as_bytes());
                put_short(out, "en_US")?;
            }
            Self::TuneOk {
                channel_max,
                frame_max,
                heartbeat,
            } => {
                put_ids(out, 10, 31);
                out.extend_from_slice(&channel_max.to_be_bytes());
                out.extend_from_slice(&frame_max.to_be_bytes());
                out.extend_from_slice(&heartbeat.to_be_bytes());
            }
            Self::Open { vhost } => {
                put_ids(out, 10, 40);
                put_short(out, vhost)?;
                out.extend_from_slice(&[0, 0]);
            }
            Self::Close => {
                put_ids(out, 10, 50);
                out.extend_from_slice(&200_u16.to_be_bytes());
                put_short(out, "goodbye")?;
                out.extend_from_slice(&[0; 4]);
            }
            Self::CloseOk => put_ids(out, 10, 51),
            Self::ChannelOpen => {
                put_ids(out, 20, 10);
                out.push(0);
            }
            Self::ChannelClose => {
                put_ids(out, 20, 40);
                out.extend_from_slice(&200_u16.to_be_bytes());
                put_short(out, "goodbye")?;
                out.extend_from_slice(&[0; 4]);
            }
            Self::ChannelCloseOk => put_ids(out, 20, 41),
            Self::FlowOk(active) => {
                put_ids(out, 20, 21);
                out.push(active.into());
            }
            Self::SelectConfirms => {
                put_ids(out, 85, 10);
                out.push(0);
            }
            Self::Prefetch(count) => {
                put_ids(out, 60, 10);
                out.extend_from_slice(&[0; 4]);
                out.extend_from_slice(&count.to_be_bytes());
                out.push(0);
            }
            Self::Consume {
                queue,
                consumer,
                no_ack,
                exclusive,
                arguments,
            } => {
                put_asked(out, 60, 20);
                put_short(out, queue)?;
                put_short(out, consumer)?;
                out.push(bits([false, no_ack, exclusive]));
                out.extend_from_slice(arguments);
            }
            Self::Get { queue, no_ack } => {
                put_asked(out, 60, 70);
                put_short(out, queue)?;
                out.push(no_ack.into());
            }
            Self::Ack { tag, multiple } => {
                put_ids(out, 60, 80);
                out.extend_from_slice(&tag.to_be_bytes());
                out.push(multiple.into());
            }
            Self::Nack {
                tag,
                multiple,
                requeue,
            } => {
                put_ids(out, 60, 120);
                out.extend_from_slice(&tag.to_be_bytes());
                out.push(bits([multiple, requeue]));
            }
            Self::DeclareQueue {
                queue,
                passive,
                durable,
                exclusive,
                auto_delete,
                arguments,
            } => {
                put_asked(out, 50, 10);
                put_short(out, queue)?;
                out.push(bits([passive, durable, exclusive, auto_delete]));
                out.extend_from_slice(arguments);
            }
            Self::DeclareExchange {
                exchange,
                kind,
                passive,
                durable,
                auto_delete,
                internal,
                arguments,
            } => {
                put_asked(out, 40, 10);
                put_short(out, exchange)?;
                put_short(out, kind)?;
                out.push(bits([passive, durable, auto_delete, internal]));
                out.extend_from_slice(arguments);
            }
            Self::BindQueue(binding) => put_binding(out, (50, 20), binding, Waits::SaysSo)?,
            Self::UnbindQueue(binding) => put_binding(out, (50, 50), binding, Waits::Always)?,
            Self::BindExchange(binding) => put_binding(out, (40, 30), binding, Waits::SaysSo)?,
            Self::UnbindExchange(binding) => put_binding(out, (40, 40), binding, Waits::SaysSo)?,
            Self::PurgeQueue { queue } => {
                put_asked(out, 50, 30);
                put_short(out, queue)?;
                out.push(0);
            }
            Self::DeleteQueue {
                queue,
                if_unused,
                if_empty,
            } => {
                put_asked(out, 50, 40);
                put_short(out, queue)?;
                out.push(bits([if_unused, if_empty]));
            }
            Self::DeleteExchange {
                exchange,
                if_unused,
            } => {
                put_asked(out, 40, 20);
                put_short(out, exchange)?;
                out.push(bits([if_unused]));
            }
        }
        Ok(())
    }
}

/// Whether a method has a field that says whether it is answered.
enum Waits {
    SaysSo,
    Always,
}

fn put_binding(
    out: &mut Vec<u8>,
    (class, method): (u16, u16),
    binding: Binding<'_>,
    waits: Waits,
) -> Result<(), Unwritable> {
    put_asked(out, class, method);
    put_short(out, binding.to)?;
    put_short(out, binding.from)?;
    put_short(out, binding.routing_key)?;
    if matches!(waits, Waits::SaysSo) {
        out.push(0);
    }
    out.extend_from_slice(binding.arguments);
    Ok(())
}

/// Appends a publish, but for its header and body.
///
/// # Errors
/// A name is too long.
pub(crate) fn put_publish(
    out: &mut Vec<u8>,
    (exchange, routing_key): (&str, &str),
    mandatory: bool,
) -> Result<(), Unwritable> {
    put_asked(out, 60, 40);
    put_short(out, exchange)?;
    put_short(out, routing_key)?;
    out.push(mandatory.into());
    Ok(())
}

fn put_ids(out: &mut Vec<u8>, class: u16, method: u16) {
    out.extend_from_slice(&class.to_be_bytes());
    out.extend_from_slice(&method.to_be_bytes());
}

/// The same with the field that no server reads any more.
fn put_asked(out: &mut Vec<u8>, class: u16, method: u16) {
    put_ids(out, class, method);
    out.extend_from_slice(&[0, 0]);
}

/// Flags, the first one in the lowest bit.
fn bits<const COUNT: usize>(flags: [bool; COUNT]) -> u8 {
    flags
        .iter()
        .rev()
        .fold(0, |bits, flag| bits << 1 | u8::from(*flag))
}

/// What a server is told of its client.
fn about_us(name: Option<&str>) -> Vec<(Text, Value)> {
    let capabilities = [
        "authentication_failure_close",
        "basic.nack",
        "connection.blocked",
        "consumer_cancel_notify",
        "exchange_exchange_bindings",
        "publisher_confirms",
    ];
    let capabilities = capabilities.map(|name| (Text::Static(name), Value::Bool(true)));
    let mut fields = vec![
        (Text::Static("product"), Value::text("bggo")),
        (
            Text::Static("version"),
            Value::text(env!("CARGO_PKG_VERSION")),
        ),
        (
            Text::Static("capabilities"),
            Value::from(capabilities.to_vec()),
        ),
    ];
    if let Some(name) = name {
        fields.push((
            Text::Static("connection_name"),
            Value::from(name.to_owned()),
        ));
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_of_a_server_are_read_whole_or_not_at_all() {
        let deliver = b"\0\x3c\0\x3c\x01c\0\0\0\0\0\0\0\x07\x01\x01e\x02rk";
        assert_eq!(
            Method::read(deliver),
            Some(Method::Deliver {
                consumer: b"c",
                envelope: Envelope {
                    tag: 7,
                    redelivered: true,
                    exchange: b"e",
                    routing_key: b"rk",
                },
            })
        );
        for end in 0..deliver.len() {
            assert_eq!(Method::read(&deliver[..end]), None, "{end}");
        }
        assert_eq!(
            Method::read(b"\0\x3c\0\x50\0\0\0\0\0\0\0\x09\x01"),
            Some(Method::Ack {
                tag: 9,
                multiple: true
            })
        );
        // A publish is nothing that a server says.
        assert_eq!(Method::read(b"\0\x3c\0\x28\0\0\0\0\0"), None);
    }

    #[test]
    fn flags_stand_from_the_lowest_bit_on() {
        assert_eq!(bits([true, false, true]), 5);
        let mut out = Vec::new();
        let ask = Ask::DeleteQueue {
            queue: "q",
            if_unused: false,
            if_empty: true,
        };
        ask.put(&mut out).unwrap();
        assert_eq!(out, b"\0\x32\0\x28\0\0\x01q\x02");
    }

    #[test]
    fn a_name_of_more_than_255_bytes_is_refused() {
        let queue = "ü".repeat(128);
        let ask = Ask::PurgeQueue { queue: &queue };
        assert_eq!(ask.put(&mut Vec::new()), Err(Unwritable::TooLong));
    }
}
