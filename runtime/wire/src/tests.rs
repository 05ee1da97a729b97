//! Connections to a peer that says and hears raw bytes.

use crate::{Home, Idle, Kind, Look, Wire, pool, socket::Socket};
use std::future::poll_fn;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

/// A connection and its other end.
async fn pair() -> (Wire, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (peer, _) = listener.accept().unwrap();
    peer.set_nodelay(true).unwrap();
    (Wire::new(Socket::Tcp(stream), &Rc::default()), peer)
}

/// Sends a question and waits until the peer has it.
async fn ask(wire: &mut Wire, peer: &mut TcpStream) {
    wire.out().put(b"question");
    wire.flush().await.unwrap();
    let mut came = [0; 8];
    peer.read_exact(&mut came).unwrap();
    assert_eq!(&came, b"question");
}

/// Waits until something has come, without reading it.
async fn told(wire: &Wire) {
    poll_fn(|cx| wire.socket().poll_readable(cx)).await.unwrap();
}

/// A reset instead of an orderly end: the peer closes with bytes that it did not read.
async fn reset(wire: &mut Wire, peer: TcpStream) {
    wire.out().put(b"unread");
    wire.flush().await.unwrap();
    peer.peek(&mut [0; 6]).unwrap();
    drop(peer);
}

#[tokio::test]
async fn what_is_appended_goes_out_in_one_piece_and_the_answer_comes_as_it_is_sent() {
    let (mut wire, mut peer) = pair().await;
    ask(&mut wire, &mut peer).await;
    for byte in b"answer" {
        peer.write_all(&[*byte]).unwrap();
        assert_eq!(wire.fill(64).await.unwrap(), 1);
    }
    assert_eq!(wire.peek(), b"answer");
    wire.consume(2);
    assert_eq!(wire.peek(), b"swer");
    let traffic = wire.meter().take();
    assert_eq!((traffic.sent, traffic.received), (8, 6));
}

#[tokio::test]
async fn a_connection_that_waits_holds_no_memory() {
    let (mut wire, mut peer) = pair().await;
    ask(&mut wire, &mut peer).await;
    let free = pool::kept();
    assert!(free > 0, "what was sent stood in a piece");
    {
        let mut filling = pin!(wire.fill(64));
        let first = poll_fn(|cx| Poll::Ready(filling.as_mut().poll(cx))).await;
        assert!(first.is_pending());
        assert_eq!(pool::kept(), free);
        peer.write_all(b"answer").unwrap();
        assert_eq!(filling.await.unwrap(), 6);
    }
    assert_eq!(pool::kept(), free - 1, "the answer stands in one");
    wire.consume(6);
    assert_eq!(pool::kept(), free);
}

#[tokio::test]
async fn where_nothing_has_come_the_next_fill_waits_for_what_comes() {
    let (mut wire, mut peer) = pair().await;
    ask(&mut wire, &mut peer).await;
    let waited = poll_fn(|cx| {
        assert!(wire.has_nothing_until(cx));
        Poll::Ready(wire.poll_fill(cx, 64).is_pending())
    });
    assert!(waited.await);
    peer.write_all(b"answer").unwrap();
    assert_eq!(wire.fill(64).await.unwrap(), 6);
    // What stands there, and what the system has told of, is something.
    assert!(!poll_fn(|cx| Poll::Ready(wire.has_nothing_until(cx))).await);
    wire.consume(6);
    peer.write_all(b"more").unwrap();
    told(&wire).await;
    assert!(!poll_fn(|cx| Poll::Ready(wire.has_nothing_until(cx))).await);
    assert_eq!(wire.fill(64).await.unwrap(), 4);
    wire.consume(4);
    drop(peer);
    told(&wire).await;
    assert!(!poll_fn(|cx| Poll::Ready(wire.has_nothing_until(cx))).await);
    assert_eq!(wire.fill(64).await.unwrap(), 0);
    assert!(!poll_fn(|cx| Poll::Ready(wire.has_nothing_until(cx))).await);
}

#[tokio::test]
async fn the_end_is_told_again_and_again() {
    let (mut wire, mut peer) = pair().await;
    ask(&mut wire, &mut peer).await;
    peer.write_all(b"ans").unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    assert_eq!(wire.fill(64).await.unwrap(), 3);
    assert_eq!(wire.fill(64).await.unwrap(), 0);
    assert_eq!(wire.fill(64).await.unwrap(), 0);
    assert_eq!(wire.peek(), b"ans");
}

