//! Logging in, with a scripted server that has the other half of SCRAM.

use crate::scripted::{Says, Scripted, hello};
use crate::user::{User, known, run, some, told};
use bggo_module_mongo::mongo_connection;
use bggo_runtime::contract::{from_base64, to_base64};
use bson::spec::BinarySubtype;
use bson::{Binary, Document, doc};
use ring::{digest, hmac, pbkdf2};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};

/// How a server behaves.
#[derive(Debug, Clone, Copy, Default)]
struct Server {
    /// It keeps passwords for SCRAM-SHA-1 only.
    is_old: bool,
    /// It wants one more message when all is said.
    wants_empty: bool,
    /// It does not know the password itself.
    is_another: bool,
}

const SALT: &[u8] = b"0123456789abcdef";
const PASSWORD: &str = "pen,cil=";
/// The digest of `ada:mongo:pen,cil=`.
const DIGEST: &str = "97f8d244ec98eba57ed5acfbe25aafbf";

fn binary(text: &str) -> Binary {
    Binary {
        subtype: BinarySubtype::Generic,
        bytes: text.as_bytes().to_vec(),
    }
}

fn payload(command: &Document) -> String {
    let bytes = command.get_binary_generic("payload").unwrap();
    String::from_utf8(bytes.clone()).unwrap()
}

impl Server {
    fn start(self) -> (Scripted, Arc<Mutex<Vec<String>>>) {
        let (mut first, mut second, mut is_sha_1) = (String::new(), String::new(), false);
        let mechanisms = Arc::new(Mutex::new(Vec::new()));
        let used = Arc::clone(&mechanisms);
        let scripted = Scripted::start(move |command| {
            let done = |text: &str, done: bool| {
                doc! { "conversationId": 1, "payload": binary(text), "done": done, "ok": 1.0 }
            };
            Some(Says::Answer(match command.keys().next()?.as_str() {
                "hello" => {
                    let mut hello = hello();
                    if let Ok(user) = command.get_str("saslSupportedMechs") {
                        assert_eq!(user, "admin.ada");
                        let mut offered = vec!["SCRAM-SHA-1"];
                        offered.extend((!self.is_old).then_some("SCRAM-SHA-256"));
                        hello.insert("saslSupportedMechs", offered);
                    }
                    hello
                }
                "saslStart" => {
                    let name = command.get_str("mechanism").unwrap().to_owned();
                    is_sha_1 = name == "SCRAM-SHA-1";
                    used.lock().unwrap().push(name);
                    let said = payload(command);
                    said.strip_prefix("n,,").unwrap().clone_into(&mut first);
                    assert!(first.starts_with("n=ada,r="), "{first}");
                    let nonce = first.split("r=").nth(1).unwrap();
                    second = format!("r={nonce}more,s={},i=4096", to_base64(SALT));
                    done(&second, false)
                }
                "saslContinue" if payload(command).is_empty() => done("", true),
                "saslContinue" => {
                    let said = payload(command);
                    let (without, proof) = said.split_once(",p=").unwrap();
                    let all = format!("{first},{second},{without}");
                    match answer(is_sha_1, &all, proof) {
                        Some(_) if self.is_another => done("v=AAAAAAAAAAAAAAAAAAAAAAAAAAA=", true),
                        Some(signature) => done(&format!("v={signature}"), !self.wants_empty),
                        None => {
                            doc! { "ok": 0.0, "code": 18, "codeName": "AuthenticationFailed", "errmsg": "Authentication failed." }
                        }
                    }
                }
                "ping" => doc! { "ok": 1.0 },
                _ => return None,
            }))
        });
        (scripted, mechanisms)
    }
}

/// The signature of a server for a proof; `None` if that is wrong.
fn answer(is_sha_1: bool, said: &str, proof: &str) -> Option<String> {
    let (derive, hash, mac, length, password) = match is_sha_1 {
        true => (
            pbkdf2::PBKDF2_HMAC_SHA1,
            &digest::SHA1_FOR_LEGACY_USE_ONLY,
            hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            20,
            DIGEST,
        ),
        false => (
            pbkdf2::PBKDF2_HMAC_SHA256,
            &digest::SHA256,
            hmac::HMAC_SHA256,
            32,
            PASSWORD,
        ),
    };
    let mut salted = vec![0; length];
    let rounds = NonZeroU32::new(4096).unwrap();
    pbkdf2::derive(derive, rounds, SALT, password.as_bytes(), &mut salted);
    let sign = |key: &[u8], text: &[u8]| hmac::sign(&hmac::Key::new(mac, key), text);
    let client = sign(&salted, b"Client Key");
    let stored = digest::digest(hash, client.as_ref());
    let signature = sign(stored.as_ref(), said.as_bytes());
    let expected: Vec<u8> = client
        .as_ref()
        .iter()
        .zip(signature.as_ref())
        .map(|(key, signature)| key ^ signature)
        .collect();
    let server = sign(&salted, b"Server Key");
    (from_base64(proof).unwrap() == expected)
        .then(|| to_base64(sign(server.as_ref(), said.as_bytes()).as_ref()))
}

