//! The fields of a request's head, in the order in which they are sent, with their names as they were written.

use bggo_runtime::contract::Text;
use http::header::{HeaderMap, HeaderName, HeaderValue};

/// The names of fields that are added here, as most clients write them.
pub(crate) mod name {
    pub(crate) const ACCEPT: &str = "Accept";
    pub(crate) const ACCEPT_ENCODING: &str = "Accept-Encoding";
    pub(crate) const AUTHORIZATION: &str = "Authorization";
    pub(crate) const CACHE_CONTROL: &str = "Cache-Control";
    pub(crate) const CONNECTION: &str = "Connection";
    pub(crate) const CONTENT_LENGTH: &str = "Content-Length";
    pub(crate) const CONTENT_TYPE: &str = "Content-Type";
    pub(crate) const COOKIE: &str = "Cookie";
    pub(crate) const EXPECT: &str = "Expect";
    pub(crate) const HOST: &str = "Host";
    pub(crate) const LAST_EVENT_ID: &str = "Last-Event-ID";
    pub(crate) const PROXY_AUTHORIZATION: &str = "Proxy-Authorization";
    pub(crate) const UPGRADE: &str = "Upgrade";
    pub(crate) const USER_AGENT: &str = "User-Agent";
}

/// Fields. A name stands once; names are compared without regard to case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fields(Vec<(Text, HeaderValue)>);

impl Fields {
    /// The value of a field.
    pub(crate) fn get(&self, name: &str) -> Option<&HeaderValue> {
        let found = self.0.iter().find(|(known, _)| is(known, name));
        found.map(|(_, value)| value)
    }

    /// The value of a field, to be changed.
    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut HeaderValue> {
        let found = self.0.iter_mut().find(|(known, _)| is(known, name));
        found.map(|(_, value)| value)
    }

    /// Whether there is a field of that name.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Sets a field. One of the same name is replaced, with its name as it is written now.
    pub(crate) fn set(&mut self, name: impl Into<Text>, value: HeaderValue) {
        let name = name.into();
        match self.0.iter_mut().find(|(known, _)| is(known, &name)) {
            Some(field) => *field = (name, value),
            None => self.0.push((name, value)),
        }
    }

    /// Adds a field, unless there is one of that name.
    pub(crate) fn add(&mut self, name: impl Into<Text>, value: HeaderValue) {
        let name = name.into();
        if !self.contains(&name) {
            self.0.push((name, value));
        }
    }

    /// Removes the field of a name.
    pub(crate) fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| !is(known, name));
    }

    /// The fields in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Text, &HeaderValue)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    /// Their names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &Text> {
        self.0.iter().map(|(name, _)| name)
    }

    /// The same for versions of HTTP that know names in lower case only.
    pub(crate) fn to_map(&self) -> HeaderMap {
        let fields = self.0.iter();
        fields
            .filter_map(|(name, value)| {
                // A name was checked when it was set.
                let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
                Some((name, value.clone()))
            })
            .collect()
    }
}

fn is(known: &str, name: &str) -> bool {
    known.eq_ignore_ascii_case(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(fields: &Fields) -> Vec<String> {
        let line = |(name, value): (&Text, &HeaderValue)| {
            format!("{}: {}", name.as_str(), value.to_str().unwrap())
        };
        fields.iter().map(line).collect()
    }

    #[test]
    fn a_field_that_is_set_again_keeps_its_place_and_takes_the_new_spelling() {
        let value = HeaderValue::from_static;
        let mut fields = Fields::default();
        fields.set(Text::Static("x-a"), value("1"));
        fields.set(Text::Static("X-B"), value("2"));
        fields.set(Text::Static("X-A"), value("3"));
        fields.add(Text::Static("x-b"), value("4"));
        fields.add(Text::Static("x-C"), value("5"));
        assert_eq!(lines(&fields), ["X-A: 3", "X-B: 2", "x-C: 5"]);
        fields.remove("x-a");
        assert_eq!(lines(&fields), ["X-B: 2", "x-C: 5"]);
        assert_eq!(fields.to_map().get("x-c"), Some(&value("5")));
    }
}
