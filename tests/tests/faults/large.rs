//! More than memory holds: what nobody reads is counted, what is read has a bound.

use crate::counts::counted;
use crate::grids::program;
use bggo_tests::server::Speaks;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;

/// What a step gets that reads nothing of its answer, before the server closes.
const MUCH: usize = 1 << 30;

/// Answers each request with 503, but sends ten gigabytes for the paths of two steps: to the one that reads them until it closes,
/// to the other one until `MUCH` has passed and `has_passed` has returned.
fn pours(mut stream: TcpStream, has_passed: &dyn Fn()) {
    let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            // The program has closed.
            if reader.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let lines = head.lines().map(str::to_ascii_lowercase);
        let mut lengths =
            lines.filter_map(|line| Some(line.strip_prefix("content-length: ")?.to_owned()));
        let length = lengths
            .next()
            .map_or(0, |length| length.parse().expect("a length"));
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("a whole request");
        let is_unread = head.contains("/unread");
        if !is_unread && !head.contains("n=read-") {
            let refused = b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n";
            stream.write_all(refused).expect("the program reads it");
            continue;
        }
        let begins = b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n";
        stream.write_all(begins).expect("the program reads it");
        let piece = vec![b'x'; 1 << 20];
        let mut sent = 0;
        while sent < MUCH || !is_unread {
            if stream.write_all(&piece).is_err() {
                return;
            }
            sent += piece.len();
        }
        has_passed();
        return;
    }
}

/// The most memory that a process has had so far, in KiB.
fn most_memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let words = line.and_then(|line| line.split_whitespace().next());
    words.expect("a figure").parse().expect("a number")
}

#[test]
fn ten_gigabytes_are_counted_or_refused_in_bounded_memory() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let url = format!("http://{address}");
    let flags = "--vus 1 --iterations 1 --log-format json --max-failed 100% --url";
    let words: Vec<&str> = flags.split(' ').chain([url.as_str()]).collect();
    let going = program(Speaks::Http1).start(&words);
    let process = going.id();
    let (tells, told) = channel();
    let is_over = Arc::new(AtomicBool::new(false));
    let stops = Arc::clone(&is_over);
    let serving = std::thread::spawn(move || {
        std::thread::scope(|all| {
            for stream in listener.incoming() {
                if stops.load(Ordering::SeqCst) {
                    return;
                }
                let (stream, tells) = (stream.expect("a connection"), tells.clone());
                all.spawn(move || {
                    pours(stream, &|| {
                        tells.send(most_memory(process)).expect("the test waits");
                    });
                });
            }
        });
    });
    let ended = going.finish();
    is_over.store(true, Ordering::SeqCst);
    // Wakes the listener up.
    drop(TcpStream::connect(address));
    serving.join().expect("no thread panics");
    let counted = counted(&ended);
    assert_eq!(counted.failures, [("body".to_owned(), 2)], "{counted:?}");
    let most = told.recv().expect("much has passed");
    assert!(most < 100 << 10, "{most} KiB while {MUCH} bytes passed");
}