#[tokio::test]
async fn what_came_before_a_reset_is_read_though_the_reactor_has_not_told_of_it() {
    let (mut wire, mut peer) = pair().await;
    ask(&mut wire, &mut peer).await;
    // All of it happens before the reactor has a turn.
    peer.write_all(b"answer").unwrap();
    socket2::SockRef::from(&peer)
        .set_linger(Some(Duration::ZERO))
        .unwrap();
    drop(peer);
    // A busy system takes a moment to hand the reset over.
    let trouble = loop {
        wire.out().put(b"more");
        let flushed = poll_fn(|cx| Poll::Ready(wire.poll_flush(cx))).await;
        if let Poll::Ready(Err(trouble)) = flushed {
            break trouble;
        }
        std::thread::yield_now();
    };
    assert_eq!(trouble.kind(), Kind::Reset);
    let filled = poll_fn(|cx| Poll::Ready(wire.poll_fill(cx, 64).map(Result::unwrap))).await;
    assert_eq!(filled, Poll::Ready(6));
    assert_eq!(wire.peek(), b"answer");
}

#[tokio::test]
async fn a_reset_is_told_as_one() {
    let (mut wire, peer) = pair().await;
    reset(&mut wire, peer).await;
    let trouble = wire.fill(64).await.unwrap_err();
    assert_eq!(trouble.kind(), Kind::Reset);
    assert!(!wire.is_whole());
}

#[tokio::test]
async fn no_more_stands_there_than_its_reader_allows() {
    let (mut wire, mut peer) = pair().await;
    ask(&mut wire, &mut peer).await;
    peer.write_all(&[b'x'; 64]).unwrap();
    while wire.peek().len() < 64 {
        wire.fill(64).await.unwrap();
    }
    let trouble = wire.fill(64).await.unwrap_err();
    assert_eq!(trouble.kind(), Kind::TooLarge);
}

#[tokio::test]
async fn a_body_that_nobody_reads_is_counted_and_what_follows_it_stays() {
    let (mut wire, mut peer) = pair().await;
    ask(&mut wire, &mut peer).await;
    let size = 100_000;
    let sender = std::thread::spawn(move || {
        peer.write_all(&vec![b'x'; size]).unwrap();
        peer.write_all(b"next").unwrap();
        peer
    });
    let mut left = size as u64;
    while left > 0 {
        let skipped = poll_fn(|cx| wire.poll_skip(cx, left)).await.unwrap();
        assert!(skipped > 0);
        left -= skipped;
    }
    while wire.peek().len() < 4 {
        wire.fill(64).await.unwrap();
    }
    assert_eq!(wire.peek(), b"next");
    drop(sender.join().unwrap());
}

#[tokio::test]
async fn a_loan_comes_back_whole_or_not_at_all() {
    let home = Home::new();
    let (wire, mut peer) = pair().await;
    let mut loan = home.settle(7, wire);
    assert!(!loan.is_reused());
    ask(&mut loan, &mut peer).await;
    peer.write_all(b"answer").unwrap();
    loan.fill(64).await.unwrap();
    loan.consume(6);
    loan.paid();
    drop(loan);
    assert!(home.lend(3).is_none(), "that is another server");
    let mut loan = home.lend(7).unwrap();
    assert!(loan.is_reused());
    ask(&mut loan, &mut peer).await;
    // It is given up before its answer came.
    drop(loan);
    assert!(home.lend(7).is_none());
    assert_eq!(home.take_counts().poisoned, 1);
    assert_eq!(peer.read(&mut [0; 8]).unwrap(), 0, "it is closed");
}

#[tokio::test]
async fn what_was_not_sent_is_not_kept_for_the_next_exchange() {
    let home = Home::new();
    let (wire, _peer) = pair().await;
    let mut loan = home.settle(0, wire);
    loan.out().put(b"half of a quest");
    drop(loan);
    assert!(home.lend(0).is_none());
    assert_eq!(home.take_counts().poisoned, 1);
}

