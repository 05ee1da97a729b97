//! Functions that encode and decode texts.

use crate::function::{Function, Home};
use crate::results as r;
use crate::shape::{any, nullable, pure, text};
use bggo_functions::{csv, encoding, url};

#[rustfmt::skip]
pub(super) static FUNCTIONS: &[Function] = &[
    pure("base64decode", Home::Module("encoding"), &[text("string")], r::to_string, encoding::base64decode)
        .says(
            "The string that base64 stands for. Where bytes are wanted, it need not be UTF-8.",
            r#"base64decode("aGVsbG8=")"#,
            r#""hello""#,
        ),
    pure("base64encode", Home::Module("encoding"), &[any("string")], r::of_content, encoding::base64encode)
        .says(
            "Bytes, or the UTF-8 of a string, in base64.",
            r#"base64encode("hello")"#,
            r#""aGVsbG8=""#,
        ),
    pure("base64gzip", Home::Crate("bggo-gzip"), &[any("string")], r::of_content, bggo_gzip::base64gzip)
        .says(
            "Bytes, or the UTF-8 of a string, compressed by gzip and in base64.",
            r#"base64gzip("hello")"#,
            r#""H4sIAAAAAAAA/8tIzcnJBwCGphA2BQAAAA==""#,
        ),
    pure("csvdecode", Home::Module("csv"), &[text("string")], r::to_list_of_any, csv::csvdecode)
        .says(
            "The rows of CSV as objects of strings; its first line has their names.",
            r#"csvdecode("a,b\n1,2\n3,4")"#,
            r#"[{"a":"1","b":"2"},{"a":"3","b":"4"}]"#,
        ),
    pure("jsondecode", Home::Module("encoding"), &[text("string")], r::to_any, encoding::jsondecode)
        .says(
            "The value of a JSON text.",
            r#"jsondecode("{\"a\": [1, 2]}")"#,
            r#"{"a":[1,2]}"#,
        ),
    pure("jsonencode", Home::Module("encoding"), &[nullable("value")], r::to_string, encoding::jsonencode)
        .says(
            "The value as JSON.",
            "jsonencode({ a = [1, null] })",
            r#""{\"a\":[1,null]}""#,
        ),
    pure("textdecodebase64", Home::Crate("bggo-charsets"), &[text("string"), text("encoding")], r::to_string, bggo_charsets::textdecodebase64)
        .says(
            "The string that base64 in an encoding stands for.",
            r#"textdecodebase64("aABpAA==", "UTF-16LE")"#,
            r#""hi""#,
        ),
    pure("textencodebase64", Home::Crate("bggo-charsets"), &[text("string"), text("encoding")], r::to_string, bggo_charsets::textencodebase64)
        .says(
            "A string in an encoding, in base64.",
            r#"textencodebase64("hi", "UTF-16LE")"#,
            r#""aABpAA==""#,
        ),
    pure("url", Home::Module("url"), &[text("url")], r::url, url::url)
        .says(
            "The parts of a URL; what it does not have is null. Of names in the query that come twice the first counts.",
            r#"url("https://shop.example:8443/cart?id=7#top")"#,
            r#"{"scheme":"https","user":null,"password":null,"host":"shop.example","port":8443,"path":"/cart","query":{"id":"7"},"fragment":"top"}"#,
        ),
    pure("urlencode", Home::Module("encoding"), &[text("string")], r::to_string, encoding::urlencode)
        .says(
            "The string as it stands in the query of a URL.",
            r#"urlencode("a b&c")"#,
            r#""a+b%26c""#,
        ),
    pure("yamldecode", Home::Crate("bggo-yaml"), &[text("string")], r::to_any, bggo_yaml::yamldecode)
        .says(
            "The value of a YAML document.",
            r#"yamldecode("a: [1, yes]\nb: text")"#,
            r#"{"a":[1,true],"b":"text"}"#,
        ),
    pure("yamlencode", Home::Crate("bggo-yaml"), &[nullable("value")], r::to_string, bggo_yaml::yamlencode)
        .says(
            "The value as YAML.",
            r#"yamlencode({ a = [1, "x"] })"#,
            r#""\"a\":\n- 1\n- \"x\"\n""#,
        ),
];

/// `base64decode` where bytes are wanted.
pub(crate) static BASE64DECODE_BYTES: Function = Function {
    rust: "base64decode_bytes",
    ..pure(
        "base64decode",
        Home::Module("encoding"),
        &[text("string")],
        r::to_bytes,
        encoding::base64decode_bytes,
    )
};
