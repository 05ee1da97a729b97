//! The handshake (RFC 6455, section 4): the fields that ask for a session, and what the server's answer has to say.

use crate::frame::Compression;
use crate::websocket::Error as Kind;
use bggo_runtime::contract::{Fault, FaultText, to_base64};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

/// What each server puts behind the key (RFC 6455, section 1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// What is asked for: messages that are compressed each by itself.
const DEFLATE: &str = "permessage-deflate; client_no_context_takeover; server_no_context_takeover";

/// What a handshake asks for.
#[derive(Debug)]
pub(crate) struct Handshake<'a> {
    key: String,
    subprotocols: &'a [String],
    /// The same as one field.
    protocols: String,
    compression: Compression,
}

/// What both ends agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Agreed {
    pub(crate) subprotocol: Option<String>,
    pub(crate) compression: Compression,
}

impl<'a> Handshake<'a> {
    pub(crate) fn new(
        nonce: [u8; 16],
        subprotocols: &'a [String],
        compression: Compression,
    ) -> Self {
        Self {
            key: to_base64(&nonce),
            subprotocols,
            protocols: listed(subprotocols),
            compression,
        }
    }

    /// The fields that ask, beside those of an upgrade.
    pub(crate) fn fields(&self) -> Vec<(&str, &str)> {
        let mut fields = vec![
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", self.key.as_str()),
        ];
        if !self.subprotocols.is_empty() {
            fields.push(("Sec-WebSocket-Protocol", &self.protocols));
        }
        if self.compression == Compression::On {
            fields.push(("Sec-WebSocket-Extensions", DEFLATE));
        }
        fields
    }

    /// Reads the fields of the answer.
    ///
    /// # Errors
    /// It is no answer to this handshake.
    pub(crate) fn read<'b>(
        &self,
        field: impl Fn(&str) -> Option<&'b str>,
    ) -> Result<Agreed, Fault> {
        let accept = field("sec-websocket-accept").unwrap_or_default().trim();
        if accept != accept_of(&self.key) {
            return Err(refused(
                "the Sec-WebSocket-Accept of the server does not fit the key of the handshake",
            ));
        }
        let chosen = field("sec-websocket-protocol").map(str::trim);
        if let Some(chosen) = chosen
            && !self.subprotocols.iter().any(|asked| asked == chosen)
        {
            let text = FaultText::plain("the server chose the subprotocol ")
                .and_value(format_args!("{chosen:?}"));
            return Err(refused(text.and(", for which nobody asked")));
        }
        let extensions = field("sec-websocket-extensions").map(str::trim);
        let compression = match extensions {
            None | Some("") => Compression::Off,
            Some(extensions) => {
                self.check_deflate(extensions)?;
                Compression::On
            }
        };
        Ok(Agreed {
            subprotocol: chosen.map(str::to_owned),
            compression,
        })
    }

    /// Whether what the server agreed to is what was asked for.
    fn check_deflate(&self, extensions: &str) -> Result<(), Fault> {
        let mut parts = extensions.split(';').map(str::trim);
        let is_deflate = parts.next() == Some("permessage-deflate");
        if self.compression == Compression::Off || !is_deflate || extensions.contains(',') {
            let text = FaultText::plain("the server uses the extensions ")
                .and_value(format_args!("{extensions:?}"));
            return Err(refused(text.and(", for which nobody asked")));
        }
        let mut forgets = false;
        for part in parts {
            match part.split_once('=').map_or(part, |(name, _)| name.trim()) {
                "server_no_context_takeover" => forgets = true,
                // The decompressor takes windows of each size.
                "client_no_context_takeover" | "server_max_window_bits" => {}
                _ => {
                    let text = FaultText::plain("the server compresses with the parameter ")
                        .and_value(format_args!("{part:?}"));
                    return Err(refused(text.and(", which was not offered")));
                }
            }
        }
        if !forgets {
            return Err(refused(
                "the server compresses messages that depend on each other, although asked for server_no_context_takeover",
            ));
        }
        Ok(())
    }
}

