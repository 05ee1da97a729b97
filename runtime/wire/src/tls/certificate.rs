//! Reads the parts of a certificate that are needed to accept it as the server's own: how long it is valid, the host that its
//! subject names, and its key. The TLS library checks these only together with all the rest.

use bggo_runtime::contract::days_since_1970;
use ring::digest;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const OBJECT_ID: u8 = 0x06;
/// `[0]`, the version.
const VERSION: u8 = 0xa0;
/// `[0]`, the first parameter.
const FIRST: u8 = 0xa0;
/// 1.2.840.113549.1.1
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
/// 1.2.840.10045.4
const ECDSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04];
/// 2.16.840.1.101.3.4.2
const SHA_2: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02];
/// 2.5.4.3
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];

/// Parts of an X.509 certificate (RFC 5280, section 4.1).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Certificate<'a> {
    /// Seconds since 1970.
    pub(super) not_before: u64,
    /// Seconds since 1970.
    pub(super) not_after: u64,
    common_names: Vec<String>,
    /// DER of the key and its algorithm.
    pub(super) key: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// Reads a certificate's DER.
    pub(super) fn read(der: &'a [u8]) -> Option<Self> {
        let mut outer = DerReader(der).inside(SEQUENCE)?;
        let mut fields = outer.inside(SEQUENCE)?;
        if fields.0.first() == Some(&VERSION) {
            fields.next()?;
        }
        // Serial number, signature algorithm, issuer.
        for _ in 0..3 {
            fields.next()?;
        }
        let mut validity = fields.inside(SEQUENCE)?;
        let (not_before, not_after) = (validity.time()?, validity.time()?);
        let common_names = common_names(fields.inside(SEQUENCE)?)?;
        let key = fields.0;
        fields.inside(SEQUENCE)?;
        Some(Self {
            not_before,
            not_after,
            common_names,
            key: key.get(..key.len() - fields.0.len())?,
        })
    }

    /// Whether the subject names a host; `*.` in the name stands for one label.
    pub(super) fn is_for(&self, host: &str) -> bool {
        self.common_names.iter().any(|name| {
            let same = name.eq_ignore_ascii_case(host);
            let below = name.strip_prefix("*.").zip(host.split_once('.'));
            same || below.is_some_and(|(name, (_, rest))| name.eq_ignore_ascii_case(rest))
        })
    }
}

/// How the hash of `tls-server-end-point` is made (RFC 5929, section 4.1): as the signature of the certificate makes its own, but by
/// SHA-256 where that is weaker. `None` of signatures for which nothing is said, as those of Ed25519.
pub(super) fn end_point(der: &[u8]) -> Option<Box<[u8]>> {
    let mut outer = DerReader(der).inside(SEQUENCE)?;
    outer.next()?;
    let mut signature = outer.inside(SEQUENCE)?;
    let (OBJECT_ID, name) = signature.next()? else {
        return None;
    };
    let hash = match (name.strip_prefix(RSA), name.strip_prefix(ECDSA)) {
        // Of RSA-PSS the parameters say which hash it is, and SHA-1 if they do not.
        (Some(&[10]), _) => match pss_hash(signature) {
            Some(named) => match named.strip_prefix(SHA_2)? {
                [1] => &digest::SHA256,
                [2] => &digest::SHA384,
                [3] => &digest::SHA512,
                _ => return None,
            },
            None => &digest::SHA256,
        },
        // MD5, SHA-1, SHA-256.
        (Some(&[4 | 5 | 11]), _) => &digest::SHA256,
        (Some(&[12]), _) | (_, Some(&[3, 3])) => &digest::SHA384,
        (Some(&[13]), _) | (_, Some(&[3, 4])) => &digest::SHA512,
        (_, Some(&[1] | &[3, 2])) => &digest::SHA256,
        _ => return None,
    };
    Some(digest::digest(hash, der).as_ref().into())
}

/// The hash that the parameters of RSA-PSS name.
fn pss_hash(mut signature: DerReader<'_>) -> Option<&[u8]> {
    let mut parameters = signature.inside(SEQUENCE)?;
    let mut hash = parameters.inside(FIRST)?.inside(SEQUENCE)?;
    let (tag, name) = hash.next()?;
    (tag == OBJECT_ID).then_some(name)
}

fn common_names(mut subject: DerReader<'_>) -> Option<Vec<String>> {
    let mut names = Vec::new();
    while !subject.0.is_empty() {
        let mut set = subject.inside(SET)?;
        while !set.0.is_empty() {
            let mut pair = set.inside(SEQUENCE)?;
            let (kind, value) = (pair.next()?, pair.next()?);
            if kind == (OBJECT_ID, COMMON_NAME) {
                names.push(String::from_utf8_lossy(value.1).into_owned());
            }
        }
    }
    Some(names)
}

/// Reads DER from its front.
struct DerReader<'a>(&'a [u8]);

