//! Properties that hold for any bytes: the body of the fuzz target. `tests/mutations.rs` runs it too.

use crate::{Asking, Bad, Connection, Ends, Event, Head, Limits, Rules};

/// Small, so that random bytes reach them.
const RULES: Rules = Rules {
    limits: Limits {
        fields: 8,
        bytes: 700,
    },
    stream_window: 100,
    connection_window: 65_535,
};

/// What comes of bytes: events, where pieces of one body are one, with the fields of heads, and what is wrong at the end.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// In their order.
    pub events: Vec<(Event, String)>,
    /// Bytes of bodies.
    pub body: Vec<u8>,
    /// What the server is owed.
    pub replies: Vec<u8>,
    /// Why the connection ended.
    pub bad: Option<Bad>,
}

/// What a server says is the same whether it comes whole or byte by byte.
///
/// # Panics
///
/// When that does not hold.
pub fn server(bytes: &[u8]) {
    let whole = outcome(bytes, bytes.len().max(1));
    assert_eq!(whole, outcome(bytes, 1));
    assert!(whole.body.len() <= bytes.len());
}

/// What comes of bytes that come so many at a time, on a connection with three requests: a GET, a HEAD, and a POST that sends no
/// body.
#[must_use]
pub fn outcome(bytes: &[u8], at_once: usize) -> Outcome {
    let mut connection = Connection::new(RULES, &mut Vec::new());
    for (has_body, is_head) in [(false, false), (false, true), (true, false)] {
        let asking = Asking {
            block: [&[0x82, 0x86, 0x84], &[]],
            has_body,
            is_head,
        };
        let _ = connection.open(&asking, &mut Vec::new());
    }
    let mut outcome = Outcome {
        events: Vec::new(),
        body: Vec::new(),
        replies: Vec::new(),
        bad: None,
    };
    let (mut head, mut at, mut came) = (Head::new(), 0, 0);
    while came < bytes.len() {
        came = bytes.len().min(came + at_once);
        loop {
            let received = match connection.receive(&bytes[at..came], &mut head) {
                Ok(received) => received,
                Err(bad) => {
                    assert_eq!(connection.receive(&bytes[at..came], &mut head), Err(bad));
                    assert!(connection.is_over());
                    outcome.bad = Some(bad);
                    connection.put_replies(&mut outcome.replies);
                    return outcome;
                }
            };
            at += received.taken;
            assert!(at <= came);
            match received.event {
                Event::More => break,
                Event::Nothing => {}
                Event::Data(_, size, _) => {
                    outcome.body.extend(&bytes[at - size..at]);
                    outcome.has(received.event, &head);
                }
                event => outcome.has(event, &head),
            }
        }
        connection.put_replies(&mut outcome.replies);
    }
    outcome
}

impl Outcome {
    /// Pieces of one body that follow each other are one.
    fn has(&mut self, event: Event, head: &Head) {
        if let (Event::Data(key, size, ends), Some((Event::Data(same, sum, Ends::No), _))) =
            (event, self.events.last_mut())
            && key == *same
        {
            let size = *sum + size;
            self.events.pop();
            self.events
                .push((Event::Data(key, size, ends), String::new()));
            return;
        }
        let mut said = String::new();
        if let Event::Head(..) | Event::Trailers(_) = event {
            said = format!("{} {:?} ", head.status(), head.length());
            for (name, value) in head.fields() {
                assert!(!name.is_empty());
                said += &format!("{}: {}, ", name.escape_ascii(), value.escape_ascii());
            }
        }
        self.events.push((event, said));
    }
}
