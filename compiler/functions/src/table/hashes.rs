//! Functions that hash and sign.

use crate::function::{Function, Home};
use crate::results as r;
use crate::shape::{any, in_context, nullable, optional, pure, text};

#[rustfmt::skip]
pub(super) static FUNCTIONS: &[Function] = &[
    pure("base64sha256", Home::Crate("bggo-hashes"), &[any("string")], r::of_content, bggo_hashes::base64sha256)
        .says(
            "The SHA-256 of bytes or a string, in base64.",
            r#"base64sha256("hello")"#,
            r#""LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=""#,
        ),
    pure("base64sha512", Home::Crate("bggo-hashes"), &[any("string")], r::of_content, bggo_hashes::base64sha512)
        .says(
            "The SHA-512 of bytes or a string, in base64.",
            r#"base64sha512("hello")"#,
            r#""m3HSJL1i83hdltRq0+o9czGb+8KJDKra4t/3JRlnPKcjI8PZm6XBHXx6zG4UuMXaDEZjR1wuXDre9G9zvN7AQw==""#,
        ),
    in_context("bcrypt", Home::Crate("bggo-bcrypt"), &[text("password"), optional(nullable("cost"))], r::to_string, bggo_bcrypt::bcrypt)
        .says(
            "The bcrypt hash of a password, with another salt in each iteration; the cost is 10 unless one of 4 to 20 is given.",
            r#"bcrypt("secret", 4)"#,
            r#""$2a$04$/QpFG/bJAi89trvUuuhpTeZ.4vHCwUsnQK.QmicPCmPuttYRWc76u""#,
        ),
    pure("hmac_sha256", Home::Crate("bggo-hashes"), &[any("key"), any("message")], r::of_contents, bggo_hashes::hmac_sha256)
        .says(
            "The HMAC with SHA-256 of a message under a key, in hexadecimal.",
            r#"hmac_sha256("key", "message")"#,
            r#""6e9ef29b75fffc5b7abae527d58fdadb2fe42e7219011976917343065f58ed4a""#,
        ),
    pure("jwt_hs256", Home::Crate("bggo-hashes"), &[any("claims"), any("key")], r::jwt, bggo_hashes::jwt_hs256)
        .says(
            "A JSON Web Token with these claims, signed by HMAC with SHA-256 under a key.",
            r#"jwt_hs256({ sub = "ann" }, "key")"#,
            r#""eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbm4ifQ.HYl7YunO5Rohhr3JEVx5eimO6xeIIC3T-H0448pgNfk""#,
        ),
    pure("md5", Home::Crate("bggo-hashes"), &[any("string")], r::of_content, bggo_hashes::md5)
        .says(
            "The MD5 of bytes or a string, in hexadecimal.",
            r#"md5("hello")"#,
            r#""5d41402abc4b2a76b9719d911017c592""#,
        ),
    pure("sha1", Home::Crate("bggo-hashes"), &[any("string")], r::of_content, bggo_hashes::sha1)
        .says(
            "The SHA-1 of bytes or a string, in hexadecimal.",
            r#"sha1("hello")"#,
            r#""aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d""#,
        ),
    pure("sha256", Home::Crate("bggo-hashes"), &[any("string")], r::of_content, bggo_hashes::sha256)
        .says(
            "The SHA-256 of bytes or a string, in hexadecimal.",
            r#"sha256("hello")"#,
            r#""2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824""#,
        ),
    pure("sha512", Home::Crate("bggo-hashes"), &[any("string")], r::of_content, bggo_hashes::sha512)
        .says(
            "The SHA-512 of bytes or a string, in hexadecimal.",
            r#"sha512("hello")"#,
            r#""9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca72323c3d99ba5c11d7c7acc6e14b8c5da0c4663475c2e5c3adef46f73bcdec043""#,
        ),
    pure("uuidv5", Home::Crate("bggo-hashes"), &[text("namespace"), text("name")], r::to_string, bggo_hashes::uuidv5)
        .says(
            "The UUID, version 5, of a name within a namespace: a UUID, or `dns`, `url`, `oid` or `x500`.",
            r#"uuidv5("dns", "shop.example")"#,
            r#""746f4b90-23d9-561a-8215-09fd380eccee""#,
        ),
];
