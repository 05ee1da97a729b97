//! Made-up names, addresses and texts in English, drawn from the run's seed.
//!
//! Whatever looks like the address of a mailbox or of a host belongs to the domains that are kept for examples, so that no
//! load reaches anybody by chance.

use bggo_functions::args::args;
use bggo_functions::random::Stream;
use bggo_values::context::Context;
use bggo_values::{Fault, Value};
use fake::Fake;
use fake::faker::address::en::{CityName, CountryName, StreetName};
use fake::faker::company::en::CompanyName;
use fake::faker::internet::en::{IPv4, IPv6, UserAgent};
use fake::faker::lorem::en::{Sentence, Word};
use fake::faker::name::en::{FirstName, LastName};
use fake::faker::phone_number::en::PhoneNumber;
use fake::rand::TryRng;
use std::convert::Infallible;

/// The random numbers of a call, as the crate of the texts takes them.
struct Draws(Stream);

impl TryRng for Draws {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::try_from(self.0.bits() >> 32).unwrap_or(0))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.0.bits())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.0.bits().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

type Answer = Result<Value, Fault>;

fn made(
    name: &'static str,
    context: &Context<'_>,
    values: &[Value],
    make: impl FnOnce(&mut Draws) -> String,
) -> Answer {
    args(name, values, 0, 0)?;
    Ok(Value::from(make(&mut Draws(Stream::new(context)))))
}

/// Small letters and digits of a text, for what stands in addresses.
fn plain(text: &str) -> String {
    let kept = text.chars().filter(char::is_ascii_alphanumeric);
    kept.map(|c| c.to_ascii_lowercase()).collect()
}

fn login(draws: &mut Draws) -> String {
    let first: String = FirstName().fake_with_rng(draws);
    let last: String = LastName().fake_with_rng(draws);
    format!("{}.{}{}", plain(&first), plain(&last), draws.0.below(1000))
}

/// A sentence that begins with a capital.
fn sentence(draws: &mut Draws) -> String {
    let text: String = Sentence(4..11).fake_with_rng(draws);
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

macro_rules! functions {
    ($($(#[doc = $text:literal])+ $name:ident = $make:expr;)+) => {
        $(
            $(#[doc = $text])+
            ///
            /// # Errors
            /// When there is an argument.
            pub fn $name(context: &Context<'_>, values: &[Value]) -> Answer {
                made(stringify!($name), context, values, $make)
            }
        )+
    };
}

functions! {
    /// A first name.
    fake_first_name = |draws| FirstName().fake_with_rng(draws);
    /// A last name.
    fake_last_name = |draws| LastName().fake_with_rng(draws);
    /// A first and a last name.
    fake_name = |draws| {
        let first: String = FirstName().fake_with_rng(draws);
        let last: String = LastName().fake_with_rng(draws);
        format!("{first} {last}")
    };
    /// A name to log in with.
    fake_username = login;
    /// The address of a mailbox that nobody has.
    fake_email = |draws| format!("{}@example.{}", login(draws), ["com", "net", "org"][draws.0.position(3)]);
    /// A phone number.
    fake_phone = |draws| PhoneNumber().fake_with_rng(draws);
    /// A number and a street.
    fake_street = |draws| {
        let number = 1 + draws.0.below(999);
        let street: String = StreetName().fake_with_rng(draws);
        format!("{number} {street}")
    };
    /// The name of a city.
    fake_city = |draws| CityName().fake_with_rng(draws);
    /// A code of five digits.
    fake_postcode = |draws| format!("{:05}", draws.0.below(100_000));
    /// The name of a country.
    fake_country = |draws| CountryName().fake_with_rng(draws);
    /// The name of a company.
    fake_company = |draws| CompanyName().fake_with_rng(draws);
    /// A word of Latin.
    fake_word = |draws| Word().fake_with_rng::<&str, _>(draws).to_owned();
    /// A sentence of 4 to 10 words of Latin.
    fake_sentence = sentence;
    /// A paragraph of 3 to 7 sentences.
    fake_paragraph = |draws| {
        let count = 3 + draws.0.below(5);
        let sentences: Vec<String> = (0..count).map(|_| sentence(draws)).collect();
        sentences.join(" ")
    };
    /// An address of IPv4.
    fake_ipv4 = |draws| IPv4().fake_with_rng(draws);
    /// An address of IPv6.
    fake_ipv6 = |draws| IPv6().fake_with_rng::<String, _>(draws).to_lowercase();
    /// What a browser says of itself.
    fake_user_agent = |draws| UserAgent().fake_with_rng::<&str, _>(draws).to_owned();
    /// The name of a host that does not exist.
    fake_domain = |draws| {
        let company: String = CompanyName().fake_with_rng(draws);
        format!("{}.example", plain(&company))
    };
    /// A colour, as six digits behind `#`.
    fake_color = |draws| format!("#{:06x}", draws.0.below(1 << 24));
    /// A bank account of Germany whose check digits are right.
    fake_iban = |draws| {
        let account: String = (0..18).map(|_| char::from(b"0123456789"[draws.0.position(10)])).collect();
        // The country's letters count as numbers from 10 on, and the check digits make the whole 1 modulo 97.
        let whole = format!("{account}131400");
        let rest = whole.bytes().fold(0, |rest, digit| (rest * 10 + u32::from(digit - b'0')) % 97);
        format!("DE{:02}{account}", 98 - rest)
    };
}
