//! Tokens to a file's tree. After a fault it goes on with the next statement, so that all of a file are told in one run.

use crate::diagnostics::{Hint, nearest};

use super::lex::{self, Kind, Token};
use super::tree::{
    At, Enum, EnumValue, Extend, Fault, Field, File, Import, Label, Message, Method, Name,
    Numbered, Numbers, Oneof, Options, Reserved, Service, Syntax, Type,
};

/// How deep messages may be nested.
const DEEPEST: usize = 32;

/// The largest number that a `reserved` or `extensions` of a message reaches: `max`.
const MAX_FIELD: i64 = (1 << 29) - 1;

/// What a file is made of.
const OF_FILE: [&str; 7] = [
    "syntax", "package", "import", "option", "message", "enum", "service",
];

/// The options of fields that come with the format.
const OF_FIELDS: [&str; 15] = [
    "ctype",
    "debug_redact",
    "default",
    "deprecated",
    "edition_defaults",
    "feature_support",
    "features",
    "json_name",
    "jstype",
    "lazy",
    "packed",
    "retention",
    "targets",
    "unverified_lazy",
    "weak",
];

const OF_MESSAGES: [&str; 6] = [
    "deprecated",
    "deprecated_legacy_json_field_conflicts",
    "features",
    "map_entry",
    "message_set_wire_format",
    "no_standard_descriptor_accessor",
];

const OF_ENUMS: [&str; 4] = [
    "allow_alias",
    "deprecated",
    "deprecated_legacy_json_field_conflicts",
    "features",
];

/// What is wrong with a statement; what follows it is read again.
type Read<T> = Result<T, Fault>;

/// Reads a file, and says what is wrong with its words, in order of place.
pub(super) fn read(text: &str) -> (File, Vec<Fault>) {
    let (tokens, faults) = lex::read(text);
    let mut parser = Parser {
        tokens,
        at: 0,
        faults,
        depth: 0,
    };
    let file = parser.file();
    let mut faults = parser.faults;
    faults.sort_by_key(|fault| fault.at.start);
    (file, faults)
}

struct Parser {
    /// The last one is the end.
    tokens: Vec<Token>,
    at: usize,
    faults: Vec<Fault>,
    depth: usize,
}

/// An option as far as it matters.
struct Setting {
    /// Its name, if that is a single word.
    name: Option<Name>,
    value: Token,
}

impl Parser {
    fn peek(&self) -> &Token {
        self.ahead(0)
    }

