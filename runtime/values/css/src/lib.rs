//! Texts and attributes of the elements of HTML that a CSS selector finds.

use bggo_functions::args::{Args, args};
use bggo_values::text::normalized;
use bggo_values::{Fault, Value};
use scraper::{Html, Selector};
use std::cell::RefCell;

/// Most bytes of HTML that are read.
const MOST_BYTES: usize = 16 << 20;

/// Most bytes of HTML whose elements are kept: they take many times as much.
const MOST_KEPT: usize = 1 << 20;

thread_local! {
    /// What was read last. A step asks the same answer several things, one after the other.
    static LAST: RefCell<Option<(String, Html)>> = const { RefCell::new(None) };
}

/// Looks into HTML, which is read once for all questions that follow each other on a thread.
fn with_document<T>(html: &str, look: impl FnOnce(&Html) -> T) -> T {
    if html.len() > MOST_KEPT {
        return look(&Html::parse_document(html));
    }
    LAST.with_borrow_mut(|last| {
        if last.as_ref().is_none_or(|(text, _)| text != html) {
            *last = None;
        }
        let (_, document) =
            last.get_or_insert_with(|| (html.to_owned(), Html::parse_document(html)));
        look(document)
    })
}

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
    let found = with_document(&html, |document| {
        let found = document
            .select(&selector)
            .filter_map(|element| match &attribute {
                Some(name) => element.attr(name).map(str::to_owned),
                None => Some(element.text().collect()),
            });
        let found = found.map(|text| Value::from(normalized(text)));
        found.collect::<Vec<_>>()
    });
    Ok(Value::from(found))
}

fn parsed(args: Args<'_>, selector: &str) -> Result<Selector, Fault> {
    Selector::parse(selector).map_err(|_| args.fault(1, "the selector is not valid"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_document_is_its_own_in_any_order_and_of_any_size() {
        let page = |word: &str, filling: usize| {
            let text = format!("<p>{word}</p><i>{}</i>", "x".repeat(filling));
            Value::from(text)
        };
        let texts = |html: &Value, selector: &str| {
            let found = css(&[html.clone(), Value::from(selector.to_owned())]).unwrap();
            let items = found.items().unwrap();
            let texts: Vec<String> = items.iter().map(ToString::to_string).collect();
            texts
        };
        let (one, other) = (page("one", 3), page("other", 3));
        let large = page("large", MOST_KEPT);
        for _ in 0..2 {
            assert_eq!(texts(&one, "p"), ["one"]);
            assert_eq!(texts(&one, "i"), ["xxx"]);
            assert_eq!(texts(&other, "p"), ["other"]);
            assert_eq!(texts(&large, "p"), ["large"]);
        }
    }
}
