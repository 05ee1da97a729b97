//! Whole exchanges: those of the documents, and what is none.

use crate::{Binding, Hash, Keys, Scram, Wrong};

/// The exchange of RFC 5802, section 5.
const SHA1: [&str; 4] = [
    "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
    "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
    "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
    "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
];

/// The exchange of RFC 7677, section 3.
const SHA256: [&str; 4] = [
    "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
    "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
];

/// The same exchange by SHA-512, of which no document has one: made by Python's hashlib, which makes the other two as they stand.
const SHA512: [&str; 4] = [
    "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN8PPC6wdp6dybEmDYXYTxwnYPJQ==",
    "v=ZQnYEgWQMFmmsM8aQMF0nDDCy/AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVGT4+5ZxXnJq199RVG2rR7N7Zw==",
];

fn scram<'a>(hash: Hash, messages: [&str; 4], binding: Binding<'a>) -> Scram<'a> {
    let (_, nonce) = messages[0].split_once("r=").unwrap();
    Scram::with_nonce(hash, "user", nonce.to_owned(), binding)
}

#[test]
fn the_examples_of_documents() {
    for (hash, messages) in [
        (Hash::Sha1, SHA1),
        (Hash::Sha256, SHA256),
        (Hash::Sha512, SHA512),
    ] {
        let keys = Keys::default();
        let scram = scram(hash, messages, Binding::None);
        assert_eq!(scram.first(), messages[0]);
        let answer = scram.answer(messages[1], "pencil", &keys).unwrap();
        assert_eq!(answer.message, messages[2]);
        assert_eq!(answer.verify(messages[3]), Ok(()));
    }
}

#[test]
fn a_server_that_does_not_know_the_password_is_found_out() {
    let scram = scram(Hash::Sha256, SHA256, Binding::None);
    let keys = Keys::default();
    let answer = scram.answer(SHA256[1], "another", &keys).unwrap();
    assert_ne!(answer.message, SHA256[2]);
    assert_eq!(answer.verify(SHA256[3]), Err(Wrong::NotTheServer));
    assert_eq!(answer.verify("v=AAAA"), Err(Wrong::NotTheServer));
    assert_eq!(answer.verify("e=invalid-proof"), Err(Wrong::Refused));
    for message in ["", "v=", "x=6rri", "v=!"] {
        // Nothing at all is no signature either.
        assert!(answer.verify(message).is_err(), "{message}");
    }
}

#[test]
fn what_is_no_first_message_is_refused() {
    let scram = scram(Hash::Sha256, SHA256, Binding::None);
    let nonce = "rOprNGfwEbeRWgbNEkqO";
    for message in [
        String::new(),
        format!("r={nonce}more,s=AAAA"),
        format!("r={nonce}more,s=AAAA,i=0"),
        format!("r={nonce}more,s=AAAA,i=-1"),
        format!("r={nonce}more,s=!,i=1"),
        // The server adds nothing.
        format!("r={nonce},s=AAAA,i=1"),
        "r=another,s=AAAA,i=1".to_owned(),
        format!("m=new,r={nonce}more,s=AAAA,i=1"),
    ] {
        let wrong = scram.answer(&message, "pencil", &Keys::default());
        assert_eq!(wrong.err(), Some(Wrong::Malformed), "{message}");
    }
    let message = format!("r={nonce}more,s=AAAA,i=10000001");
    let wrong = scram.answer(&message, "pencil", &Keys::default());
    assert_eq!(wrong.err(), Some(Wrong::TooManyRounds));
}

#[test]
fn an_exchange_may_be_bound_to_a_certificate() {
    let keys = Keys::default();
    let bound = scram(Hash::Sha256, SHA256, Binding::Certificate(b"hash"));
    assert!(bound.first().starts_with("p=tls-server-end-point,,n=user,"));
    let answer = bound.answer(SHA256[1], "pencil", &keys).unwrap();
    // The Base64 of `p=tls-server-end-point,,hash`.
    let expected = "c=cD10bHMtc2VydmVyLWVuZC1wb2ludCwsaGFzaA==,";
    assert!(answer.message.starts_with(expected), "{}", answer.message);
    let not_offered = scram(Hash::Sha256, SHA256, Binding::NotOffered);
    assert!(not_offered.first().starts_with("y,,n=user,"));
}

#[test]
fn names_are_escaped_and_keys_are_made_once() {
    let scram = Scram::new(Hash::Sha512, "a=b,c", b"nonce", Binding::None);
    assert!(
        scram.first().starts_with("n,,n=a=3Db=2Cc,r="),
        "{}",
        scram.first()
    );
    let (_, nonce) = scram
        .first()
        .split_once("r=")
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    let keys = Keys::default();
    let server = format!("r={nonce}x,s=AAAA,i=2");
    let first = scram.answer(&server, "secret", &keys).unwrap();
    let second = scram.answer(&server, "secret", &keys).unwrap();
    assert_eq!(first.message, second.message);
    assert_eq!(keys.count(), 1);
    let _ = scram.answer(&server, "other", &keys).unwrap();
    assert_eq!(keys.count(), 2);
    for number in 0..100 {
        let _ = scram.answer(&server, &number.to_string(), &keys).unwrap();
    }
    assert_eq!(keys.count(), 64);
    assert!(!format!("{keys:?}{first:?}").contains("secret"));
}
