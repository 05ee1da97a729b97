//! The XML of answers: a reader that gives the beginnings, texts and ends of elements one after the other. Attributes, comments,
//! instructions and declarations are passed over; names lose their prefix.

use std::borrow::Cow;

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event<'a> {
    /// An element begins.
    Begin(&'a str),
    /// Text, with its entities read.
    Text(Cow<'a, str>),
    /// The element that began last and has not ended ends.
    End(&'a str),
}

/// Reads XML from its beginning on. What is cut off ends where it is cut.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a str,
    /// Of an element that ends where it begins.
    ends: Option<&'a str>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            rest: text,
            ends: None,
        }
    }

    /// The text before `end`, which is consumed as well.
    fn until(&mut self, end: &str) -> Option<&'a str> {
        let (before, behind) = self.rest.split_once(end)?;
        self.rest = behind;
        Some(before)
    }

    fn tag(&mut self) -> Option<Event<'a>> {
        let inside = self.until(">")?;
        if let Some(name) = inside.strip_prefix('/') {
            return Some(Event::End(local(name)));
        }
        let (inside, is_empty) = match inside.strip_suffix('/') {
            Some(inside) => (inside, true),
            None => (inside, false),
        };
        let name = local(inside);
        if is_empty {
            self.ends = Some(name);
        }
        Some(Event::Begin(name))
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = Event<'a>;

    fn next(&mut self) -> Option<Event<'a>> {
        if let Some(name) = self.ends.take() {
            return Some(Event::End(name));
        }
        loop {
            if let Some(rest) = self.rest.strip_prefix("<![CDATA[") {
                self.rest = rest;
                return self.until("]]>").map(|text| Event::Text(text.into()));
            }
            if let Some(rest) = self.rest.strip_prefix("<!--") {
                self.rest = rest;
                self.until("-->")?;
            } else if let Some(rest) = self.rest.strip_prefix("<?") {
                self.rest = rest;
                self.until("?>")?;
            } else if let Some(rest) = self.rest.strip_prefix("<!") {
                self.rest = rest;
                self.until(">")?;
            } else if let Some(rest) = self.rest.strip_prefix('<') {
                self.rest = rest;
                return self.tag();
            } else if self.rest.is_empty() {
                return None;
            } else {
                let end = self.rest.find('<').unwrap_or(self.rest.len());
                let (text, rest) = self.rest.split_at(end);
                self.rest = rest;
                return Some(Event::Text(unescaped(text)));
            }
        }
    }
}

/// The name at the beginning of a tag, without its prefix.
fn local(tag: &str) -> &str {
    let name = tag.split_ascii_whitespace().next().unwrap_or_default();
    name.rsplit(':').next().unwrap_or_default()
}

/// A text with its entities read. What is none stays as it is.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('&') {
        out.push_str(before);
        let entity = behind.split_once(';');
        match entity.and_then(|(name, behind)| Some((letter(name)?, behind))) {
            Some((letter, behind)) => {
                out.push(letter);
                rest = behind;
            }
            None => {
                out.push('&');
                rest = behind;
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn letter(entity: &str) -> Option<char> {
    match entity {
        "amp" => return Some('&'),
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        _ => {}
    }
    let number = entity.strip_prefix('#')?;
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16).ok()?,
        None => number.parse().ok()?,
    };
    char::from_u32(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(text: &str) -> Vec<String> {
        let shown = |event| match event {
            Event::Begin(name) => format!("<{name}"),
            Event::Text(text) => text.into_owned(),
            Event::End(name) => format!("{name}>"),
        };
        Reader::new(text).map(shown).collect()
    }

    #[test]
    fn elements_and_texts_come_in_order() {
        let text = "<?xml version=\"1.0\"?><!DOCTYPE a><!-- <no> --><s:a xmlns:s=\"x\"><b>1 &lt; 2 &#38; &#x41;</b><c/><d><![CDATA[<&>]]></d></s:a >";
        assert_eq!(
            events(text),
            [
                "<a",
                "<b",
                "1 < 2 & A",
                "b>",
                "<c",
                "c>",
                "<d",
                "<&>",
                "d>",
                "a>"
            ]
        );
    }

    #[test]
    fn what_is_cut_off_ends_there_and_what_is_no_entity_stays() {
        let whole = "<a>x&amp;y<!-- c --><![CDATA[z]]></a>";
        for end in 0..whole.len() {
            events(&whole[..end]);
        }
        assert_eq!(events("<a>x<b"), ["<a", "x"]);
        assert_eq!(
            events("&no; & &#xfffffff; &amp"),
            ["&no; & &#xfffffff; &amp"]
        );
        assert_eq!(events(""), [] as [String; 0]);
    }
}
