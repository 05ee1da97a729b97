//! Functions over networks and addresses of IPv4 and IPv6.

use crate::function::{Function, Home};
use crate::results as r;
use crate::shape::{number, pure, text};
use bggo_functions::network;

#[rustfmt::skip]
pub(super) static FUNCTIONS: &[Function] = &[
    pure("cidrhost", Home::Module("network"), &[text("network"), number("number")], r::to_string, network::cidrhost)
        .says(
            "The address of this number in a network; negative numbers count from its end.",
            r#"cidrhost("10.12.112.0/20", 16)"#,
            r#""10.12.112.16""#,
        ),
    pure("cidrnetmask", Home::Module("network"), &[text("network")], r::to_string, network::cidrnetmask)
        .says(
            "The mask of a network of IPv4.",
            r#"cidrnetmask("172.16.0.0/12")"#,
            r#""255.240.0.0""#,
        ),
    pure("cidrsubnet", Home::Module("network"), &[text("network"), number("bits"), number("number")], r::to_string, network::cidrsubnet)
        .says(
            "The part of this number among those whose prefix is so many bits longer.",
            r#"cidrsubnet("172.16.0.0/12", 4, 2)"#,
            r#""172.18.0.0/16""#,
        ),
    pure("cidrsubnets", Home::Module("network"), &[text("network")], r::to_strings, network::cidrsubnets).rest(number("bits"))
        .says(
            "Parts of a network one after the other, each with a prefix that is so many bits longer.",
            r#"cidrsubnets("10.1.0.0/16", 4, 4, 8)"#,
            r#"["10.1.0.0/20","10.1.16.0/20","10.1.32.0/24"]"#,
        ),
];
