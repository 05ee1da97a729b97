//! Documents to types: keywords of both drafts, references, OpenAPI, and texts that are none of these.

use bggo_manifest::DocumentKind;
use bggo_values::Type;
use bggo_values::split_mix::{GAMMA, mix};

use super::{Asked, Documents};
use crate::diagnostics::Problems;
use crate::source::{FileId, Span};

/// A document, or a part of it.
fn asked<'a>(text: &'a str, part: Option<&'a str>) -> Asked<'a> {
    Asked {
        file: FileId(1),
        text,
        path: "it.json",
        part,
        at: Span::default(),
        kinds: &DocumentKind::ALL,
    }
}

/// The type of a document, or of a part of it, and what was said of it.
fn read(text: &str, part: Option<&str>) -> (Documents, Option<Type>, Vec<String>) {
    let mut documents = Documents::default();
    let mut problems = Problems::default();
    let ty = documents.type_of(asked(text, part), &mut problems);
    let said = problems.list.iter().map(|problem| problem.text.clone());
    (documents, ty, said.collect())
}

/// A type with what it is made of, down to so many levels; `?` behind an attribute that may be missing, `| null` where null
/// is declared, `..` where there may be others.
fn shown(documents: &mut Documents, ty: &Type, levels: u32) -> String {
    let Type::Named(named) = ty else {
        return ty.to_string();
    };
    if levels == 0 {
        return "_".to_owned();
    }
    let opened = documents.open(named);
    let mut part = |ty: &Type| shown(documents, ty, levels - 1);
    let mut text = match &opened.ty {
        Type::Object(fields) => {
            let fields = fields.iter().map(|field| {
                let name = field.name.as_str();
                let mark = if opened.absent.contains_key(name) {
                    "?"
                } else {
                    ""
                };
                format!("{name}{mark}: {}", part(&field.ty))
            });
            let mut fields: Vec<String> = fields.collect();
            fields.extend(opened.others.as_ref().map(|_| "..".to_owned()));
            format!("{{{}}}", fields.join(", "))
        }
        Type::List(_) if !opened.first.is_empty() => {
            let first: Vec<String> = opened.first.iter().map(&mut part).collect();
            format!("[{}..]", first.join(", "))
        }
        Type::Tuple(items) => {
            let items: Vec<String> = items.iter().map(&mut part).collect();
            format!("[{}]", items.join(", "))
        }
        Type::List(item) => format!("list({})", part(item)),
        Type::Map(item) => format!("map({})", part(item)),
        other => other.to_string(),
    };
    if opened.null.is_some() && opened.ty != Type::Null {
        text.push_str(" | null");
    }
    text
}

fn type_of(text: &str) -> String {
    let (mut documents, ty, said) = read(text, None);
    assert_eq!(said, Vec::<String>::new(), "{text}");
    shown(&mut documents, &ty.unwrap(), 4)
}

