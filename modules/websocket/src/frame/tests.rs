//! Heads that are read and frames that are written, down to their bytes.

use super::*;

/// A frame of a server.
pub(crate) fn served(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..=125 => frame.push(length as u8),
        length @ 126..=0xffff => {
            frame.push(126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(payload);
    frame
}

fn read(bytes: &[u8]) -> Result<Option<Head>, Violation> {
    read_head(bytes, Compression::Off)
}

#[test]
fn a_head_is_read_once_it_is_whole_whatever_the_size_of_its_length() {
    for (payload, size) in [
        (0, 2),
        (1, 2),
        (125, 2),
        (126, 4),
        (0xffff, 4),
        (0x1_0000, 10),
    ] {
        let frame = served(0x82, &vec![7; payload]);
        for cut in 0..size {
            assert_eq!(read(&frame[..cut]), Ok(None), "{payload} cut at {cut}");
        }
        let head = read(&frame[..size]).unwrap().unwrap();
        assert_eq!((head.size, head.payload), (size, payload as u64));
        assert_eq!((head.opcode, head.is_last), (Opcode::Binary, true));
    }
}

#[test]
fn what_the_protocol_forbids_is_refused_by_its_first_bytes() {
    let refused: [(&str, &[u8]); 13] = [
        ("RSV1 that nobody agreed on", &[0xc1, 0]),
        ("RSV2", &[0xa1, 0]),
        ("RSV3", &[0x91, 0]),
        ("opcode 3", &[0x83, 0]),
        ("opcode 7", &[0x87, 0]),
        ("opcode 11", &[0x8b, 0]),
        ("opcode 15", &[0x8f, 0]),
        ("a masked frame", &[0x81, 0x80]),
        ("a ping in fragments", &[0x09, 0]),
        ("a ping of 126 bytes", &[0x89, 126]),
        ("a close in fragments", &[0x08, 0]),
        ("125 in two bytes", &[0x82, 126, 0, 125]),
        (
            "65535 in eight bytes",
            &[0x82, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff],
        ),
    ];
    for (what, bytes) in refused {
        let read = read(bytes);
        assert!(
            matches!(read, Err(Violation::Protocol(_))),
            "{what}: {read:?}"
        );
    }
    let beyond = [0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0];
    assert!(read(&beyond).is_err());
}

#[test]
fn only_the_first_frame_of_a_message_may_be_compressed() {
    let read = |first| read_head(&[first, 0], Compression::On);
    assert!(read(0xc1).unwrap().unwrap().is_compressed);
    assert!(read(0x42).unwrap().unwrap().is_compressed);
    assert!(read(0xc0).is_err());
    assert!(read(0xc9).is_err());
}

/// The payload of a frame of a client, and what stands in front of it.
pub(crate) fn unmasked(frame: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let size = match frame[1] & 0x7f {
        126 => 4,
        127 => 10,
        _ => 2,
    };
    let key = &frame[size..size + 4];
    let payload = frame[size + 4..].iter();
    let payload = payload
        .zip(key.iter().cycle())
        .map(|(byte, key)| byte ^ key);
    (frame[..size].to_vec(), payload.collect())
}

#[test]
fn a_frame_of_a_client_is_masked_and_says_its_length_in_the_shortest_way() {
    for length in [0, 1, 7, 8, 9, 20, 125, 126, 127, 0xffff, 0x1_0000] {
        let payload: Vec<u8> = (0..length).map(|at| (at * 7) as u8).collect();
        let mut out = Buf::new();
        out.put(b"before");
        put_frame(&mut out, (Opcode::Text, false), &payload, [1, 2, 3, 250]);
        assert!(out.bytes().starts_with(b"before"));
        let (mut head, said) = unmasked(&out.bytes()[6..]);
        assert_eq!(said, payload);
        assert_eq!(head[1] & MASK, MASK);
        head[1] &= !MASK;
        let read = read(&head).unwrap().unwrap();
        assert_eq!((read.payload, read.opcode), (length as u64, Opcode::Text));
        assert!(read.is_last && !read.is_compressed);
    }
}

#[test]
fn the_example_of_the_standard_is_masked_as_it_says() {
    // RFC 6455, section 5.7: a masked text message "Hello".
    let mut out = Buf::new();
    put_frame(
        &mut out,
        (Opcode::Text, false),
        b"Hello",
        [0x37, 0xfa, 0x21, 0x3d],
    );
    let said = [
        0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58,
    ];
    assert_eq!(out.bytes(), said);
}
