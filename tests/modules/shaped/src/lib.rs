//! A runner that says what it knew of its inputs before it ran, and what came with the run.

use bggo_runtime::contract::{
    Early, Fault, Parts, Prepare, Runner, Shape, Step, encode_json, module, print_line,
};

module!("manifest.hcl");

/// Says what it knew before it ran.
pub struct Shaped {
    inputs: shaped::Inputs,
}

impl Runner for Shaped {
    type Inputs = shaped::Inputs;
    type Late<'a> = shaped::Late<'a>;
    type Uses<'a> = shaped::Uses;
    type Wanted = shaped::Wanted;
    type Output = shaped::Output;

    fn prepare(_: &Prepare<'_>, inputs: shaped::Inputs, _: shaped::Wanted) -> Result<Self, Fault> {
        say(&format!("prepared {}", known(&inputs)))?;
        Ok(Self { inputs })
    }

    async fn run<'a>(
        &'a self,
        _: &'a Step<'_>,
        _: shaped::Uses,
        late: &'a [shaped::Late<'a>],
    ) -> Result<shaped::Output, Fault> {
        for input in late {
            let (name, parts) = match *input {
                shaped::Late::Command(parts) => ("command", Some(parts)),
                shaped::Late::Document(parts) => ("document", parts),
                shaped::Late::Record(parts) => ("record", parts),
                shaped::Late::Labels(parts) => ("labels", parts),
            };
            match parts {
                None => say(&format!("late {name} null"))?,
                Some(Parts::Whole(value)) => {
                    say(&format!("late {name} whole {}", encode_json(value)))?
                }
                Some(Parts::Holes(values)) => {
                    let values: Vec<String> = values.iter().map(encode_json).collect();
                    say(&format!("late {name} holes {}", values.join(" ")))?;
                }
            }
        }
        let shaped::Plain {
            command,
            document,
            record,
            labels,
        } = self.inputs.with(late)?;
        let absent = || "absent".to_owned();
        say(&format!(
            "ran {} {} {} {}",
            encode_json(&command),
            document.as_deref().map_or_else(absent, encode_json),
            record.as_deref().map_or_else(absent, encode_json),
            encode_json(&labels),
        ))?;
        if labels.get("fail").is_some() {
            return Err(shaped::Error::Told.fault(encode_json(&command)));
        }
        Ok(shaped::Output {
            command: command.into_owned(),
        })
    }
}

/// The inputs as they are known before the step runs: a hole is `#` and its number.
fn known(inputs: &shaped::Inputs) -> String {
    let optional = |shape: &Early<Option<Shape>>| match shape {
        Early::Known(None) => "absent".to_owned(),
        Early::Known(Some(shape)) => written(shape),
        Early::Later => "later".to_owned(),
    };
    let required = |shape: &Early<Shape>| shape.known().map_or_else(|| "later".to_owned(), written);
    let shaped::Inputs {
        command,
        document,
        record,
        labels,
    } = inputs;
    [
        required(command),
        optional(document),
        optional(record),
        required(labels),
    ]
    .join(" ")
}

fn written(shape: &Shape) -> String {
    match shape {
        Shape::Known(value) => encode_json(value),
        Shape::Hole(number) => format!("#{number}"),
        Shape::List(items) => {
            let items: Vec<String> = items.iter().map(written).collect();
            format!("[{}]", items.join(","))
        }
        Shape::Object(pairs) => {
            let pairs = pairs.iter();
            let pairs: Vec<String> = pairs
                .map(|(key, part)| format!("{key}:{}", written(part)))
                .collect();
            format!("{{{}}}", pairs.join(","))
        }
    }
}

fn say(text: &str) -> Result<(), Fault> {
    print_line(text).map_err(|error| Fault::new("told", error.to_string()))
}
