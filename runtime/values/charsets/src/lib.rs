//! Texts in other encodings than UTF-8.

use bggo_functions::args::{Args, args};
use bggo_values::base64::{from_base64, to_base64};
use bggo_values::text::normalized;
use bggo_values::{Fault, Value};
use encoding_rs::{EncoderResult, Encoding};

/// An encoding by its name of IANA.
enum Charset {
    /// Two bytes a unit, the larger half first or not.
    Utf16 { big_endian: bool },
    /// The same behind a mark that says which half comes first; without one the larger.
    MarkedUtf16,
    /// Each character below U+0100 is the byte of its number.
    Latin1,
    /// Each character below U+0080 is the byte of its number.
    Ascii,
    /// One that browsers know.
    Known(&'static Encoding),
}

fn charset(args: Args<'_>) -> Result<Charset, Fault> {
    let name = args.text(1)?.to_ascii_lowercase();
    match name.as_str() {
        "utf-16le" => return Ok(Charset::Utf16 { big_endian: false }),
        "utf-16be" => return Ok(Charset::Utf16 { big_endian: true }),
        "utf-16" => return Ok(Charset::MarkedUtf16),
        // Browsers take these names for a larger set of Microsoft's.
        "iso-8859-1" | "iso_8859-1" | "latin1" | "l1" => return Ok(Charset::Latin1),
        "us-ascii" | "ascii" | "us" | "ansi_x3.4-1968" | "iso646-us" => return Ok(Charset::Ascii),
        _ => {}
    }
    let known = Encoding::for_label(name.as_bytes());
    let known = known.filter(|known| known.output_encoding() == *known);
    known
        .map(Charset::Known)
        .ok_or_else(|| args.fault(1, "no encoding of that name is known"))
}

/// A text in an encoding, in base64.
///
/// # Errors
/// When the encoding is not known or has not all characters of the text.
pub fn textencodebase64(values: &[Value]) -> Result<Value, Fault> {
    let args = args("textencodebase64", values, 2, 2)?;
    let text = args.text(0)?;
    let bytes = encoded(&text, &charset(args)?);
    let bytes = bytes.ok_or_else(|| args.fault(0, "the encoding has not all its characters"))?;
    Ok(Value::from(to_base64(&bytes)))
}

fn encoded(text: &str, charset: &Charset) -> Option<Vec<u8>> {
    match charset {
        Charset::Utf16 { big_endian: true } => {
            Some(text.encode_utf16().flat_map(u16::to_be_bytes).collect())
        }
        Charset::Utf16 { big_endian: false } => {
            Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect())
        }
        Charset::MarkedUtf16 => {
            let units = text.encode_utf16().flat_map(u16::to_be_bytes);
            Some([0xFE, 0xFF].into_iter().chain(units).collect())
        }
        Charset::Ascii => text.is_ascii().then(|| text.as_bytes().to_vec()),
        Charset::Latin1 => text
            .chars()
            .map(|c| u8::try_from(u32::from(c)).ok())
            .collect(),
        Charset::Known(known) => {
            let mut encoder = known.new_encoder();
            let most = encoder.max_buffer_length_from_utf8_without_replacement(text.len())?;
            let mut bytes = Vec::with_capacity(most);
            let (result, _) =
                encoder.encode_from_utf8_to_vec_without_replacement(text, &mut bytes, true);
            matches!(result, EncoderResult::InputEmpty).then_some(bytes)
        }
    }
}

/// The text that base64 of an encoding stands for.
///
/// # Errors
/// When it is not base64, the encoding is not known, or the bytes are none of it.
pub fn textdecodebase64(values: &[Value]) -> Result<Value, Fault> {
    let args = args("textdecodebase64", values, 2, 2)?;
    let bytes =
        from_base64(&args.text(0)?).ok_or_else(|| args.fault(0, "the text is not base64"))?;
    let text = decoded(&bytes, &charset(args)?);
    let text = text.ok_or_else(|| args.fault(0, "the bytes are not of that encoding"))?;
    Ok(Value::from(normalized(text)))
}

fn decoded(bytes: &[u8], charset: &Charset) -> Option<String> {
    match charset {
        Charset::Utf16 { big_endian } => {
            let (pairs, rest) = bytes.as_chunks::<2>();
            let units = pairs.iter().map(|pair| match big_endian {
                true => u16::from_be_bytes(*pair),
                false => u16::from_le_bytes(*pair),
            });
            let text: Result<String, _> = char::decode_utf16(units).collect();
            text.ok().filter(|_| rest.is_empty())
        }
        Charset::MarkedUtf16 => {
            let (rest, big_endian) = match bytes {
                [0xFE, 0xFF, rest @ ..] => (rest, true),
                [0xFF, 0xFE, rest @ ..] => (rest, false),
                _ => (bytes, true),
            };
            decoded(rest, &Charset::Utf16 { big_endian })
        }
        Charset::Ascii => str::from_utf8(bytes)
            .ok()
            .filter(|text| text.is_ascii())
            .map(str::to_owned),
        Charset::Latin1 => Some(bytes.iter().copied().map(char::from).collect()),
        Charset::Known(known) => {
            let text = known.decode_without_bom_handling_and_without_replacement(bytes);
            text.map(|text| text.into_owned())
        }
    }
}
