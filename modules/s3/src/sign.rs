//! Signatures of requests: AWS Signature Version 4, in the fields of a request or in its query.
//!
//! ```text
//! method, path, query, fields, hash of the body -> canonical text -> hash -> text to sign -> signature by the key of the day
//! ```
//!
//! The key of a day and the text of a second are made once.

use crate::date::stamp;
use crate::encode::{Slash, encode_into, hex_into};
use bggo_runtime::contract::Text;
use ring::digest::{SHA256, digest};
use ring::hmac::{self, HMAC_SHA256, Key};
use std::cell::RefCell;
use std::rc::Rc;

/// In place of a hash, of a body that is not part of the signature.
pub(crate) const UNSIGNED: &str = "UNSIGNED-PAYLOAD";
/// The hash of a body without bytes.
pub(crate) const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// What signatures depend on, besides the request and its second.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Credentials {
    access_key_id: Text,
    secret: Text,
    region: Text,
    session_token: Option<Text>,
}

/// Signs requests of one set of credentials.
#[derive(Debug)]
pub(crate) struct Signer {
    credentials: Credentials,
    moment: RefCell<Option<Rc<Moment>>>,
}

/// What all signatures of a second share.
#[derive(Debug)]
struct Moment {
    second: u64,
    /// As `20130524T000000Z`.
    stamp: String,
    /// As `20130524/eu-west-1/s3/aws4_request`.
    scope: String,
    key: Key,
}

impl Moment {
    fn day(&self) -> &str {
        self.stamp.get(..8).unwrap_or_default()
    }
}

/// What is signed of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ToSign<'a> {
    pub(crate) method: &'a str,
    pub(crate) host: &'a str,
    /// As it is sent, without its query.
    pub(crate) path: &'a str,
    /// As it is sent, its pairs in the order of their names.
    pub(crate) query: &'a str,
    /// Further fields, by their names in lower case.
    pub(crate) fields: &'a [(&'a str, &'a str)],
    /// The hash of its body, or [`UNSIGNED`].
    pub(crate) payload: &'a str,
}

/// The fields that a signature adds to a request.
#[derive(Debug)]
pub(crate) struct Signed {
    pub(crate) authorization: String,
    moment: Rc<Moment>,
}

impl Signed {
    /// The value of X-Amz-Date.
    pub(crate) fn date(&self) -> &str {
        &self.moment.stamp
    }
}

impl Signer {
    pub(crate) fn new(
        (access_key_id, secret): (Text, Text),
        session_token: Option<Text>,
        region: Text,
    ) -> Self {
        Self {
            credentials: Credentials {
                access_key_id,
                secret,
                region,
                session_token,
            },
            moment: RefCell::default(),
        }
    }

    /// Whose signatures these are.
    pub(crate) fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// The token that goes with each request.
    pub(crate) fn session_token(&self) -> Option<&str> {
        self.credentials.session_token.as_deref()
    }

    /// Signs a request at a second since 1970, in its fields.
    pub(crate) fn sign(&self, to_sign: &ToSign<'_>, second: u64) -> Signed {
        let moment = self.moment(second);
        let mut fields: Vec<(&str, &str)> = vec![
            ("host", to_sign.host),
            ("x-amz-content-sha256", to_sign.payload),
            ("x-amz-date", &moment.stamp),
        ];
        let token = self.session_token();
        let token = token.map(|token| ("x-amz-security-token", token));
        for field in to_sign.fields.iter().copied().chain(token) {
            // In the order of the names. They are few, and a sort of the standard library is much code.
            let place = fields.iter().position(|(name, _)| *name > field.0);
            fields.insert(place.unwrap_or(fields.len()), field);
        }
        let names = names(&fields);
        let mut authorization = String::with_capacity(256);
        for part in [
            "AWS4-HMAC-SHA256 Credential=",
            &self.credentials.access_key_id,
            "/",
            &moment.scope,
            ",SignedHeaders=",
            &names,
            ",Signature=",
        ] {
            authorization.push_str(part);
        }
        put_signature(
            &mut authorization,
            &moment,
            (to_sign, to_sign.query),
            (&fields, &names),
        );
        Signed {
            authorization,
            moment,
        }
    }

