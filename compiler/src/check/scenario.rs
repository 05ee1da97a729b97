//! Scenarios to typed scenarios: their load by the rules that a program judges by when it starts, and their labels.

use bggo_schedule::declared::{Field, Mistake, Profile};
use bggo_values::{Type, duration};
use std::time::Duration;

use crate::diagnostics::{Hint, codes, nearest};
use crate::resolve::model::BodyId;
use crate::source::Span;
use crate::syntax::decl::{Attribute, LoadDecl, Name, ScenarioDecl};

use super::expression::context::Checker;
use super::known_load::declared;
use super::sensitivity;
use super::step::pairs;
use super::typed::{
    Binding, TExpr, TField, TLoad, TScenario, TStage, TThreshold, constant_duration,
};

/// Words of other tools for fields, and those that people try.
const ELSEWHERE: &[(&str, &str)] = &[
    ("timeUnit", "per"),
    ("time_unit", "per"),
    ("preAllocatedVUs", "vus"),
    ("pre_allocated_vus", "vus"),
    ("maxVUs", "max_vus"),
    ("startVUs", "start_vus"),
    ("startRate", "start_rate"),
    ("maxDuration", "max_duration"),
    ("gracefulRampDown", "graceful_ramp_down"),
    ("users", "vus"),
    ("virtual_users", "vus"),
    ("threads", "vus"),
    ("concurrency", "vus"),
    ("requests", "iterations"),
    ("loops", "iterations"),
    ("count", "iterations"),
    ("time", "duration"),
    ("period", "per"),
    ("interval", "per"),
    ("rps", "rate"),
];

