//! Compressed texts.

use bggo_functions::args::args;
use bggo_values::base64::to_base64;
use bggo_values::{Fault, Value};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write as _;

/// Bytes, or the UTF-8 of a text, compressed by gzip and in base64.
///
/// # Errors
/// When the argument is neither bytes nor a string.
pub fn base64gzip(values: &[Value]) -> Result<Value, Fault> {
    let args = args("base64gzip", values, 1, 1)?;
    let content = args.content(0)?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let written = encoder.write_all(&content).and_then(|()| encoder.finish());
    // Memory takes all that is written, so the fault is never made.
    let compressed = written.map_err(|_| args.fault(0, "it cannot be compressed"))?;
    Ok(Value::from(to_base64(&compressed)))
}
