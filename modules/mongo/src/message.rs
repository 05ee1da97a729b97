//! Messages of the protocol (OP_MSG): a header, flags, and sections of documents.

use crate::bson::{Bad, Document, close};

/// The most bytes of a message, as servers have it.
pub(crate) const MOST: usize = 48_000_000;
/// Length, number, the number that is answered, and what kind of message it is.
const HEADER: usize = 16;
/// The only kind of message that is spoken.
const OP_MSG: i32 = 2013;
/// A checksum stands at the end.
const CHECKSUM: u32 = 1;
/// From a client: no answer is wanted. From a server: another answer follows.
const MORE_TO_COME: u32 = 1 << 1;
/// Flags that a reader must know.
const REQUIRED: u32 = 0xffff;

/// What came is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoAnswer(pub(crate) &'static str);

/// Begins a message whose first section is the document that follows.
pub(crate) fn begin(out: &mut Vec<u8>) {
    out.extend_from_slice(&[0; 12]);
    out.extend_from_slice(&OP_MSG.to_le_bytes());
    out.extend_from_slice(&[0; 5]);
}

/// Writes the length of a whole message.
///
/// # Errors
/// It is too long.
pub(crate) fn end(out: &mut [u8]) -> Result<(), Bad> {
    close(out, 0)
}

/// Writes the number of a message.
pub(crate) fn number(out: &mut [u8], number: i32) {
    if let Some(place) = out.get_mut(4..8) {
        place.copy_from_slice(&number.to_le_bytes());
    }
}

/// Says that no answer is wanted.
pub(crate) fn wants_no_answer(out: &mut [u8]) {
    if let Some(flags) = out.get_mut(HEADER) {
        *flags |= MORE_TO_COME as u8;
    }
}

/// The document of a message of our own.
pub(crate) fn body(message: &[u8]) -> Option<Document<'_>> {
    Document::first(message.get(HEADER + 5..)?)
        .ok()
        .map(|(body, _)| body)
}

/// The documents of its other section, if it has one.
pub(crate) fn documents(message: &[u8]) -> Option<Vec<Document<'_>>> {
    let rest = message.get(HEADER + 5..)?;
    let (_, length) = Document::first(rest).ok()?;
    let section = rest.get(length..)?.get(5..)?;
    let name = section.iter().position(|byte| *byte == 0)?;
    let mut rest = section.get(name + 1..)?;
    let mut documents = Vec::new();
    while !rest.is_empty() {
        let (document, length) = Document::first(rest).ok()?;
        documents.push(document);
        rest = rest.get(length..)?;
    }
    Some(documents)
}

/// How long the answer to the message of this number is, once all of it has come.
///
/// # Errors
/// It is no answer to that.
#[inline]
pub(crate) fn whole(came: &[u8], number: i32) -> Result<Option<usize>, NoAnswer> {
    let Some(length) = word(came, 0) else {
        return Ok(None);
    };
    let length = usize::try_from(length).unwrap_or(0);
    if !(HEADER..=MOST).contains(&length) {
        return Err(NoAnswer(
            "the length of a message is none that a server sends",
        ));
    }
    let (Some(answered), Some(kind)) = (word(came, 8), word(came, 12)) else {
        return Ok(None);
    };
    if kind != OP_MSG {
        return Err(NoAnswer("a message is of another kind than OP_MSG"));
    }
    if answered != number {
        return Err(NoAnswer("a message answers another one than was sent"));
    }
    Ok((came.len() >= length).then_some(length))
}

/// The document of a whole answer.
///
/// # Errors
/// There is none, or it is said that another answer follows, which nobody has asked for.
pub(crate) fn answer(message: &[u8]) -> Result<Document<'_>, NoAnswer> {
    const SECTIONS: NoAnswer = NoAnswer("the sections of a message are none");
    let flags = word(message, HEADER).ok_or(SECTIONS)?.cast_unsigned();
    if flags & REQUIRED & !(CHECKSUM | MORE_TO_COME) != 0 {
        return Err(NoAnswer("a message has a flag that is not known"));
    }
    if flags & MORE_TO_COME != 0 {
        return Err(NoAnswer(
            "a message says that another one follows, which was not asked for",
        ));
    }
    let end = message.len() - if flags & CHECKSUM == 0 { 0 } else { 4 };
    let mut rest = message.get(HEADER + 4..end).ok_or(SECTIONS)?;
    let mut body = None;
    while let Some((kind, section)) = rest.split_first() {
        let length = match kind {
            0 if body.is_none() => {
                let (document, length) = Document::first(section).map_err(|_| SECTIONS)?;
                body = Some(document);
                length
            }
            // More documents: no answer to what is asked here has them.
            1 => usize::try_from(word(section, 0).unwrap_or(0)).unwrap_or(0),
            _ => return Err(SECTIONS),
        };
        if length < 4 {
            return Err(SECTIONS);
        }
        rest = section.get(length..).ok_or(SECTIONS)?;
    }
    body.ok_or(SECTIONS)
}

fn word(bytes: &[u8], at: usize) -> Option<i32> {
    let word = bytes.get(at..at + 4)?.try_into().ok()?;
    Some(i32::from_le_bytes(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cases() -> u32 {
        let asked = std::env::var("MUTATIONS").ok();
        asked.and_then(|text| text.parse().ok()).unwrap_or(10_000)
    }

    fn answer_of(count: usize, number: i32) -> Vec<u8> {
        let mut message = Vec::new();
        begin(&mut message);
        let at = crate::bson::open(&mut message);
        crate::bson::text(&mut message, "text", &"x".repeat(count)).unwrap();
        message.push(0);
        close(&mut message, at).unwrap();
        end(&mut message).unwrap();
        message[8..12].copy_from_slice(&number.to_le_bytes());
        message
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(cases()))]

        #[test]
        fn an_answer_ends_where_it_ends_however_it_is_cut(
            count in 0_usize..300,
            number in any::<i32>(),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
            behind in prop::collection::vec(any::<u8>(), 0..20),
        ) {
            let message = answer_of(count, number);
            for cut in cuts {
                let came = &message[..cut.index(message.len())];
                prop_assert_eq!(whole(came, number), Ok(None));
            }
            let more = [&message[..], &behind].concat();
            prop_assert_eq!(whole(&more, number), Ok(Some(message.len())));
            let text = answer(&message).unwrap().get("text").unwrap();
            prop_assert_eq!(text.text().unwrap().len(), count);
        }

        #[test]
        fn no_message_is_too_wild(count in 0_usize..40, at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut message = answer_of(count, 7);
            let at = at.index(message.len());
            message[at] = byte;
            if let Ok(Some(length)) = whole(&message, 7) {
                // A document or none: no panic.
                let _ = answer(&message[..length]);
            }
        }
    }
}