    /// The query of a request that carries its signature there, and is valid for so many seconds.
    pub(crate) fn presign(&self, to_sign: &ToSign<'_>, second: u64, expires: u64) -> String {
        let moment = self.moment(second);
        let mut query = String::with_capacity(384);
        let credential = format!("{}/{}", self.credentials.access_key_id, moment.scope);
        // In the order of the names.
        let mut pairs = vec![
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            ("X-Amz-Credential", &credential),
            ("X-Amz-Date", &moment.stamp),
        ];
        let expires = expires.to_string();
        pairs.push(("X-Amz-Expires", &expires));
        pairs.extend(
            self.session_token()
                .map(|token| ("X-Amz-Security-Token", token)),
        );
        pairs.push(("X-Amz-SignedHeaders", "host"));
        for (name, value) in pairs {
            if !query.is_empty() {
                query.push('&');
            }
            query.push_str(name);
            query.push('=');
            encode_into(&mut query, value, Slash::IsEncoded);
        }
        let mut signature = String::with_capacity(64);
        let fields = [("host", to_sign.host)];
        put_signature(
            &mut signature,
            &moment,
            (to_sign, &query),
            (&fields, "host"),
        );
        query.push_str("&X-Amz-Signature=");
        query.push_str(&signature);
        query
    }

    fn moment(&self, second: u64) -> Rc<Moment> {
        let mut kept = self.moment.borrow_mut();
        if let Some(moment) = &*kept
            && moment.second == second
        {
            return Rc::clone(moment);
        }
        let stamp = stamp(second);
        let day = stamp.get(..8).unwrap_or_default();
        let key = match &*kept {
            Some(moment) if moment.day() == day => moment.key.clone(),
            _ => self.key(day),
        };
        let moment = Rc::new(Moment {
            second,
            scope: format!("{day}/{}/s3/aws4_request", self.credentials.region),
            key,
            stamp,
        });
        *kept = Some(Rc::clone(&moment));
        moment
    }

    /// The key of a day.
    fn key(&self, day: &str) -> Key {
        let secret = format!("AWS4{}", self.credentials.secret);
        let mut key = Key::new(HMAC_SHA256, secret.as_bytes());
        for part in [day, &self.credentials.region, "s3", "aws4_request"] {
            key = Key::new(HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref());
        }
        key
    }
}

/// The names of fields, joined.
fn names(fields: &[(&str, &str)]) -> String {
    let mut names = String::with_capacity(64);
    for (name, _) in fields {
        if !names.is_empty() {
            names.push(';');
        }
        names.push_str(name);
    }
    names
}

