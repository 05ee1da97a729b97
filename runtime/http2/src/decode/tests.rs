//! The examples of RFC 7541, appendix C, and blocks that are none.

use super::Decoder;
use crate::bad::Bad;
use crate::head::{Head, Limits, Part};
use crate::table::STATIC;

const LIMITS: Limits = Limits {
    fields: 10,
    bytes: 1_000,
};

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<char> = hex.chars().filter(|digit| *digit != ' ').collect();
    let pairs = digits.chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap())
        .collect()
}

fn line(name: &[u8], value: &[u8]) -> String {
    format!("{}: {}", name.escape_ascii(), value.escape_ascii())
}

/// The server's half of the table, the newest first.
fn table(decoder: &Decoder) -> Vec<String> {
    (STATIC.len() + 1..)
        .map_while(|index| decoder.table.get(index))
        .map(|(name, value)| line(name, value))
        .collect()
}

fn fields(head: &Head) -> Vec<String> {
    head.fields()
        .map(|(name, value)| line(name, value))
        .collect()
}

fn read(hex: &str) -> Result<Option<Bad>, Bad> {
    Decoder::new(LIMITS).read(&bytes(hex), Part::Answer, &mut Head::new())
}

#[test]
fn the_requests_of_the_standard_fill_the_table() {
    // C.3 without and C.4 with Huffman code. No answer has the fields of a request, so they are refused as heads.
    for blocks in [
        [
            "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
            "8286 84be 5808 6e6f 2d63 6163 6865",
            "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
        ],
        [
            "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
            "8286 84be 5886 a8eb 1064 9cbf",
            "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
        ],
    ] {
        let mut decoder = Decoder::new(LIMITS);
        let mut tables = Vec::new();
        for block in blocks {
            let bad = decoder.read(&bytes(block), Part::Answer, &mut Head::new());
            assert_eq!(bad, Ok(Some(Bad::Pseudo)));
            tables.push(table(&decoder));
        }
        let authority = ":authority: www.example.com".to_owned();
        let control = "cache-control: no-cache".to_owned();
        let own = "custom-key: custom-value".to_owned();
        assert_eq!(tables[0], std::slice::from_ref(&authority));
        assert_eq!(tables[1], [control.clone(), authority.clone()]);
        assert_eq!(tables[2], [own, control, authority]);
    }
}

#[test]
fn the_answers_of_the_standard_are_read_with_a_table_of_256_bytes() {
    // C.5 without and C.6 with Huffman code.
    for blocks in [
        [
            "4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
            "4803 3330 37c1 c0bf",
            "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31",
        ],
        [
            "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
            "4883 640e ffc1 c0bf",
            "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
        ],
    ] {
        let mut decoder = Decoder::new(LIMITS);
        assert!(decoder.table.resize(256));
        let mut head = Head::new();
        let mut heads = Vec::new();
        for block in blocks {
            assert_eq!(
                decoder.read(&bytes(block), Part::Answer, &mut head),
                Ok(None)
            );
            heads.push((head.status(), fields(&head), table(&decoder)));
        }
        let private = "cache-control: private";
        let date = "date: Mon, 21 Oct 2013 20:13:21 GMT";
        let later = "date: Mon, 21 Oct 2013 20:13:22 GMT";
        let location = "location: https://www.example.com";
        let cookie = "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1";
        let encoding = "content-encoding: gzip";
        let texts = |texts: &[&str]| texts.iter().map(|one| (*one).to_owned()).collect();
        let expected: [(u16, Vec<String>, Vec<String>); 3] = [
            (
                302,
                texts(&[private, date, location]),
                texts(&[location, date, private, ":status: 302"]),
            ),
            (
                307,
                texts(&[private, date, location]),
                texts(&[":status: 307", location, date, private]),
            ),
            (
                200,
                texts(&[private, later, location, encoding, cookie]),
                texts(&[cookie, encoding, later]),
            ),
        ];
        assert_eq!(heads, expected);
    }
}

