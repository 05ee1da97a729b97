//! Records of a client against those of a server, whose keys come from a handshake of the library with itself.

use super::super::sessions::Sessions;
use super::super::{Tls, TlsSettings};
use super::*;
use bggo_runtime::contract::Fault;
use bggo_tests::server::Certificates;
use rustls::server::{ServerConnectionData, UnbufferedServerConnection};
use rustls::unbuffered::{ConnectionState, UnbufferedStatus};
use std::rc::Rc;
use std::sync::Arc;

const OF_1_3: [&str; 3] = [
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
];
const OF_1_2: [&str; 3] = [
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
];

/// The server's end: its records, and what makes its next keys.
struct Peer {
    records: Records,
    library: KernelConnection<ServerConnectionData>,
}

impl Peer {
    /// From here on it sends with its next keys.
    fn renews(&mut self) {
        self.records.sends = Keys::new(self.library.update_tx_secret().unwrap());
    }

    fn sealed(&mut self, kind: u8, plain: &[u8]) -> Vec<u8> {
        sealed(&mut self.records, kind, plain)
    }
}

fn sealed(records: &mut Records, kind: u8, plain: &[u8]) -> Vec<u8> {
    let mut out = Buf::new();
    records.seal(kind, plain, &mut out).unwrap();
    out.bytes().to_vec()
}

/// What one record holds, and how much of `came` it is.
fn opened(records: &mut Records, came: &[u8]) -> Result<(Holds, Vec<u8>, usize), Wrong> {
    let mut came = came.to_vec();
    let record = records.open(&mut came)?.expect("a whole record");
    Ok((record.holds, came[record.plain].to_vec(), record.length))
}

/// One of a few messages that an end of a handshake has to say, appended to `out`: whether it has no more.
macro_rules! turn {
    ($end:expr, $came:expr, $out:expr) => {{
        loop {
            let UnbufferedStatus { discard, state } = $end.process_tls_records(&mut $came);
            let over = match state.unwrap() {
                ConnectionState::EncodeTlsData(mut data) => {
                    let mut message = vec![0; 8 << 10];
                    let count = data.encode(&mut message).unwrap();
                    $out.extend_from_slice(&message[..count]);
                    false
                }
                ConnectionState::TransmitTlsData(data) => {
                    data.done();
                    false
                }
                _ => true,
            };
            $came.drain(..discard);
            if over || (!$end.is_handshaking() && !$end.wants_write()) {
                break;
            }
        }
    }};
}

/// Both ends of a connection by this suite, once they agree. The tickets of the library are not sent.
fn agreed(suite: &str) -> (Records, Peer) {
    let certificates = Certificates::new(&["localhost"]);
    let tls = Tls::new(&TlsSettings {
        ca: Some(certificates.text("ca.crt").into()),
        cipher_suites: vec![suite.to_owned()],
        protocols: vec![b"h2".to_vec()],
        ..TlsSettings::default()
    });
    let tls = tls.unwrap();
    let mut config = certificates.server_config();
    config.enable_secret_extraction = true;
    config.send_tls13_tickets = 0;
    config.alpn_protocols = vec![b"h2".to_vec()];
    let name = "localhost".try_into().unwrap();
    let mut client =
        UnbufferedClientConnection::new(Arc::clone(tls.rustls_config()), name).unwrap();
    let mut server = UnbufferedServerConnection::new(Arc::new(config)).unwrap();
    let (mut to_client, mut to_server) = (Vec::new(), Vec::new());
    while client.is_handshaking() || server.is_handshaking() {
        turn!(client, to_client, to_server);
        turn!(server, to_server, to_client);
    }
    assert!(to_client.is_empty() && to_server.is_empty());
    let (secrets, library) = server.dangerous_into_kernel_connection().unwrap();
    let records = Records::with(secrets, library.negotiated_cipher_suite());
    (Records::of(client).unwrap(), Peer { records, library })
}

#[test]
fn every_suite_carries_bytes_both_ways_and_makes_its_keys_again_after_a_rest() {
    let large = vec![7; PLAIN];
    for suite in OF_1_3.into_iter().chain(OF_1_2) {
        let (mut client, mut server) = agreed(suite);
        assert_eq!(client.protocol(), Some(&b"h2"[..]));
        for plain in [&b""[..], b"x", &large] {
            let record = sealed(&mut client, DATA, plain);
            let heard = opened(&mut server.records, &record).unwrap();
            assert_eq!(
                heard,
                (Holds::Data, plain.to_vec(), record.len()),
                "{suite}"
            );
            let record = server.sealed(DATA, plain);
            let heard = opened(&mut client, &record).unwrap();
            assert_eq!(
                heard,
                (Holds::Data, plain.to_vec(), record.len()),
                "{suite}"
            );
            assert!(client.sends.made.is_some() && client.receives.made.is_some());
            client.rest();
            assert!(client.sends.made.is_none() && client.receives.made.is_none());
        }
    }
}

