//! Methods of services that steps and resources select by name, in the `.proto` files of an asset, and the types of their messages.

use std::rc::Rc;

use bggo_manifest::{DocumentKind, Input, MessageOf, Output, Side, Use};
use bggo_values::{Type, Value};

use crate::diagnostics::{Hint, codes};
use crate::resolve::model::{Node, Reference, ResourceId, StepId};
use crate::source::{Answer, FileId, Proto, Question, Span};
use crate::syntax::decl::{Attribute, AttributeBlock};

use super::context::{Checker, ShownMethod};
use super::files::refusal;
use crate::check::schema::proto::{self, Files, Method};
use crate::check::schema::{Declared, ProtoNames, memory};
use crate::check::typed::{TExpr, TMethod};

/// Who selects a method, as it is written.
#[derive(Clone, Copy)]
pub(in crate::check) struct Selecting<'a> {
    /// A step; a resource has none.
    pub(in crate::check) step: Option<StepId>,
    pub(in crate::check) inputs: &'a [Input],
    pub(in crate::check) arguments: Option<&'a AttributeBlock>,
    pub(in crate::check) takes: &'a [Use],
    pub(in crate::check) uses: Option<&'a AttributeBlock>,
}

/// A method that was selected.
#[derive(Debug, Clone)]
pub(in crate::check) struct Selected {
    /// The place of its messages among the documents.
    pub(in crate::check) document: u32,
    pub(in crate::check) files: Rc<Files>,
    pub(in crate::check) method: Method,
}