#[test]
fn keywords_of_both_drafts_give_types() {
    let new = r#""$schema": "https://json-schema.org/draft/2020-12/schema""#;
    let old = r#""$schema": "http://json-schema.org/draft-07/schema#""#;
    let cases = [
        ("", "true", "any"),
        ("", "false", "any"),
        (new, "{}", "any"),
        (new, r#"{ "type": "integer" }"#, "number"),
        (new, r#"{ "type": ["number", "integer"] }"#, "number"),
        (new, r#"{ "type": ["string", "null"] }"#, "string | null"),
        (new, r#"{ "type": ["string", "number"] }"#, "any"),
        (new, r#"{ "type": "null" }"#, "null"),
        (new, r#"{ "enum": ["a", "b"] }"#, "string"),
        (new, r#"{ "enum": ["a", null] }"#, "string | null"),
        (new, r#"{ "enum": ["a", 1] }"#, "any"),
        (new, r#"{ "const": true }"#, "bool"),
        (
            new,
            r#"{ "type": "string", "enum": ["a"], "minLength": 3, "format": "date" }"#,
            "string",
        ),
        (new, r#"{ "type": "object" }"#, "map(any)"),
        (
            new,
            r#"{ "type": "object", "additionalProperties": false }"#,
            "{}",
        ),
        (
            new,
            r#"{ "additionalProperties": { "type": "string" } }"#,
            "map(string)",
        ),
        (
            new,
            r#"{ "properties": { "a": { "type": "string" } } }"#,
            "{a: string}",
        ),
        (
            new,
            r#"{ "properties": { "a": true, "b": {} }, "required": ["b"] }"#,
            "{a?: any, b: any}",
        ),
        (
            new,
            r#"{ "properties": { "a": true }, "additionalProperties": true }"#,
            "{a: any, ..}",
        ),
        (
            new,
            r#"{ "properties": { "a": true }, "additionalProperties": { "type": "string" } }"#,
            "{a: any, ..}",
        ),
        (
            new,
            r#"{ "properties": { "a": true }, "unevaluatedProperties": false }"#,
            "{a: any}",
        ),
        (new, r#"{ "type": "array" }"#, "list(any)"),
        (new, r#"{ "items": { "type": "string" } }"#, "list(string)"),
        (
            new,
            r#"{ "prefixItems": [{ "type": "string" }], "items": { "type": "number" } }"#,
            "[string, number..]",
        ),
        (
            new,
            r#"{ "prefixItems": [{ "type": "string" }], "items": false }"#,
            "[string]",
        ),
        (
            old,
            r#"{ "items": [{ "type": "string" }] }"#,
            "[string, any..]",
        ),
        (
            old,
            r#"{ "items": [{ "type": "string" }], "additionalItems": { "type": "number" } }"#,
            "[string, number..]",
        ),
        (
            old,
            r#"{ "items": [{ "type": "string" }], "additionalItems": false }"#,
            "[string]",
        ),
        (
            new,
            r#"{ "anyOf": [{ "type": "string" }, { "type": "null" }] }"#,
            "string | null",
        ),
        (
            new,
            r#"{ "oneOf": [{ "type": "string" }, { "type": "string" }] }"#,
            "string",
        ),
        (
            new,
            r#"{ "anyOf": [{ "type": "string" }, { "type": "object" }] }"#,
            "any",
        ),
        (
            new,
            r#"{ "anyOf": [{ "items": { "type": "string" } }, { "items": { "type": "number" } }] }"#,
            "list(any)",
        ),
        (
            new,
            r#"{ "oneOf": [{ "properties": { "a": { "type": "string" } } }, { "properties": { "a": { "type": "string" }, "b": true } }] }"#,
            "{a: string, b?: any}",
        ),
        (
            new,
            r#"{ "type": "object", "properties": { "a": true }, "anyOf": [{ "required": ["a"] }, { "required": ["b"] }] }"#,
            "{a: any}",
        ),
        (
            new,
            r#"{ "properties": { "a": true }, "oneOf": [{ "properties": { "b": true } }, { "properties": { "c": true } }] }"#,
            "{a: any, b?: any, c?: any}",
        ),
        (
            new,
            r#"{ "properties": { "a": true }, "oneOf": [{ "properties": { "b": true } }, { "type": "string" }] }"#,
            "{a: any, ..}",
        ),
        (
            new,
            r#"{ "allOf": [{ "properties": { "a": {} } }, { "properties": { "b": {}, "a": { "type": "string" } }, "required": ["b"] }] }"#,
            "{a?: string, b: any}",
        ),
        (
            new,
            r#"{ "allOf": [{ "type": ["string", "null"] }, { "type": "string" }] }"#,
            "string",
        ),
        (
            new,
            r#"{ "allOf": [{ "type": "string" }], "nullable": true }"#,
            "string | null",
        ),
        (
            new,
            r##"{ "$ref": "#/$defs/a", "nullable": true, "$defs": { "a": { "type": "string" } } }"##,
            "string | null",
        ),
        (
            old,
            r##"{ "$ref": "#/definitions/a", "nullable": true, "definitions": { "a": { "type": "string" } } }"##,
            "string",
        ),
        (
            new,
            r##"{ "$ref": "#it", "$defs": { "a": { "$anchor": "it", "type": "string" } } }"##,
            "string",
        ),
        (
            old,
            r##"{ "$ref": "#it", "definitions": { "a": { "$id": "#it", "type": "string" } } }"##,
            "string",
        ),
        (
            new,
            r#"{ "$id": "http://x.org/a.json", "$ref": "b.json", "$defs": { "b": { "$id": "http://x.org/b.json", "type": "string" } } }"#,
            "string",
        ),
        (
            new,
            r##"{ "$ref": "#/$defs/a~1b%20c", "$defs": { "a/b c": { "type": "string" } } }"##,
            "string",
        ),
    ];
    for (draft, schema, expected) in cases {
        let schema = match draft {
            "" => schema.to_owned(),
            draft => schema
                .replacen('{', &format!("{{ {draft}, "), 1)
                .replace(", }", " }"),
        };
        assert_eq!(type_of(&schema), expected, "{schema}");
    }
}

#[test]
fn what_holds_itself_is_opened_as_far_as_it_is_read() {
    let tree = r##"{ "$ref": "#/$defs/tree", "$defs": { "tree": { "type": "object", "properties": {
        "name": { "type": "string" }, "children": { "type": "array", "items": { "$ref": "#/$defs/tree" } } } } } }"##;
    assert_eq!(
        type_of(tree),
        "{name: string, children: list({name: string, children: list(_)})}"
    );
    // The same place is the same type, however it is reached.
    let (mut documents, ty, _) = read(tree, Some("/$defs/tree"));
    let Some(Type::Named(root)) = ty else {
        panic!("no type");
    };
    let children = documents
        .open(&root)
        .ty
        .attribute("children")
        .cloned()
        .unwrap();
    let Type::List(item) = documents.opened(&children).into_owned() else {
        panic!("no list");
    };
    assert_eq!(*item, Type::Named(root));
    assert_eq!(item.to_string(), "tree");
    assert_eq!(children.to_string(), "list(tree)");
    let own = r##"{ "anyOf": [{ "$ref": "#" }, { "properties": { "a": { "$ref": "#" } } }] }"##;
    let (mut documents, ty, said) = read(own, None);
    assert!(said.is_empty(), "{said:?}");
    shown(&mut documents, &ty.unwrap(), 6);
}

#[test]
fn openapi_gives_the_answers_of_an_operation_in_json_and_yaml() {
    let yaml = "
openapi: 3.1.0
paths:
  /a/{id}:
    get:
      operationId: getA
      responses:
        '200': { content: { application/json: { schema: &a { type: [string, 'null'] } } } }
        default: { content: { application/json: { schema: { type: number } } } }
    put:
      responses:
        default: { content: { '*/*': { schema: { type: number } } } }
    patch:
      operationId: patchA
      responses:
        200: { content: { application/json: { schema: *a } } }
        201: { $ref: '#/components/responses/made' }
        202: { content: { text/plain: { schema: { type: number } } } }
components:
  responses:
    made: { content: { application/hal+json: { schema: { type: string } } } }
";
    for (part, expected) in [
        ("getA", "string | null"),
        ("GET /a/{id}", "string | null"),
        ("PUT /a/{id}", "number"),
        ("patchA", "string | null"),
    ] {
        let (mut documents, ty, said) = read(yaml, Some(part));
        assert_eq!(said, Vec::<String>::new(), "{part}");
        assert_eq!(shown(&mut documents, &ty.unwrap(), 2), expected, "{part}");
    }
    let json = r#"{ "openapi": "3.0.1", "paths": { "/a": { "get": { "responses": { "2XX": { "content": {
        "application/json": { "schema": { "type": "string", "nullable": true } } } } } } } } }"#;
    let (mut documents, ty, _) = read(json, Some("GET /a"));
    assert_eq!(shown(&mut documents, &ty.unwrap(), 1), "string | null");
    let (_, ty, said) = read(json, Some("GET /b"));
    assert_eq!((ty, said.len()), (None, 1), "{said:?}");
}

#[test]
fn faults_of_a_text_have_places() {
    for (text, expected) in [
        ("{", "expected a name in quotes, found the end of the file"),
        ("{\"a\": tru}", "expected a value, found 't'"),
        ("[1, 2", "expected `,` or `]`, found the end of the file"),
        ("{\"a\": 1}}", "the document ends before this"),
        ("{\"a", "this text is never closed"),
        ("{\"a\": \"\\x\"}", "there is no such escape"),
        ("{\"a\": -}", "this is no number"),
        ("{\"a\" 1}", "expected `:`, found '1'"),
        ("a: [", "the text is no YAML"),
        ("", "there is no document"),
        ("a: *b", "the text is no YAML"),
    ] {
        let (_, ty, said) = read(text, None);
        assert_eq!(ty, None, "{text}");
        assert!(
            said.iter().any(|said| said.starts_with(expected)),
            "{text}: {said:?}"
        );
    }
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    assert!(
        read(&deep, None).2[0].contains("nested deeper"),
        "a list in lists"
    );
    let text = "{\"a\": \"\\ud83d\\ude00\\u00e9\\ud800x\\n\"}";
    let tree = super::json::read(text).unwrap();
    let value = tree.root().and_then(|root| tree.text_of(root, "a"));
    assert_eq!(value, Some("\u{1f600}é\u{fffd}x\n"));
}

/// Numbers by chance, always the same.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(GAMMA);
        (mix(self.0) % most as u64) as usize
    }
}

