//! The origin of a step's last url: most urls of a step differ in path and query only, and then scheme, host and port are not read
//! again.

use crate::target::Target;

/// What was read of the last url.
#[derive(Default)]
pub(crate) struct LastOrigin {
    /// Scheme and authority, as they were written.
    written: String,
    /// What they came to, with the path of that url.
    target: Option<Target>,
}

impl LastOrigin {
    /// What a url is that begins with the same origin. `None` if it does not, or if its path and query have to be read with
    /// what stands before them.
    pub(crate) fn target(&self, text: &str) -> Option<Target> {
        let target = self.target.as_ref()?;
        let rest = text.strip_prefix(&*self.written)?;
        if is_sent_as_written(rest) {
            return Some(target.beside(rest));
        }
        if !stands_alone(rest) {
            return None;
        }
        let url = target.of_origin().join(rest).ok()?;
        Some(Target::new(url, target.credentials.clone()))
    }

    /// A url was read whole.
    pub(crate) fn keep(&mut self, text: &str, target: &Target) {
        let Some(written) = origin(text) else {
            return;
        };
        self.written.clear();
        self.written.push_str(written);
        self.target = Some(target.clone());
    }
}

/// Scheme and authority of a url, if they are followed by a path and hold nothing that a reader of urls drops.
fn origin(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once("://")?;
    let end = rest.find(['/', '?', '#', '\\'])?;
    let authority = rest.get(..end)?;
    let is_plain = !authority.is_empty() && authority.bytes().all(|byte| byte > b' ');
    if !is_plain || rest.as_bytes().get(end) != Some(&b'/') {
        return None;
    }
    text.get(..scheme.len() + "://".len() + end)
}

/// Whether a text is a path, perhaps with a query, that means the same behind every origin: it begins with one slash, which no
/// second one makes an authority, and holds nothing that is dropped or that ends it.
fn stands_alone(rest: &str) -> bool {
    let bytes = rest.as_bytes();
    bytes.first() == Some(&b'/')
        && bytes.get(1) != Some(&b'/')
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'#' | b'\\'))
}

/// Bytes that a path and a query keep as they are: a reader of urls writes others as `%` and two digits, or drops them.
const KEPT: [bool; 256] = {
    let mut kept = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let letter = byte as u8;
        kept[byte] = letter.is_ascii_alphanumeric();
        byte += 1;
    }
    let others = b"-._~!$&()*+,;=:@/%?";
    let mut at = 0;
    while at < others.len() {
        kept[others[at] as usize] = true;
        at += 1;
    }
    kept
};