/// What a server answers to a key.
fn accept_of(key: &str) -> String {
    let answer = digest(&SHA1_FOR_LEGACY_USE_ONLY, format!("{key}{GUID}").as_bytes());
    to_base64(answer.as_ref())
}

fn refused(text: impl Into<FaultText>) -> Fault {
    Kind::Handshake.fault(text)
}

/// Texts as one field lists them.
fn listed(texts: &[String]) -> String {
    let mut listed = String::new();
    for text in texts {
        if !listed.is_empty() {
            listed.push_str(", ");
        }
        listed.push_str(text);
    }
    listed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(
        subprotocols: &[String],
        compression: Compression,
        more: &[(&str, &str)],
    ) -> Result<Agreed, Fault> {
        let handshake = Handshake::new(*b"the sample nonce", subprotocols, compression);
        let mut fields = vec![("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")];
        fields.extend(more);
        handshake.read(|name| {
            let field = fields.iter().rev().find(|(known, _)| *known == name);
            field.map(|(_, value)| *value)
        })
    }

    fn text(read: Result<Agreed, Fault>) -> String {
        read.unwrap_err().text().to_owned()
    }

    #[test]
    fn the_example_of_the_standard_is_asked_and_answered() {
        // RFC 6455, section 1.3.
        let handshake = Handshake::new(*b"the sample nonce", &[], Compression::Off);
        assert_eq!(
            handshake.fields(),
            [
                ("Sec-WebSocket-Version", "13"),
                ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
            ]
        );
        let agreed = Agreed {
            subprotocol: None,
            compression: Compression::Off,
        };
        assert_eq!(read(&[], Compression::Off, &[]).unwrap(), agreed);
        let wrong = read(&[], Compression::Off, &[("sec-websocket-accept", "x")]);
        assert!(text(wrong).contains("does not fit the key"));
    }

    #[test]
    fn a_subprotocol_is_one_of_those_that_were_asked_for() {
        let asked = ["chat.v2".to_owned(), "chat".to_owned()];
        let handshake = Handshake::new([0; 16], &asked, Compression::Off);
        assert!(
            handshake
                .fields()
                .contains(&("Sec-WebSocket-Protocol", "chat.v2, chat"))
        );
        let chosen = |name| {
            read(
                &asked,
                Compression::Off,
                &[("sec-websocket-protocol", name)],
            )
        };
        assert_eq!(chosen("chat").unwrap().subprotocol.as_deref(), Some("chat"));
        assert!(text(chosen("other")).contains("\"other\", for which nobody asked"));
        // None is right as well.
        assert_eq!(
            read(&asked, Compression::Off, &[]).unwrap().subprotocol,
            None
        );
    }

    #[test]
    fn compression_is_agreed_on_only_without_a_memory_of_the_server() {
        let answer = |asked, said| read(&[], asked, &[("sec-websocket-extensions", said)]);
        let on = |said| answer(Compression::On, said);
        for said in [
            "permessage-deflate; server_no_context_takeover",
            "permessage-deflate;server_no_context_takeover; client_no_context_takeover",
            "permessage-deflate; server_max_window_bits=10; server_no_context_takeover",
        ] {
            assert_eq!(on(said).unwrap().compression, Compression::On, "{said}");
        }
        assert_eq!(
            read(&[], Compression::On, &[]).unwrap().compression,
            Compression::Off
        );
        assert!(text(on("permessage-deflate")).contains("depend on each other"));
        assert!(
            text(on(
                "permessage-deflate; server_no_context_takeover; client_max_window_bits=10"
            ))
            .contains("was not offered")
        );
        assert!(text(on("x-webkit-deflate-frame")).contains("nobody asked"));
        assert!(
            text(answer(
                Compression::Off,
                "permessage-deflate; server_no_context_takeover"
            ))
            .contains("nobody asked")
        );
    }
}
