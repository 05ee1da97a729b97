//! Reads environment variables: required ones, ones with a default, or all with a prefix.

use bggo_runtime::contract::{Fault, FaultText, Prepare, Runner, Step, Text, Value, module};
use std::collections::BTreeMap;

module!("manifest.hcl");

/// Reads the environment.
#[derive(Debug)]
pub struct EnvVars {
    inputs: env_vars::Inputs,
    wanted: env_vars::Wanted,
}

impl Runner for EnvVars {
    type Inputs = env_vars::Inputs;
    type Late<'a> = env_vars::Late<'a>;
    type Uses<'a> = env_vars::Uses;
    type Wanted = env_vars::Wanted;
    type Output = env_vars::Output;

    fn prepare(
        _: &Prepare<'_>,
        inputs: env_vars::Inputs,
        wanted: env_vars::Wanted,
    ) -> Result<Self, Fault> {
        Ok(Self { inputs, wanted })
    }

    async fn run<'a>(
        &'a self,
        _: &'a Step<'_>,
        _: env_vars::Uses,
        late: &'a [env_vars::Late<'a>],
    ) -> Result<env_vars::Output, Fault> {
        let env_vars::Plain {
            include,
            required,
            defaults,
            prefix,
            strip_prefix,
        } = self.inputs.with(late)?;
        let asked = Asked {
            include: texts(include),
            required: texts(required),
            defaults: pairs(defaults),
            prefix: prefix.into_owned(),
            strip_prefix,
        };
        let environment: BTreeMap<String, String> = std::env::vars_os()
            .map(|(name, value)| {
                (
                    name.to_string_lossy().into_owned(),
                    value.to_string_lossy().into_owned(),
                )
            })
            .collect();
        // Checked even if the grid reads no output: a missing required variable fails the step.
        let vars = asked.of(&environment)?;
        let mut output = env_vars::Output::default();
        if self.wanted.vars {
            output.vars = object(vars);
        }
        if self.wanted.all {
            output.all = object(environment);
        }
        Ok(output)
    }
}

/// The arguments of a step.
struct Asked {
    include: Vec<String>,
    required: Vec<String>,
    defaults: BTreeMap<String, String>,
    prefix: String,
    strip_prefix: bool,
}

impl Asked {
    fn of(
        &self,
        environment: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>, Fault> {
        let missing: Vec<&str> = self
            .required
            .iter()
            .filter(|name| !environment.contains_key(*name) && !self.defaults.contains_key(*name))
            .map(String::as_str)
            .collect();
        if !missing.is_empty() {
            let (plural, verb) = if missing.len() == 1 {
                ("", "is")
            } else {
                ("s", "are")
            };
            return Err(env_vars::Error::Missing.fault(
                FaultText::plain(format_args!("environment variable{plural} "))
                    .and_value(missing.join(", "))
                    .and(format_args!(" {verb} not set")),
            ));
        }
        let named = self
            .include
            .iter()
            .chain(&self.required)
            .chain(self.defaults.keys());
        let mut names: Vec<&String> = named.collect();
        if names.is_empty() {
            names = environment
                .keys()
                .filter(|name| name.starts_with(&self.prefix))
                .collect();
        }
        let value = |name: &String| {
            environment
                .get(name)
                .or_else(|| self.defaults.get(name))
                .cloned()
        };
        Ok(names
            .into_iter()
            .filter_map(|name| Some((self.shown(name), value(name)?)))
            .collect())
    }

    fn shown(&self, name: &str) -> String {
        match name.strip_prefix(self.prefix.as_str()) {
            Some(rest) if self.strip_prefix => rest.to_owned(),
            _ => name.to_owned(),
        }
    }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::List(items) => items
            .iter()
            .filter_map(Value::as_text)
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    }
}

fn pairs(value: &Value) -> BTreeMap<String, String> {
    match value {
        Value::Object(pairs) => pairs
            .iter()
            .filter_map(|(name, value)| Some((name.to_string(), value.as_text()?.to_owned())))
            .collect(),
        _ => BTreeMap::new(),
    }
}

fn object(pairs: BTreeMap<String, String>) -> Value {
    let pairs: Vec<(Text, Value)> = pairs
        .into_iter()
        .map(|(name, value)| (Text::from(name), Value::from(value)))
        .collect();
    Value::Object(pairs.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment() -> BTreeMap<String, String> {
        [("APP_A", "1"), ("APP_B", ""), ("HOME", "/h")]
            .map(|(name, value)| (name.into(), value.into()))
            .into()
    }

    fn asked() -> Asked {
        Asked {
            include: Vec::new(),
            required: Vec::new(),
            defaults: BTreeMap::new(),
            prefix: String::new(),
            strip_prefix: false,
        }
    }

    fn names(asked: &Asked) -> Vec<(String, String)> {
        asked.of(&environment()).unwrap().into_iter().collect()
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.into(), value.into())
    }

    #[test]
    fn names_come_from_include_required_and_defaults_and_the_environment_wins_even_when_empty() {
        let asked = Asked {
            include: vec!["HOME".into(), "NOT_SET".into()],
            required: vec!["APP_A".into()],
            defaults: [pair("APP_B", "default"), pair("NEW", "n")].into(),
            ..asked()
        };
        assert_eq!(
            names(&asked),
            [
                pair("APP_A", "1"),
                pair("APP_B", ""),
                pair("HOME", "/h"),
                pair("NEW", "n")
            ]
        );
    }

    #[test]
    fn without_names_the_prefix_chooses_and_may_be_left_out() {
        let asked = Asked {
            prefix: "APP_".into(),
            strip_prefix: true,
            ..asked()
        };
        assert_eq!(names(&asked), [pair("A", "1"), pair("B", "")]);
        assert_eq!(names(&self::asked()).len(), 3);
    }

    #[test]
    fn every_missing_required_name_is_told() {
        let asked = Asked {
            required: vec!["APP_A".into(), "X".into(), "Y".into()],
            ..asked()
        };
        let fault = asked.of(&environment()).unwrap_err();
        assert_eq!(
            (fault.kind(), fault.text()),
            ("missing", "environment variables X, Y are not set")
        );
    }
}
