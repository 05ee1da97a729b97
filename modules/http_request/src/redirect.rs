//! The next request after a redirect: its url, method, headers and body, as in browsers and the Fetch standard.

use crate::charset;
use crate::fault;
use crate::fields::{Fields, name};
use crate::http_request::Error as Kind;
use bggo_runtime::contract::{Fault, FaultText};
use http::header::{HeaderMap, LOCATION};
use http::{Method, StatusCode};
use url::Url;

/// The next request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Hop {
    pub(crate) url: Url,
    pub(crate) method: Method,
    /// Whether the body is sent again.
    pub(crate) keeps_body: bool,
}

/// The next request after an answer; `None` if the answer is no redirect.
pub(crate) fn hop(
    status: StatusCode,
    headers: &HeaderMap,
    url: &Url,
    method: &Method,
) -> Result<Option<Hop>, Fault> {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    // An empty Location leads nowhere, in browsers and in curl: it would name the same url for ever.
    let mut locations = headers.get_all(LOCATION).iter();
    let Some(location) = locations.find(|value| !value.as_bytes().trim_ascii().is_empty()) else {
        return Ok(None);
    };
    let location = charset::of_header(location.as_bytes());
    let mut next = url.join(&location).map_err(|error| {
        Kind::Redirect.fault(FaultText::plain(format_args!(
            "status {status} leads to what is no url: {}",
            fault::of_url(error)
        )))
    })?;
    if !matches!(next.scheme(), "http" | "https") {
        return Err(Kind::Redirect.fault(
            FaultText::plain(format_args!("status {status} leads to "))
                .and_value(next.scheme())
                .and(":, which is not http"),
        ));
    }
    if next.fragment().is_none() {
        next.set_fragment(url.fragment());
    }
    let becomes_get = match status.as_u16() {
        301 | 302 => *method == Method::POST,
        303 => *method != Method::GET && *method != Method::HEAD,
        _ => false,
    };
    let method = if becomes_get {
        Method::GET
    } else {
        method.clone()
    };
    Ok(Some(Hop {
        url: next,
        method,
        keeps_body: !becomes_get,
    }))
}

/// Removes headers that must not be sent on: credentials to another host, headers of a body that is not sent.
pub(crate) fn strip(headers: &mut Fields, from: &Url, hop: &Hop, key: Option<&str>) {
    // A Host header of the grid is for the first server only.
    headers.remove(name::HOST);
    if from.origin() != hop.url.origin() {
        let credentials = [name::AUTHORIZATION, name::COOKIE, name::PROXY_AUTHORIZATION];
        for name in credentials.into_iter().chain(key) {
            headers.remove(name);
        }
    }
    if !hop.keeps_body {
        for name in [
            name::CONTENT_TYPE,
            name::CONTENT_LENGTH,
            "Content-Encoding",
            "Content-Language",
            "Content-Location",
            "Transfer-Encoding",
        ] {
            headers.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(
        status: u16,
        location: &str,
        method: &Method,
    ) -> Result<Option<(String, Method, bool)>, Fault> {
        let headers = HeaderMap::from_iter([(LOCATION, location.parse().unwrap())]);
        let url = Url::parse("http://a/b/c?d#e").unwrap();
        let hop = hop(
            StatusCode::from_u16(status).unwrap(),
            &headers,
            &url,
            method,
        )?;
        Ok(hop.map(|hop| (hop.url.to_string(), hop.method, hop.keeps_body)))
    }

    #[test]
    fn a_place_is_read_relative_to_the_url_and_keeps_its_fragment() {
        let to = |location| next(302, location, &Method::GET).unwrap().unwrap().0;
        assert_eq!(to("x"), "http://a/b/x#e");
        assert_eq!(to("/x#f"), "http://a/x#f");
        assert_eq!(to("//other/x"), "http://other/x#e");
        assert_eq!(to("?q"), "http://a/b/c?q#e");
    }

    #[test]
    fn the_method_changes_as_browsers_change_it() {
        for (status, method, becomes, keeps) in [
            (301, Method::POST, Method::GET, false),
            (302, Method::POST, Method::GET, false),
            (302, Method::PUT, Method::PUT, true),
            (303, Method::PUT, Method::GET, false),
            (303, Method::HEAD, Method::HEAD, true),
            (307, Method::POST, Method::POST, true),
            (308, Method::POST, Method::POST, true),
        ] {
            assert_eq!(
                next(status, "/", &method).unwrap().unwrap(),
                ("http://a/#e".to_owned(), becomes, keeps),
                "{status} {method}"
            );
        }
    }

    #[test]
    fn other_answers_are_the_last() {
        for status in [200, 300, 304, 305, 404] {
            assert_eq!(next(status, "/", &Method::GET).unwrap(), None, "{status}");
        }
    }

    #[test]
    fn an_empty_place_leads_nowhere() {
        for location in ["", " ", "\t"] {
            assert_eq!(next(302, location, &Method::GET).unwrap(), None);
        }
        let headers = HeaderMap::from_iter([
            (LOCATION, "".parse().unwrap()),
            (LOCATION, "/x".parse().unwrap()),
        ]);
        let url = Url::parse("http://a/").unwrap();
        let hop = hop(StatusCode::FOUND, &headers, &url, &Method::GET).unwrap();
        assert_eq!(
            hop.map(|hop| hop.url.to_string()),
            Some("http://a/x".to_owned())
        );
    }

    #[test]
    fn a_place_that_is_no_http_url_is_a_fault() {
        for location in ["http://", "ftp://a/", "file:///etc/passwd"] {
            assert_eq!(
                next(302, location, &Method::GET).unwrap_err().kind(),
                "redirect",
                "{location}"
            );
        }
    }

    #[test]
    fn credentials_stay_with_their_host() {
        let all = || {
            let mut fields = Fields::default();
            for name in ["authorization", "COOKIE", "X-Key", "content-type"] {
                fields.set(name, "x".parse().unwrap());
            }
            fields
        };
        let hop = |url: &str, keeps_body| Hop {
            url: Url::parse(url).unwrap(),
            method: Method::GET,
            keeps_body,
        };
        let from = Url::parse("http://a/").unwrap();
        let left = |hop: &Hop| {
            let mut headers = all();
            strip(&mut headers, &from, hop, Some("x-key"));
            headers.names().count()
        };
        assert_eq!(left(&hop("http://a/x", true)), 4);
        assert_eq!(left(&hop("http://a/x", false)), 3);
        assert_eq!(left(&hop("http://a:81/x", true)), 1);
        assert_eq!(left(&hop("https://a/x", true)), 1);
    }
}