/// A value by chance, made of the words of schemas.
fn by_chance(random: &mut Chance, depth: u32, into: &mut String) {
    const WORDS: [&str; 24] = [
        "type",
        "properties",
        "items",
        "prefixItems",
        "allOf",
        "anyOf",
        "oneOf",
        "enum",
        "const",
        "$ref",
        "required",
        "additionalProperties",
        "nullable",
        "$defs",
        "a",
        "b",
        "string",
        "object",
        "array",
        "null",
        "#/$defs/a",
        "#/$defs/b",
        "#",
        "$id",
    ];
    let kind = if depth == 0 {
        3 + random.below(4)
    } else {
        random.below(10)
    };
    match kind {
        0..=2 | 7..=9 => {
            let count = random.below(5);
            into.push('{');
            for at in 0..count {
                let comma = if at > 0 { "," } else { "" };
                let word = WORDS[random.below(WORDS.len())];
                into.push_str(&format!("{comma}\"{word}\":"));
                by_chance(random, depth - 1, into);
            }
            into.push('}');
        }
        3 => into.push_str(&format!("\"{}\"", WORDS[random.below(WORDS.len())])),
        4 => into.push_str("true"),
        5 => into.push_str("[\"a\", \"null\", {\"$ref\": \"#\"}]"),
        _ => into.push_str("null"),
    }
}

