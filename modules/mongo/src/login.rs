//! The first commands of a connection: what the server is, who uses it, and the proof of a password.

use crate::arguments::{Login, Mechanism, Settings};
use crate::bson::{self, Bad, Document};
use crate::message::{self, MOST};
use crate::mongo_connection::Error as Kind;
use crate::outcome;
use crate::reply::Reply;
use bggo_runtime::contract::{Fault, FaultText, Text, Value};
use bggo_scram::{Binding, Hash, Keys, Scram};
use bggo_wire::{Trouble, Wire};
use md5::{Digest, Md5};

/// The oldest version of the protocol that has OP_MSG: that of MongoDB 3.6.
const OLDEST: i64 = 6;
/// A command that the server does not know.
const UNKNOWN: i64 = 59;

/// What a server says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hello {
    pub(crate) max_wire_version: i64,
    /// The most bytes of a document.
    pub(crate) max_document: usize,
    /// The ways to log in that it offers this user, if it says so.
    mechanisms: Option<Vec<String>>,
}

/// One command after the other, before steps use the connection.
pub(crate) struct First<'a> {
    pub(crate) wire: &'a mut Wire,
    pub(crate) settings: &'a Settings,
    /// The number of the last message.
    pub(crate) number: i32,
}

impl First<'_> {
    /// Says hello. `is_old` is whether the server is known to know only the older word for it, and is set where that shows.
    ///
    /// # Errors
    /// The server cannot be used, or broke off.
    pub(crate) async fn hello(&mut self, is_old: &mut bool) -> Result<Hello, Fault> {
        if !*is_old {
            match self.hello_by("hello").await? {
                Ok(hello) => return Ok(hello),
                Err(fault) if fault.kind() != Kind::ServerError.name() => return Err(fault),
                // One that does not know the word.
                Err(_) => *is_old = true,
            }
        }
        self.hello_by("isMaster").await?
    }

    async fn hello_by(&mut self, word: &'static str) -> Result<Result<Hello, Fault>, Fault> {
        let settings = self.settings;
        let client = object([
            ("application", object([("name", text(&settings.app_name))])),
            (
                "driver",
                object([
                    ("name", Value::text("bggo")),
                    ("version", Value::text(env!("CARGO_PKG_VERSION"))),
                ]),
            ),
            ("os", object([("type", Value::text(std::env::consts::OS))])),
        ]);
        let mut command = vec![(word, Value::number(1)), ("client", client)];
        if let Some(Login {
            mechanism: None,
            username: Some(name),
            source,
            ..
        }) = &settings.login
        {
            let user = format!("{source}.{name}");
            command.push(("saslSupportedMechs", text(&user)));
        }
        let answer = self.say("admin", command).await?;
        let reply = reply(&answer)?;
        if !reply.is_ok {
            let fault = outcome::refused(&reply.error);
            let kind = match reply.error.code {
                // Older servers say it without a code.
                UNKNOWN | 0 => Kind::ServerError,
                _ => return Err(fault),
            };
            return Ok(Err(kind.of(fault)));
        }
        self.judged(reply.document).map(Ok)
    }

    /// What a server says of itself, if it can be used.
    fn judged(&self, document: Document<'_>) -> Result<Hello, Fault> {
        let number = |key| document.get(key).and_then(|element| element.whole());
        let is = |key| document.get(key).is_some_and(|element| element.is_true());
        let max_wire_version = number("maxWireVersion").unwrap_or(0);
        if max_wire_version < OLDEST {
            let text = format_args!(
                "the server speaks version {max_wire_version} of the protocol, and 6 is needed: that of MongoDB 3.6"
            );
            return Err(Kind::Unsupported.fault(FaultText::plain(text)));
        }
        if number("minWireVersion").unwrap_or(0) > NEWEST {
            return Err(
                Kind::Unsupported.fault("the server speaks only newer versions of the protocol")
            );
        }
        if let Some(wanted) = &self.settings.replica_set {
            let is_it = document
                .get("setName")
                .and_then(|element| element.text())
                .is_some_and(|name| name == wanted);
            if !is_it {
                let text = "the server is not of the replica set that the url names";
                return Err(Kind::Unsupported.fault(text));
            }
        }
        if !is("isWritablePrimary") && !is("ismaster") {
            let mut text = FaultText::plain("the server is not the primary");
            if let Some(primary) = document.get("primary").and_then(|element| element.text()) {
                text = text.and(": that is ").and_value(primary);
            }
            return Err(Kind::NotPrimary.fault(text));
        }
        let mechanisms = document.get("saslSupportedMechs");
        let mechanisms = mechanisms
            .and_then(|element| element.document())
            .map(|list| {
                let names = list.elements().map_while(Result::ok);
                names
                    .filter_map(|name| Some(name.text()?.to_owned()))
                    .collect()
            });
        Ok(Hello {
            max_wire_version,
            max_document: number("maxBsonObjectSize")
                .and_then(|size| usize::try_from(size).ok())
                .unwrap_or(16 << 20),
            mechanisms,
        })
    }

    /// Logs in.
    ///
    /// # Errors
    /// The server does not let the user in, or broke off.
    pub(crate) async fn login(
        &mut self,
        login: &Login,
        hello: &Hello,
        (keys, nonce): (&Keys, [u8; 24]),
    ) -> Result<(), Fault> {
        let mechanism = login.mechanism.unwrap_or_else(|| {
            let offered = hello.mechanisms.as_deref().unwrap_or_default();
            let name = Hash::Sha256.mechanism();
            let hash = match offered.iter().any(|offered| offered == name) {
                true => Hash::Sha256,
                false => Hash::Sha1,
            };
            Mechanism::Scram(hash)
        });
        let username = login.username.as_deref().unwrap_or_default();
        let password = login.password.as_deref().unwrap_or_default();
        match mechanism {
            Mechanism::X509 => {
                let mut command = vec![
                    ("authenticate", Value::number(1)),
                    ("mechanism", Value::text("MONGODB-X509")),
                ];
                if !username.is_empty() {
                    command.push(("user", text(username)));
                }
                let answer = self.say(&login.source, command).await?;
                let_in(&reply(&answer)?)
            }
            Mechanism::Plain => {
                let payload = format!("\0{username}\0{password}");
                let command = start("PLAIN", payload.as_bytes());
                let answer = self.say(&login.source, command).await?;
                let_in(&reply(&answer)?)
            }
            Mechanism::Scram(Hash::Sha1) => {
                // The server keeps a digest and no password.
                let digest = md5(username, password);
                let scram = Scram::new(Hash::Sha1, username, &nonce, Binding::None);
                self.scram(login, &scram, (Hash::Sha1, &digest, keys)).await
            }
            Mechanism::Scram(hash) => {
                let scram = Scram::new(hash, username, &nonce, Binding::None);
                self.scram(login, &scram, (hash, password, keys)).await
            }
        }
    }

    async fn scram(
        &mut self,
        login: &Login,
        scram: &Scram<'_>,
        (hash, password, keys): (Hash, &str, &Keys),
    ) -> Result<(), Fault> {
        let wrong = |wrong| Kind::Auth.fault(FaultText::plain(wrong));
        let mut command = start(hash.mechanism(), scram.first().as_bytes());
        command.push((
            "options",
            object([("skipEmptyExchange", Value::Bool(true))]),
        ));
        let (challenge, conversation, _) = self.sasl(login, command).await?;
        let made = scram.answer(&challenge, password, keys).map_err(wrong)?;
        let command = go_on(&conversation, made.message.as_bytes());
        let (last, conversation, mut is_done) = self.sasl(login, command).await?;
        made.verify(&last).map_err(wrong)?;
        if !is_done {
            // A server that does not know how to leave out the last, empty message.
            (_, _, is_done) = self.sasl(login, go_on(&conversation, b"")).await?;
        }
        match is_done {
            true => Ok(()),
            false => Err(Kind::Protocol.fault("the server does not end the login")),
        }
    }

    /// One message of a login: what the server says, the number of the conversation, and whether that is over.
    async fn sasl(
        &mut self,
        login: &Login,
        command: Vec<(&'static str, Value)>,
    ) -> Result<(String, Value, bool), Fault> {
        let answer = self.say(&login.source, command).await?;
        let reply = reply(&answer)?;
        let_in(&reply)?;
        let get = |key| reply.document.get(key);
        let payload = get("payload").and_then(|element| element.bytes().map(<[u8]>::to_vec));
        let payload = payload.and_then(|payload| String::from_utf8(payload).ok());
        let payload = payload
            .ok_or_else(|| Kind::Protocol.fault("the server says nothing in answer to a login"))?;
        let conversation = get("conversationId").and_then(|element| element.value().ok());
        let is_done = get("done").is_some_and(|element| element.is_true());
        Ok((payload, conversation.unwrap_or(Value::number(1)), is_done))
    }

    /// The version that the server says it has, if it says one.
    ///
    /// # Errors
    /// The connection broke.
    pub(crate) async fn version(&mut self) -> Result<Option<String>, Fault> {
        let answer = self
            .say("admin", vec![("buildInfo", Value::number(1))])
            .await?;
        let version = reply(&answer)?.document.get("version");
        Ok(version
            .and_then(|element| element.text())
            .map(str::to_owned))
    }

    /// Sends a command and takes the answer to it.
    async fn say(
        &mut self,
        database: &str,
        command: Vec<(&'static str, Value)>,
    ) -> Result<Vec<u8>, Fault> {
        self.number = self.number.wrapping_add(1);
        let number = self.number;
        let message = written(number, database, command).map_err(outcome::bad)?;
        let broken = |trouble: Trouble| outcome::broken(&trouble);
        self.wire.out().put(&message);
        self.wire.flush().await.map_err(broken)?;
        let find = |came: &[u8]| message::whole(came, number).transpose();
        let length = self.wire.until(MOST + 1, find).await.map_err(broken)?;
        let length = length.map_err(outcome::no_answer)?;
        let answer = self.wire.peek().get(..length).unwrap_or_default().to_vec();
        self.wire.consume(length);
        self.wire.paid();
        Ok(answer)
    }
}

/// The newest version of the protocol that is known here, that of MongoDB 8, and some more: OP_MSG has not changed since it is there.
const NEWEST: i64 = 100;

fn written(
    number: i32,
    database: &str,
    command: Vec<(&'static str, Value)>,
) -> Result<Vec<u8>, Bad> {
    let mut message = Vec::new();
    message::begin(&mut message);
    let at = bson::open(&mut message);
    for (key, value) in &command {
        bson::element(&mut message, key, value)?;
    }
    bson::text(&mut message, "$db", database)?;
    message.push(0);
    bson::close(&mut message, at)?;
    message::end(&mut message)?;
    message::number(&mut message, number);
    Ok(message)
}

fn reply(message: &[u8]) -> Result<Reply<'_>, Fault> {
    let document = message::answer(message).map_err(outcome::no_answer)?;
    Reply::read(document).map_err(outcome::no_document)
}

/// Whether the server goes on with a login.
fn let_in(reply: &Reply<'_>) -> Result<(), Fault> {
    match reply.is_ok {
        true => Ok(()),
        false => Err(Kind::Auth.of(outcome::refused(&reply.error))),
    }
}

fn start(mechanism: &'static str, payload: &[u8]) -> Vec<(&'static str, Value)> {
    vec![
        ("saslStart", Value::number(1)),
        ("mechanism", Value::text(mechanism)),
        ("payload", Value::Bytes(payload.to_vec().into())),
    ]
}

fn go_on(conversation: &Value, payload: &[u8]) -> Vec<(&'static str, Value)> {
    vec![
        ("saslContinue", Value::number(1)),
        ("conversationId", conversation.clone()),
        ("payload", Value::Bytes(payload.to_vec().into())),
    ]
}

fn text(text: &str) -> Value {
    Value::from(text.to_owned())
}

fn object<const N: usize>(pairs: [(&'static str, Value); N]) -> Value {
    let pairs = pairs.map(|(key, value)| (Text::Static(key), value));
    Value::from(Vec::from(pairs))
}

/// What a server keeps of a password for SCRAM-SHA-1.
fn md5(username: &str, password: &str) -> String {
    let hash = Md5::new()
        .chain_update(username)
        .chain_update(":mongo:")
        .chain_update(password)
        .finalize();
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_for_sha_1_is_the_digest_that_servers_keep() {
        assert_eq!(md5("user", "pencil"), "1c33006ec1ffd90f9cadcbcc0e118200");
    }
}