impl Checker<'_> {
    /// The type that a message of a method gives to an output of a step, if it is known.
    pub(super) fn type_by_method(
        &mut self,
        step: StepId,
        of: &MessageOf,
        output: &Output,
    ) -> Option<Type> {
        let written = self.declarations.step(step);
        let runner = self.runner_of(step)?;
        let selecting = Selecting {
            step: Some(step),
            inputs: &runner.inputs,
            arguments: written.arguments.as_ref(),
            takes: &runner.uses,
            uses: written.uses.as_ref(),
        };
        let selected = match self.selected_by(selecting, of) {
            Ok(selected) => selected,
            Err(Declared::Unread) => return Some(Type::Error),
            Err(_) => return None,
        };
        let Selected {
            document, method, ..
        } = selected;
        let messages = self.documents.messages(document)?;
        let is_list = |output: &Output| matches!(output.ty, Type::List(_));
        let same = |other: &Output| other.type_from == output.type_from;
        let mut all = runner.outputs.iter();
        let has_list = all.any(|other| same(other) && is_list(other));
        Some(match of.side {
            Side::Request if is_list(output) => Type::list(messages.message(method.request)),
            Side::Request => messages.message(method.request),
            Side::Response if is_list(output) => Type::list(messages.message(method.response)),
            // Beside all of the answers, one of them is the last.
            Side::Response if has_list && method.streams_responses => messages.last_answer(&method),
            Side::Response => messages.message(method.response),
        })
    }

    /// The method whose message this is.
    pub(in crate::check) fn selected_by(
        &mut self,
        selecting: Selecting<'_>,
        of: &MessageOf,
    ) -> Result<Selected, Declared> {
        let Some(key) = &of.by else {
            return self.selected(selecting, &of.input);
        };
        let resource = self.used_by(selecting, key).ok_or(Declared::Wrong)?;
        let at = self.asset_of(resource).ok_or(Declared::Wrong)?;
        let (declarations, modules) = (self.declarations, self.modules);
        let (written, asset) = (declarations.resource(resource), modules.asset(at));
        let selecting = Selecting {
            step: None,
            inputs: &asset.inputs,
            arguments: written.arguments.as_ref(),
            takes: &asset.uses,
            uses: written.uses.as_ref(),
        };
        self.selected(selecting, &of.input)
    }

    /// The method that an input selects. What is wrong with it is said where the input is checked.
    fn selected(&mut self, selecting: Selecting<'_>, input: &str) -> Result<Selected, Declared> {
        let wrong = Declared::Wrong;
        let input = selecting.inputs.iter().find(|known| known.name == input);
        let input = input.ok_or(wrong)?;
        let written = attribute(selecting.arguments, &input.name).ok_or(wrong)?;
        let value = self.aside(selecting.step, &written.value);
        let path = value.constant().and_then(Value::as_text).ok_or(wrong)?;
        if value.sensitivity.any() {
            return Err(wrong);
        }
        self.method_called(selecting, input, path)
    }

    /// The method with a path, among those that the asset of a use declares.
    fn method_called(
        &mut self,
        selecting: Selecting<'_>,
        input: &Input,
        path: &str,
    ) -> Result<Selected, Declared> {
        let wrong = Declared::Wrong;
        let key = input.selects.as_deref().ok_or(wrong)?;
        let resource = self.used_by(selecting, key).ok_or(wrong)?;
        let document = match self.declared_by(resource) {
            Declared::Messages(place) => place,
            other => return Err(other),
        };
        let messages = self.documents.messages(document).ok_or(wrong)?;
        let files = messages.files();
        let method = files.method(path).cloned().ok_or(wrong)?;
        Ok(Selected {
            document,
            files,
            method,
        })
    }

    /// The resource that a use names.
    pub(super) fn used_by(&self, selecting: Selecting<'_>, key: &str) -> Option<ResourceId> {
        let taken = selecting.takes.iter().find(|taken| taken.name == key)?;
        let written = attribute(selecting.uses, key)?;
        match self.reference(written.value.id)? {
            Reference::Resource(id) => {
                let fits = taken.takes(&self.declarations.resource(id).asset.text);
                fits.then_some(id)
            }
            _ => None,
        }
    }

    /// The messages that a resource names by its arguments.
    pub(in crate::check) fn declared_by(&mut self, resource: ResourceId) -> Declared {
        if let Some(known) = self.declared.get(&resource) {
            return *known;
        }
        let found = self.find_declared(resource);
        if found != Declared::Unread {
            self.declared.insert(resource, found);
        }
        found
    }

    fn find_declared(&mut self, resource: ResourceId) -> Declared {
        let Some(at) = self.asset_of(resource) else {
            return Declared::Wrong;
        };
        let (declarations, modules) = (self.declarations, self.modules);
        let inputs = &modules.asset(at).inputs;
        let arguments = declarations.resource(resource).arguments.as_ref();
        let of_folders = |input: &&Input| input.reads_only(DocumentKind::Folders);
        let of_folders = inputs.iter().find(of_folders);
        let of_folders = of_folders.map(|input| input.name.as_str());
        let mut named = |kind: DocumentKind| -> Result<Option<(Vec<String>, Span)>, ()> {
            let input = inputs.iter().find(|input| input.reads_only(kind));
            let written = input.and_then(|input| attribute(arguments, &input.name));
            let Some(written) = written else {
                return Ok(None);
            };
            let value = self.aside(None, &written.value);
            texts(&value).map(|texts| texts.map(|texts| (texts, value.span)))
        };
        let files = named(DocumentKind::Protobuf);
        let folders = named(DocumentKind::Folders);
        let set = named(DocumentKind::ProtobufSet);
        // What is no text, or not known yet, is said where the arguments are checked.
        let (Ok(files), Ok(folders), Ok(set)) = (files, folders, set) else {
            return Declared::Wrong;
        };
        match (files, set) {
            (None, None) => Declared::Nothing,
            (Some((_, at)), Some((_, of_set))) => {
                self.of_documents
                    .error(
                        codes::INVALID_SCHEMA,
                        of_set,
                        "messages come from `.proto` files or from a descriptor set, not from both",
                    )
                    .label(at, "files are named here");
                Declared::Wrong
            }
            (Some((paths, at)), None) => {
                let folders = folders.map_or(Vec::new(), |(folders, _)| folders);
                self.read_files(ProtoNames::Files(paths, folders), of_folders, at)
            }
            (None, Some((mut path, at))) => match path.pop() {
                Some(path) => self.read_set(path, at),
                None => Declared::Wrong,
            },
        }
    }

    fn read_files(&mut self, names: ProtoNames, of_folders: Option<&str>, at: Span) -> Declared {
        if let Some(known) = self.documents.known_messages(&names) {
            return Declared::Messages(known);
        }
        let ProtoNames::Files(paths, folders) = &names else {
            return Declared::Wrong;
        };
        let question = Question::Protos {
            paths: paths.clone(),
            folders: folders.clone(),
        };
        let found = match self.answer(question) {
            None => return Declared::Unread,
            Some(_) if self.only_asks => return Declared::Wrong,
            Some(Answer::Protos(found)) => found,
            Some(_) => return Declared::Wrong,
        };
        let sources = self.sources;
        let given = |file: FileId| proto::Given {
            file,
            text: sources.file(file).map_or("", |file| &file.text),
        };
        let texts = found.files.iter().filter_map(|(path, found)| match found {
            Proto::File(file) => Some((path.as_str(), given(*file))),
            Proto::In(_) | Proto::Refused(_) => None,
        });
        let texts: Vec<_> = texts.collect();
        if let Some(files) = memory::remembered(paths, &texts) {
            return Declared::Messages(self.documents.keep_messages(names, files));
        }
        let places = (0..).map(|place| self.place_of_item(at, place));
        let roots = paths.iter().zip(places);
        let roots: Vec<proto::Asked<'_>> =
            roots.map(|(path, at)| proto::Asked { path, at }).collect();
        let mut ask = |path: &str| match found.files.get(path) {
            Some(Proto::File(file)) => Ok(given(*file)),
            found => Err(lacking(path, found, (folders, of_folders))),
        };
        let (files, mut problems) = Files::parse(&roots, &mut ask);
        let files = Rc::new(files);
        if problems.list.is_empty() {
            memory::remember(paths, &texts, &files);
        }
        for problem in &mut problems.list {
            let is_of_grid = problem.span.is_some_and(|span| span.file == at.file);
            if !is_of_grid {
                problem.label(at, "read here");
            }
        }
        self.of_documents.extend(problems);
        Declared::Messages(self.documents.keep_messages(names, files))
    }

    fn read_set(&mut self, path: String, at: Span) -> Declared {
        let names = ProtoNames::Set(path.clone());
        if let Some(known) = self.documents.known_messages(&names) {
            return Declared::Messages(known);
        }
        let bytes = match self.answer(Question::Content(path.clone())) {
            None => return Declared::Unread,
            Some(_) if self.only_asks => return Declared::Wrong,
            Some(Answer::Content(bytes)) => bytes,
            Some(other) => {
                self.problems_aside(|checker| {
                    checker.unreadable(&refusal(other), at, at);
                });
                return Declared::Wrong;
            }
        };
        match Files::of_set(&bytes) {
            Ok(files) => {
                let files = Rc::new(files);
                Declared::Messages(self.documents.keep_messages(names, files))
            }
            Err(wrong) => {
                let text = format!("`{path}`: {wrong}");
                self.of_documents
                    .error(codes::INVALID_SCHEMA, at, text)
                    .hint(
                        "`protoc --include_imports --descriptor_set_out` and `buf build` write one",
                    );
                Declared::Wrong
            }
        }
    }

    /// Whether an argument that selects a method names one, which is said here if not. What is read was not read yet is let pass.
    pub(in crate::check) fn names_a_method(
        &mut self,
        selecting: Selecting<'_>,
        input: &Input,
        value: &TExpr,
    ) -> bool {
        let what = format!("`{}`", input.name);
        if !self.is_known_when_built(value, &what, "the messages of the method are read then") {
            return false;
        }
        let Some(path) = value.constant().and_then(Value::as_text) else {
            return false;
        };
        let path = path.to_owned();
        match self.method_called(selecting, input, &path) {
            Ok(selected) => return self.is_taken(input, &selected.method, value.span),
            Err(Declared::Unread) => return true,
            Err(Declared::Messages(_)) => return false,
            Err(Declared::Nothing | Declared::Wrong) => {}
        }
        let key = input.selects.as_deref().unwrap_or_default();
        // A use that is missing or wrong is said by itself.
        let Some(resource) = self.used_by(selecting, key) else {
            return false;
        };
        match self.declared_by(resource) {
            Declared::Nothing => self.no_files(resource, value.span),
            Declared::Messages(place) => {
                let Some(messages) = self.documents.messages(place) else {
                    return false;
                };
                let files = messages.files();
                if !files.is_in_part() {
                    self.unknown_method(&files, &path, value.span);
                }
            }
            Declared::Unread | Declared::Wrong => {}
        }
        false
    }

    /// Whether an input takes a method, which is said here if not.
    fn is_taken(&mut self, input: &Input, method: &Method, at: Span) -> bool {
        if takes(input, method) {
            return true;
        }
        let text = format!(
            "`{}` streams no messages: `{}` is a method that does",
            method.path, input.name
        );
        let problem = self.error(codes::NOT_ONE_OF, at, text);
        if let Some(declared) = method.at {
            problem.label(
                declared,
                "no `stream` stands before its request or its answer",
            );
        }
        false
    }

    /// Says that an asset names no file in which a method could be declared.
    fn no_files(&mut self, resource: ResourceId, at: Span) {
        let written = self.declarations.resource(resource);
        let address = written.address();
        let inputs = self
            .asset_of(resource)
            .map_or(&[][..], |at| &self.modules.asset(at).inputs);
        let kinds = [DocumentKind::Protobuf, DocumentKind::ProtobufSet];
        let names = kinds.into_iter().filter_map(|kind| {
            let input = inputs.iter().find(|input| input.reads_only(kind))?;
            Some(match kind {
                DocumentKind::Protobuf => format!("`{} = [\"FILE.proto\"]`", input.name),
                _ => format!("`{} = \"FILE.binpb\"`", input.name),
            })
        });
        let names: Vec<String> = names.collect();
        let text = format!("`{address}` names no file that declares methods");
        self.error(codes::UNKNOWN_METHOD, at, text)
            .label(written.span, "this one")
            .hint(format!("write {} in its `arguments`", names.join(" or ")));
    }

    fn unknown_method(&mut self, files: &Files, path: &str, at: Span) {
        let hint = files.near_method(path);
        if files.methods().is_empty() {
            self.error(
                codes::UNKNOWN_METHOD,
                at,
                "the files declare no service, so there is no method",
            );
            return;
        }
        let path = path.trim_start_matches('/');
        let service = path.split_once('/').map_or(path, |(service, _)| service);
        let is_of_service = |method: &&Method| {
            let of = method.path.strip_prefix(service);
            of.is_some_and(|rest| rest.starts_with('/'))
        };
        let of_service = files.methods().iter().find(is_of_service);
        let text = match of_service {
            Some(_) => format!("the service `{service}` has no such method: \"{path}\""),
            None => format!("the files declare no service of this name: \"{path}\""),
        };
        let problem = self.error(codes::UNKNOWN_METHOD, at, text);
        if let Some(declared) = of_service.and_then(|method| method.at) {
            problem.label(declared, "one of its methods");
        }
        problem.advise(hint);
    }

    /// Keeps what people may be shown of the methods that a step or a resource may select, and of the messages that it sends.
    pub(in crate::check) fn show_methods(&mut self, selecting: Selecting<'_>, owner: Node) {
        if self.seen.is_none() {
            return;
        }
        for input in selecting.inputs {
            let resource = input.selects.as_deref();
            let resource = resource.and_then(|key| self.used_by(selecting, key));
            if let Some(resource) = resource
                && let Declared::Messages(place) = self.declared_by(resource)
                && let Some(messages) = self.documents.messages(place)
            {
                let files = messages.files();
                let methods = files.methods().iter();
                let methods = methods.filter(|method| takes(input, method));
                let methods = methods.map(|method| ShownMethod {
                    path: method.path.clone(),
                    words: words_of(&files, method),
                });
                let key = (owner, input.name.clone());
                self.shown.methods.insert(key, methods.collect());
            }
            if let (Some(of), Node::Step(step)) = (&input.type_from, owner)
                && let Ok(selected) = self.selected_by(selecting, of)
                && let Some(ty) = self.message_type(&selected, of.side, &input.ty)
            {
                self.shown.inputs.insert((step, input.name.clone()), ty);
            }
        }
    }

    /// The methods of a step or a resource, by the inputs that select them.
    pub(in crate::check) fn methods(
        &mut self,
        selecting: Selecting<'_>,
    ) -> Vec<(usize, Rc<TMethod>)> {
        let mut found = Vec::new();
        for (place, input) in selecting.inputs.iter().enumerate() {
            if input.selects.is_none() {
                continue;
            }
            if let Ok(Selected { files, method, .. }) = self.selected(selecting, &input.name) {
                let table = files.table(&method);
                let method = TMethod {
                    name: method.path,
                    client_streams: method.streams_requests,
                    server_streams: method.streams_responses,
                    table,
                };
                found.push((place, Rc::new(method)));
            }
        }
        found
    }
}

