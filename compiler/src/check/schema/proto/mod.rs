//! Messages of Protocol Buffers out of `.proto` files, or out of a descriptor set that another tool made of such files.
//!
//! ```text
//! text --lex, parse--> tree --load--> all files --link--> model --table--> bytes of the program
//! descriptor set --set--> model
//! ```
//!
//! Read are files of proto2 and proto3. Groups, extensions of messages, and editions are refused. Options are gone past, but
//! for those that change bytes or names.

mod google;
mod lex;
mod link;
mod load;
mod model;
mod parse;
mod set;
mod table;
mod tree;

use bggo_protobuf::schema::{Form, Kind};

use crate::diagnostics::{Hint, Problems, codes, nearest};
use crate::source::Span;

pub(in crate::check) use load::{Ask, Asked, Given, Lacking};
pub(in crate::check) use model::{Enum, Field, Holds, Message, Method};

/// The most that is said of one file.
const MOST: usize = 20;

/// Files that belong together.
#[derive(Debug, Default)]
pub(in crate::check) struct Files {
    messages: Vec<Message>,
    enums: Vec<Enum>,
    methods: Vec<Method>,
    /// Some of it could not be read, which was said: what is missing may stand there.
    is_in_part: bool,
}

impl Files {
    /// Reads these files and all that they import. What is wrong in any of them is in the problems, at most twenty a file, and
    /// what could be read is there all the same.
    pub(in crate::check) fn parse(roots: &[Asked<'_>], ask: &mut Ask<'_, '_>) -> (Self, Problems) {
        let mut problems = Problems::default();
        let read = load::read(roots, ask, &mut problems);
        let linked = link::link(&read.files);
        let mut faults = read.faults;
        faults.extend(linked.faults);
        faults.sort_by_key(|(file, fault)| (*file, fault.at.start));
        for of_file in faults.chunk_by(|one, other| one.0 == other.0) {
            for (file, fault) in of_file.iter().take(MOST) {
                // Those that come with bggo have no faults.
                let Some(file) = read.files.get(*file).and_then(|file| file.id) else {
                    continue;
                };
                let span = |at: &tree::At| Span {
                    file,
                    start: at.start,
                    end: at.end,
                };
                let problem =
                    problems.error(codes::INVALID_SCHEMA, span(&fault.at), fault.text.clone());
                problem.advise(fault.hint.as_deref().cloned());
                for (at, text) in &fault.labels {
                    problem.label(span(at), text.clone());
                }
            }
        }
        let files = Self {
            messages: linked.messages,
            enums: linked.enums,
            methods: linked.methods,
            is_in_part: problems.has_errors(),
        };
        (files, problems)
    }

    /// Reads a descriptor set, which `protoc --include_imports --descriptor_set_out` writes. Nothing in it has a place.
    ///
    /// # Errors
    /// What is wrong with it, in one clause.
    pub(in crate::check) fn of_set(bytes: &[u8]) -> Result<Self, String> {
        let model = set::read(bytes)?;
        Ok(Self {
            messages: model.messages,
            enums: model.enums,
            methods: model.methods,
            is_in_part: false,
        })
    }

    /// Whether some of the files could not be read.
    pub(in crate::check) fn is_in_part(&self) -> bool {
        self.is_in_part
    }

    /// The method with this path: `package.Service/Method`.
    pub(in crate::check) fn method(&self, path: &str) -> Option<&Method> {
        let path = path.strip_prefix('/').unwrap_or(path);
        self.methods.iter().find(|method| method.path == path)
    }

    /// All methods, in the order in which they are declared.
    pub(in crate::check) fn methods(&self) -> &[Method] {
        &self.methods
    }

    /// What to write instead of a method that there is not.
    pub(in crate::check) fn near_method(&self, path: &str) -> Option<Hint> {
        let known = || self.methods.iter().map(|method| method.path.as_str());
        // Without the package, without the service, or with a dot for the slash.
        let wanted = path.trim_start_matches('/').replace('/', ".");
        let ends = |known: &&str| {
            let known = known.replace('/', ".");
            let rest = known.strip_suffix(&wanted);
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        let mut fitting = known().filter(ends);
        let meant = |path: &str| {
            let words = format!("did you mean `{path}`?");
            Hint::write(format!("\"{path}\"")).saying(words)
        };
        if let (Some(only), None) = (fitting.next(), fitting.next()) {
            return Some(meant(only));
        }
        let near = nearest::nearest(path, known());
        near.map(meant).or_else(|| nearest::advice(path, known()))
    }

    /// The message at this place, to be opened field by field.
    pub(in crate::check) fn message(&self, place: u32) -> Option<&Message> {
        self.messages.get(place as usize)
    }

    /// The enum at this place.
    pub(in crate::check) fn enumeration(&self, place: u32) -> Option<&Enum> {
        self.enums.get(place as usize)
    }

    /// What one value of a field of this kind is: of a list or a map each item.
    pub(in crate::check) fn holds(&self, kind: Kind) -> Holds {
        model::holds(kind, &self.messages)
    }

    /// Whether a value of this kind may be null also as an item of a list or a map.
    pub(in crate::check) fn takes_null(&self, kind: Kind) -> bool {
        match kind {
            Kind::Message(place) => self
                .message(place)
                .is_some_and(|message| message.form == Form::Any),
            _ => false,
        }
    }

    /// The bytes by which a program writes and reads the messages of a method.
    pub(in crate::check) fn table(&self, method: &Method) -> Vec<u8> {
        bggo_protobuf::write(&table::schema(&self.messages, &self.enums, method))
    }
}

#[cfg(test)]
mod tests;
