//! quinn's own client in a loop: one connection, so many streams at a time, and on each one fixed request after the other. It
//! measures, checks and counts nothing but how many were answered.

use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, Connection, Endpoint};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::cell::Cell;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::LocalSet;

/// The first word of its command line.
pub const WORD: &str = "quinn-loop";

/// Sends to a URL, trusting an authority, on so many streams, for so many seconds. How many were answered is printed.
pub fn run(words: &[String]) {
    let [url, authority, streams, seconds] = words else {
        panic!("URL AUTHORITY STREAMS SECONDS, not {words:?}");
    };
    let host = url.trim_start_matches("https://");
    let (streams, seconds): (u32, u64) = (
        streams.parse().expect("a count"),
        seconds.parse().expect("seconds"),
    );
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().expect("a runtime");
    let answered = LocalSet::new().block_on(&runtime, async {
        let connection = connected(host, authority).await;
        let request: Rc<[u8]> = request(host).into();
        let until = Instant::now() + Duration::from_secs(seconds);
        let answered = Rc::new(Cell::new(0_u64));
        let users = (0..streams).map(|_| {
            let (connection, request) = (connection.clone(), Rc::clone(&request));
            let answered = Rc::clone(&answered);
            tokio::task::spawn_local(async move {
                while Instant::now() < until {
                    hit(&connection, &request).await;
                    answered.set(answered.get() + 1);
                }
            })
        });
        let users: Vec<_> = users.collect();
        for user in users {
            user.await.expect("no user panics");
        }
        answered.get()
    });
    println!("{answered}");
}

async fn connected(host: &str, authority: &str) -> Connection {
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_file(authority).expect("a certificate");
    roots.add(certificate).expect("an authority");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider);
    let tls = tls.with_protocol_versions(&[&rustls::version::TLS13]);
    let tls = tls.expect("ring has TLS 1.3").with_root_certificates(roots);
    let mut tls = tls.with_no_client_auth();
    tls.alpn_protocols = vec![b"h3".to_vec()];
    let quic = QuicClientConfig::try_from(tls).expect("a suite of QUIC");
    let mut endpoint =
        Endpoint::client(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a socket");
    endpoint.set_default_client_config(ClientConfig::new(Arc::new(quic)));
    let address: SocketAddr = host.parse().expect("an address");
    let name = address.ip().to_string();
    let connection = endpoint.connect(address, &name).expect("a name");
    let connection = connection.await.expect("Caddy answers");
    // The control stream, with empty settings.
    let mut control = connection.open_uni().await.expect("a stream");
    control.write_all(&[0, 4, 0]).await.expect("it is sent");
    // A control stream that ends is an error of the connection.
    std::mem::forget(control);
    connection
}

/// A frame of type HEADERS with a section of fields by the static table (RFC 9204, appendix A).
fn request(host: &str) -> Vec<u8> {
    const GET: u8 = 0xc0 | 17;
    const HTTPS: u8 = 0xc0 | 23;
    const AUTHORITY: u8 = 0x50;
    const PATH: u8 = 0x50 | 1;
    let text = |name: u8, value: &str| {
        let length = u8::try_from(value.len()).expect("a short text");
        [&[name, length], value.as_bytes()].concat()
    };
    let fields = [
        vec![0, 0, GET, HTTPS],
        text(AUTHORITY, host),
        text(PATH, "/hit"),
    ];
    let fields = fields.concat();
    let length = u8::try_from(fields.len()).expect("a short frame");
    assert!(length < 64, "its length is one byte");
    [vec![1, length], fields].concat()
}

/// One request, read to the end of its answer, whose body is "ok".
async fn hit(connection: &Connection, request: &[u8]) {
    let (mut send, mut receive) = connection.open_bi().await.expect("a stream");
    send.write_all(request).await.expect("it is sent");
    send.finish().expect("it is sent");
    let answer = receive.read_to_end(1 << 14).await.expect("an answer");
    assert!(answer.ends_with(b"ok"), "{answer:?}");
}