/// Whether an input takes a method of those that it may select.
fn takes(input: &Input, method: &Method) -> bool {
    !input.streams || method.streams_requests || method.streams_responses
}

/// What a method sends and gets, and what its file says of it.
fn words_of(files: &Files, method: &Method) -> String {
    let message = |place: u32, streams: bool| {
        let name = files.message(place).map_or("", |message| &message.name);
        match streams {
            true => format!("a stream of `{name}`"),
            false => format!("`{name}`"),
        }
    };
    let sent = message(method.request, method.streams_requests);
    let got = message(method.response, method.streams_responses);
    let doc = method.doc.as_ref();
    let doc = doc.map_or(String::new(), |doc| format!("\n\n{doc}"));
    format!("sends {sent}, gets {got}{doc}")
}

pub(super) fn attribute<'a>(
    block: Option<&'a AttributeBlock>,
    name: &str,
) -> Option<&'a Attribute> {
    let mut attributes = block.into_iter().flat_map(|block| &block.attributes);
    attributes.find(|attribute| attribute.name.text == name)
}

/// The texts of a constant: one, or a list; `None` of null.
fn texts(value: &TExpr) -> Result<Option<Vec<String>>, ()> {
    if value.sensitivity.any() {
        return Err(());
    }
    let text = |value: &Value| value.as_text().map(str::to_owned).ok_or(());
    match value.constant() {
        Some(Value::Null) => Ok(None),
        Some(one @ Value::Text(_)) => Ok(Some(vec![text(one)?])),
        Some(Value::List(items)) => {
            let items: Result<Vec<String>, ()> = items.iter().map(text).collect();
            Ok(Some(items?))
        }
        _ => Err(()),
    }
}

