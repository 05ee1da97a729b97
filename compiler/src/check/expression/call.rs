//! Calls of functions to typed expressions: which function, how many arguments, and each as its parameter.

use bggo_function_table::{self as functions, Function, Param, Time};
use bggo_values::{Number, Type, Value};

use crate::diagnostics::{Hint, codes, nearest};
use crate::source::Span;
use crate::syntax::decl::{Expr, ExprKind, Name};

use super::context::{Checker, constant, error};
use crate::check::sensitivity;
use crate::check::typed::{Binding, Sensitivity, TExpr, TInstances, TKind, latest};

use super::files;
use super::left_out;
use super::pattern::{of_match, searching};

impl Checker<'_> {
    pub(super) fn call(
        &mut self,
        name: &Name,
        arguments: &[Expr],
        expand: bool,
        span: Span,
    ) -> TExpr {
        match name.text.as_str() {
            "try" => return self.try_form(name, arguments, span),
            "can" => return self.can_form(name, arguments, span),
            "sensitive" | "nonsensitive" | "issensitive" => {
                return self.sensitivity_form(name, arguments, span);
            }
            _ => {}
        }
        let of_files = files::FUNCTIONS
            .iter()
            .find(|(known, _)| *known == name.text);
        if let Some((_, parameters)) = of_files {
            return self.file_call(name, parameters, (arguments, expand), span);
        }
        let Some(function) = functions::find(&name.text) else {
            self.unknown_function(name);
            for argument in arguments {
                self.infer(argument);
            }
            return error(span);
        };
        let function = match self.wanted_as_bytes.contains(&name.span) {
            true => functions::base64decode_bytes(),
            false => function,
        };
        let Some(mut typed) = self.infer_all(arguments, span) else {
            return error(span);
        };
        let mut expand = expand;
        if expand {
            let Some(last) = typed.pop() else {
                return error(span);
            };
            match self.expanded(last) {
                Some((items, open)) => {
                    typed.extend(items);
                    expand = open;
                }
                None => return error(span),
            }
        }
        // What is missing among them may be any number.
        let missing = |argument: &Expr| matches!(argument.kind, ExprKind::Error);
        if arguments.iter().any(missing) || !self.number_fits(function, name, (typed.len(), expand))
        {
            return error(span);
        }
        if typed.iter().any(TExpr::is_error) {
            return error(span);
        }
        if let Some(known) = self.of_instances(function, &typed, span) {
            return known;
        }
        let by_key = match (function.name, typed.as_slice()) {
            ("lookup", [of, key, ..]) => Some((of, key)),
            ("contains", [keys, key]) => match &keys.kind {
                TKind::Call {
                    function,
                    arguments,
                    ..
                } if function.name == "keys" => arguments.first().map(|of| (of, key)),
                _ => None,
            },
            _ => None,
        };
        if let Some((of, key)) = by_key
            && let Some(name) = key.constant().and_then(Value::as_text)
        {
            self.header_name(of, name, (key.span, true));
        }
        let set = typed.iter().find(|one| matches!(one.ty, Type::Set(_)));
        if let (Some(set), "concat") = (set, function.name) {
            let text = format!("`concat` takes lists, found {}", set.ty.named());
            self.error(codes::WRONG_TYPE, set.span, text)
                .hint("a set has no order: make a list of it with `tolist(..)`");
            return error(span);
        }
        let count = typed.len();
        let mut arguments = Vec::with_capacity(count);
        for (place, argument) in typed.into_iter().enumerate() {
            let spread = expand && place + 1 == count;
            let argument = self.argument(function, (place, spread), argument);
            if argument.is_error() {
                return error(span);
            }
            arguments.push(argument);
        }
        self.typed_call(function, arguments, expand, span)
    }

    fn typed_call(
        &mut self,
        function: &'static Function,
        arguments: Vec<TExpr>,
        expand: bool,
        span: Span,
    ) -> TExpr {
        let mut types: Vec<Type> = arguments
            .iter()
            .map(|argument| argument.ty.clone())
            .collect();
        if let (true, Some(last)) = (expand, types.last_mut()) {
            *last = match last {
                Type::List(item) | Type::Set(item) => (**item).clone(),
                _ => Type::Any,
            };
        }
        // What a document says of arguments can be refused; what a function makes of them stays without a name.
        let result = match types.iter().any(|ty| matches!(ty, Type::Named(_))) {
            true => {
                let opened: Vec<Type> = types
                    .iter()
                    .map(|ty| self.opened(ty).into_owned())
                    .collect();
                (function.result)(&opened).and_then(|_| (function.result)(&types))
            }
            false => (function.result)(&types),
        };
        let ty = match result {
            Ok(ty) => ty,
            Err(why) => {
                self.error(
                    codes::WRONG_TYPE,
                    span,
                    format!("`{}`: {why}", function.name),
                );
                return error(span);
            }
        };
        let (function, wrong) = searching(function, &arguments);
        if let Some((at, fault)) = wrong
            && self.certain
        {
            self.error(codes::INVALID_VALUE, at, fault.text());
            return error(span);
        }
        let ty = of_match(function, &arguments).unwrap_or(ty);
        let converts = meets(function.name, &types, &ty);
        let time = match function.time {
            Time::Pure => Binding::Built,
            Time::Start => Binding::Start,
            Time::Iteration => Binding::Iteration,
        };
        let known = arguments
            .iter()
            .all(|argument| argument.constant().is_some());
        let call = TExpr {
            ty: ty.clone(),
            binding: latest(&arguments).max(time),
            sensitivity: Sensitivity::whole_if(match function.name {
                // How many there are says nothing of what is sensitive in them.
                "length" => arguments.iter().any(|of| of.sensitivity.is_whole()),
                _ => sensitivity::any(&arguments),
            }),
            span,
            kind: TKind::Call {
                function,
                arguments,
                expand,
            },
        };
        let call = if known { self.fold(call) } else { call };
        if !converts || call.is_error() {
            return call;
        }
        let what = format!("the result of `{}`", function.name);
        let natural = TExpr {
            ty: Type::Any,
            ..call
        };
        self.convert(natural, &ty, &what)
    }

    /// An argument as its parameter.
    fn argument(
        &mut self,
        function: &'static Function,
        (place, spread): (usize, bool),
        argument: TExpr,
    ) -> TExpr {
        let Some(param) = param(function, place) else {
            return argument;
        };
        let what = format!("`{}` of `{}`", param.name, function.name);
        if argument.is_null() && !param.nullable && !spread {
            if self.certain {
                self.error(
                    codes::INVALID_VALUE,
                    argument.span,
                    format!("{what} is null"),
                );
                return error(argument.span);
            }
            return argument;
        }
        match ((param.ty)(), spread) {
            (Type::Any, _) => argument,
            (ty, true) => self.convert(argument, &Type::list(ty), &what),
            (ty, false) => self.convert(argument, &ty, &what),
        }
    }

    /// The items of `list...`, and whether the last of them is a list whose length is not known.
    fn expanded(&mut self, last: TExpr) -> Option<(Vec<TExpr>, bool)> {
        if last.is_error() {
            return None;
        }
        if !matches!(
            *self.opened(&last.ty),
            Type::List(_) | Type::Set(_) | Type::Tuple(_) | Type::Any
        ) {
            let text = format!(
                "`...` spreads a list, set or tuple, found {}",
                last.ty.named()
            );
            self.error(codes::WRONG_TYPE, last.span, text);
            return None;
        }
        let span = last.span;
        match (last.kind, &last.ty) {
            (TKind::List(items), _) => Some((items, false)),
            (TKind::Constant(Value::List(items)), ty) => {
                let ty_of = |place: usize, value: &Value| match ty {
                    Type::List(item) | Type::Set(item) => (**item).clone(),
                    Type::Tuple(types) => types.get(place).cloned().unwrap_or(Type::Any),
                    _ => Type::of(value),
                };
                let items = items.iter().enumerate();
                let items =
                    items.map(|(place, value)| constant(value.clone(), ty_of(place, value), span));
                Some((items.collect(), false))
            }
            (kind, _) => Some((vec![TExpr { kind, ..last }], true)),
        }
    }

    fn number_fits(
        &mut self,
        function: &Function,
        name: &Name,
        (given, open): (usize, bool),
    ) -> bool {
        let least = function
            .params
            .iter()
            .filter(|param| !param.optional)
            .count();
        let most = match function.rest {
            Some(_) => usize::MAX,
            None => function.params.len(),
        };
        // What is spread may be any number, none included.
        let fixed = given - usize::from(open);
        if (open || given >= least) && fixed <= most {
            return true;
        }
        let wanted = if most == usize::MAX {
            format!("at least {}", count(least))
        } else if least == most {
            count(least)
        } else {
            format!("{least} to {}", count(most))
        };
        let text = format!("`{}` takes {wanted}, found {given}", name.text);
        let mut names: Vec<String> = function
            .params
            .iter()
            .map(|param| param.name.to_owned())
            .collect();
        if let Some(rest) = &function.rest {
            names.push(format!("{}, ..", rest.name));
        }
        let hint = format!("`{}({})`", name.text, names.join(", "));
        self.error(codes::WRONG_ARGUMENTS, name.span, text)
            .hint(hint);
        false
    }

    fn unknown_function(&mut self, name: &Name) {
        let forms = ["try", "can", "sensitive", "nonsensitive", "issensitive"];
        let known = functions::table().iter().map(|function| function.name);
        let of_files = files::FUNCTIONS.iter().map(|(name, _)| *name);
        let hint = match left_out::instead(&name.text) {
            Some(instead) => Some(instead.into()),
            None if name.text.contains("::") => {
                Some("functions have plain names: `upper(..)`".into())
            }
            None => {
                nearest::nearest(&name.text, known.chain(forms).chain(of_files)).map(Hint::meant)
            }
        };
        let text = format!("there is no function `{}`", name.text);
        self.error(codes::UNKNOWN_FUNCTION, name.span, text)
            .advise(hint);
    }

    /// Number and keys of a step's instances are known, whatever their outputs are.
    fn of_instances(&self, function: &Function, arguments: &[TExpr], span: Span) -> Option<TExpr> {
        let [only] = arguments else { return None };
        let TKind::Instances(step) = only.kind else {
            return None;
        };
        let instances = self.known_instances(step)?;
        match (function.name, instances) {
            ("length", TInstances::Count(count)) => {
                Some(constant(Number::from(*count).into(), Type::Number, span))
            }
            ("length", TInstances::ForEach(keys)) => Some(constant(
                Number::from(keys.len()).into(),
                Type::Number,
                span,
            )),
            ("keys", TInstances::ForEach(keys)) => {
                let keys: Vec<Value> = keys
                    .iter()
                    .map(|(key, _)| Value::from(key.clone()))
                    .collect();
                Some(constant(Value::from(keys), Type::list(Type::String), span))
            }
            _ => None,
        }
    }
}

fn param(function: &'static Function, place: usize) -> Option<&'static Param> {
    function.params.get(place).or(function.rest.as_ref())
}

fn count(number: usize) -> String {
    match number {
        1 => "1 argument".to_owned(),
        number => format!("{number} arguments"),
    }
}

/// Whether arguments of several types meet in the result, which is then converted to what they have in common.
fn meets(name: &str, types: &[Type], result: &Type) -> bool {
    let item = match result {
        Type::List(item) | Type::Map(item) => &**item,
        other => other,
    };
    if *item == Type::Any || *item == Type::Error {
        return false;
    }
    match name {
        "coalesce" => types.iter().any(|ty| ty != result),
        "lookup" => types.get(2).is_some_and(|default| default != result),
        "setproduct" => match item {
            Type::Tuple(items) => {
                let mut lists = types.iter().zip(items);
                lists.any(|(list, item)| list.parts().iter().any(|part| *part != item))
            }
            _ => false,
        },
        "concat" => {
            matches!(result, Type::List(_))
                && types.iter().flat_map(Type::parts).any(|part| part != item)
        }
        _ => false,
    }
}