/// Whether a text [stands alone](stands_alone) and is what is sent for it, so that it need not be read.
fn is_sent_as_written(rest: &str) -> bool {
    let bytes = rest.as_bytes();
    if bytes.first() != Some(&b'/') || bytes.get(1) == Some(&b'/') {
        return false;
    }
    let mut before = 0;
    let mut is_path = true;
    for &byte in bytes {
        // A segment that begins so may be `.` or `..`, which are resolved.
        let may_be_dots = is_path && before == b'/' && matches!(byte, b'.' | b'%');
        if may_be_dots || !KEPT[usize::from(byte)] {
            return false;
        }
        is_path &= byte != b'?';
        before = byte;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request;
    use url::Position;

    /// Paths, queries and fragments with all that a reader of urls treats in a way of its own.
    const RESTS: [&str; 40] = [
        "",
        "/",
        "//",
        "///",
        "/a",
        "/a/b",
        "/a//b",
        "//a",
        "//other/a",
        "/a?b=c",
        "/a?b=c#d",
        "/a#d?e",
        "?a",
        "?",
        "/?",
        "/a?",
        "/a??",
        "#",
        "#a",
        "/.",
        "/..",
        "/a/../b",
        "/a/./b",
        "/a/..",
        "/../../a",
        "/%2e%2E/a",
        "/a/%2e",
        "/a%",
        "/a%zz",
        "/a b",
        "/a?b c",
        "/\t/a",
        "/\\a",
        "\\a",
        "/a\\b",
        "/ä?ö",
        "/a\"<>`{}|^'?\"<>`{}|^'",
        "/a:b@c",
        "/a?http://other/c",
        " /a",
    ];

    const ORIGINS: [&str; 16] = [
        "http://127.0.0.1:8080",
        "http://127.0.0.1:80",
        "http://localhost",
        "HTTP://LocalHost:0080",
        "https://localhost:443",
        "https://user:pass%20word@host.example",
        "http://[::1]:8080",
        "http://0x7f.1",
        "http://ä.example",
        "http://host:",
        "http://",
        "http:/",
        "http://us\ter@host",
        "http://a@b@c",
        "ftp://host",
        "http://host:99999",
    ];

    fn whole(text: &str) -> Result<(String, String), String> {
        let target = request::target(text, None, None);
        target.map(said).map_err(|fault| fault.to_string())
    }

    fn said(target: Target) -> (String, String) {
        let url = target.url();
        let sent = &url[Position::BeforePath..Position::AfterQuery];
        let parts = [
            url.scheme(),
            url.host_str().unwrap_or("none"),
            url.path(),
            url.query().unwrap_or("none"),
            url.fragment().unwrap_or("none"),
            target.place().unwrap_or(sent),
        ];
        assert_eq!(target.of_origin().origin(), url.origin());
        let port = url.port_or_known_default();
        (
            format!("{url} {parts:?} {port:?}"),
            format!("{:?}", target.credentials),
        )
    }

    /// Reads a url behind another one as a step does, and compares that with what it is when it is read alone.
    fn is_the_same(first: &str, second: &str) -> bool {
        let mut last = LastOrigin::default();
        if let Ok(target) = request::target(first, None, None) {
            last.keep(first, &target);
        }
        let Some(target) = last.target(second) else {
            return false;
        };
        assert_eq!(
            Ok(said(target)),
            whole(second),
            "{first:?}, then {second:?}"
        );
        true
    }

    #[test]
    fn a_url_behind_another_is_what_it_is_alone() {
        let mut short = 0;
        for first in ORIGINS {
            for second in ORIGINS {
                for before in ["/", "/x/y?z#f", "//x", ""] {
                    for rest in RESTS {
                        let (first, second) =
                            (format!("{first}{before}"), format!("{second}{rest}"));
                        short += u32::from(is_the_same(&first, &second));
                    }
                }
            }
        }
        // Of nine origins that can be read, behind three texts that end one.
        assert!(short > 9 * 3 * 15, "only {short} were read the short way");
    }

    #[test]
    fn texts_by_chance_are_what_they_are_alone() {
        const PIECES: [&str; 30] = [
            "/", "/", "/", "a", "b", "Z", "0", ".", "..", "%2e", "%2F", "%", "?", "&", "=", "#",
            "\\", "@", ":", " ", "\t", "\n", "ä", "'", "\"", "<", "{", "|", "://", "\u{7f}",
        ];
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % below as u64) as usize
        };
        let mut short = 0;
        for number in 0..20_000 {
            let origin = ORIGINS[next(ORIGINS.len())];
            let mut text = |from: &str| {
                let pieces: String = (0..next(8)).map(|_| PIECES[next(PIECES.len())]).collect();
                format!("{from}{pieces}")
            };
            // Behind every second one something stands that its authority may not hold.
            let first = match number % 2 {
                0 => format!("{origin}/"),
                _ => text(origin) + "/",
            };
            let second = text(origin);
            short += u32::from(is_the_same(&first, &second));
        }
        assert!(short > 300, "only {short} were read the short way");
    }

    #[test]
    fn another_origin_is_read_whole() {
        let first = "http://host/a";
        for second in [
            "http://host:8080/a",
            "http://hostess/a",
            "https://host/a",
            "http://hos/a",
            "http://host@other/a",
            "http://host",
        ] {
            assert!(!is_the_same(first, second), "{second}");
        }
        assert!(is_the_same(first, "http://host/b"));
    }
}