impl<'a> DerReader<'a> {
    /// The next element: its tag and content.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&[tag, first], mut rest) = self.0.split_first_chunk::<2>()?;
        let mut length = usize::from(first);
        if first >= 0x80 {
            // So many bytes of the length follow.
            let (digits, after) = rest.split_at_checked(usize::from(first & 0x7f))?;
            if digits.len() > 4 {
                return None;
            }
            length = digits
                .iter()
                .fold(0, |length, digit| (length << 8) | usize::from(*digit));
            rest = after;
        }
        let (content, after) = rest.split_at_checked(length)?;
        self.0 = after;
        Some((tag, content))
    }

    fn inside(&mut self, tag: u8) -> Option<Self> {
        let (found, content) = self.next()?;
        (found == tag).then_some(Self(content))
    }

    /// Seconds since 1970; what is before is 1970.
    fn time(&mut self) -> Option<u64> {
        let (tag, text) = self.next()?;
        let mut digits = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
        let mut number = |count: usize| {
            let (number, rest) = digits.split_at_checked(count)?;
            digits = rest;
            number.parse::<u32>().ok()
        };
        let year = match tag {
            UTC_TIME => match number(2)? {
                year @ 0..50 => 2000 + year,
                year => 1900 + year,
            },
            GENERALIZED_TIME => number(4)?,
            _ => return None,
        };
        let (month, day) = (number(2)?, number(2)?);
        if !(1..=12).contains(&month) {
            return None;
        }
        let (hour, minute, second) = (number(2)?, number(2)?, number(2)?);
        let of_day = i64::from(hour * 3600 + minute * 60 + second);
        Some(u64::try_from(days_since_1970(year.into(), month, day) * 86_400 + of_day).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82], &length[..], content].concat()
    }

    fn certificate(not_after: Vec<u8>, names: &[&str]) -> Vec<u8> {
        let subject: Vec<u8> = names
            .iter()
            .flat_map(|name| {
                let pair = [
                    element(OBJECT_ID, COMMON_NAME),
                    element(0x0c, name.as_bytes()),
                ];
                element(SET, &element(SEQUENCE, &pair.concat()))
            })
            .collect();
        let validity = [element(UTC_TIME, b"700101000001Z"), not_after].concat();
        let fields = [
            element(VERSION, &[2, 1, 2]),
            element(2, &[1]),
            element(SEQUENCE, &[]),
            element(SEQUENCE, &[]),
            element(SEQUENCE, &validity),
            element(SEQUENCE, &subject),
            element(SEQUENCE, b"key"),
            element(0xa3, b"extensions"),
        ];
        element(SEQUENCE, &element(SEQUENCE, &fields.concat()))
    }

    #[test]
    fn validity_and_names_are_read() {
        let whole = certificate(
            element(GENERALIZED_TIME, b"20280229000000Z"),
            &["localhost", "*.a.test"],
        );
        let read = Certificate::read(&whole).unwrap();
        assert_eq!(read.key, element(SEQUENCE, b"key"));
        assert_eq!((read.not_before, read.not_after), (1, 1_835_395_200));
        for (host, is_for) in [
            ("LOCALHOST", true),
            ("x.a.test", true),
            ("x.y.a.test", false),
            ("a.test", false),
            ("other", false),
        ] {
            assert_eq!(read.is_for(host), is_for, "{host}");
        }
    }

    #[test]
    fn a_certificate_is_hashed_as_its_signature_is_made() {
        let signed = |name: &[u8], parameters: &[u8]| {
            let signature = element(SEQUENCE, &[&element(OBJECT_ID, name), parameters].concat());
            element(
                SEQUENCE,
                &[element(SEQUENCE, b"fields"), signature].concat(),
            )
        };
        let pss = |hash: &[u8]| {
            let hash = element(SEQUENCE, &element(OBJECT_ID, hash));
            element(SEQUENCE, &element(FIRST, &hash))
        };
        let of = |base: &[u8], rest: &[u8]| [base, rest].concat();
        for (name, parameters, bytes) in [
            (of(RSA, &[5]), vec![5, 0], 32),
            (of(RSA, &[11]), vec![5, 0], 32),
            (of(RSA, &[12]), vec![5, 0], 48),
            (of(RSA, &[13]), vec![5, 0], 64),
            (of(RSA, &[10]), vec![], 32),
            (of(RSA, &[10]), pss(&of(SHA_2, &[2])), 48),
            (of(ECDSA, &[1]), vec![], 32),
            (of(ECDSA, &[3, 2]), vec![], 32),
            (of(ECDSA, &[3, 3]), vec![], 48),
            (of(ECDSA, &[3, 4]), vec![], 64),
        ] {
            let whole = signed(&name, &parameters);
            let made = end_point(&whole).unwrap();
            assert_eq!(made.len(), bytes, "{name:x?}");
            for end in 0..whole.len() {
                assert_eq!(end_point(&whole[..end]), None, "{end}");
            }
        }
        let sha256 = signed(&of(RSA, &[11]), &[5, 0]);
        let expected = digest::digest(&digest::SHA256, &sha256);
        assert_eq!(end_point(&sha256).as_deref(), Some(expected.as_ref()));
        // Ed25519, and SHA-3.
        assert_eq!(end_point(&signed(&[0x2b, 0x65, 0x70], &[])), None);
        assert_eq!(
            end_point(&signed(&of(RSA, &[10]), &pss(&of(SHA_2, &[8])))),
            None
        );
    }

    #[test]
    fn what_is_cut_off_or_none_is_not_read() {
        let whole = certificate(element(UTC_TIME, b"491231235959Z"), &["a"]);
        assert!(Certificate::read(&whole).is_some());
        for end in 0..whole.len() {
            assert_eq!(Certificate::read(&whole[..end]), None, "{end}");
        }
        let wrong = certificate(element(UTC_TIME, b"491331235959Z"), &["a"]);
        assert_eq!(Certificate::read(&wrong), None);
    }
}
