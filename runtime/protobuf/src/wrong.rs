//! What is wrong with a value or with bytes, and in which field.

use bggo_values::Fault;

/// A fault and the way to it.
#[derive(Debug)]
pub(crate) struct Wrong {
    /// Names of fields and places of items, the innermost first.
    way: Vec<Step>,
    fault: Fault,
}

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Field(String),
    Item(usize),
    /// A value of a map; its key may be a secret.
    Entry,
}

impl Wrong {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self::from(Fault::new(text))
    }

    /// It lies in this field.
    pub(crate) fn in_field(mut self, name: &str) -> Self {
        self.way.push(Step::Field(name.to_owned()));
        self
    }

    /// It lies in the item at this place of a list.
    pub(crate) fn in_item(mut self, place: usize) -> Self {
        self.way.push(Step::Item(place));
        self
    }

    /// It lies in a value of a map.
    pub(crate) fn in_entry(mut self) -> Self {
        self.way.push(Step::Entry);
        self
    }

    /// It lies at the end of this way, which begins at the innermost.
    pub(crate) fn at(mut self, way: &[Step]) -> Self {
        self.way.extend(way.iter().cloned());
        self
    }

    /// The fault, whose text begins with the way.
    pub(crate) fn fault(self) -> Fault {
        let mut path = String::new();
        for step in self.way.iter().rev() {
            match step {
                Step::Field(name) if path.is_empty() => path.push_str(name),
                Step::Field(name) => path.extend([".", name]),
                Step::Item(place) => path.push_str(&format!("[{place}]")),
                Step::Entry => path.push_str("[..]"),
            }
        }
        if path.is_empty() {
            return self.fault;
        }
        let [before, value, after] = self.fault.parts();
        Fault::quoting(format!("`{path}`: {before}"), value, after)
    }
}

impl From<Fault> for Wrong {
    fn from(fault: Fault) -> Self {
        Self {
            way: Vec::new(),
            fault,
        }
    }
}

impl From<crate::wire::Malformed> for Wrong {
    fn from(malformed: crate::wire::Malformed) -> Self {
        Self::new(malformed.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_stands_before_the_text() {
        let wrong = Wrong::from(Fault::quoting("no ", "secret", " here"));
        let wrong = wrong.in_field("id").in_item(2).in_field("items");
        let fault = wrong.in_entry().in_field("orders").fault();
        assert_eq!(
            fault.parts(),
            ["`orders[..].items[2].id`: no ", "secret", " here"]
        );
        assert_eq!(Wrong::new("nothing").fault().text(), "nothing");
    }
}
