//! Heads that are made at random and known to be right: what was put in is what is read.

use bggo_http1::{Asked, Framing, Limits, Progress, fields, read};
use proptest::prelude::*;

const LIMITS: Limits = Limits {
    fields: 20,
    bytes: 1 << 20,
};

/// A field: name, value as written, value as meant.
fn field() -> impl Strategy<Value = (String, String, String)> {
    let value = proptest::collection::vec("[!-~äö]([ !-~\t]{0,30}[!-~])?", 0..4);
    let name = "x[a-zA-Z0-9!#$%&'*+.^_`|~-]{0,40}";
    (name, value, "(\r\n|\n)[ \t]+")
        .prop_map(|(name, words, fold)| (name, words.join(&fold), words.join(" ")))
}

proptest! {
    #[test]
    fn fields_that_are_written_are_read(
        all in proptest::collection::vec(field(), 0..20),
        length in any::<u64>(),
        space in "[ \t]{0,3}",
        end in prop_oneof![Just("\r\n"), Just("\n")],
        body in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut text = format!("HTTP/1.1 200 OK{end}");
        for (name, written, _) in all.iter().skip(1) {
            text.push_str(&format!("{name}:{space}{written}{space}{end}"));
        }
        text.push_str(&format!("Content-Length:{space}{length}{end}{end}"));
        let size = text.len();
        let bytes = [text.as_bytes(), &body].concat();
        let head = read(&bytes, &mut Progress::new(), &Asked::default(), &LIMITS);
        let head = head.ok().flatten();
        prop_assert_eq!(head.map(|head| (head.size, head.framing)), Some((size, Framing::Length(length))));
        let seen: Vec<(Vec<u8>, Vec<u8>)> = fields(&bytes[..size])
            .map(|(name, value)| (name.to_vec(), value.to_vec()))
            .collect();
        let mut meant: Vec<(Vec<u8>, Vec<u8>)> = all
            .into_iter()
            .skip(1)
            .map(|(name, _, value)| (name.into_bytes(), value.into_bytes()))
            .collect();
        meant.push((b"Content-Length".to_vec(), length.to_string().into_bytes()));
        prop_assert_eq!(seen, meant);
    }
}
