//! Functions that make up names, addresses and texts.

use crate::function::{Function, Home};
use crate::results as r;
use crate::shape::in_context;

#[rustfmt::skip]
pub(super) static FUNCTIONS: &[Function] = &[
    in_context("fake_city", Home::Crate("bggo-fakes"), &[], r::to_string, bggo_fakes::fake_city)
        .says(
            "The name of a city.",
            "fake_city()",
            r#""Boylehaven""#,
        ),
    in_context("fake_color", Home::Crate("bggo-fakes"), &[], r::to_string, bggo_fakes::fake_color)
        .says(
            "A colour, as six digits behind `#`.",
            "fake_color()",
            r##""#9a4532""##,
        ),
    in_context("fake_company", Home::Crate("bggo-fakes"), &[], r::to_string, bggo_fakes::fake_company)
        .says(
            "The name of a company.",
            "fake_company()",
            r#""Boyle and Swaniawski and Sons""#,
        ),
    in_context("fake_country", Home::Crate("bggo-fakes"), &[], r::to_string, bggo_fakes::fake_country)
        .says(
            "The name of a country.",
            "fake_country()",
            r#""Mozambique""#,
        ),
    in_context("fake_domain", Home::Crate("bggo-fakes"), &[], r::to_string, bggo_fakes::fake_domain)
        .says(
            "The name of a host that does not exist.",
            "fake_domain()",
            r#""boyleandswaniawskiandsons.example""#,
        ),
    in_context("fake_email", Home::Crate("bggo-fakes"), &[], r::to_string, bggo_fakes::fake_email)
        .says(
            "The address of a mailbox that nobody has.",
            "fake_email()",
            r#""leda.boyle871@example.com""#,
        ),
    in_context("fake_first_name", Home::Crate("bggo-fakes"), &[], r::to_string, bggo_fakes::fake_first_name)
        .says(
            "A first name.",
            "fake_first_name()",
            r#""Leda""#,
        ),
    in_context("fake_iban", Home::Crate("bggo-fakes"), &[], r::to_string, bggo_fakes::fake_iban)
        .says(
            "A bank account of Germany whose check digits are right.",
            "fake_iban()",
            r#""DE87608381788947313628""#,
        ),
    in_context("fake_ipv4", Home::Crate("bggo-fakes"), &[], r::to_string, bggo_fakes::fake_ipv4)
        .says(
            "An address of IPv4.",
            "fake_ipv4()",
            r#""222.126.237.19""#,
        ),
    in_context("fake_ipv6", Home::Crate("bggo-fakes"), &[], r::to_string, bggo_fakes::fake_ipv6)
        .says(
            "An address of IPv6.",
            "fake_ipv6()",
            r#""32de:fa7e:3aed:fc13:4d9:cc9b:cb30:f161""#,
        ),
    in_context("fake_last_name", Home::Crate("bggo-fakes"), &[], r::to_string, bggo_fakes::fake_last_name)
        .says(
            "A last name.",
            "fake_last_name()",
            r#""Mills""#,
        ),
    in_context("fake_name", Home::Crate("bggo-fakes"), &[], r::to_string, bggo_fakes::fake_name)
        .says(
            "A first and a last name.",
            "fake_name()",
            r#""Leda Boyle""#,
        ),
    in_context("fake_paragraph", Home::Crate("bggo-fakes"), &[], r::to_string, bggo_fakes::fake_paragraph)
        .says(
            "A paragraph of 3 to 7 sentences of Latin.",
            "fake_paragraph()",
            r#""Officiis enim necessitatibus ipsum. Qui aut itaque iusto repellendus ea sequi laboriosam est. Quo necessitatibus voluptatem molestiae nisi velit. Alias placeat voluptatem dicta qui. Magni nesciunt enim sequi optio et. Velit quis a enim quaerat.""#,
        ),
    in_context("fake_phone", Home::Crate("bggo-fakes"), &[], r::to_string, bggo_fakes::fake_phone)
        .says(
            "A phone number.",
            "fake_phone()",
            r#""183-817-8894 x7313""#,
        ),
    in_context("fake_postcode", Home::Crate("bggo-fakes"), &[], r::to_string, bggo_fakes::fake_postcode)
        .says(
            "A code of five digits.",
            "fake_postcode()",
            r#""60261""#,
        ),
    in_context("fake_sentence", Home::Crate("bggo-fakes"), &[], r::to_string, bggo_fakes::fake_sentence)
        .says(
            "A sentence of 4 to 10 words of Latin.",
            "fake_sentence()",
            r#""Aspernatur officiis enim necessitatibus ipsum assumenda qui aut.""#,
        ),
    in_context("fake_street", Home::Crate("bggo-fakes"), &[], r::to_string, bggo_fakes::fake_street)
        .says(
            "A number and a street.",
            "fake_street()",
            r#""603 Swaniawski Groves""#,
        ),
    in_context("fake_user_agent", Home::Crate("bggo-fakes"), &[], r::to_string, bggo_fakes::fake_user_agent)
        .says(
            "What a browser says of itself.",
            "fake_user_agent()",
            r#""Mozilla/5.0 (compatible; MSIE 8.0; Windows NT 5.1; Trident/4.0; .NET CLR 1.1.4322; .NET CLR 2.0.50727)""#,
        ),
    in_context("fake_username", Home::Crate("bggo-fakes"), &[], r::to_string, bggo_fakes::fake_username)
        .says(
            "A name to log in with.",
            "fake_username()",
            r#""leda.boyle871""#,
        ),
    in_context("fake_word", Home::Crate("bggo-fakes"), &[], r::to_string, bggo_fakes::fake_word)
        .says(
            "A word of Latin.",
            "fake_word()",
            r#""id""#,
        ),
];