#[test]
fn a_block_that_is_none_ends_the_connection() {
    for (hex, bad) in [
        // Index 0, and one of no field.
        ("80", Bad::Compression),
        ("be", Bad::Compression),
        ("0fff ffff ff", Bad::Compression),
        // A name, and a value, that are cut off.
        ("88 00 05 6162", Bad::Compression),
        ("88 00 01 61", Bad::Compression),
        ("88 00 01 61 7f", Bad::Compression),
        // Huffman code that is filled up with zeros, and the code for the end.
        ("88 00 01 61 8100", Bad::Huffman),
        ("88 00 01 61 84ffffffff", Bad::Huffman),
        // A table that is too large, and one that changes behind a field.
        ("3fe2 1f 88", Bad::TableSize),
        ("88 20", Bad::TableSize),
    ] {
        assert_eq!(read(hex), Err(bad), "{hex}");
    }
    assert_eq!(read("3fe1 1f 20 88"), Ok(None));
}

#[test]
fn a_head_that_is_none_leaves_the_table_right() {
    for (hex, bad) in [
        ("", Some(Bad::Status)),
        ("88", None),
        ("8888", Some(Bad::Status)),
        // Statuses of no three digits, or below 100.
        ("0803 303939", Some(Bad::Status)),
        ("0804 31303030", Some(Bad::Status)),
        ("0803 2b3230", Some(Bad::Status)),
        // A status behind a field, one of a request, and one that nobody knows.
        ("00 01 61 01 62 88", Some(Bad::Pseudo)),
        ("88 82", Some(Bad::Pseudo)),
        ("88 00 02 3a61 00", Some(Bad::Pseudo)),
        // Names.
        ("88 00 01 41 01 62", Some(Bad::Name)),
        ("88 00 00 01 62", Some(Bad::Name)),
        ("88 00 02 6120 01 62", Some(Bad::Name)),
        // Values: a line feed, a zero, a tab.
        ("88 00 01 61 01 0a", Some(Bad::Control)),
        ("88 00 01 61 01 00", Some(Bad::Control)),
        ("88 00 01 61 03 620963", None),
        // Fields of a connection.
        (
            "88 00 0a 636f 6e6e 6563 7469 6f6e 01 61",
            Some(Bad::OfConnection),
        ),
        ("88 0f2a 07 6368 756e 6b65 64", Some(Bad::OfConnection)),
        ("88 00 02 7465 08 74726169 6c657273", None),
        // Lengths.
        ("88 0f0d 01 35", None),
        ("88 0f0d 02 2b35", Some(Bad::Length)),
        ("88 0f0d 00", Some(Bad::Length)),
        ("88 0f0d 01 35 0f0d 01 35", None),
        ("88 0f0d 01 35 0f0d 01 36", Some(Bad::Length)),
        (
            "88 0f0d 14 3138343436373434303733373039353531363136",
            Some(Bad::Length),
        ),
    ] {
        let mut decoder = Decoder::new(LIMITS);
        let mut head = Head::new();
        // What follows what is wrong is put into the table all the same.
        let mut block = bytes(hex);
        block.extend(b"\x40\x04kept\x01x");
        let read = decoder.read(&block, Part::Answer, &mut head);
        assert_eq!(read, Ok(bad), "{hex}");
        assert_eq!(table(&decoder), ["kept: x"], "{hex}");
    }
}

#[test]
fn a_head_within_its_limits_is_whole_and_a_larger_one_is_told_by_its_kind() {
    // The field of the status does not count.
    let of = |count: usize, size: usize| {
        let mut block = vec![0x88];
        for _ in 0..count {
            block.extend([0x00, 0x01, b'a']);
            crate::integer::put(&mut block, (0, 7), size);
            block.extend(vec![b'x'; size]);
        }
        let mut head = Head::new();
        let read = Decoder::new(LIMITS).read(&block, Part::Answer, &mut head);
        (read, head.fields().count())
    };
    assert_eq!(of(10, 0), (Ok(None), 10));
    assert_eq!(of(11, 0), (Ok(Some(Bad::TooManyFields)), 10));
    assert_eq!(of(1, 1_000 - 1), (Ok(None), 1));
    assert_eq!(of(1, 1_000), (Ok(Some(Bad::HeadTooLarge)), 0));
}

#[test]
fn spaces_around_a_value_are_not_its_own() {
    let mut head = Head::new();
    let block = b"\x88\x00\x01a\x06 \tb c \x0f\x0d\x03 5 ";
    let read = Decoder::new(LIMITS).read(block, Part::Answer, &mut head);
    assert_eq!((read, head.length()), (Ok(None), Some(5)));
    assert_eq!(fields(&head), ["a: b c", "content-length: 5"]);
    assert_eq!(head.get("a"), Some(&b"b c"[..]));
}

