//! Finds the endpoint of a request: one `match` over the path's segments.

use crate::content;
use crate::counts::Shared;
use crate::form;
use crate::inspect::{self, object};
use crate::random::Random;
use crate::reply::{self, Reply};
use crate::request::Request;
use crate::session;
use bggo_values::{Number, Text, Value};

/// The endpoints, for whoever opens `/`.
const INDEX: &str = "\
/get /post /put /patch /delete      the request as JSON, for that method
/anything[/...]                     the same for every method and path
/status/CODE[,CODE...]              a status, or one of several (200:9,503:1 by weight)
/delay/SECONDS                      the request as JSON, later (fractions too)
/headers /cookies /ip /user-agent   a part of it
/cookies/set?NAME=VALUE             sets cookies (also /cookies/set/NAME/VALUE), /cookies/delete?NAME
/redirect/N /absolute-redirect/N    N redirects to /get
/redirect-to?url=URL                one to anywhere (&status_code=307)
/basic-auth/USER/PASSWORD /bearer   200 or 401
/json /uuid /bytes/N /gzip          a document, a UUID, N random bytes (?seed=S), a compressed answer
/stream/N /sse?count=N              N lines of JSON, N server-sent events
/drip?numbytes=N&duration=S         N bytes, spread over S seconds (&delay=S&code=C)
/counts                             connections and requests by path, as this server counted them
";

/// The answer to a request.
pub(crate) async fn answer(request: &Request, shared: &Shared) -> Reply {
    let segments: Vec<String> = request
        .path()
        .trim_start_matches('/')
        .split('/')
        .map(|segment| form::decode(segment, false))
        .collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        [""] => reply::typed("text/plain; charset=utf-8", INDEX),
        ["get"] => reads(request, || reply::json(&inspect::without_body(request))),
        ["post"] => takes(request, "POST"),
        ["put"] => takes(request, "PUT"),
        ["patch"] => takes(request, "PATCH"),
        ["delete"] => takes(request, "DELETE"),
        ["anything", ..] => reply::json(&inspect::with_body(request)),
        ["status", codes] => content::status(codes),
        ["delay", time] => content::delay(request, time).await,
        ["headers"] => reply::json(&object(vec![(
            "headers",
            inspect::headers(request.headers()),
        )])),
        ["ip"] => reply::json(&object(vec![("origin", request.origin().into())])),
        ["user-agent"] => reply::json(&object(vec![("user-agent", user_agent(request))])),
        ["cookies"] => session::cookies(request),
        ["cookies", "set"] => session::set_cookies(&form::pairs(request.query())),
        ["cookies", "set", name, value] => {
            session::set_cookies(&[((*name).to_owned(), (*value).to_owned())])
        }
        ["cookies", "delete"] => session::delete_cookies(&form::pairs(request.query())),
        ["redirect" | "relative-redirect", count] => session::redirect(request, count, false),
        ["absolute-redirect", count] => session::redirect(request, count, true),
        ["redirect-to"] => session::redirect_to(request),
        ["basic-auth", user, password] => session::basic(request, user, password),
        ["bearer"] => session::bearer(request),
        ["json"] => reply::typed("application/json", content::SLIDESHOW),
        ["bytes", count] => content::bytes(request, count),
        ["stream", count] => content::stream(request, count),
        ["sse"] => content::events(request),
        ["drip"] => content::drip(request).await,
        ["uuid"] => reply::json(&object(vec![("uuid", Random::new().uuid().into())])),
        ["gzip"] => content::gzip(request),
        ["counts"] => reply::json(&counts(shared)),
        _ => reply::refused(404, "no such endpoint; / lists them"),
    }
}

fn reads(request: &Request, reply: impl FnOnce() -> Reply) -> Reply {
    if matches!(request.method(), "GET" | "HEAD" | "OPTIONS") {
        reply()
    } else {
        reply::not_allowed("GET, HEAD, OPTIONS")
    }
}

fn takes(request: &Request, method: &'static str) -> Reply {
    if request.method() == method {
        reply::json(&inspect::with_body(request))
    } else {
        reply::not_allowed(method)
    }
}

fn user_agent(request: &Request) -> Value {
    let name = request.headers().get("user-agent");
    name.map_or(Value::Null, |name| name.to_owned().into())
}

fn counts(shared: &Shared) -> Value {
    let counts = shared.counted(|counts| counts.clone());
    let paths: Vec<(Text, Value)> = counts
        .paths
        .into_iter()
        .map(|(path, count)| (path.into(), Number::from(count).into()))
        .collect();
    object(vec![
        ("connections", Number::from(counts.connections).into()),
        ("requests", Number::from(counts.requests).into()),
        ("paths", paths.into()),
        ("other", Number::from(counts.other).into()),
    ])
}