impl Checker<'_> {
    /// What all scenarios together must be: each has a step, and steps outside of them are seldom meant.
    pub(super) fn all_scenarios(&mut self, after: &[Option<BodyId>]) -> Vec<Option<TScenario>> {
        let declarations = self.declarations;
        let loose = &declarations.body(BodyId::MAIN).steps;
        if let Some(first) = loose.first()
            && declarations.scenarios().next().is_some()
        {
            let (text, hint) = match loose.len() {
                1 => (
                    "this step stands outside of all scenarios: it runs once".to_owned(),
                    "put it into a scenario",
                ),
                many => (
                    format!("{many} steps stand outside of all scenarios: they run once"),
                    "put them into a scenario",
                ),
            };
            self.problems
                .warning(codes::LOOSE_STEPS, first.span, text)
                .hint(hint);
        }
        let bodies = declarations.bodies.iter().zip(after);
        bodies
            .map(|(body, after)| {
                let scenario = body.scenario.as_ref()?;
                if body.steps.is_empty() && !scenario.broken && !declarations.incomplete {
                    let text = format!("the scenario `{}` has no step", body.name.text);
                    self.error(codes::NO_STEPS, body.span, text).hint(
                        "a step is `step \"RUNNER\" \"NAME\" { .. }`, inside of the scenario",
                    );
                }
                self.check_end_is_known(scenario, *after);
                let tags = scenario.tags.as_ref();
                let tags =
                    tags.and_then(|tags| self.known(tags, &Type::map(Type::String), "`tags`"));
                Some(TScenario {
                    load: self.load(body.span, scenario),
                    after: *after,
                    tags: pairs(tags.as_ref()),
                    description: self.description(scenario.description.as_ref()),
                })
            })
            .collect()
    }

    /// Reports a scenario that begins after one whose end nobody knows beforehand.
    fn check_end_is_known(&mut self, scenario: &ScenarioDecl, after: Option<BodyId>) {
        let declarations = self.declarations;
        let (Some(after), Some(written)) = (after, &scenario.after) else {
            return;
        };
        let before = declarations.body(after);
        let load = before.scenario.as_ref().and_then(|one| one.load.as_ref());
        if load.is_some_and(|load| load.profile.text == Profile::Search.name()) {
            let text = format!(
                "`{}` searches its rate, so nobody knows beforehand when it ends",
                before.name.text
            );
            self.error(codes::INVALID_LOAD, written.span, text).hint(
                "begin the search last, `after` the others, or run it by itself with --scenario",
            );
        }
    }

    /// Reports searches that hold each rate for less time than their threshold needs to break.
    pub(super) fn searches(
        &mut self,
        scenarios: &[Option<TScenario>],
        thresholds: &[Option<TThreshold>],
    ) {
        for load in scenarios.iter().flatten().map(|scenario| &scenario.load) {
            let field = |wanted: Field| {
                let mut fields = load.fields.iter();
                fields.find(|field| field.field == wanted)
            };
            let until = field(Field::Until).and_then(|until| until.value.constant()?.as_text());
            let mut thresholds = thresholds.iter().flatten();
            let until = until.and_then(|until| thresholds.find(|one| one.name == until));
            let (Some(until), Some(hold)) = (until, field(Field::Hold)) else {
                continue;
            };
            // What a variable says, the program judges when it starts.
            let seconds = |length: &Option<TExpr>| match length {
                None => Some(Duration::ZERO),
                Some(length) => constant_duration(length),
            };
            let needed = seconds(&until.over)
                .zip(seconds(&until.after))
                .zip(seconds(&until.hold))
                .map(|((over, after), hold)| over.max(after).saturating_add(hold));
            let (Some(needed), Some(length)) = (needed, constant_duration(&hold.value)) else {
                continue;
            };
            if length < needed {
                let needed = duration::format(needed);
                let text = format!(
                    "each rate is held for {}, and threshold `{}` cannot break before {needed}",
                    duration::format(length),
                    until.name
                );
                self.error(codes::INVALID_LOAD, hold.value.span, text)
                    .hint(format!("write `hold = \"{needed}\"` or more"));
            }
        }
    }

    fn load(&mut self, header: Span, scenario: &ScenarioDecl) -> TLoad {
        let before = self.problems.list.len();
        let mut fields = Vec::new();
        for (name, value) in scenario.settings() {
            if let Some(field) = Field::of_name(name) {
                fields.push(self.load_field(field, value));
            }
        }
        let mut load = TLoad {
            profile: Profile::Once,
            place: scenario.load.as_ref().map_or(header, |load| load.span),
            fields,
            stages: Vec::new(),
        };
        let mut unread = scenario.broken;
        if let Some(written) = &scenario.load {
            unread |= written.broken || written.stages.iter().any(|stage| stage.broken);
            match self.profile(&written.profile) {
                Some(profile) => {
                    load.profile = profile;
                    unread |= self.fields_of_load(written, &mut load);
                }
                None => {
                    // What its fields read is checked.
                    let stages = written.stages.iter().flat_map(|stage| &stage.attributes);
                    for attribute in written.attributes.iter().chain(stages) {
                        self.infer(&attribute.value);
                    }
                    return load;
                }
            }
        }
        unread |= self.problems.list.len() > before;
        self.judge(&load, unread);
        load
    }

    /// The profile of this name.
    fn profile(&mut self, name: &Name) -> Option<Profile> {
        let found = Profile::of_name(&name.text);
        if found.is_none() {
            let known = Profile::ALL.map(Profile::name);
            let text = format!("there is no profile `{}`", name.text);
            // `constant-vus` and `ramping-arrival-rate` are words of k6.
            let plain = name.text.replace('-', "_");
            let hint = match known.iter().find(|known| **known == plain) {
                Some(known) => Some(Hint::meant(*known)),
                None => nearest::advice(&name.text, known),
            };
            self.error(codes::UNKNOWN_PROFILE, name.span, text)
                .advise(hint);
        }
        found
    }

    /// Adds what a block `load` says. Returns whether a part of it was reported.
    fn fields_of_load(&mut self, written: &LoadDecl, load: &mut TLoad) -> bool {
        let profile = load.profile;
        let owner = format!("`{}`", profile.name());
        let of_load = (owner.as_str(), profile.fields());
        let (fields, mut unknown) = self.known_fields(&written.attributes, of_load);
        load.fields.extend(fields);
        let of_stage = profile.stage_fields();
        for stage in &written.stages {
            if of_stage.is_empty() {
                unknown = true;
                let text = format!("{owner} has no stages");
                self.error(codes::FIELD_OF_PROFILE, stage.span, text)
                    .hint("the profiles with stages are `ramping_vus` and `ramping_arrival_rate`");
                for attribute in &stage.attributes {
                    self.infer(&attribute.value);
                }
                continue;
            }
            let owner = format!("a stage of {owner}");
            let (fields, wrong) = self.known_fields(&stage.attributes, (&owner, of_stage));
            unknown |= wrong;
            load.stages.push(TStage {
                place: stage.span,
                fields,
            });
        }
        unknown
    }

    /// The attributes that this block has; others are reported.
    fn known_fields(
        &mut self,
        attributes: &[Attribute],
        (owner, fields): (&str, &[Field]),
    ) -> (Vec<TField>, bool) {
        let (mut found, mut unknown) = (Vec::new(), false);
        for attribute in attributes {
            let name = attribute.name.text.as_str();
            match Field::of_name(name).filter(|field| fields.contains(field)) {
                Some(field) => found.push(self.load_field(field, &attribute.value)),
                None => {
                    unknown = true;
                    self.infer(&attribute.value);
                    self.no_field(&attribute.name, owner, fields);
                }
            }
        }
        (found, unknown)
    }

    fn no_field(&mut self, name: &Name, owner: &str, fields: &[Field]) {
        let known = fields.iter().map(|field| field.name());
        let other = ELSEWHERE.iter().find(|(word, _)| *word == name.text);
        let of_scenario = ["start_after", "after", "graceful_stop", "pace"];
        let hint = if of_scenario.contains(&name.text.as_str()) {
            let words = format!(
                "`{}` stands in the scenario itself, beside `load`",
                name.text
            );
            Some(words.into())
        } else if matches!(name.text.as_str(), "stage" | "stages") {
            Some("a stage is a block: write `stage { .. }` for each of them".into())
        } else if name.text == "target" {
            // What a stage of k6 has.
            fields.last().map(|last| Hint::meant(last.name()))
        } else if let Some((_, ours)) = other
            && fields.iter().any(|field| field.name() == *ours)
        {
            Some(Hint::meant(*ours))
        } else {
            nearest::advice(&name.text, known)
        };
        let is_other = Field::of_name(&name.text).is_some();
        let code = if is_other {
            codes::FIELD_OF_PROFILE
        } else {
            codes::UNKNOWN_ATTRIBUTE
        };
        let text = format!("{owner} has no field `{}`", name.text);
        self.error(code, name.span, text).advise(hint);
    }

    /// A field with its value as the type that it has.
    fn load_field(&mut self, field: Field, value: &crate::syntax::decl::Expr) -> TField {
        let name = field.name();
        let value = self.infer(value);
        let as_flag = rate_hint(field, &value);
        let value = self.convert(value, &field.ty(), &format!("`{name}`"));
        if value.is_error() {
            if let (Some(hint), Some(problem)) = (as_flag, self.problems.list.last_mut()) {
                problem.advise(hint);
            }
        } else {
            if value.binding > Binding::Start {
                let text = format!("`{name}` must be known when the program starts");
                self.error(codes::NOT_KNOWN_AT_START, value.span, text)
                    .hint("it is computed from literals, variables, and locals made of these");
            } else if value.sensitivity.any() || sensitivity::reads_secret([&value], &self.locals) {
                let text = format!("`{name}` must not be sensitive: the load is shown");
                self.error(codes::INVALID_LOAD, value.span, text);
            }
        }
        TField { field, value }
    }

    /// Judges what is known of a load. What is missing may stand in a part that could not be read.
    fn judge(&mut self, load: &TLoad, unread: bool) {
        let Err(wrong) = declared(load).load() else {
            return;
        };
        for wrong in wrong {
            let code = match wrong.kind {
                Mistake::Missing if unread => continue,
                Mistake::Missing => codes::MISSING_ATTRIBUTE,
                Mistake::PaceOfOpen => codes::PACE_OPEN,
                Mistake::Value => codes::INVALID_LOAD,
            };
            self.error(code, wrong.place, wrong.text).hint = wrong.hint;
        }
    }
}

/// What to write for a rate with its time, as flags of the program take it: `"500/s"`.
fn rate_hint(field: Field, value: &TExpr) -> Option<Hint> {
    if !matches!(field, Field::Rate | Field::StartRate) {
        return None;
    }
    let (number, per) = value.constant()?.as_text()?.split_once('/')?;
    let (number, per) = (number.trim(), per.trim());
    number.parse::<f64>().ok()?;
    Some(match per {
        "s" | "1s" => {
            let words = format!("write `{number}`: a rate is for each second");
            Hint::write(number).saying(words)
        }
        "m" | "h" => format!("write `{number}`, and beside it the field `per = \"1{per}\"`").into(),
        _ => return None,
    })
}