#[test]
fn a_record_is_opened_once_it_is_whole() {
    for suite in [OF_1_3[0], OF_1_2[0]] {
        let (mut client, mut server) = agreed(suite);
        let mut both = server.sealed(DATA, b"first");
        let first = both.len();
        both.extend(server.sealed(DATA, b"second"));
        for end in 0..first {
            assert!(client.open(&mut both[..end]).unwrap().is_none(), "{end}");
        }
        let (_, plain, length) = opened(&mut client, &both).unwrap();
        assert_eq!((plain, length), (b"first".to_vec(), first));
        let (_, plain, _) = opened(&mut client, &both[first..]).unwrap();
        assert_eq!(plain, b"second");
    }
}

#[test]
fn zeros_behind_what_a_record_holds_are_none_of_it() {
    let (mut client, mut server) = agreed(OF_1_3[0]);
    let record = server.sealed(0, b"plain\0\0\x17\0\0\0");
    let (holds, plain, _) = opened(&mut client, &record).unwrap();
    assert_eq!((holds, plain), (Holds::Data, b"plain\0\0".to_vec()));
}

#[test]
fn keys_change_when_the_other_end_asks_for_it() {
    for suite in OF_1_3 {
        let (mut client, mut server) = agreed(suite);
        let mut out = Buf::new();
        for asks in [0, 1, 1] {
            let record = server.sealed(HANDSHAKE, &[KEY_UPDATE, 0, 0, 1, asks]);
            server.renews();
            let (_, words, _) = opened(&mut client, &record).unwrap();
            client
                .hear_handshake(&words, &mut out, Named::Open)
                .unwrap();
            let record = server.sealed(DATA, b"with new keys");
            assert_eq!(opened(&mut client, &record).unwrap().1, b"with new keys");
        }
        assert!(client.owes_words() && out.is_empty());
        client.seal_words(&mut out).unwrap();
        assert!(!client.owes_words(), "one answer is enough");
        let (holds, words, length) = opened(&mut server.records, out.bytes()).unwrap();
        assert_eq!(
            (holds, words),
            (Holds::Handshake, vec![KEY_UPDATE, 0, 0, 1, 0])
        );
        assert_eq!(length, out.len());
        server.records.receives = Keys::new(server.library.update_rx_secret().unwrap());
        let record = sealed(&mut client, DATA, b"answer");
        assert_eq!(opened(&mut server.records, &record).unwrap().1, b"answer");
    }
}

#[test]
fn a_key_seals_no_more_than_it_may() {
    let (mut client, mut server) = agreed(OF_1_3[0]);
    assert_eq!(client.most, 1 << 24);
    client.most = 3;
    let mut out = Buf::new();
    for _ in 0..3 {
        assert!(!client.owes_words());
        client.seal_data(b"x", &mut out).unwrap();
    }
    assert!(client.owes_words());
    client.seal_words(&mut out).unwrap();
    client.seal_data(b"y", &mut out).unwrap();
    let mut came = out.bytes().to_vec();
    for _ in 0..4 {
        let (_, _, length) = opened(&mut server.records, &came).unwrap();
        came.drain(..length);
    }
    server.records.receives = Keys::new(server.library.update_rx_secret().unwrap());
    assert_eq!(opened(&mut server.records, &came).unwrap().1, b"y");

    let (mut client, _) = agreed(OF_1_2[0]);
    // The first one was the last of the handshake.
    client.most = 2;
    client.seal_data(b"x", &mut out).unwrap();
    assert!(!client.owes_words());
    let sealed = out.len();
    let wrong = client.seal_data(b"x", &mut out).unwrap_err();
    assert_eq!(
        Fault::new("tls", wrong.text).text(),
        "the connection carried as much as its keys allow"
    );
    assert_eq!(out.len(), sealed);
}

#[test]
fn a_connection_over_1_2_begins_no_exchange_shortly_before_its_keys_end() {
    let (mut client, _) = agreed(OF_1_2[0]);
    assert!(!client.is_nearly_used_up());
    client.sends.number = client.most - RESERVE - 1;
    assert!(!client.is_nearly_used_up());
    sealed(&mut client, DATA, b"last");
    assert!(client.is_nearly_used_up());
    let (mut client, _) = agreed(OF_1_3[0]);
    client.sends.number = client.most - 1;
    assert!(!client.is_nearly_used_up(), "it makes new keys");
}