fn user(url: &str, password: &str, mechanism: Option<&str>) -> User {
    let mut inputs = vec![
        mongo_connection::In::Username(some("ada")),
        mongo_connection::In::Password(some(password)),
    ];
    if let Some(mechanism) = mechanism {
        inputs.push(mongo_connection::In::AuthMechanism(some(mechanism)));
    }
    User::with(url, inputs)
}

#[test]
fn a_user_logs_in_by_the_best_way_that_the_server_offers() {
    for (server, mechanism, expected) in [
        (Server::default(), None, "SCRAM-SHA-256"),
        (Server::default(), Some("SCRAM-SHA-1"), "SCRAM-SHA-1"),
        (
            Server {
                is_old: true,
                wants_empty: true,
                ..Server::default()
            },
            None,
            "SCRAM-SHA-1",
        ),
    ] {
        let (scripted, mechanisms) = server.start();
        run(async || {
            let user = user(&scripted.url(), PASSWORD, mechanism);
            user.asks(r#"{"ping": 1}"#).await.unwrap();
            assert_eq!(user.recorded(mongo_connection::Metric::AUTHENTICATING), 1);
            user.leave().await;
        });
        assert_eq!(*mechanisms.lock().unwrap(), [expected]);
    }
}

#[test]
fn a_url_has_a_user_as_well() {
    let (scripted, _) = Server::default().start();
    run(async || {
        let url = scripted.url().replace("//", "//ada:pen%2Ccil%3D@");
        let user = User::new(&url);
        user.asks(r#"{"ping": 1}"#).await.unwrap();
        user.leave().await;
    });
}

#[test]
fn who_is_not_let_in_is_told_so_without_the_password() {
    let (scripted, _) = Server::default().start();
    run(async || {
        let user = user(&scripted.url(), "canary", None);
        let (kind, text) = told(user.asks(r#"{"ping": 1}"#).await);
        assert_eq!(kind, "auth");
        assert!(text.contains("Authentication failed."), "{text}");
        assert!(!text.contains("canary"), "{text}");
    });
}

#[test]
fn a_server_that_does_not_know_the_password_is_not_trusted() {
    for is_old in [false, true] {
        let server = Server {
            is_old,
            is_another: true,
            ..Server::default()
        };
        let (scripted, _) = server.start();
        run(async || {
            let user = user(&scripted.url(), PASSWORD, None);
            let (kind, text) = told(user.asks(r#"{"ping": 1}"#).await);
            assert_eq!(kind, "auth");
            assert!(text.contains("does not know the password itself"), "{text}");
        });
    }
}

#[test]
fn other_mechanisms_say_what_they_have_to_say() {
    let start = || {
        Scripted::start(|command| {
            Some(Says::Answer(match command.keys().next()?.as_str() {
                "saslStart" | "authenticate" | "ping" => doc! { "ok": 1.0 },
                _ => return None,
            }))
        })
    };
    let server = start();
    run(async || {
        let user = user(&server.url(), "secret", Some("PLAIN"));
        user.asks(r#"{"ping": 1}"#).await.unwrap();
        user.leave().await;
    });
    let said = &server.commands()[0];
    assert_eq!(payload(said), "\0ada\0secret");
    assert_eq!(said.get_str("$db").unwrap(), "$external");
    let server = start();
    run(async || {
        let user = User::new(&format!("{}/?authMechanism=MONGODB-X509", server.url()));
        user.asks(r#"{"ping": 1}"#).await.unwrap();
        user.leave().await;
    });
    assert_eq!(
        server.commands()[0],
        doc! { "authenticate": 1, "mechanism": "MONGODB-X509", "$db": "$external" }
    );
}

#[test]
fn settings_that_cannot_be_used_are_told() {
    run(async || {
        for (url, inputs, words) in [
            ("mongodb://a?w=1", vec![], "of the options"),
            ("mongodb://ada@a", vec![], "a user needs a password"),
            (
                "mongodb://a",
                vec![mongo_connection::In::AuthMechanism(some("PLAIN"))],
                "needs a username",
            ),
            (
                "mongodb://a?tls=true",
                vec![mongo_connection::In::CaFile(some("/none"))],
                "/none",
            ),
            (
                "mongodb://a",
                vec![
                    mongo_connection::In::Tls(known(true)),
                    mongo_connection::In::CaPem(some("none")),
                ],
                "",
            ),
        ] {
            let user = User::with(url, inputs);
            let (kind, text) = told(user.asks(r#"{"ping": 1}"#).await);
            assert!(
                ["settings", "tls"].contains(&kind.as_str()),
                "{kind}: {text}"
            );
            assert!(text.contains(words), "{words}: {text}");
        }
    });
}
