//! Messages of the protocol, version 3: what is sent, appended to a buffer, and what has come, taken apart by tag and length.

use bggo_wire::Buf;

/// The most bytes of a message of the server: a row may be large, but no server sends this much by right.
pub(crate) const MOST: usize = 256 << 20;

/// A message of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    pub(crate) tag: u8,
    pub(crate) body: &'a [u8],
}

/// What does not keep to the protocol, as a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bad(pub(crate) &'static str);

/// What was cut off or does not say what it should.
pub(crate) const MALFORMED: Bad = Bad("a message of the server is malformed");

/// The first message of these bytes and how long it is, if it has come whole.
///
/// # Errors
/// These bytes begin no message.
pub(crate) fn first(bytes: &[u8]) -> Result<Option<(Message<'_>, usize)>, Bad> {
    let Some((&[tag, a, b, c, d], rest)) = bytes.split_first_chunk::<5>() else {
        return Ok(None);
    };
    let length = u32::from_be_bytes([a, b, c, d]) as usize;
    if !(4..=MOST).contains(&length) {
        return Err(Bad("a message of the server has no possible length"));
    }
    if !tag.is_ascii_alphanumeric() {
        return Err(Bad("the server does not speak the protocol of PostgreSQL"));
    }
    let whole = rest.get(..length - 4);
    Ok(whole.map(|body| (Message { tag, body }, length + 1)))
}

/// Reads the fields of a message from its beginning.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl<'a> Fields<'a> {
    pub(crate) fn i16(&mut self) -> Result<i16, Bad> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(MALFORMED)?;
        self.0 = rest;
        Ok(i16::from_be_bytes(*bytes))
    }

    pub(crate) fn i32(&mut self) -> Result<i32, Bad> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(MALFORMED)?;
        self.0 = rest;
        Ok(i32::from_be_bytes(*bytes))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Bad> {
        self.i32().map(i32::cast_unsigned)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Bad> {
        let (byte, rest) = self.0.split_first().ok_or(MALFORMED)?;
        self.0 = rest;
        Ok(*byte)
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'a [u8], Bad> {
        let (bytes, rest) = self.0.split_at_checked(count).ok_or(MALFORMED)?;
        self.0 = rest;
        Ok(bytes)
    }

    /// A text that ends with a zero.
    pub(crate) fn text(&mut self) -> Result<&'a [u8], Bad> {
        let end = self.0.iter().position(|byte| *byte == 0).ok_or(MALFORMED)?;
        let text = self.bytes(end)?;
        self.byte()?;
        Ok(text)
    }

    /// A value of a row: `None` is null.
    pub(crate) fn value(&mut self) -> Result<Option<&'a [u8]>, Bad> {
        let length = self.i32()?;
        if length == -1 {
            return Ok(None);
        }
        let length = usize::try_from(length).map_err(|_| MALFORMED)?;
        self.bytes(length).map(Some)
    }
}

/// Appends a message: its tag, its length, and what `write` appends.
pub(crate) fn put(out: &mut Vec<u8>, tag: u8, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(tag);
    put_counted(out, write);
}

/// Appends a length that counts itself, and what `write` appends.
fn put_counted(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    write(out);
    let length = u32::try_from(out.len() - at).unwrap_or(u32::MAX);
    if let Some(place) = out.get_mut(at..at + 4) {
        place.copy_from_slice(&length.to_be_bytes());
    }
}

/// Appends a text and its end. A zero in it would end it before, so those are left out: callers refuse such texts where they matter.
pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    out.extend(text.bytes().filter(|byte| *byte != 0));
    out.push(0);
}

/// The first message of a connection: who connects, and settings.
pub(crate) fn put_startup(out: &mut Vec<u8>, settings: &[(&str, &str)]) {
    put_counted(out, |out| {
        out.extend_from_slice(&(3_u32 << 16).to_be_bytes());
        for (name, value) in settings {
            put_text(out, name);
            put_text(out, value);
        }
        out.push(0);
    });
}

/// Asks whether the server speaks TLS.
pub(crate) const ASK_FOR_TLS: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// Asks, on a connection of its own, to cancel what another one does.
pub(crate) fn cancel(pid: u32, secret: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    put_counted(&mut out, |out| {
        out.extend_from_slice(&80_877_102_u32.to_be_bytes());
        out.extend_from_slice(&pid.to_be_bytes());
        out.extend_from_slice(secret);
    });
    out
}

/// A statement without parameters, by the simple protocol.
pub(crate) fn put_query(out: &mut Vec<u8>, sql: &str) {
    put(out, b'Q', |out| put_text(out, sql));
}

/// Gives a statement a name and types of its parameters; no name is used once.
pub(crate) fn put_parse(out: &mut Vec<u8>, name: &str, sql: &str, types: &[u32]) {
    put(out, b'P', |out| {
        put_text(out, name);
        put_text(out, sql);
        let count = u16::try_from(types.len()).unwrap_or(u16::MAX);
        out.extend_from_slice(&count.to_be_bytes());
        for oid in types.iter().take(usize::from(count)) {
            out.extend_from_slice(&oid.to_be_bytes());
        }
    });
}

