//! Documents that are read when the grid is built, methods that are selected in them, and what has its type from them.

use super::fields::Attributes;
use super::names::is_name;
use super::reader::Reader;
use crate::model::{Asset, DocumentKind, Input, Manifest, MessageOf, Output, Side, TypeFrom, Use};
use bggo_values::literal::{Block, Body, Item};
use bggo_values::{Type, Value};

const WITH_DOCUMENT: &str = "with `type_from` the type is any: a document says what it is";

impl Reader<'_> {
    /// `read = "build"` with the kinds of document in `as`; a bool without them is a switch.
    pub(super) fn reads(
        &mut self,
        attributes: &mut Attributes<'_>,
        ty: Option<&Type>,
    ) -> (Vec<DocumentKind>, bool) {
        let place = attributes.place("as");
        let kinds = self.texts(attributes, "as");
        let Some((item, offset)) = attributes.take("read") else {
            if let Some(place) = place {
                self.fault(place, "`as` belongs to `read = \"build\"`");
            }
            return (Vec::new(), false);
        };
        if !matches!(item, Item::Value(Value::Text(text)) if text.as_str() == "build") {
            self.fault(offset, "`read` is \"build\": when the grid is built");
        }
        if place.is_none() && ty == Some(&Type::Bool) {
            return (Vec::new(), true);
        }
        let known = DocumentKind::ALL.map(|kind| format!("\"{}\"", kind.name()));
        let known = known.join(", ");
        if kinds.is_empty() {
            let text = format!("`as` lists the kinds of document that are read: {known}");
            self.fault(place.unwrap_or(offset), text);
        }
        let mut reads = Vec::new();
        for kind in kinds {
            match DocumentKind::ALL.iter().find(|known| known.name() == kind) {
                Some(kind) => reads.push(*kind),
                None => {
                    let text =
                        format!("there is no kind of document \"{kind}\": there are {known}");
                    self.fault(place.unwrap_or(offset), text);
                }
            }
        }
        (reads, false)
    }

    /// `validated_by = input.NAME` of an output whose type a document gives.
    pub(super) fn validated_by(
        &mut self,
        attributes: &mut Attributes<'_>,
        type_from: Option<&TypeFrom>,
    ) -> Option<String> {
        let (item, offset) = attributes.take("validated_by")?;
        let named = match item {
            Item::Expression(text, _) => text.strip_prefix("input."),
            Item::Value(_) | Item::Type(_) => None,
        };
        let named = named.filter(|name| is_name(name));
        if named.is_none() {
            let text = "`validated_by` is the input that says whether the output is validated: `input.NAME`";
            self.fault(offset, text);
        }
        if !matches!(type_from, Some(TypeFrom::Document(_))) {
            let text = "what is validated has its type from a document: `type_from = input.NAME`";
            self.fault(offset, text);
        }
        named.map(str::to_owned)
    }

    /// `found_by = input.NAME` of an input that names columns.
    pub(super) fn found_by(
        &mut self,
        attributes: &mut Attributes<'_>,
        reads: &[DocumentKind],
    ) -> Option<String> {
        let (item, offset) = attributes.take("found_by")?;
        let named = match item {
            Item::Expression(text, _) => text.strip_prefix("input."),
            Item::Value(_) | Item::Type(_) => None,
        };
        let named = named.filter(|name| is_name(name));
        if named.is_none() {
            let text = "`found_by` is the input by whose text columns are found: `input.NAME`";
            self.fault(offset, text);
        }
        if reads != [DocumentKind::Columns] {
            let text = "`found_by` is for an input of the kind \"columns\"";
            self.fault(offset, text);
        }
        named.map(str::to_owned)
    }

    /// `selects = uses.KEY`
    pub(super) fn selects(&mut self, attributes: &mut Attributes<'_>) -> Option<String> {
        let (item, offset) = attributes.take("selects")?;
        let named = match item {
            Item::Expression(text, _) => text.strip_prefix("uses."),
            Item::Value(_) | Item::Type(_) => None,
        };
        let named = named.filter(|name| is_name(name));
        if named.is_none() {
            let text = "`selects` is the use whose asset names the `.proto` files: `uses.KEY`";
            self.fault(offset, text);
        }
        named.map(str::to_owned)
    }

    /// `type_from` of an input.
    pub(super) fn message_of(
        &mut self,
        attributes: &mut Attributes<'_>,
        ty: Option<&Type>,
    ) -> Option<MessageOf> {
        let offset = attributes.place("type_from")?;
        match self.type_from(attributes, ty)? {
            TypeFrom::Message(of) => Some(of),
            TypeFrom::Document(name) => {
                let text = format!(
                    "an input has the type of a message, such as `input.{name}.request`: a schema is for outputs"
                );
                self.fault(offset, text);
                None
            }
        }
    }

    /// `type_from = input.NAME`, or a message of a method: `input.NAME.request`, `uses.KEY.NAME.response`
    pub(super) fn type_from(
        &mut self,
        attributes: &mut Attributes<'_>,
        ty: Option<&Type>,
    ) -> Option<TypeFrom> {
        let (item, offset) = attributes.take("type_from")?;
        let text = match item {
            Item::Expression(text, _) => text.as_str(),
            Item::Value(_) | Item::Type(_) => "",
        };
        let Some(found) = type_from(text) else {
            let text = "`type_from` is an input that names a document, `input.NAME`, or a message of a method, `input.NAME.request` or `uses.KEY.NAME.response`";
            self.fault(offset, text);
            return None;
        };
        let is_list = |ty: &Type| *ty == Type::list(Type::Any);
        // Whether that of a document may be a list is known with its input.
        let fits = |ty: &Type| *ty == Type::Any || is_list(ty);
        if !ty.is_none_or(fits) {
            let text = match found {
                TypeFrom::Document(_) => WITH_DOCUMENT,
                TypeFrom::Message(_) => {
                    "with `type_from` the type is any or list(any): the method says of which message"
                }
            };
            self.fault(offset, text);
        }
        Some(found)
    }

    /// What schemas say is said of outputs of runners, by inputs that name one; `.proto` files are named by assets.
    pub(super) fn documents(
        &mut self,
        block: &Block,
        (inputs, outputs): (&[Input], &[Output]),
        stamps: Option<&str>,
    ) {
        let is_runner = block.kind == "runner";
        for output in outputs {
            let name = match &output.type_from {
                None => continue,
                // Who names the method is known once all of the manifest is.
                Some(TypeFrom::Message(_)) if is_runner => continue,
                Some(TypeFrom::Document(name)) => name,
                Some(TypeFrom::Message(_)) => "",
            };
            let input = inputs.iter().find(|input| input.name == *name);
            let text = match input {
                _ if !is_runner => "`type_from` is for outputs of runners".to_owned(),
                Some(input) if input.reads_only(DocumentKind::Columns) => {
                    match output.validated_by {
                        Some(_) => "columns say nothing by which a value is validated".to_owned(),
                        None => continue,
                    }
                }
                Some(input) if input.reads.iter().any(|kind| kind.is_schema()) => match output.ty {
                    Type::List(_) => WITH_DOCUMENT.to_owned(),
                    _ => continue,
                },
                Some(input) if input.selects.is_some() => format!(
                    "input `{name}` selects a method: the type is that of `input.{name}.request` or `input.{name}.response`"
                ),
                Some(_) => {
                    format!("input `{name}` has no `read = \"build\"`: it gives no type")
                }
                None => format!("there is no input `{name}`"),
            };
            self.fault(place(block, "output", &output.name), text);
        }
        for input in inputs {
            let Some(by) = &input.found_by else { continue };
            let is_text = |one: &Input| one.name == *by && one.ty == Type::String;
            if !inputs.iter().any(is_text) {
                let text = format!("there is no input `{by}` of type string");
                self.fault(place(block, "input", &input.name), text);
            }
        }
        self.switches(block, (inputs, outputs), stamps);
        for input in inputs.iter().filter(|input| input.is_document()) {
            let text = match input.reads.iter().any(|kind| kind.gives_a_type()) {
                true => {
                    let named = |output: &Output| {
                        let named = Some(TypeFrom::Document(input.name.clone()));
                        output.type_from == named
                    };
                    let unread = !outputs.iter().any(named);
                    unread.then(|| {
                        format!(
                            "nothing has the type that `{}` reads: an output says `type_from = input.{}`",
                            input.name, input.name
                        )
                    })
                }
                false if is_runner => Some(format!(
                    "`{}` belongs in an asset, whose methods runners select",
                    input.name
                )),
                false => self.proto_files(input, inputs),
            };
            if let Some(text) = text {
                self.fault(place(block, "input", &input.name), text);
            }
        }
    }

    /// Each switch says of one output whether it is validated, or whether messages are stamped.
    fn switches(
        &mut self,
        block: &Block,
        (inputs, outputs): (&[Input], &[Output]),
        stamps: Option<&str>,
    ) {
        let is_switch = |name: &str| {
            inputs
                .iter()
                .any(|input| input.name == name && input.is_switch)
        };
        if let Some(name) = stamps
            && !is_switch(name)
        {
            let text = format!("there is no input `{name}` that is a bool with `read = \"build\"`");
            self.fault(block.offset, text);
        }
        for output in outputs {
            let Some(name) = &output.validated_by else {
                continue;
            };
            let text = match inputs.iter().find(|input| input.name == *name) {
                Some(input) if input.is_switch => continue,
                Some(_) => format!("input `{name}` is no bool with `read = \"build\"`"),
                None => format!("there is no input `{name}`"),
            };
            self.fault(place(block, "output", &output.name), text);
        }
        for input in inputs.iter().filter(|input| input.is_switch) {
            let name = &input.name;
            let by_it = |output: &&Output| output.validated_by.as_ref() == Some(name);
            let stamps = usize::from(stamps == Some(name.as_str()));
            let text = match outputs.iter().filter(by_it).count() + stamps {
                1 => continue,
                0 => {
                    format!(
                        "nothing is validated by `{name}`: an output says `validated_by = input.{name}`"
                    )
                }
                _ => format!(
                    "`{name}` says one thing alone: of one output whether it is validated, or whether messages are stamped"
                ),
            };
            self.fault(place(block, "input", name), text);
        }
    }

    /// What is wrong with an input of an asset that names `.proto` files, or where they lie.
    fn proto_files(&self, input: &Input, inputs: &[Input]) -> Option<String> {
        let same = inputs.iter().filter(|other| other.reads == input.reads);
        if same.count() > 1 {
            let kind = input.reads.first()?.name();
            return Some(format!("an asset has one input of the kind \"{kind}\""));
        }
        let is_alone = input.reads_only(DocumentKind::Folders)
            && !inputs
                .iter()
                .any(|other| other.reads_only(DocumentKind::Protobuf));
        is_alone.then(|| {
            "\"folders\" are where the files of an input of the kind \"protobuf\" are looked for, and there is none".to_owned()
        })
    }

    /// Inputs that select a method, and what has the type of one of its messages, once all of the manifest is known.
    pub(super) fn methods(&mut self, body: &Body, manifest: &Manifest) {
        let assets = &manifest.assets;
        let blocks = |kind: &'static str| body.blocks.iter().filter(move |part| part.kind == kind);
        for (block, runner) in blocks("runner").zip(&manifest.runners) {
            self.selecting(block, &runner.inputs, &runner.uses, assets);
            let messages = runner
                .outputs
                .iter()
                .filter_map(|output| match &output.type_from {
                    Some(TypeFrom::Message(of)) => Some(("output", &output.name, of)),
                    _ => None,
                });
            let inputs = runner.inputs.iter();
            let of_inputs =
                inputs.filter_map(|one| Some(("input", &one.name, one.type_from.as_ref()?)));
            for (kind, name, of) in of_inputs.chain(messages) {
                let selecting = match &of.by {
                    None => vec![runner.inputs.as_slice()],
                    Some(by) => inputs_of(by, &runner.uses, assets),
                };
                let named = |inputs: &[Input]| {
                    let found = inputs.iter().find(|input| input.name == of.input);
                    found.is_some_and(|input| input.selects.is_some())
                };
                if selecting.is_empty() || !selecting.into_iter().all(named) {
                    let by = of.by.as_ref();
                    let by = by.map_or("input".to_owned(), |by| format!("uses.{by}"));
                    let text = format!("`{by}.{}` is no input that selects a method", of.input);
                    self.fault(place(block, kind, name), text);
                }
            }
        }
        for (block, asset) in blocks("asset").zip(assets) {
            self.selecting(block, &asset.inputs, &asset.uses, assets);
            for input in asset
                .inputs
                .iter()
                .filter(|input| input.type_from.is_some())
            {
                let text = "`type_from` is for inputs and outputs of runners";
                self.fault(place(block, "input", &input.name), text);
            }
        }
    }

    /// The assets in which methods are selected name `.proto` files.
    fn selecting(&mut self, block: &Block, inputs: &[Input], uses: &[Use], assets: &[Asset]) {
        for input in inputs {
            let Some(key) = &input.selects else { continue };
            let declares = |inputs: &[Input]| {
                let kinds = [DocumentKind::Protobuf, DocumentKind::ProtobufSet];
                let reads = |input: &Input| kinds.iter().any(|kind| input.reads_only(*kind));
                inputs.iter().any(reads)
            };
            let used = inputs_of(key, uses, assets);
            let text = match uses.iter().find(|part| part.name == *key) {
                None => format!("there is no use `{key}`"),
                Some(part) if part.optional => {
                    format!("`{key}` is optional, and without it there is no method")
                }
                Some(_) if used.is_empty() || !used.into_iter().all(declares) => format!(
                    "`{key}` is no asset of this manifest with an input of the kind \"protobuf\" or \"protobuf_set\""
                ),
                Some(_) => continue,
            };
            self.fault(place(block, "input", &input.name), text);
        }
    }
}

