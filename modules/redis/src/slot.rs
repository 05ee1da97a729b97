//! Slots of a cluster: which one the key of a command is in.
//!
//! A slot is CRC16 (XMODEM) of the key, or of what stands in its first braces, modulo 16,384: the specification of Redis Cluster.

/// How many slots there are.
pub(crate) const SLOTS: u16 = 16_384;

/// The slot of a key.
pub(crate) fn slot(key: &[u8]) -> u16 {
    crc16(hashed(key)) % SLOTS
}

/// The part of a key that says where it is: what stands between its first `{` and the next `}`, if that is something.
fn hashed(key: &[u8]) -> &[u8] {
    let begin = key.iter().position(|byte| *byte == b'{');
    let tag = begin.and_then(|begin| {
        let tag = key.get(begin + 1..)?;
        let end = tag.iter().position(|byte| *byte == b'}')?;
        tag.get(..end)
    });
    tag.filter(|tag| !tag.is_empty()).unwrap_or(key)
}

fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |mut crc, byte| {
        crc ^= u16::from(*byte) << 8;
        for _ in 0..8 {
            crc = match crc & 0x8000 {
                0 => crc << 1,
                _ => crc << 1 ^ 0x1021,
            };
        }
        crc
    })
}

/// The key of a command by which its node is found; `None`: any node may have it. Where this is wrong, as of a command of a server module, the server
/// names the node.
pub(crate) fn key_of<'a>(words: &[&'a [u8]]) -> Option<&'a [u8]> {
    let name = words.first()?.to_ascii_uppercase();
    let behind = |word: &[u8]| {
        let at = words.iter().position(|one| one.eq_ignore_ascii_case(word));
        at.map(|at| at + 1)
    };
    // Behind a number of keys, which may be 0.
    let counted = |at: usize| (words.get(at).copied() != Some(&b"0"[..])).then_some(at + 1);
    let at = match name.as_slice() {
        b"PING" | b"ECHO" | b"INFO" | b"TIME" | b"DBSIZE" | b"CONFIG" | b"CLIENT" | b"CLUSTER"
        | b"COMMAND" | b"FLUSHALL" | b"FLUSHDB" | b"KEYS" | b"SCAN" | b"RANDOMKEY" | b"SCRIPT"
        | b"FUNCTION" | b"PUBLISH" | b"PUBSUB" | b"WAIT" | b"WAITAOF" | b"LASTSAVE" | b"ACL"
        | b"SLOWLOG" | b"LATENCY" | b"MULTI" | b"EXEC" | b"DISCARD" => None,
        b"OBJECT" | b"XGROUP" | b"XINFO" | b"MEMORY" | b"BITOP" => Some(2),
        b"EVAL" | b"EVALSHA" | b"EVAL_RO" | b"EVALSHA_RO" | b"FCALL" | b"FCALL_RO" | b"BLMPOP"
        | b"BZMPOP" => counted(2),
        b"ZUNION" | b"ZINTER" | b"ZDIFF" | b"ZINTERCARD" | b"SINTERCARD" | b"LMPOP" | b"ZMPOP" => {
            counted(1)
        }
        b"XREAD" | b"XREADGROUP" => behind(b"STREAMS"),
        _ => Some(1),
    };
    words.get(at?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_the_specification() {
        assert_eq!(crc16(b"123456789"), 0x31C3);
        assert_eq!(slot(b"foo"), 12_182);
        assert_eq!(slot(b"{user1000}.following"), slot(b"{user1000}.followers"));
        assert_eq!(slot(b"foo{}{bar}"), crc16(b"foo{}{bar}") % SLOTS);
        assert_eq!(slot(b"foo{{bar}}zap"), crc16(b"{bar") % SLOTS);
        assert_eq!(slot(b"foo{bar}{zap}"), crc16(b"bar") % SLOTS);
        assert_eq!(slot(b""), 0);
    }

    #[test]
    fn keys_stand_where_each_command_has_them() {
        for (command, key) in [
            ("GET a", Some("a")),
            ("ping", None),
            ("EVAL text 2 a b c", Some("a")),
            ("EVALSHA hash 0 c", None),
            ("xread COUNT 1 streams s t 0 0", Some("s")),
            ("XREADGROUP GROUP g c STREAMS s >", Some("s")),
            ("XGROUP CREATE s g $", Some("s")),
            ("OBJECT ENCODING a", Some("a")),
            ("ZUNION 2 a b", Some("a")),
            ("BLMPOP 1 2 a b LEFT", Some("a")),
            ("GET", None),
        ] {
            let words: Vec<&[u8]> = command.split(' ').map(str::as_bytes).collect();
            assert_eq!(key_of(&words), key.map(str::as_bytes), "{command}");
        }
    }
}