#[test]
fn documents_by_chance_are_read_or_refused() {
    let (mut random, mut read_whole) = (Chance(7), 0);
    for round in 0..2_000 {
        let mut text = String::new();
        by_chance(&mut random, 6, &mut text);
        // Some are cut, and some have another byte.
        let at = random.below(text.len() + 1);
        match round % 4 {
            1 => text.truncate(at),
            2 => text.insert(at, ['"', '{', ']', ':', '\\', ' '][round % 6]),
            _ => {}
        }
        let (mut documents, ty, _) = read(&text, None);
        if let Some(ty) = ty {
            read_whole += 1;
            shown(&mut documents, &ty, 6);
        }
        let (_, _, _) = read(&text.replace(['{', '}'], "\n- "), None);
    }
    assert!(read_whole > 100, "only {read_whole} were schemas");
}

/// The text that a program validates by, without what is the same in all; or what is wrong.
fn written(text: &str, part: Option<&str>) -> String {
    let (mut documents, ty, said) = read(text, part);
    assert!(ty.is_some(), "{said:?}");
    let mut problems = Problems::default();
    match documents.validator(asked(text, part), &mut problems) {
        Some(made) => {
            let text = made
                .text
                .strip_prefix(r##"{"$ref":"#/$defs/0","$defs":{"0":"##);
            let text = text.and_then(|text| text.strip_suffix("}}"));
            let text = text.unwrap_or(&made.text).to_owned();
            let mark = if made.lets_no_json { " or no JSON" } else { "" };
            format!("{text}{mark}")
        }
        None => {
            let problem = problems.list.first().unwrap();
            let span = problem.span.unwrap();
            let at = text.get(span.start as usize..span.end as usize).unwrap();
            format!("{}: {at}", problem.text)
        }
    }
}

#[test]
fn every_dialect_is_written_as_the_newest() {
    let cases = [
        ("true", "true"),
        ("{}", "{}"),
        (
            r#"{ "title": "x", "type": "integer", "minimum": 1, "x-y": 1, "description": "z" }"#,
            r#"{"type":["integer"],"minimum":1}"#,
        ),
        (
            r#"{ "minimum": 1, "exclusiveMinimum": true, "maximum": 2e1, "exclusiveMaximum": false }"#,
            r#"{"exclusiveMinimum":1,"maximum":2e1}"#,
        ),
        (
            r#"{ "exclusiveMinimum": 0, "minimum": -1 }"#,
            r#"{"exclusiveMinimum":0,"minimum":-1}"#,
        ),
        (
            r#"{ "type": "string", "nullable": true, "enum": ["a\"b"] }"#,
            r#"{"type":["null","string"],"enum":[null,"a\"b"]}"#,
        ),
        (
            r#"{ "type": "string", "nullable": true, "anyOf": [{ "minLength": 1 }] }"#,
            r#"{"anyOf":[{"type":"null"},{"type":["string"],"anyOf":[{"minLength":1}]}]}"#,
        ),
        (
            r#"{ "items": [{ "type": "string" }, {}], "additionalItems": false }"#,
            r#"{"prefixItems":[{"type":["string"]},{}],"items":false}"#,
        ),
        (
            r#"{ "additionalItems": false, "items": { "const": 1 } }"#,
            r#"{"items":{"const":1}}"#,
        ),
        (
            r#"{ "dependencies": { "a": ["b"], "c": { "required": ["d"] } } }"#,
            r#"{"dependentRequired":{"a":["b"]},"dependentSchemas":{"c":{"required":["d"]}}}"#,
        ),
        (
            r#"{ "required": ["a", "b"], "properties": { "a": { "writeOnly": true }, "b": { "format": "date" } } }"#,
            r#"{"required":["b"],"properties":{"a":{},"b":{}}}"#,
        ),
        (
            r#"{ "if": { "const": 1 }, "then": true, "else": { "not": {} }, "uniqueItems": true, "contains": {}, "minContains": 2 }"#,
            r#"{"if":{"const":1},"then":true,"else":{"not":{}},"uniqueItems":true,"contains":{},"minContains":2}"#,
        ),
        (
            r#"{ "patternProperties": { "^a": { "multipleOf": 0.01 } }, "propertyNames": { "maxLength": 3 }, "unevaluatedProperties": false }"#,
            r#"{"patternProperties":{"^a":{"multipleOf":0.01}},"propertyNames":{"maxLength":3},"unevaluatedProperties":false}"#,
        ),
        (
            "type: number\nminimum: +.5\nmaximum: 7.\n",
            r#"{"type":["number"],"minimum":0.5,"maximum":7}"#,
        ),
        (
            "enum: [yes, 'no', null, 010, -1]\n",
            r#"{"enum":["yes","no",null,10,-1]}"#,
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(written(text, None), expected, "{text}");
    }
}

#[test]
fn a_text_holds_what_is_reached_and_each_schema_once() {
    let text = r##"{
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://shop.test/all.json",
        "$ref": "#node", "minProperties": 1,
        "$defs": {
            "node": { "$anchor": "node", "properties": { "next": { "$ref": "#/$defs/node" }, "size": { "$ref": "size.json" } } },
            "size": { "$id": "https://shop.test/size.json", "type": "integer" },
            "unused": { "pattern": "(" }
        }
    }"##;
    assert_eq!(
        written(text, None),
        r##"{"$ref":"#/$defs/1","minProperties":1},"1":{"properties":{"next":{"$ref":"#/$defs/1"},"size":{"$ref":"#/$defs/2"}}},"2":{"type":["integer"]}"##
    );
    // In draft 7 what stands beside a reference says nothing.
    let old = r##"{
        "$schema": "http://json-schema.org/draft-07/schema#",
        "properties": { "a": { "$ref": "#/definitions/b", "minLength": 3, "nullable": true } },
        "definitions": { "b": {} }
    }"##;
    assert_eq!(
        written(old, None),
        r##"{"properties":{"a":{"$ref":"#/$defs/1"}}},"1":{}"##
    );
    let dynamic = r##"{
        "$dynamicAnchor": "tree",
        "properties": { "of": { "items": { "$dynamicRef": "#tree" } }, "old": { "$recursiveRef": "#" } }
    }"##;
    assert_eq!(
        written(dynamic, None),
        r##"{"properties":{"of":{"items":{"$dynamicRef":"#/$defs/0"}},"old":{"$dynamicRef":"#/$defs/0"}}}"##
    );
}

