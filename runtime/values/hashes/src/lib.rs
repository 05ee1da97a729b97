//! Hashes, keyed hashes and signed tokens, by the crates of RustCrypto.

use bggo_functions::args::{Args, args};
use bggo_values::base64::to_base64;
use bggo_values::{Fault, Seq, Value, json};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha512};

fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
    let digits = bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    digits.collect()
}

fn content(function: &'static str, values: &[Value]) -> Result<Seq<u8>, Fault> {
    args(function, values, 1, 1)?.content(0)
}

/// The MD5 of bytes, or of the UTF-8 of a text, in hexadecimal.
///
/// # Errors
/// When the argument is neither bytes nor a string.
pub fn md5(values: &[Value]) -> Result<Value, Fault> {
    let hash = md5::Md5::digest(&*content("md5", values)?);
    Ok(Value::from(hex(&hash)))
}

/// The SHA-1 of bytes, or of the UTF-8 of a text, in hexadecimal.
///
/// # Errors
/// When the argument is neither bytes nor a string.
pub fn sha1(values: &[Value]) -> Result<Value, Fault> {
    let hash = sha1::Sha1::digest(&*content("sha1", values)?);
    Ok(Value::from(hex(&hash)))
}

/// The SHA-256 of bytes, or of the UTF-8 of a text, in hexadecimal.
///
/// # Errors
/// When the argument is neither bytes nor a string.
pub fn sha256(values: &[Value]) -> Result<Value, Fault> {
    Ok(Value::from(hex(&Sha256::digest(&*content(
        "sha256", values,
    )?))))
}

/// The SHA-512 of bytes, or of the UTF-8 of a text, in hexadecimal.
///
/// # Errors
/// When the argument is neither bytes nor a string.
pub fn sha512(values: &[Value]) -> Result<Value, Fault> {
    Ok(Value::from(hex(&Sha512::digest(&*content(
        "sha512", values,
    )?))))
}

/// The SHA-256 of bytes, or of the UTF-8 of a text, in base64.
///
/// # Errors
/// When the argument is neither bytes nor a string.
pub fn base64sha256(values: &[Value]) -> Result<Value, Fault> {
    let hash = Sha256::digest(&*content("base64sha256", values)?);
    Ok(Value::from(to_base64(&hash)))
}

/// The SHA-512 of bytes, or of the UTF-8 of a text, in base64.
///
/// # Errors
/// When the argument is neither bytes nor a string.
pub fn base64sha512(values: &[Value]) -> Result<Value, Fault> {
    let hash = Sha512::digest(&*content("base64sha512", values)?);
    Ok(Value::from(to_base64(&hash)))
}

/// The HMAC with SHA-256 of a message under a key, in hexadecimal.
///
/// # Errors
/// When an argument is neither bytes nor a string.
pub fn hmac_sha256(values: &[Value]) -> Result<Value, Fault> {
    let args = args("hmac_sha256", values, 2, 2)?;
    Ok(Value::from(hex(&signed(args, 0, &args.content(1)?)?)))
}

/// The HMAC of a message under the key that is the argument at this place.
fn signed(args: Args<'_>, key: usize, message: &[u8]) -> Result<[u8; 32], Fault> {
    // A key of any length is right: the fault is never made.
    let mut mac = Hmac::<Sha256>::new_from_slice(&args.content(key)?)
        .map_err(|_| args.fault(key, "the key cannot be used"))?;
    mac.update(message);
    Ok(mac.finalize().into_bytes().into())
}

/// A JSON Web Token with these claims, signed by HMAC with SHA-256 under a key.
///
/// # Errors
/// When the first argument is no object or the second neither bytes nor a string.
pub fn jwt_hs256(values: &[Value]) -> Result<Value, Fault> {
    let args = args("jwt_hs256", values, 2, 2)?;
    let claims = Value::Object(args.object(0)?);
    let header = base64url(br#"{"alg":"HS256","typ":"JWT"}"#);
    let token = format!(
        "{header}.{}",
        base64url(json::encode_plain(&claims).as_bytes())
    );
    let signature = base64url(&signed(args, 1, token.as_bytes())?);
    Ok(Value::from(format!("{token}.{signature}")))
}

/// Base64 with the alphabet of URLs and without padding (RFC 4648, 5).
fn base64url(bytes: &[u8]) -> String {
    let letters = to_base64(bytes);
    let letters = letters.trim_end_matches('=').chars();
    letters
        .map(|letter| match letter {
            '+' => '-',
            '/' => '_',
            other => other,
        })
        .collect()
}

/// The UUID, version 5, of a name within a namespace: a UUID, or `dns`, `url`, `oid` or `x500`.
///
/// # Errors
/// When an argument is no string or the first no namespace.
pub fn uuidv5(values: &[Value]) -> Result<Value, Fault> {
    let args = args("uuidv5", values, 2, 2)?;
    let namespace = match args.text(0)?.as_str() {
        "dns" => Some(well_known(0)),
        "url" => Some(well_known(1)),
        "oid" => Some(well_known(2)),
        "x500" => Some(well_known(4)),
        text => uuid(text),
    };
    let namespace = namespace
        .ok_or_else(|| args.fault(0, "a UUID is required, or `dns`, `url`, `oid` or `x500`"))?;
    let mut hash = sha1::Sha1::new();
    hash.update(namespace);
    hash.update(args.text(1)?.as_bytes());
    let mut bytes: [u8; 20] = hash.finalize().into();
    bytes[6] = bytes[6] & 0x0F | 0x50;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    let parts = [
        &bytes[..4],
        &bytes[4..6],
        &bytes[6..8],
        &bytes[8..10],
        &bytes[10..16],
    ];
    Ok(Value::from(parts.map(hex).join("-")))
}

/// The namespaces of RFC 9562, which differ in one digit.
fn well_known(number: u8) -> [u8; 16] {
    [
        0x6b,
        0xa7,
        0xb8,
        0x10 + number,
        0x9d,
        0xad,
        0x11,
        0xd1,
        0x80,
        0xb4,
        0x00,
        0xc0,
        0x4f,
        0xd4,
        0x30,
        0xc8,
    ]
}

fn uuid(text: &str) -> Option<[u8; 16]> {
    let dashes = |at: usize| text.as_bytes().get(at) == Some(&b'-');
    if text.len() != 36 || ![8, 13, 18, 23].into_iter().all(dashes) {
        return None;
    }
    let digits: Vec<u8> = text
        .bytes()
        .filter(|byte| *byte != b'-')
        .map(|byte| {
            char::from(byte)
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        })
        .collect::<Option<_>>()?;
    let mut bytes = [0; 16];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = pair[0] << 4 | pair[1];
    }
    (digits.len() == 32).then_some(bytes)
}
