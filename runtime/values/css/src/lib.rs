//! Texts and attributes of the elements of HTML that a CSS selector finds.

use bggo_functions::args::{Args, args};
use bggo_values::text::normalized;
use bggo_values::{Fault, Value};
use scraper::{Html, Selector};

/// Most bytes of HTML that are read.
const MOST_BYTES: usize = 16 << 20;

/// For each element that a selector finds in HTML its text, or the value of an attribute where it has that.
///
/// # Errors
/// When the selector is not valid or the HTML is longer than 16 MiB.
pub fn css(values: &[Value]) -> Result<Value, Fault> {
    let args = args("css", values, 2, 3)?;
    let (html, selector) = (args.text(0)?, args.pattern(1)?);
    let selector = parsed(args, &selector)?;
    if html.len() > MOST_BYTES {
        return Err(args.fault(0, "the HTML is longer than 16 MiB"));
    }
    let attribute = match args.any(2).is_null() {
        true => None,
        false => Some(args.text(2)?.to_ascii_lowercase()),
    };
    let document = Html::parse_document(&html);
    let found = document
        .select(&selector)
        .filter_map(|element| match &attribute {
            Some(name) => element.attr(name).map(str::to_owned),
            None => Some(element.text().collect()),
        });
    let found = found.map(|text| Value::from(normalized(text)));
    Ok(Value::from(found.collect::<Vec<_>>()))
}

fn parsed(args: Args<'_>, selector: &str) -> Result<Selector, Fault> {
    Selector::parse(selector).map_err(|_| args.fault(1, "the selector is not valid"))
}