#[tokio::test]
async fn bytes_behind_an_answer_are_not_kept_for_the_next_exchange() {
    let home = Home::new();
    let (wire, mut peer) = pair().await;
    let mut loan = home.settle(0, wire);
    ask(&mut loan, &mut peer).await;
    peer.write_all(b"answer, and more").unwrap();
    while loan.peek().len() < 16 {
        loan.fill(64).await.unwrap();
    }
    loan.consume(6);
    loan.paid();
    drop(loan);
    assert!(home.lend(0).is_none());
    let counts = home.take_counts();
    assert_eq!((counts.poisoned, counts.leftover), (0, 1));
}

#[tokio::test]
async fn an_orderly_end_counts_as_nothing() {
    let home = Home::new();
    let (wire, mut peer) = pair().await;
    let mut loan = home.settle(0, wire);
    ask(&mut loan, &mut peer).await;
    loan.spent();
    assert!(home.lend(0).is_none());
    assert_eq!(home.take_counts(), crate::Counts::default());
}

#[tokio::test]
async fn a_connection_on_which_nothing_more_is_sent_serves_no_other_exchange() {
    let home = Home::new();
    let (wire, mut peer) = pair().await;
    let mut loan = home.settle(0, wire);
    loan.out().put(b"goodbye");
    loan.finish().await.unwrap();
    let mut said = String::new();
    peer.read_to_string(&mut said).unwrap();
    assert_eq!(said, "goodbye");
    drop(loan);
    assert!(!home.has_idle());
    assert_eq!(home.take_counts(), crate::Counts::default());
}

#[tokio::test]
async fn only_connections_that_are_quiet_are_lent_for_use() {
    let home = Home::new();
    let (wire, _peer) = pair().await;
    drop(home.settle(0, wire));
    let (wire, closed) = pair().await;
    closed.shutdown(Shutdown::Both).unwrap();
    drop(home.settle(0, wire));
    let port = home.lend_quiet(0, Look::Ask).unwrap();
    assert!(!home.has_idle(), "the one that is gone is closed");
    assert!(home.lend_quiet(0, Look::Ask).is_none());
    drop(port);
    assert!(home.lend_quiet(0, Look::Told).is_some());
}

#[tokio::test]
async fn a_reader_waits_until_it_finds_its_message_and_no_longer() {
    let (mut wire, mut peer) = pair().await;
    let line = |came: &[u8]| came.iter().position(|byte| *byte == b'\n');
    peer.write_all(b"one\ntw").unwrap();
    assert_eq!(wire.until(64, line).await.unwrap(), 3);
    wire.consume(4);
    {
        let mut second = pin!(wire.until(64, line));
        let first = poll_fn(|cx| Poll::Ready(second.as_mut().poll(cx))).await;
        assert!(first.is_pending());
    }
    peer.write_all(b"o\nthree").unwrap();
    assert_eq!(wire.until(64, line).await.unwrap(), 3);
    wire.consume(4);
    while wire.peek().len() < 5 {
        wire.fill(64).await.unwrap();
    }
    let too_long = wire.until(5, line).await.unwrap_err();
    assert_eq!(too_long.kind(), Kind::TooLarge);
    drop(peer);
    let cut = wire.until(64, line).await.unwrap_err();
    assert_eq!(cut.kind(), Kind::Closed);
}

#[test]
fn a_length_is_written_where_it_belongs_once_it_is_known() {
    let mut out = crate::Buf::new();
    out.put(b"Q\0\0select");
    out.put_at(1, &8u16.to_be_bytes());
    assert_eq!(out.bytes(), b"Q\0\x08select");
    out.put_at(8, b"xyz");
    out.put_at(9, b"xyz");
    assert_eq!(out.bytes(), b"Q\0\x08selecx");
}

#[tokio::test]
async fn an_idle_connection_tells_when_something_comes_and_when_it_is_gone() {
    let (mut wire, mut peer) = pair().await;
    assert!(wire.is_quiet(Look::Ask));
    assert!(wire.is_quiet(Look::Told));
    {
        let first = poll_fn(|cx| Poll::Ready(wire.poll_idle(cx))).await;
        assert!(first.is_pending());
    }
    peer.write_all(b"bye").unwrap();
    assert!(matches!(
        poll_fn(|cx| wire.poll_idle(cx)).await,
        Idle::Bytes
    ));
    assert_eq!(wire.peek(), b"bye");
    assert!(!wire.is_quiet(Look::Told));
    wire.consume(3);
    drop(peer);
    told(&wire).await;
    assert!(!wire.is_quiet(Look::Told));
    assert!(!wire.is_whole());
}