#[test]
fn only_a_block_that_always_says_the_same_is_recognised() {
    let mut decoder = Decoder::new(LIMITS);
    let mut head = Head::new();
    let mut read = |hex: &str| {
        let read = decoder.read(&bytes(hex), Part::Answer, &mut head);
        (read, head.told().block.to_vec(), fields(&head))
    };
    let (same, kept) = ("88 00 01 61 01 62", "88 40 01 61 01 62");
    let a = || vec!["a: b".to_owned()];
    assert_eq!(read(same), (Ok(None), bytes(same), a()));
    assert_eq!(read(same), (Ok(None), bytes(same), a()));
    // Each puts a field in, so the second block with an index says something else.
    assert_eq!(read(kept), (Ok(None), bytes(kept), a()));
    assert_eq!(read("88 be"), (Ok(None), vec![], a()));
    let (other, c) = ("88 40 01 63 01 64", vec!["c: d".to_owned()]);
    assert_eq!(read(other), (Ok(None), bytes(other), c));
    assert_eq!(read("88 be"), (Ok(None), vec![], vec!["c: d".to_owned()]));
    assert_eq!(read("88 20").0, Err(Bad::TableSize));
    assert_eq!(read("20 88"), (Ok(None), vec![], vec![]));
    assert_eq!(read("82").1, Vec::<u8>::new());
}

#[test]
fn a_block_that_is_recognised_fills_the_table_as_often_as_it_came() {
    let kept = bytes("88 40 01 61 01 62 40 01 63 01 64");
    let (mut open, mut closed) = (Decoder::new(LIMITS), Decoder::new(LIMITS));
    let mut head = Head::new();
    assert_eq!(
        closed.read(&bytes("20 88"), Part::Answer, &mut head),
        Ok(None)
    );
    for _ in 0..3 {
        for decoder in [&mut open, &mut closed] {
            assert_eq!(decoder.read(&kept, Part::Answer, &mut head), Ok(None));
            assert_eq!(fields(&head), ["a: b", "c: d"]);
        }
    }
    // Only the first was read where it came, and that by one of both.
    assert_eq!(table(&open), ["c: d", "a: b"]);
    // The oldest of all says what was put in first.
    assert_eq!(
        open.read(&[0x88, 0x80 + 67], Part::Answer, &mut head),
        Ok(None)
    );
    assert_eq!(fields(&head), ["a: b"]);
    let pairs = ["c: d", "a: b"].repeat(3);
    assert_eq!(
        (table(&open), table(&closed).len()),
        (pairs.iter().map(ToString::to_string).collect(), 0)
    );
    assert_eq!(
        open.read(&[0x88, 0x80 + 68], Part::Answer, &mut head),
        Err(Bad::Compression)
    );
}

#[test]
fn a_block_that_came_often_leaves_the_table_as_if_each_was_read() {
    let limits = Limits {
        fields: 100,
        bytes: 100_000,
    };
    // Of one field, of a few, of as many bytes as the table has, and of more; with one that empties it in the middle.
    for sizes in [
        &[1][..],
        &[1, 2, 3],
        &[1_000, 2_000],
        &[4_063],
        &[4_064],
        &[2_000, 2_000, 2_000],
        &[1, 5_000, 2],
        &[1, 5_000],
    ] {
        let mut kept = vec![0x88];
        for (number, size) in sizes.iter().enumerate() {
            kept.extend([0x40, 0x01, b'a' + number as u8]);
            crate::integer::put(&mut kept, (0, 7), *size);
            kept.extend(vec![b'x'; *size]);
        }
        for times in [1, 2, 3, 130, 300] {
            let (mut recognised, mut each) = (Decoder::new(limits), Decoder::new(limits));
            let mut head = Head::new();
            for _ in 0..times {
                assert_eq!(recognised.read(&kept, Part::Answer, &mut head), Ok(None));
                let read = each.read(&kept, Part::Answer, &mut Head::new());
                assert_eq!(read, Ok(None));
            }
            for decoder in [&mut recognised, &mut each] {
                let read = decoder.read(&[0x88], Part::Answer, &mut Head::new());
                assert_eq!(read, Ok(None));
            }
            assert_eq!(table(&recognised), table(&each), "{sizes:?}, {times}");
        }
    }
}

