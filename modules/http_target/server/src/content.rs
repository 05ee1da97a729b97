//! Answers with content of their own: JSON, random bytes, streams, a slow drip, a compressed body.

use crate::inspect;
use crate::random::Random;
use crate::reply::{self, Body, Reply};
use crate::request::Request;
use bggo_values::{Number, Value, json};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::time::Duration;

/// The largest body that a number in a path may ask for.
const LARGEST: u64 = 1 << 30;
/// How much of a random body is made at a time.
const PIECE: usize = 64 << 10;

/// The document of `/json`.
pub(crate) const SLIDESHOW: &str = r#"{
  "slideshow": {
    "author": "Yours Truly",
    "date": "date of publication",
    "slides": [
      { "title": "Wake up to WonderWidgets!", "type": "all" },
      { "items": ["Why <em>WonderWidgets</em> are great", "Who <em>buys</em> WonderWidgets"], "title": "Overview", "type": "all" }
    ],
    "title": "Sample Slide Show"
  }
}
"#;

/// `/bytes/N?seed=S`: N random bytes, the same for the same seed; made while they are sent when they are many.
pub(crate) fn bytes(request: &Request, count: &str) -> Reply {
    let Some(count) = size(count) else {
        return bad_number();
    };
    let mut random = match request.argument("seed").map(|seed| seed.parse()) {
        Some(Ok(seed)) => Random::seeded(seed),
        Some(Err(_)) => return bad_number(),
        None => Random::new(),
    };
    let Ok(mut left) = usize::try_from(count) else {
        return bad_number();
    };
    if left <= PIECE {
        return reply::typed("application/octet-stream", random.bytes(left));
    }
    let pieces = move || {
        let size = left.min(PIECE);
        left -= size;
        (size > 0).then(|| random.bytes(size))
    };
    reply::with_body("application/octet-stream", Body::Pieces(Box::new(pieces)))
}

/// `/stream/N`: N lines of JSON, each a chunk.
pub(crate) fn stream(request: &Request, count: &str) -> Reply {
    let Ok(count) = count.parse::<u32>() else {
        return bad_number();
    };
    let Value::Object(about) = inspect::without_body(request) else {
        return bad_number();
    };
    let mut id = 0;
    let lines = move || {
        (id < count).then(|| {
            let mut fields = about.to_vec();
            fields.insert(
                0,
                (
                    bggo_values::Text::Static("id"),
                    Value::Number(Number::from(id)),
                ),
            );
            id += 1;
            format!("{}\n", json::encode_plain(&fields.into())).into_bytes()
        })
    };
    reply::with_body("application/json", Body::Pieces(Box::new(lines)))
}

/// `/sse?count=N`: N events called `ping`, each a chunk.
pub(crate) fn events(request: &Request) -> Reply {
    let count = request.argument("count");
    let Some(count) = count.map_or(Some(10), |text| text.parse::<u32>().ok()) else {
        return bad_number();
    };
    let mut id = 0;
    let events = move || {
        (id < count).then(|| {
            let event = format!("id: {id}\nevent: ping\ndata: {{\"id\":{id}}}\n\n");
            id += 1;
            event.into_bytes()
        })
    };
    reply::with_body("text/event-stream", Body::Pieces(Box::new(events)))
}

/// `/drip?numbytes=N&duration=S&delay=S&code=C`: the body comes evenly over a time.
pub(crate) async fn drip(request: &Request) -> Reply {
    let number = |name, otherwise| {
        request
            .argument(name)
            .map_or(Some(otherwise), |text| seconds(&text))
    };
    let bytes = request
        .argument("numbytes")
        .map_or(Some(10), |text| size(&text));
    let code = request
        .argument("code")
        .map_or(Some(200), |text| reply::read_status(&text));
    let (Some(bytes), Some(code)) = (bytes, code) else {
        return bad_number();
    };
    let (Some(duration), Some(delay)) = (
        number("duration", Duration::from_secs(2)),
        number("delay", Duration::ZERO),
    ) else {
        return bad_number();
    };
    tokio::time::sleep(delay).await;
    let mut reply = reply::with_body("application/octet-stream", Body::drip(bytes, duration));
    reply.status = code;
    reply
}

/// `/gzip`: the request as JSON, compressed whatever the client accepts.
pub(crate) fn gzip(request: &Request) -> Reply {
    let Value::Object(about) = inspect::without_body(request) else {
        return bad_number();
    };
    let mut fields = about.to_vec();
    fields.push((bggo_values::Text::Static("gzipped"), Value::Bool(true)));
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let written = encoder
        .write_all(json::encode_plain(&fields.into()).as_bytes())
        .and_then(|()| encoder.finish());
    let Ok(compressed) = written else {
        return reply::status(500);
    };
    let reply = reply::typed("application/json", compressed);
    reply::with_header(reply, "content-encoding", "gzip")
}

/// `/delay/S`: the request as JSON, after S seconds (fractions too).
pub(crate) async fn delay(request: &Request, time: &str) -> Reply {
    let Some(time) = seconds(time) else {
        return bad_number();
    };
    tokio::time::sleep(time).await;
    reply::json(&inspect::with_body(request))
}

/// `/status/CODE`, or one of several: `/status/200,503` evenly, `/status/200:9,503:1` by weight.
pub(crate) fn status(codes: &str) -> Reply {
    let codes: Option<Vec<(u16, f64)>> = codes.split(',').map(weighted).collect();
    let Some(codes) = codes.filter(|codes| !codes.is_empty()) else {
        return reply::refused(400, "a status is a number from 100 to 999");
    };
    let total: f64 = codes.iter().map(|(_, weight)| weight).sum();
    let mut point = if codes.len() > 1 {
        Random::new().fraction() * total
    } else {
        0.0
    };
    let chosen = codes.iter().find(|(_, weight)| {
        point -= weight;
        point < 0.0
    });
    let code = chosen.or(codes.last()).map_or(200, |(code, _)| *code);
    match code {
        // An interim status ends no exchange; a client would wait for ever.
        100..=199 => reply::refused(400, "an interim status is no answer"),
        301..=303 | 307 | 308 => crate::session::redirected(code, "/redirect/1"),
        _ => reply::status(code),
    }
}

fn weighted(text: &str) -> Option<(u16, f64)> {
    let (code, weight) = text.split_once(':').unwrap_or((text, "1"));
    let weight = weight
        .trim()
        .parse()
        .ok()
        .filter(|weight: &f64| weight.is_finite() && *weight >= 0.0)?;
    Some((reply::read_status(code.trim())?, weight))
}

fn size(text: &str) -> Option<u64> {
    text.parse().ok().filter(|size| *size <= LARGEST)
}

fn seconds(text: &str) -> Option<Duration> {
    let time = Duration::try_from_secs_f64(text.parse().ok()?).ok()?;
    (time <= Duration::from_secs(3600)).then_some(time)
}

fn bad_number() -> Reply {
    reply::refused(
        400,
        "a number in the path or query is missing, malformed or too large",
    )
}