/// What a client says to a record, or to some.
fn refused(suite: &str, records: impl FnOnce(&mut Peer) -> Vec<Vec<u8>>) -> Option<Alert> {
    let (mut client, mut server) = agreed(suite);
    let records = records(&mut server);
    let count = records.len();
    for (at, record) in records.into_iter().enumerate() {
        let heard = opened(&mut client, &record).and_then(|(holds, plain, _)| match holds {
            Holds::Data => Ok(()),
            Holds::Alert => client.hear_alert(&plain, Named::Open).map(drop),
            Holds::Handshake => client.hear_handshake(&plain, &mut Buf::new(), Named::Open),
        });
        match heard {
            Ok(()) => {}
            Err(wrong) if at + 1 == count => return wrong.alert,
            Err(wrong) => panic!("record {at} of {count}: {wrong:?}"),
        }
    }
    panic!("nothing is refused");
}

#[test]
fn what_breaks_the_rules_is_refused_with_the_alert_that_says_why() {
    use Alert as A;
    let raw = |bytes: &[u8]| {
        let bytes = bytes.to_vec();
        move |_: &mut Peer| vec![bytes]
    };
    let one = |kind: u8, plain: &[u8]| {
        let plain = plain.to_vec();
        move |peer: &mut Peer| vec![peer.sealed(kind, &plain)]
    };
    for suite in [OF_1_3[0], OF_1_3[2], OF_1_2[0], OF_1_2[2]] {
        let is = |alert| Some(alert);
        assert_eq!(refused(suite, raw(&[23, 2, 3, 0, 0])), is(A::DecodeError));
        assert_eq!(refused(suite, raw(&[23, 3, 3, 72, 1])), is(A::DecodeError));
        assert_eq!(
            refused(suite, raw(&[20, 3, 3, 0, 1, 1])),
            is(A::UnexpectedMessage)
        );
        assert_eq!(refused(suite, raw(&[23, 3, 3, 0, 0])), is(A::BadRecordMac));
        for length in [1, 7, 8, 15, 16, 23, 24, 40] {
            let mut record = vec![23, 3, 3, 0, length];
            record.resize(5 + usize::from(length), 7);
            assert_eq!(
                refused(suite, raw(&record)),
                is(A::BadRecordMac),
                "{length}"
            );
        }
        let too_large = vec![7; PLAIN + 1];
        assert_eq!(refused(suite, one(DATA, &too_large)), is(A::RecordOverflow));
        assert_eq!(refused(suite, one(ALERT, &[2])), is(A::DecodeError));
        assert_eq!(
            refused(suite, one(ALERT, &[3, 90])),
            is(A::IllegalParameter)
        );
        assert_eq!(refused(suite, one(ALERT, &[2, 80])), None);
        assert_eq!(
            refused(suite, one(HANDSHAKE, &[2, 0, 0, 0])),
            is(A::UnexpectedMessage)
        );
        let long = [NEW_TICKET, 1, 0, 0];
        assert_eq!(refused(suite, one(HANDSHAKE, &long)), is(A::DecodeError));
        // Between the parts of a message stands nothing.
        let between = |peer: &mut Peer| {
            vec![
                peer.sealed(HANDSHAKE, &[NEW_TICKET, 0, 0]),
                peer.sealed(DATA, b"x"),
            ]
        };
        assert_eq!(refused(suite, between), is(A::UnexpectedMessage));
        let empty = |peer: &mut Peer| {
            let mut records: Vec<_> = (0..EMPTY).map(|_| peer.sealed(DATA, b"")).collect();
            // One with bytes in between, and it begins again.
            records.push(peer.sealed(DATA, b"x"));
            records.extend((0..=EMPTY).map(|_| peer.sealed(DATA, b"")));
            records
        };
        assert_eq!(refused(suite, empty), is(A::UnexpectedMessage));
        // The second one has the number of the first.
        let again = |peer: &mut Peer| vec![peer.sealed(DATA, b"x"); 2];
        assert_eq!(refused(suite, again), is(A::BadRecordMac));
        // Each byte of a record is vouched for, but the second of its version over 1.3, which counts for nothing.
        let length = agreed(suite).1.sealed(DATA, b"x").len();
        for at in HEAD..length {
            let changed = |peer: &mut Peer| {
                let mut record = peer.sealed(DATA, b"x");
                record[at] ^= 1;
                vec![record]
            };
            assert_eq!(refused(suite, changed), is(A::BadRecordMac), "{at}");
        }
    }
    let new = OF_1_3[0];
    assert_eq!(
        refused(new, raw(&[21, 3, 3, 0, 2, 2, 40])),
        Some(A::UnexpectedMessage)
    );
    for kind in [0, 20, 24, 99] {
        assert_eq!(
            refused(new, one(kind, &[0, 0])),
            Some(A::UnexpectedMessage),
            "{kind}"
        );
    }
    for (message, alert) in [
        (&[KEY_UPDATE, 0, 0, 1, 2][..], A::IllegalParameter),
        (&[KEY_UPDATE, 0, 0, 0], A::IllegalParameter),
        (&[KEY_UPDATE, 0, 0, 1, 0, NEW_TICKET], A::UnexpectedMessage),
        (&[NEW_TICKET, 0, 0, 2, 0, 0], A::DecodeError),
        (&[HELLO_REQUEST, 0, 0, 0], A::UnexpectedMessage),
    ] {
        assert_eq!(
            refused(new, one(HANDSHAKE, message)),
            Some(alert),
            "{message:?}"
        );
    }
    let updates = |peer: &mut Peer| {
        let updates = (0..=UPDATES).map(|_| {
            let record = peer.sealed(HANDSHAKE, &[KEY_UPDATE, 0, 0, 1, 1]);
            peer.renews();
            record
        });
        updates.collect()
    };
    assert_eq!(refused(new, updates), Some(A::UnexpectedMessage));
    // Over 1.3 a warning is no less than an error.
    assert_eq!(refused(new, one(ALERT, &[1, 100])), None);
    assert_eq!(
        refused(OF_1_2[0], one(HANDSHAKE, &[KEY_UPDATE, 0, 0, 1, 0])),
        Some(A::UnexpectedMessage)
    );
}