#[test]
fn an_operation_is_written_as_one_of_its_answers() {
    let text = r##"
openapi: 3.0.3
paths:
  /users:
    get:
      operationId: all
      responses:
        "200": { content: { application/json: { schema: { type: array } } } }
        "206": { $ref: "#/components/responses/Part" }
        "204": { description: none }
        "400": { content: { application/json: { schema: { type: string } } } }
    put:
      operationId: put
      responses:
        default: { content: { application/json: { schema: { $ref: "#/components/schemas/User" } } } }
components:
  responses:
    Part: { content: { application/json: { schema: { $ref: "#/components/schemas/User" } } } }
  schemas:
    User: { type: object, nullable: true }
"##;
    assert_eq!(
        written(text, Some("all")),
        r##"{"anyOf":[{"$ref":"#/$defs/0"},{"$ref":"#/$defs/1"}],"$defs":{"0":{"type":["array"]},"1":{"$ref":"#/$defs/2"},"2":{"type":["null","object"]}}} or no JSON"##
    );
    assert_eq!(
        written(text, Some("put")),
        r##"{"$ref":"#/$defs/1"},"1":{"type":["null","object"]}"##
    );
}

#[test]
fn what_cannot_be_validated_by_is_said_at_its_place() {
    let cases = [
        (
            r#"{ "properties": { "a": { "items": [{}, { "pattern": "(a" }] } } }"#,
            r#"this is no regular expression that can be searched for: "(a""#,
        ),
        (
            r#"{ "properties": { "a": { "minLength": -1 } } }"#,
            "this is no value of `minLength` in a schema: -1",
        ),
        (
            r#"{ "properties": { "a": { "$ref": "other.json" } } }"#,
            "a reference to another document is not followed, so nothing is validated by it: \"other.json\"",
        ),
        (
            r##"{ "$dynamicRef": "#a", "$defs": { "b": { "$dynamicAnchor": "a" }, "c": { "$dynamicAnchor": "a" } } }"##,
            "this dynamic reference leads to several parts of the document: \"#a\"",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(written(text, None), expected, "{text}");
    }
}

#[test]
fn values_of_keywords_are_judged_as_the_validator_judges_them() {
    let keywords = [
        "additionalProperties allOf anyOf const contains dependentRequired dependentSchemas else enum exclusiveMaximum",
        "exclusiveMinimum if items maxContains maxItems maxLength maxProperties maximum minContains minItems minLength",
        "minProperties minimum multipleOf not oneOf pattern patternProperties prefixItems properties propertyNames",
        "required then unevaluatedItems unevaluatedProperties uniqueItems",
    ];
    let values = [
        "null",
        "true",
        "-1",
        "0",
        "1.0",
        "1.5",
        "2",
        r#""a""#,
        r#""(""#,
        r#""(?=a)(?<!b)\\d\\p{L}""#,
        r#""\\1(a)""#,
        "[]",
        r#"["a"]"#,
        r#"["a", "a"]"#,
        "[1]",
        "[{}]",
        "[true, 1]",
        "{}",
        r#"{"a": 1}"#,
        r#"{"a": ["b"]}"#,
        r#"{"a": ["b", "b"]}"#,
        r#"{"a": {}}"#,
        r#"{"(": {}}"#,
        r#"{"a": true}"#,
    ];
    let mut refused = 0;
    for keyword in keywords.join(" ").split(' ') {
        for value in values {
            let text = format!("{{\"{keyword}\": {value}}}");
            let (mut documents, ty, _) = read(&text, None);
            let mut problems = Problems::default();
            let own = documents.validator(asked(&text, None), &mut problems);
            let own = own.is_some();
            // What the types refuse is refused before. A bool for a bound and a list of items are those of old dialects.
            let is_bool = keyword.starts_with("exclusive") && value == "true";
            let is_list =
                keyword == "items" && value.starts_with('[') && !value.contains(['"', '1']);
            // A name that comes twice is written once.
            let is_twice = keyword == "required" && value == r#"["a", "a"]"#;
            let is_let = is_bool || is_list || is_twice;
            let is_right = bggo_schema::prepared(&text).is_ok() || is_let;
            assert!(own == is_right || ty.is_none(), "{text}: {own}");
            refused += u32::from(!own);
        }
    }
    assert!(refused > 300, "{refused}");
}

#[test]
fn aliases_that_stand_for_too_much_are_refused() {
    let mut text = "a0: &a0 { type: string }\n".to_owned();
    for level in 1..=30 {
        let below = level - 1;
        text.push_str(&format!(
            "a{level}: &a{level} {{ allOf: [*a{below}, *a{below}] }}\n"
        ));
    }
    text.push_str("allOf: [*a30]\n");
    assert!(written(&text, None).starts_with("the schema is too large to be validated by: "));
}
