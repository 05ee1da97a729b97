//! Where a request goes.

use http::header::HeaderValue;
use std::cell::OnceCell;
use std::rc::Rc;
use url::Url;

/// Where a request goes.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Without user and password. Where there is a place, it is another url of the same origin.
    of_origin: Rc<Url>,
    /// The path and query of this request. `None` if they are those of the url.
    place: Option<Box<Place>>,
    /// User and password of the url, as Basic.
    pub(crate) credentials: Option<HeaderValue>,
}

/// A path and query that are sent as they are written.
#[derive(Debug, Clone)]
struct Place {
    text: String,
    /// The url with them. Few requests need it: it costs more than all else that is made for one.
    url: OnceCell<Url>,
}

impl Target {
    /// A url without user and password, and those as Basic.
    pub(crate) fn new(url: Url, credentials: Option<HeaderValue>) -> Self {
        Self {
            of_origin: Rc::new(url),
            place: None,
            credentials,
        }
    }

    /// Another path and query behind the same origin. They are sent as they are written: who calls it has looked at them.
    pub(crate) fn beside(&self, place: &str) -> Self {
        Self {
            of_origin: Rc::clone(&self.of_origin),
            place: Some(Box::new(Place {
                text: place.to_owned(),
                url: OnceCell::new(),
            })),
            credentials: self.credentials.clone(),
        }
    }

    /// The url.
    pub(crate) fn url(&self) -> &Url {
        match &self.place {
            None => &self.of_origin,
            Some(place) => place.url.get_or_init(|| {
                // What is sent as it is written joins each url of http.
                let joined = self.of_origin.join(&place.text);
                joined.unwrap_or_else(|_| self.of_origin.as_ref().clone())
            }),
        }
    }

    /// A url of the same origin.
    pub(crate) fn of_origin(&self) -> &Url {
        &self.of_origin
    }

    /// Path and query as they are sent, where they are not those of [`of_origin`](Self::of_origin).
    pub(crate) fn place(&self) -> Option<&str> {
        self.place.as_ref().map(|place| &*place.text)
    }

    /// The url, to be changed.
    pub(crate) fn into_url(self) -> Url {
        match self.place {
            Some(_) => self.url().clone(),
            None => Rc::unwrap_or_clone(self.of_origin),
        }
    }
}
