//! Writes to standard output: a string as it is, any other value as JSON or HCL.

use bggo_runtime::contract::{
    Fault, FaultText, Prepare, Runner, Step, Value, encode_hcl, encode_json, module, print_line,
};

module!("manifest.hcl");

/// Writes its input.
#[derive(Debug)]
pub struct Print {
    inputs: print::Inputs,
}

impl Runner for Print {
    type Inputs = print::Inputs;
    type Late<'a> = print::Late<'a>;
    type Uses<'a> = print::Uses;
    type Wanted = print::Wanted;
    type Output = print::Output;

    fn prepare(_: &Prepare<'_>, inputs: print::Inputs, _: print::Wanted) -> Result<Self, Fault> {
        Ok(Self { inputs })
    }

    async fn run<'a>(
        &'a self,
        _: &'a Step<'_>,
        _: print::Uses,
        late: &'a [print::Late<'a>],
    ) -> Result<print::Output, Fault> {
        let print::Plain { input, format } = self.inputs.with(late)?;
        print_line(&text(input, &format)).map_err(|error| {
            print::Error::Output.fault(FaultText::plain(format_args!("standard output: {error}")))
        })?;
        Ok(print::Output {})
    }
}

fn text(value: &Value, format: &str) -> String {
    match (value.as_text(), format) {
        (Some(text), _) => text.to_owned(),
        (None, "hcl") => encode_hcl(value),
        (None, _) => encode_json(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bggo_runtime::contract::{Number, Text};

    #[test]
    fn a_string_is_written_as_it_is_and_other_values_in_the_format() {
        let pair = [(Text::Static("b"), Value::Number(Number::from(1)))];
        let object = Value::Object(Vec::from(pair).into());
        assert_eq!(text(&Value::from("a \"b\""), "json"), "a \"b\"");
        assert_eq!(text(&object, "json"), "{\"b\":1}");
        assert_eq!(text(&object, "hcl"), encode_hcl(&object));
        assert_eq!(text(&Value::Null, "json"), "null");
    }
}
