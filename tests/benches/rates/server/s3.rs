//! S3 as far as a GET and a PUT of one object need it: a GET is answered with 1 KiB, a PUT with an ETag. No signature is checked.

use super::{Answer, Protocol, field, head};

/// Bytes of the object.
const SIZE: usize = 1 << 10;

/// What both answers say. Clients want a date.
const ABOUT: &str = "HTTP/1.1 200 OK\r\nServer: bench\r\nETag: \"0cc175b9c0f1b6a831c399e269772661\"\r\nLast-Modified: Mon, 02 Nov 2026 10:00:00 GMT\r\nContent-Type: application/octet-stream\r\n";

/// One side of a connection.
#[derive(Default)]
pub struct S3;

impl Protocol for S3 {
    fn answer(&mut self, read: &[u8], answer: &mut Answer) -> usize {
        let Some(head) = head(read) else {
            return 0;
        };
        let length = field(head, "content-length");
        let length: usize = length.map_or(0, |length| length.parse().expect("a length"));
        let used = head.len() + length;
        if read.len() < used {
            return 0;
        }
        let size = match head.split(' ').next() {
            Some("GET") => SIZE,
            Some("PUT") => 0,
            other => panic!("no method of this row: {other:?}"),
        };
        let text = format!("{ABOUT}Content-Length: {size}\r\n\r\n");
        answer.bytes.extend_from_slice(text.as_bytes());
        answer.bytes.resize(answer.bytes.len() + size, b'x');
        answer.operations += 1;
        used
    }
}