/// The inputs of each asset that fits a use of an asset of the same manifest.
fn inputs_of<'a>(key: &str, uses: &[Use], assets: &'a [Asset]) -> Vec<&'a [Input]> {
    let part = uses
        .iter()
        .find(|part| part.name == key && part.module.is_none());
    let Some(part) = part else {
        return Vec::new();
    };
    let fitting = assets.iter().filter(|asset| part.takes(&asset.name));
    fitting.map(|asset| asset.inputs.as_slice()).collect()
}

/// The place of an input or an output.
fn place(block: &Block, kind: &str, name: &str) -> usize {
    let mut parts = block.body.blocks.iter();
    let is_it =
        |part: &&Block| part.kind == kind && part.labels.first().is_some_and(|label| label == name);
    parts.find(is_it).map_or(block.offset, |part| part.offset)
}

fn type_from(text: &str) -> Option<TypeFrom> {
    let parts: Vec<&str> = text.split('.').collect();
    let side = |word: &str| match word {
        "request" => Some(Side::Request),
        "response" => Some(Side::Response),
        _ => None,
    };
    let (by, input, word) = match parts.as_slice() {
        ["input", name] if is_name(name) => {
            return Some(TypeFrom::Document((*name).to_owned()));
        }
        ["input", name, word] => (None, name, word),
        ["uses", key, name, word] if is_name(key) => (Some((*key).to_owned()), name, word),
        _ => return None,
    };
    let message = MessageOf {
        by,
        input: (*input).to_owned(),
        side: side(word)?,
    };
    is_name(input).then_some(TypeFrom::Message(message))
}