    fn ahead(&self, count: usize) -> &Token {
        // There is always an end.
        let last = self.tokens.len() - 1;
        &self.tokens[(self.at + count).min(last)]
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    fn is_end(&self) -> bool {
        self.peek().kind == Kind::End
    }

    fn is_mark(&self, mark: char) -> bool {
        self.peek().kind == Kind::Mark(mark)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(&self.peek().kind, Kind::Word(found) if found == word)
    }

    fn take_mark(&mut self, mark: char) -> bool {
        let is = self.is_mark(mark);
        if is {
            self.next();
        }
        is
    }

    fn take_word(&mut self, word: &str) -> Option<At> {
        self.is_word(word).then(|| self.next().at)
    }

    fn expected(&self, what: &str) -> Fault {
        let found = self.peek();
        Fault::new(
            found.at.clone(),
            format!("expected {what}, found {}", found.in_words()),
        )
    }

    fn mark(&mut self, mark: char) -> Read<()> {
        match self.take_mark(mark) {
            true => Ok(()),
            false => Err(self.expected(&format!("`{mark}`"))),
        }
    }

    /// The end of a statement. Where it is missing and the next line begins a statement, that one is read.
    fn semicolon(&mut self) -> Read<()> {
        if self.take_mark(';') {
            return Ok(());
        }
        let fault = self.expected("`;`");
        let next = self.peek();
        match next.kind {
            Kind::Word(_) | Kind::End | Kind::Mark('}') if next.is_first => {
                self.faults.push(fault);
                Ok(())
            }
            _ => Err(fault),
        }
    }

    fn word(&mut self, what: &str) -> Read<Name> {
        match &self.peek().kind {
            Kind::Word(word) => {
                let text = word.clone();
                let at = self.next().at;
                Ok(Name { text, at })
            }
            _ => Err(self.expected(what)),
        }
    }

    /// A name that may have dots in it and before it.
    fn path(&mut self, what: &str) -> Read<Name> {
        let start = self.peek().at.start;
        let mut text = String::new();
        if self.take_mark('.') {
            text.push('.');
        }
        loop {
            let part = self.word(what)?;
            text.push_str(&part.text);
            if !self.is_mark('.') {
                let at = start..part.at.end;
                return Ok(Name { text, at });
            }
            self.next();
            text.push('.');
        }
    }

    fn text(&mut self, what: &str) -> Read<Name> {
        match &self.peek().kind {
            Kind::Text(text) => {
                let text = text.clone();
                let at = self.next().at;
                Ok(Name { text, at })
            }
            _ => Err(self.expected(what)),
        }
    }

    fn number(&mut self) -> Read<Numbered> {
        let start = self.peek().at.start;
        let is_negative = self.take_mark('-');
        let Kind::Whole(size) = self.peek().kind else {
            return Err(self.expected("a whole number"));
        };
        let at = start..self.next().at.end;
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        let number = if is_negative { -size } else { size };
        Ok(Numbered { number, at })
    }

    /// Goes to the next statement after a fault.
    fn recover(&mut self, fault: Fault) {
        self.faults.push(fault);
        loop {
            match self.peek().kind {
                Kind::End | Kind::Mark('}') => return,
                Kind::Mark(';') => {
                    self.next();
                    return;
                }
                Kind::Mark('{') => {
                    self.block();
                    return;
                }
                _ => {
                    self.next();
                }
            }
        }
    }

    /// Goes past what stands in braces, and past them.
    fn block(&mut self) {
        let mut open = 0_usize;
        loop {
            match self.next().kind {
                Kind::Mark('{') => open += 1,
                Kind::Mark('}') => open = open.saturating_sub(1),
                Kind::End => return,
                _ => {}
            }
            if open == 0 {
                return;
            }
        }
    }

    /// Reads statements in braces.
    fn body(&mut self, mut statement: impl FnMut(&mut Self) -> Read<()>) -> Read<()> {
        let open = self.peek().at.clone();
        self.mark('{')?;
        loop {
            if self.take_mark('}') {
                return Ok(());
            }
            if self.is_end() {
                self.faults
                    .push(Fault::new(open, "this `{` is never closed"));
                return Ok(());
            }
            if self.take_mark(';') {
                continue;
            }
            if let Err(fault) = statement(self) {
                self.recover(fault);
            }
        }
    }

    /// The comment of the statement that began at this token.
    fn doc(&self, first: usize) -> Option<String> {
        let before = self
            .tokens
            .get(first)
            .and_then(|token| token.before.clone());
        let behind = || {
            let last = self.tokens.get(self.at.checked_sub(1)?)?;
            last.behind.clone()
        };
        before.or_else(behind).filter(|doc| !doc.is_empty())
    }

    fn file(&mut self) -> File {
        let mut file = File::default();
        let mut is_first = true;
        while !self.is_end() {
            if self.take_mark(';') {
                continue;
            }
            if self.is_mark('}') {
                let at = self.next().at;
                self.faults.push(Fault::new(at, "this `}` closes nothing"));
                continue;
            }
            if let Err(fault) = self.of_file(&mut file, is_first) {
                self.recover(fault);
            }
            is_first = false;
        }
        file
    }

    fn of_file(&mut self, file: &mut File, is_first: bool) -> Read<()> {
        let Kind::Word(word) = &self.peek().kind else {
            return Err(self.expected("a declaration such as `message` or `service`"));
        };
        let word = word.clone();
        match word.as_str() {
            "syntax" => file.syntax = self.syntax(is_first)?,
            "edition" => {
                let text = "editions are not read";
                let hint = "`syntax = \"proto3\";` says nearly the same";
                return Err(Fault::new(self.peek().at.clone(), text).hint(hint));
            }
            "package" => {
                let at = self.next().at;
                let package = self.path("a name")?;
                if let Some(first) = &file.package {
                    let fault = Fault::new(at, "a file has one package");
                    self.faults
                        .push(fault.label(first.at.clone(), "it is here already"));
                } else {
                    file.package = Some(package);
                }
                self.semicolon()?;
            }
            "import" => {
                self.next();
                let is_weak = self.take_word("weak").is_some();
                let is_public = !is_weak && self.take_word("public").is_some();
                if self.is_word("option") {
                    self.next();
                }
                let path = self.text("the path of a file in quotes")?;
                file.imports.push(Import {
                    path,
                    is_public,
                    is_weak,
                });
                self.semicolon()?;
            }
            "option" => {
                self.option()?;
            }
            "message" => {
                let message = self.message()?;
                file.messages.push(message);
            }
            "enum" => {
                let one = self.enumeration()?;
                file.enums.push(one);
            }
            "service" => {
                let service = self.service()?;
                file.services.push(service);
            }
            "extend" => {
                let extend = self.extend()?;
                file.extends.push(extend);
            }
            _ => {
                let fault = self.expected("a declaration such as `message` or `service`");
                return Err(fault.advise(nearest::advice(&word, OF_FILE).map(Hint::in_words)));
            }
        }
        Ok(())
    }

    fn syntax(&mut self, is_first: bool) -> Read<Syntax> {
        let at = self.next().at;
        self.mark('=')?;
        let name = self.text("\"proto3\" or \"proto2\"")?;
        let syntax = match name.text.as_str() {
            "proto2" => Syntax::Two,
            "proto3" => Syntax::Three,
            other => {
                let text = format!("there is no syntax {other:?}");
                let hint = Hint::from("known here are \"proto3\" and \"proto2\"".to_owned());
                self.faults.push(Fault::new(name.at, text).advise(hint));
                Syntax::Three
            }
        };
        if !is_first {
            let fault = Fault::new(at, "the syntax stands before everything else in a file");
            self.faults.push(fault);
        }
        self.semicolon()?;
        Ok(syntax)
    }

    /// `option NAME = VALUE;`
    fn option(&mut self) -> Read<Setting> {
        self.next();
        let setting = self.setting()?;
        self.semicolon()?;
        Ok(setting)
    }

    /// `NAME = VALUE`
    fn setting(&mut self) -> Read<Setting> {
        // A name of several parts, or in brackets, is one that means nothing here.
        let mut name = self.part_of_name()?;
        while self.take_mark('.') {
            self.part_of_name()?;
            name = None;
        }
        self.mark('=')?;
        let value = self.value()?;
        Ok(Setting { name, value })
    }

    /// A part of the name of an option; `None` for that of an extension, in brackets.
    fn part_of_name(&mut self) -> Read<Option<Name>> {
        if self.take_mark('(') {
            self.path("the name of an option")?;
            self.mark(')')?;
            return Ok(None);
        }
        self.word("the name of an option").map(Some)
    }

    /// The value of an option; of several tokens the first one.
    fn value(&mut self) -> Read<Token> {
        if self.is_mark('{') {
            let open = self.peek().clone();
            self.block();
            if self.is_end() {
                return Err(Fault::new(open.at, "this `{` is never closed"));
            }
            return Ok(open);
        }
        if !self.take_mark('-') {
            self.take_mark('+');
        }
        match self.peek().kind {
            Kind::Word(_) => {
                let word = self.next();
                // The name of an enum's value has no dots, but others read them.
                while self.take_mark('.') {
                    self.word("a name")?;
                }
                Ok(word)
            }
            Kind::Whole(_) | Kind::Fraction => Ok(self.next()),
            Kind::Text(_) => {
                let mut text = self.next();
                // Texts that follow each other are one.
                while let Kind::Text(more) = &self.peek().kind {
                    let more = more.clone();
                    if let Kind::Text(so_far) = &mut text.kind {
                        so_far.push_str(&more);
                    }
                    text.at.end = self.next().at.end;
                }
                Ok(text)
            }
            _ => Err(self.expected("the value of an option")),
        }
    }

    /// `[NAME = VALUE, ..]`, or nothing.
    fn settings(&mut self) -> Read<Vec<Setting>> {
        let mut found = Vec::new();
        if !self.take_mark('[') {
            return Ok(found);
        }
        loop {
            found.push(self.setting()?);
            if self.take_mark(']') {
                return Ok(found);
            }
            if !self.take_mark(',') {
                return Err(self.expected("`,` or `]`"));
            }
        }
    }

    /// An option that is misspelt would silently do nothing.
    fn known_option(&mut self, name: &Name, known: &[&str]) {
        if !known.contains(&name.text.as_str()) {
            let fault = Fault::new(
                name.at.clone(),
                format!("there is no option `{}`", name.text),
            );
            let near = nearest::nearest(&name.text, known.iter().copied());
            let hint = near.map(|near| Hint::meant(near).in_words());
            self.faults.push(fault.advise(hint));
        }
    }

    fn options(&mut self) -> Read<Options> {
        let mut options = Options::default();
        for Setting { name, value } in self.settings()? {
            let Some(name) = name else { continue };
            self.known_option(&name, &OF_FIELDS);
            match name.text.as_str() {
                "packed" => match truth(&value) {
                    Some(is) => options.packed = Some((is, name.at)),
                    None => self
                        .faults
                        .push(Fault::new(value.at, "`packed` is `true` or `false`")),
                },
                "json_name" => match value.kind {
                    Kind::Text(text) => options.json_name = Some(Name { text, at: value.at }),
                    _ => self
                        .faults
                        .push(Fault::new(value.at, "`json_name` is a text")),
                },
                "default" => options.default = Some(name.at),
                _ => {}
            }
        }
        Ok(options)
    }

    fn message(&mut self) -> Read<Message> {
        let first = self.at;
        self.next();
        let name = self.word("the name of a message")?;
        let mut message = Message {
            doc: self.doc(first),
            name,
            fields: Vec::new(),
            oneofs: Vec::new(),
            messages: Vec::new(),
            enums: Vec::new(),
            extends: Vec::new(),
            reserved: Reserved::default(),
            extensions: Vec::new(),
        };
        if self.depth == DEEPEST {
            let text = format!("messages are nested deeper than {DEEPEST} levels");
            return Err(Fault::new(message.name.at, text));
        }
        self.depth += 1;
        let read = self.body(|parser| parser.of_message(&mut message));
        self.depth -= 1;
        read?;
        Ok(message)
    }

    fn of_message(&mut self, message: &mut Message) -> Read<()> {
        let word = match &self.peek().kind {
            Kind::Word(word) => word.clone(),
            Kind::Mark('.') => String::new(),
            _ => return Err(self.expected("a field")),
        };
        match word.as_str() {
            "message" => {
                let inner = self.message()?;
                message.messages.push(inner);
            }
            "enum" => {
                let one = self.enumeration()?;
                message.enums.push(one);
            }
            "extend" => {
                let extend = self.extend()?;
                message.extends.push(extend);
            }
            "option" => {
                let setting = self.option()?;
                let name = setting.name.as_ref();
                if let Some(name) = name {
                    self.known_option(name, &OF_MESSAGES);
                }
                let refused = ["message_set_wire_format", "map_entry"];
                if let Some(name) = name.filter(|name| refused.contains(&name.text.as_str()))
                    && truth(&setting.value) == Some(true)
                {
                    let text = format!("messages with `{}` are not read", name.text);
                    self.faults.push(Fault::new(name.at.clone(), text));
                }
            }
            "oneof" => self.oneof(message)?,
            "reserved" => self.reserved(&mut message.reserved, MAX_FIELD)?,
            "extensions" => {
                self.next();
                self.numbers(&mut message.extensions, MAX_FIELD)?;
                self.settings()?;
                self.semicolon()?;
            }
            _ => {
                let field = self.field()?;
                message.fields.push(field);
            }
        }
        Ok(())
    }

    fn oneof(&mut self, message: &mut Message) -> Read<()> {
        self.next();
        let name = self.word("the name of a oneof")?;
        let place = message.oneofs.len();
        let (before, at) = (message.fields.len(), name.at.clone());
        message.oneofs.push(Oneof { name });
        let faults = self.faults.len();
        self.body(|parser| {
            if parser.is_word("option") {
                return parser.option().map(drop);
            }
            let mut field = parser.field()?;
            if let Some((_, at)) = field.label.take() {
                let fault = Fault::new(at, "a member of a oneof has no label");
                parser.faults.push(fault);
            }
            if let Type::Map(key, value) = &field.ty {
                let at = key.at.start..value.at.end;
                let fault = Fault::new(at, "a member of a oneof is no map");
                let hint = "put the map into a message of its own";
                parser.faults.push(fault.hint(hint));
                return Ok(());
            }
            field.oneof = Some(place);
            message.fields.push(field);
            Ok(())
        })?;
        if message.fields.len() == before && self.faults.len() == faults {
            self.faults
                .push(Fault::new(at, "a oneof has at least one member"));
        }
        Ok(())
    }

    fn reserved(&mut self, into: &mut Reserved, max: i64) -> Read<()> {
        self.next();
        match self.peek().kind {
            Kind::Text(_) => loop {
                into.names.push(self.text("a name in quotes")?);
                if !self.take_mark(',') {
                    break;
                }
            },
            _ => self.numbers(&mut into.numbers, max)?,
        }
        self.semicolon()
    }

    /// `2, 9 to 11, 40 to max`
    fn numbers(&mut self, into: &mut Vec<Numbers>, max: i64) -> Read<()> {
        loop {
            let from = self.number()?;
            let mut found = Numbers {
                from: from.number,
                to: from.number,
                at: from.at,
            };
            if self.take_word("to").is_some() {
                let to = match self.take_word("max") {
                    Some(at) => Numbered { number: max, at },
                    None => self.number()?,
                };
                found.to = to.number;
                found.at.end = to.at.end;
            }
            if found.from > found.to {
                let fault = Fault::new(found.at.clone(), "the numbers end before they begin");
                self.faults.push(fault);
            }
            into.push(found);
            if !self.take_mark(',') {
                return Ok(());
            }
        }
    }

    fn field(&mut self) -> Read<Field> {
        let first = self.at;
        let labels = [
            ("optional", Label::Optional),
            ("required", Label::Required),
            ("repeated", Label::Repeated),
        ];
        let mut label = None;
        for (word, found) in labels {
            // A type may be called so as well, if its field has a name and a number behind it.
            if self.is_word(word) && self.ahead(1).kind != Kind::Mark('=') {
                label = Some((found, self.next().at));
                break;
            }
        }
        if self.is_word("group") && matches!(self.ahead(1).kind, Kind::Word(_)) {
            let fault = Fault::new(self.peek().at.clone(), "groups are not read");
            return Err(fault.hint("a field of a message does the same, if both sides have it"));
        }
        let ty = if self.is_word("map") && self.ahead(1).kind == Kind::Mark('<') {
            let at = self.next().at;
            self.mark('<')?;
            let key = self.path("the type of the keys")?;
            self.mark(',')?;
            let value = self.path("the type of the values")?;
            self.mark('>')?;
            if label.is_some() {
                self.faults.push(Fault::new(at, "a map has no label"));
            }
            Type::Map(key, value)
        } else {
            Type::Named(self.path("the type of a field")?)
        };
        let name = match self.word("the name of a field") {
            Ok(name) => name,
            Err(fault) => {
                let is_number = self.is_mark('=');
                let hint = "a field is written `TYPE NAME = NUMBER;`";
                return Err(if is_number { fault.hint(hint) } else { fault });
            }
        };
        if !self.is_mark('=') {
            let hint = "each field has a number of its own: `TYPE NAME = NUMBER;`";
            return Err(self.expected("`=`").hint(hint));
        }
        self.next();
        let number = self.number()?;
        let options = self.options()?;
        self.semicolon()?;
        Ok(Field {
            doc: self.doc(first),
            label,
            ty,
            name,
            number,
            options,
            oneof: None,
        })
    }

    fn enumeration(&mut self) -> Read<Enum> {
        self.next();
        let name = self.word("the name of an enum")?;
        let mut found = Enum {
            name,
            values: Vec::new(),
            allows_alias: false,
            reserved: Reserved::default(),
        };
        self.body(|parser| {
            if parser.is_word("option") && parser.ahead(1).kind != Kind::Mark('=') {
                let Setting { name, value } = parser.option()?;
                if let Some(name) = name {
                    parser.known_option(&name, &OF_ENUMS);
                    if name.text == "allow_alias" {
                        found.allows_alias = truth(&value) == Some(true);
                    }
                }
                return Ok(());
            }
            if parser.is_word("reserved") && parser.ahead(1).kind != Kind::Mark('=') {
                return parser.reserved(&mut found.reserved, i64::from(i32::MAX));
            }
            let name = parser.word("the name of a value")?;
            parser.mark('=')?;
            let number = parser.number()?;
            parser.settings()?;
            parser.semicolon()?;
            found.values.push(EnumValue { name, number });
            Ok(())
        })?;
        Ok(found)
    }

    fn service(&mut self) -> Read<Service> {
        self.next();
        let name = self.word("the name of a service")?;
        let mut methods = Vec::new();
        self.body(|parser| {
            if parser.is_word("option") {
                return parser.option().map(drop);
            }
            if !parser.is_word("rpc") {
                return Err(parser.expected("`rpc`"));
            }
            let method = parser.method()?;
            methods.push(method);
            Ok(())
        })?;
        Ok(Service { name, methods })
    }

    fn method(&mut self) -> Read<Method> {
        let first = self.at;
        self.next();
        let name = self.word("the name of a method")?;
        let (streams_requests, request) = self.message_of_method()?;
        if self.take_word("returns").is_none() {
            return Err(self.expected("`returns`"));
        }
        let (streams_responses, response) = self.message_of_method()?;
        let doc = self.doc(first);
        if self.is_mark('{') {
            self.body(|parser| match parser.is_word("option") {
                true => parser.option().map(drop),
                false => Err(parser.expected("`option`")),
            })?;
        } else {
            self.semicolon()?;
        }
        Ok(Method {
            name,
            request,
            response,
            streams_requests,
            streams_responses,
            doc,
        })
    }

    /// `(stream? TYPE)`
    fn message_of_method(&mut self) -> Read<(bool, Name)> {
        self.mark('(')?;
        let streams = self.take_word("stream").is_some();
        let message = self.path("the name of a message")?;
        self.mark(')')?;
        Ok((streams, message))
    }

    fn extend(&mut self) -> Read<Extend> {
        self.next();
        let of = self.path("the name of a message")?;
        let mut fields = Vec::new();
        self.body(|parser| {
            let field = parser.field()?;
            fields.push(field);
            Ok(())
        })?;
        Ok(Extend { of, fields })
    }
}

/// The truth value that a value of an option is.
fn truth(value: &Token) -> Option<bool> {
    match &value.kind {
        Kind::Word(word) if word == "true" => Some(true),
        Kind::Word(word) if word == "false" => Some(false),
        _ => None,
    }
}