#[tokio::test]
async fn the_system_is_asked_of_an_end_that_the_thread_was_not_told_of() {
    let (mut wire, peer) = pair().await;
    peer.shutdown(Shutdown::Both).unwrap();
    // The reactor had no turn since.
    assert!(!wire.is_quiet(Look::Ask));
}

#[tokio::test]
async fn the_idle_connections_of_a_home_are_looked_after() {
    let home = Home::new();
    let (wire, peer) = pair().await;
    drop(home.settle(0, wire));
    let (wire, mut other) = pair().await;
    drop(home.settle(1, wire));
    drop(peer);
    other.write_all(b"unasked").unwrap();
    poll_fn(|cx| {
        home.poll_idle(cx);
        if home.has_idle() {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    })
    .await;
    let counts = home.take_counts();
    assert_eq!((counts.gone, counts.leftover, counts.poisoned), (1, 1, 0));
}

#[tokio::test]
async fn a_connection_is_a_stream_for_whoever_wants_one() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (mut wire, mut peer) = pair().await;
    let echo = std::thread::spawn(move || {
        let mut all = Vec::new();
        peer.read_to_end(&mut all).unwrap();
        peer.write_all(&all).unwrap();
    });
    let sent = vec![b'x'; 70_000];
    wire.write_all(&sent).await.unwrap();
    wire.shutdown().await.unwrap();
    let mut back = Vec::new();
    wire.read_to_end(&mut back).await.unwrap();
    assert_eq!(back, sent);
    echo.join().unwrap();
}

#[test]
fn pieces_put_together_are_what_they_are_one_by_one() {
    let [mut together, mut apart] = [crate::Buf::new(), crate::Buf::new()];
    // Of some lengths, so that they meet the end of the memory in each way.
    for length in (0..3 * pool::PIECE).step_by(977) {
        let long = vec![b'x'; length];
        let pieces: [&[u8]; 4] = [b"name", b": ", &long, b"\r\n"];
        together.put_all(pieces);
        for piece in pieces {
            apart.put(piece);
        }
        assert_eq!(together.bytes(), apart.bytes());
        together.consume(length / 2);
        apart.consume(length / 2);
    }
}

/// Takes whole lines: whether all of them are notes. The beginning of one more stays.
fn takes_notes(wire: &mut Wire) -> bool {
    while let Some(end) = wire.peek().iter().position(|byte| *byte == b'\n') {
        if !wire.peek().starts_with(b"note") {
            return false;
        }
        wire.consume(end + 1);
    }
    true
}

#[tokio::test]
async fn what_a_server_says_unasked_is_heard_before_the_connection_is_lent() {
    let (wire, mut peer) = pair().await;
    let home = Home::new();
    drop(home.settle(0, wire));
    peer.write_all(b"note 1\nno").unwrap();
    told(&home.lend(0).unwrap()).await;
    let mut loan = home.lend_heard(0, takes_notes).unwrap();
    assert_eq!(loan.peek(), b"no");
    peer.write_all(b"te 2\n").unwrap();
    loan.fill(64).await.unwrap();
    assert!(takes_notes(&mut loan));
    drop(loan);
    assert_eq!(home.idle(0), 1);
    peer.write_all(b"goodbye\n").unwrap();
    told(&home.lend(0).unwrap()).await;
    assert!(home.lend_heard(0, takes_notes).is_none());
    assert_eq!(home.take_counts().leftover, 1);
}

#[tokio::test]
async fn an_idle_connection_hears_what_its_server_says_unasked() {
    let (wire, mut peer) = pair().await;
    let home = Home::new();
    drop(home.settle(0, wire));
    let looked_after = async |home: &Home| {
        // Once, and whenever something comes, until the connection is gone or the time is over.
        let looks = poll_fn(|cx| {
            home.poll_idle_heard(cx, takes_notes);
            match home.has_idle() {
                true => Poll::Pending,
                false => Poll::Ready(()),
            }
        });
        tokio::time::timeout(Duration::from_millis(50), looks)
            .await
            .is_err()
    };
    peer.write_all(b"note 1\nnote 2\nnot").unwrap();
    assert!(looked_after(&home).await);
    assert_eq!(home.lend(0).unwrap().peek(), b"not");
}
