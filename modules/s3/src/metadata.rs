//! Metadata that is kept with an object: fields `x-amz-meta-NAME`.

use bggo_module_http_request::Answer;
use bggo_runtime::contract::{Text, Value};

/// What a field's name begins with.
pub(crate) const PREFIX: &str = "x-amz-meta-";

/// Names in lower case, and values.
pub(crate) fn fields(metadata: Option<&Value>) -> Vec<(String, &str)> {
    let Some(Value::Object(pairs)) = metadata else {
        return Vec::new();
    };
    let mut fields = Vec::with_capacity(pairs.len());
    for (name, value) in pairs.iter() {
        if let Some(value) = value.as_text() {
            fields.push((format!("{PREFIX}{}", name.to_ascii_lowercase()), value));
        }
    }
    fields
}

/// All that an answer has.
pub(crate) fn of_answer(answer: &Answer) -> Value {
    let own = answer.fields().filter_map(|(name, value)| {
        let name = name.strip_prefix(PREFIX)?;
        Some((Text::from(name.to_owned()), Value::from(value.to_owned())))
    });
    Value::from(own.collect::<Vec<_>>())
}