#[test]
fn a_head_that_is_kept_stays_as_it_is() {
    let mut decoder = Decoder::new(LIMITS);
    let mut head = Head::new();
    let mut read = |block: &str, head: &mut Head| {
        assert_eq!(decoder.read(&bytes(block), Part::Answer, head), Ok(None));
        head.copy()
    };
    let first = read("88 00 01 61 01 62", &mut head);
    let same = read("88 00 01 61 01 62", &mut head);
    let other = read("89 00 01 63 01 64", &mut head);
    assert_eq!((first.status(), fields(&first)), (200, vec!["a: b".into()]));
    assert_eq!(fields(&same), ["a: b"]);
    assert_eq!((other.status(), fields(&other)), (204, vec!["c: d".into()]));
}

#[test]
fn what_a_head_may_not_have_takes_no_memory_and_still_fills_the_table() {
    let limits = Limits {
        fields: 1_000,
        bytes: 8 << 10,
    };
    let long = 300_000;
    // A field of the table of 4,000 bytes, a hundred thousand times; a value without Huffman code, and one with it: 1 is 5 bits.
    let mut repeated = vec![0x88, 0x40, 0x01, b'a'];
    crate::integer::put(&mut repeated, (0, 7), 4_000);
    repeated.extend(vec![b'x'; 4_000]);
    repeated.extend(vec![0xbe; 100_000]);
    let mut plain = vec![0x88, 0x00, 0x01, b'a'];
    crate::integer::put(&mut plain, (0, 7), long);
    plain.extend(vec![b'x'; long]);
    let mut coded = vec![0x88, 0x00, 0x01, b'a'];
    crate::integer::put(&mut coded, (0x80, 7), long);
    coded.extend([0x08, 0x42, 0x10, 0x84, 0x21].repeat(long / 5));
    // One that is too large for the table empties it.
    let mut emptied = plain.clone();
    emptied[1] = 0x40;
    for (mut block, kept) in [
        (repeated, true),
        (plain, false),
        (coded, false),
        (emptied, false),
    ] {
        block.extend(b"\x40\x01b\x01c");
        let mut decoder = Decoder::new(limits);
        let mut head = Head::new();
        assert_eq!(
            decoder.read(&block, Part::Answer, &mut head),
            Ok(Some(Bad::HeadTooLarge))
        );
        assert_eq!(table(&decoder).len(), 1 + usize::from(kept));
        assert_eq!(table(&decoder)[0], "b: c");
        // A vector may have twice what was put into it.
        assert!(head.told().held() <= 2 * (limits.bytes + 4_096 + 16));
    }
    // Huffman code that is none is told as well where nothing is kept of it.
    let mut wrong = vec![0x88, 0x00, 0x01, b'a'];
    crate::integer::put(&mut wrong, (0x80, 7), long);
    wrong.extend(vec![0xff; long]);
    let read = Decoder::new(limits).read(&wrong, Part::Answer, &mut Head::new());
    assert_eq!(read, Err(Bad::Huffman));
}

#[test]
fn a_head_says_whether_it_has_the_fields_that_clients_ask_for() {
    let mut head = Head::new();
    let mut read = |block: &[u8]| {
        let mut decoder = Decoder::new(LIMITS);
        assert_eq!(decoder.read(block, Part::Answer, &mut head), Ok(None));
        (head.sets_cookies(), head.has_location())
    };
    // By their indexes, and written out.
    assert_eq!(read(b"\x88\x0f\x28\x01a"), (true, false));
    assert_eq!(read(b"\x88\x0f\x1f\x01a"), (false, true));
    assert_eq!(read(b"\x88\x00\x0aset-cookie\x01a"), (true, false));
    assert_eq!(read(b"\x88\x00\x08location\x01a"), (false, true));
    assert_eq!(read(b"\x88\x00\x08location\x01a"), (false, true));
    assert_eq!(read(b"\x88\x00\x09locations\x01a"), (false, false));
}

#[test]
fn trailers_have_no_status() {
    let mut decoder = Decoder::new(LIMITS);
    let mut head = Head::new();
    let mut read = |hex: &str| decoder.read(&bytes(hex), Part::Trailers, &mut head);
    assert_eq!(read("00 01 61 01 62"), Ok(None));
    assert_eq!(read("88"), Ok(Some(Bad::Pseudo)));
    assert_eq!(read(""), Ok(None));
    assert_eq!(head.status(), 0);
}
