//! Answers that depend on who asks or send elsewhere: redirects, cookies, Basic and Bearer.

use crate::form;
use crate::inspect::{self, object};
use crate::reply::{self, Reply};
use crate::request::Request;
use bggo_values::Value;
use bggo_values::base64::to_base64;

/// An answer that sends elsewhere.
pub(crate) fn redirected(code: u16, to: &str) -> Reply {
    reply::with_header(reply::status(code), "location", to)
}

/// `/redirect/N`: N redirects, then `/get`. `absolute` sends whole URLs.
pub(crate) fn redirect(request: &Request, count: &str, absolute: bool) -> Reply {
    let Ok(count @ 1..) = count.parse::<u32>() else {
        return reply::refused(400, "the number of redirects is a whole number from 1");
    };
    let kind = if absolute {
        "absolute-redirect"
    } else {
        "redirect"
    };
    let path = if count == 1 {
        "/get".to_owned()
    } else {
        format!("/{kind}/{}", count - 1)
    };
    redirected(
        302,
        &if absolute {
            format!("{}{path}", request.base())
        } else {
            path
        },
    )
}

/// `/redirect-to?url=U&status_code=C`
pub(crate) fn redirect_to(request: &Request) -> Reply {
    let code = request
        .argument("status_code")
        .map_or(Some(302), |code| reply::read_status(&code));
    match (request.argument("url"), code) {
        (Some(url), Some(code)) if (300..400).contains(&code) => redirected(code, &url),
        _ => reply::refused(400, "it takes a url, and a status_code from 300 to 399"),
    }
}

/// `/cookies`
pub(crate) fn cookies(request: &Request) -> Reply {
    reply::json(&object(vec![(
        "cookies",
        form::object(inspect::cookies(request.headers())),
    )]))
}

/// `/cookies/set?NAME=VALUE` or `/cookies/set/NAME/VALUE`, then `/cookies`.
pub(crate) fn set_cookies(pairs: &[(String, String)]) -> Reply {
    let back = redirected(302, "/cookies");
    pairs.iter().fold(back, |reply, (name, value)| {
        reply::with_header(reply, "set-cookie", &format!("{name}={value}; Path=/"))
    })
}

/// `/cookies/delete?NAME`, then `/cookies`.
pub(crate) fn delete_cookies(pairs: &[(String, String)]) -> Reply {
    let back = redirected(302, "/cookies");
    pairs.iter().fold(back, |reply, (name, _)| {
        reply::with_header(
            reply,
            "set-cookie",
            &format!("{name}=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/"),
        )
    })
}

/// `/basic-auth/USER/PASSWORD`
pub(crate) fn basic(request: &Request, user: &str, password: &str) -> Reply {
    let right = format!(
        "Basic {}",
        to_base64(format!("{user}:{password}").as_bytes())
    );
    if authorization(request) == Some(right.as_str()) {
        return reply::json(&object(vec![
            ("authenticated", Value::Bool(true)),
            ("user", user.to_owned().into()),
        ]));
    }
    reply::with_header(
        reply::status(401),
        "www-authenticate",
        "Basic realm=\"Fake Realm\"",
    )
}

/// `/bearer`
pub(crate) fn bearer(request: &Request) -> Reply {
    match authorization(request).and_then(|value| value.strip_prefix("Bearer ")) {
        Some(token) => reply::json(&object(vec![
            ("authenticated", Value::Bool(true)),
            ("token", token.to_owned().into()),
        ])),
        None => reply::with_header(reply::status(401), "www-authenticate", "Bearer"),
    }
}

fn authorization(request: &Request) -> Option<&str> {
    request.headers().get("authorization")
}