/// Why there is no text of a `.proto` file.
fn lacking(
    path: &str,
    found: Option<&Proto>,
    (folders, of_folders): (&[String], Option<&str>),
) -> proto::Lacking {
    let none = format!("there is no file `{path}`");
    match found {
        Some(Proto::Refused(refusal)) => {
            let near = refusal.near.as_deref().map(Hint::meant);
            let hint = near.or_else(|| match (refusal.hint, of_folders) {
                (Some(_), Some(name)) => Some(Hint::from(format!(
                    "a path begins at the folder of the grid, or at one that `{name}` lists"
                ))),
                (hint, _) => hint.map(Hint::from),
            });
            proto::Lacking {
                text: refusal.text.clone(),
                hint,
            }
        }
        Some(Proto::In(folder)) => {
            let all = folders.iter().chain([folder]);
            let all: Vec<String> = all.map(|folder| format!("\"{folder}\"")).collect();
            let hint = of_folders.map(|name| {
                let all = all.join(", ");
                format!("there is one below `{folder}`: write `{name} = [{all}]`").into()
            });
            proto::Lacking { text: none, hint }
        }
        Some(Proto::File(_)) | None => proto::Lacking {
            text: none,
            hint: Some(Hint::from(
                "a path begins at the folder of the grid, or at one that the asset names",
            )),
        },
    }
}