#[test]
fn warnings_are_put_up_with_a_few_times() {
    for (suite, warning) in [(OF_1_3[0], 90), (OF_1_2[0], 100)] {
        let warnings = |peer: &mut Peer| {
            let warnings = (0..=WARNINGS).map(|_| peer.sealed(ALERT, &[WARNING, warning]));
            warnings.collect()
        };
        assert_eq!(refused(suite, warnings), Some(Alert::UnexpectedMessage));
    }
}

#[test]
fn the_end_is_heard_and_said() {
    for suite in [OF_1_3[0], OF_1_2[0]] {
        let (mut client, mut server) = agreed(suite);
        let record = server.sealed(ALERT, &[WARNING, 0]);
        let (holds, alert, _) = opened(&mut client, &record).unwrap();
        assert_eq!(holds, Holds::Alert);
        assert!(client.hear_alert(&alert, Named::Open).unwrap());
        let mut out = Buf::new();
        client.seal_end(Alert::CloseNotify, &mut out).unwrap();
        client.seal_end(Alert::DecodeError, &mut out).unwrap();
        let (_, end, length) = opened(&mut server.records, out.bytes()).unwrap();
        assert_eq!(end, [WARNING, 0]);
        let (_, error, _) = opened(&mut server.records, &out.bytes()[length..]).unwrap();
        assert_eq!(error, [FATAL, 50]);
    }
}

#[test]
fn tickets_that_come_in_pieces_are_kept() {
    let (mut client, mut server) = agreed(OF_1_3[0]);
    let sessions = Rc::new(Sessions::default());
    let _entered = sessions.enter();
    // Good for an hour; a nonce of one byte, a ticket of three, nothing besides.
    let ticket = [0, 0, 14, 16, 1, 2, 3, 4, 1, 9, 0, 3, 7, 7, 7, 0, 0];
    let message = [&[NEW_TICKET, 0, 0, ticket.len() as u8], &ticket[..]].concat();
    for pieces in [message.chunks(5), message.chunks(1), message.chunks(64)] {
        for piece in pieces {
            let record = server.sealed(HANDSHAKE, piece);
            let (_, plain, _) = opened(&mut client, &record).unwrap();
            client
                .hear_handshake(&plain, &mut Buf::new(), Named::Open)
                .unwrap();
        }
        assert!(client.begun.is_empty());
    }
    assert_eq!(sessions.tickets(), 1);
}

#[test]
fn a_wish_to_begin_again_is_declined_once() {
    let (mut client, mut server) = agreed(OF_1_2[0]);
    let mut out = Buf::new();
    client
        .hear_handshake(&[HELLO_REQUEST, 0, 0, 0], &mut out, Named::Open)
        .unwrap();
    let (holds, alert, _) = opened(&mut server.records, out.bytes()).unwrap();
    assert_eq!((holds, alert), (Holds::Alert, vec![WARNING, 100]));
    let again = client.hear_handshake(&[HELLO_REQUEST, 0, 0, 0], &mut out, Named::Open);
    assert_eq!(again.unwrap_err().alert, Some(Alert::UnexpectedMessage));
}