/// Appends a signature.
fn put_signature(
    out: &mut String,
    moment: &Moment,
    (to_sign, query): (&ToSign<'_>, &str),
    (fields, names): (&[(&str, &str)], &str),
) {
    // One text, hashed at once: a hash that is fed in small parts takes longer.
    let mut canonical = String::with_capacity(512);
    for part in [to_sign.method, "\n", to_sign.path, "\n", query, "\n"] {
        canonical.push_str(part);
    }
    for (name, value) in fields {
        canonical.push_str(name);
        canonical.push(':');
        // Spaces that follow each other count as one.
        let words = value.trim().split(' ').filter(|word| !word.is_empty());
        for (place, word) in words.enumerate() {
            if place > 0 {
                canonical.push(' ');
            }
            canonical.push_str(word);
        }
        canonical.push('\n');
    }
    for part in ["\n", names, "\n", to_sign.payload] {
        canonical.push_str(part);
    }
    let mut text = String::with_capacity(192);
    for part in [
        "AWS4-HMAC-SHA256\n",
        &moment.stamp,
        "\n",
        &moment.scope,
        "\n",
    ] {
        text.push_str(part);
    }
    hex_into(&mut text, digest(&SHA256, canonical.as_bytes()).as_ref());
    hex_into(out, hmac::sign(&moment.key, text.as_bytes()).as_ref());
}

/// The hash of known bytes.
pub(crate) fn hash(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return EMPTY.to_owned();
    }
    let mut hex = String::with_capacity(64);
    hex_into(&mut hex, digest(&SHA256, bytes).as_ref());
    hex
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The credentials and the second of the examples in the documentation of AWS.
    fn example() -> (Signer, u64) {
        let text = |text: &'static str| Text::Static(text);
        let credentials = (
            text("AKIAIOSFODNN7EXAMPLE"),
            text("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        );
        (
            Signer::new(credentials, None, text("us-east-1")),
            1_369_353_600,
        )
    }

    fn to_sign<'a>(path: &'a str, query: &'a str, fields: &'a [(&'a str, &'a str)]) -> ToSign<'a> {
        ToSign {
            method: "GET",
            host: "examplebucket.s3.amazonaws.com",
            path,
            query,
            fields,
            payload: EMPTY,
        }
    }

    #[test]
    fn signatures_are_those_that_aws_documents() {
        let (signer, second) = example();
        let ends = |to_sign: &ToSign<'_>, signature: &str| {
            let signed = signer.sign(to_sign, second);
            let found = signed.authorization.rsplit('=').next().unwrap().to_owned();
            assert_eq!(found, signature, "{signed:?}");
            assert_eq!(signed.date(), "20130524T000000Z");
        };
        let range = [("range", "bytes=0-9")];
        let get = to_sign("/test.txt", "", &range);
        ends(
            &get,
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        );
        assert!(signer.sign(&get, second).authorization.starts_with(
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature="
        ));
        ends(
            &to_sign("/", "lifecycle=", &[]),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        );
        ends(
            &to_sign("/", "max-keys=2&prefix=J", &[]),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        );
        let fields = [
            ("date", "Fri, 24 May 2013 00:00:00 GMT"),
            ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ];
        let payload = hash(b"Welcome to Amazon S3.");
        let put = ToSign {
            method: "PUT",
            payload: &payload,
            ..to_sign("/test%24file.text", "", &fields)
        };
        ends(
            &put,
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        );
    }

    #[test]
    fn a_presigned_query_is_that_which_aws_documents() {
        let (signer, second) = example();
        let get = ToSign {
            payload: UNSIGNED,
            ..to_sign("/test.txt", "", &[])
        };
        assert_eq!(
            signer.presign(&get, second, 86_400),
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
        );
    }

    #[test]
    fn the_next_second_and_the_next_day_have_dates_of_their_own() {
        let (signer, second) = example();
        let get = to_sign("/", "", &[]);
        let first = signer.sign(&get, second).authorization;
        assert_eq!(signer.sign(&get, second).authorization, first);
        let next = signer.sign(&get, second + 1);
        assert_eq!(next.date(), "20130524T000001Z");
        assert_ne!(next.authorization, first);
        let next = signer.sign(&get, second + 86_400);
        assert!(next.authorization.contains("/20130525/us-east-1/"));
        // The key of the first day is made again.
        assert_eq!(signer.sign(&get, second).authorization, first);
    }

    #[test]
    fn a_session_token_is_signed() {
        let (mut signer, second) = example();
        signer.credentials.session_token = Some(Text::Static("token/+="));
        let get = to_sign("/", "", &[]);
        let signed = signer.sign(&get, second).authorization;
        assert!(signed.contains(";x-amz-date;x-amz-security-token,"));
        let query = signer.presign(&get, second, 1);
        assert!(query.contains(
            "&X-Amz-Expires=1&X-Amz-Security-Token=token%2F%2B%3D&X-Amz-SignedHeaders=host&"
        ));
    }
}