/// Asks what a statement takes and gives.
pub(crate) fn put_describe_statement(out: &mut Vec<u8>, name: &str) {
    put(out, b'D', |out| {
        out.push(b'S');
        put_text(out, name);
    });
}

/// Asks what comes of the statement that was bound.
pub(crate) const DESCRIBE_BOUND: [u8; 7] = [b'D', 0, 0, 0, 6, b'P', 0];

/// Runs the statement that was bound, to its last row.
pub(crate) const EXECUTE: [u8; 10] = [b'E', 0, 0, 0, 9, 0, 0, 0, 0, 0];

/// The end of what belongs together: the server answers that it is ready.
pub(crate) const SYNC: [u8; 5] = [b'S', 0, 0, 0, 4];

/// The server sends what it has.
pub(crate) const FLUSH: [u8; 5] = [b'H', 0, 0, 0, 4];

/// The end of rows that are copied in.
pub(crate) const COPY_DONE: [u8; 5] = [b'c', 0, 0, 0, 4];

/// The head of a message with rows that are copied in. Its length is written behind them.
pub(crate) fn put_copied(out: &mut Vec<u8>) {
    out.extend_from_slice(&[b'd', 0, 0, 0, 0]);
}

/// The end of a connection.
pub(crate) const TERMINATE: [u8; 5] = [b'X', 0, 0, 0, 4];

/// Forgets a statement.
pub(crate) fn put_close(out: &mut Vec<u8>, name: &str) {
    put(out, b'C', |out| {
        out.push(b'S');
        put_text(out, name);
    });
}

/// What stands before the parameters of a statement that is bound.
pub(crate) fn put_bind_head(out: &mut Vec<u8>, name: &str, parameters: u16) {
    // No name for what is bound; the statement; all parameters are texts.
    out.push(0);
    put_text(out, name);
    out.extend_from_slice(&[0, 0]);
    out.extend_from_slice(&parameters.to_be_bytes());
}

/// What stands behind them: all columns come as texts.
pub(crate) const BIND_TAIL: [u8; 2] = [0, 0];

/// Appends a parameter.
pub(crate) fn put_parameter(out: &mut Vec<u8>, text: Option<&[u8]>) {
    let Some(text) = text else {
        out.extend_from_slice(&(-1_i32).to_be_bytes());
        return;
    };
    // Longer ones were refused before.
    let length = i32::try_from(text.len()).unwrap_or(i32::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(text);
}

/// Appends bytes to what is sent.
pub(crate) fn send(out: &mut Buf, write: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = Vec::new();
    write(&mut bytes);
    out.put(&bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_taken_when_it_has_come_whole() {
        let bytes = [b'Z', 0, 0, 0, 5, b'I', b'1'];
        for cut in 0..6 {
            assert_eq!(first(&bytes[..cut]), Ok(None), "{cut}");
        }
        let message = Message {
            tag: b'Z',
            body: b"I",
        };
        assert_eq!(first(&bytes), Ok(Some((message, 6))));
    }

    #[test]
    fn what_is_no_message_is_found_at_once() {
        assert!(first(&[b'Z', 0, 0, 0, 3]).is_err());
        assert!(first(&[b'Z', 255, 0, 0, 0]).is_err());
        assert!(first(b"\x16\x00\x00\x01\x00").is_err());
    }

    #[test]
    fn messages_have_the_bytes_of_the_protocol() {
        let mut out = Vec::new();
        put_query(&mut out, "SELECT 1");
        assert_eq!(out, b"Q\0\0\0\x0dSELECT 1\0");
        out.clear();
        put_parse(&mut out, "s1", "SELECT $1", &[23]);
        assert_eq!(out, b"P\0\0\0\x17s1\0SELECT $1\0\0\x01\0\0\0\x17");
        out.clear();
        put_startup(&mut out, &[("user", "a")]);
        assert_eq!(out, b"\0\0\0\x10\0\x03\0\0user\0a\0\0");
        assert_eq!(
            cancel(1, &[0, 0, 0, 2]),
            [0, 0, 0, 16, 4, 210, 22, 46, 0, 0, 0, 1, 0, 0, 0, 2]
        );
    }

    #[test]
    fn fields_are_read_in_order_and_never_beyond_the_end() {
        let mut fields = Fields(b"\0\x01\0\0\0\x02ab\0\xff\xff\xff\xff");
        assert_eq!(fields.i16(), Ok(1));
        assert_eq!(fields.i32(), Ok(2));
        assert_eq!(fields.text(), Ok(&b"ab"[..]));
        assert_eq!(fields.value(), Ok(None));
        assert_eq!(fields.byte(), Err(MALFORMED));
        assert_eq!(Fields(b"\0\0\0\x05ab").value(), Err(MALFORMED));
        assert_eq!(Fields(b"\xff\xff\xff\xfe").value(), Err(MALFORMED));
        assert_eq!(Fields(b"ab").text(), Err(MALFORMED));
    }
}
