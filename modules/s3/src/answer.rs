//! What answers of S3 say: errors and their kinds, pages of a list, ids of uploads.

use crate::encode::decode;
use crate::xml::{Event, Reader};

/// The most bytes of an answer with XML: a page of 1,000 keys with 1,024 bytes each, encoded, has fewer.
pub(crate) const MOST: u64 = 16 << 20;

/// The kinds of failures that S3 names; each runner that asks a server declares them.
pub(crate) mod kind {
    pub(crate) const ACCESS_DENIED: &str = "access_denied";
    pub(crate) const SIGNATURE: &str = "signature";
    pub(crate) const NO_SUCH_KEY: &str = "no_such_key";
    pub(crate) const NO_SUCH_BUCKET: &str = "no_such_bucket";
    pub(crate) const SLOW_DOWN: &str = "slow_down";
    pub(crate) const OTHER: &str = "other_s3_error";
}

/// An error that S3 answers with.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct S3Error {
    /// Empty if the answer has none.
    pub(crate) code: String,
    pub(crate) message: String,
}

impl S3Error {
    /// Reads the beginning of a body. `None` if it is no error.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(body);
        let mut error = Self::default();
        let mut path: Vec<&str> = Vec::new();
        for event in Reader::new(&text) {
            match event {
                Event::Begin(name) => path.push(name),
                Event::End(_) => drop(path.pop()),
                Event::Text(text) => match *path {
                    ["Error", "Code"] => error.code.push_str(&text),
                    ["Error", "Message"] => error.message.push_str(&text),
                    _ => {}
                },
            }
            if path.first().is_some_and(|first| *first != "Error") {
                return None;
            }
        }
        (!error.code.is_empty()).then_some(error)
    }

    /// The kind of failure, by the code and else by the status: an answer to HEAD has no body.
    pub(crate) fn kind(&self, status: u16) -> &'static str {
        match (self.code.as_str(), status) {
            (
                "AccessDenied"
                | "AllAccessDisabled"
                | "AccountProblem"
                | "InvalidAccessKeyId"
                | "InvalidToken"
                | "ExpiredToken"
                | "TokenRefreshRequired"
                | "NotSignedUp"
                | "XAdminUserNotFound",
                _,
            ) => kind::ACCESS_DENIED,
            (
                "SignatureDoesNotMatch"
                | "RequestTimeTooSkewed"
                | "AuthorizationHeaderMalformed"
                | "AuthorizationQueryParametersError"
                | "XAmzContentSHA256Mismatch"
                | "RequestExpired",
                _,
            ) => kind::SIGNATURE,
            ("NoSuchKey" | "NoSuchVersion", _) => kind::NO_SUCH_KEY,
            ("NoSuchBucket", _) => kind::NO_SUCH_BUCKET,
            (
                "SlowDown"
                | "SlowDownRead"
                | "SlowDownWrite"
                | "ServiceUnavailable"
                | "RequestLimitExceeded"
                | "TooManyRequests"
                | "Busy",
                _,
            ) => kind::SLOW_DOWN,
            ("", 401 | 403) => kind::ACCESS_DENIED,
            ("", 404) => kind::NO_SUCH_KEY,
            ("", 429 | 503) => kind::SLOW_DOWN,
            _ => kind::OTHER,
        }
    }
}

/// An object of a list.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) key: String,
    pub(crate) size: u64,
    pub(crate) etag: String,
    pub(crate) last_modified: String,
}

/// A page of a list.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) objects: Vec<Listed>,
    pub(crate) prefixes: Vec<String>,
    /// Where the next page begins, if there is one.
    pub(crate) next: Option<String>,
}

impl Page {
    /// Reads a page. `None` if it is none, or is cut off.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(body).ok()?;
        let mut page = Self::default();
        let mut path: Vec<&str> = Vec::new();
        let (mut is_encoded, mut is_whole) = (false, false);
        let mut next = String::new();
        let mut is_truncated = false;
        let mut size = String::new();
        for event in Reader::new(text) {
            match event {
                Event::Begin(name) => {
                    path.push(name);
                    match *path {
                        ["ListBucketResult", "Contents"] => {
                            page.objects.push(Listed::default());
                            size.clear();
                        }
                        ["ListBucketResult", "CommonPrefixes"] => page.prefixes.push(String::new()),
                        _ => {}
                    }
                }
                Event::End(_) => {
                    if *path == ["ListBucketResult", "Contents"]
                        && let Some(object) = page.objects.last_mut()
                    {
                        object.size = size.trim().parse().ok()?;
                    }
                    is_whole = *path == ["ListBucketResult"];
                    path.pop()?;
                }
                Event::Text(text) => match *path {
                    ["ListBucketResult", "EncodingType"] => is_encoded = text.trim() == "url",
                    ["ListBucketResult", "IsTruncated"] => is_truncated = text.trim() == "true",
                    ["ListBucketResult", "NextContinuationToken"] => next.push_str(&text),
                    ["ListBucketResult", "CommonPrefixes", "Prefix"] => {
                        page.prefixes.last_mut()?.push_str(&text);
                    }
                    ["ListBucketResult", "Contents", field] => {
                        let object = page.objects.last_mut()?;
                        match field {
                            "Key" => object.key.push_str(&text),
                            "Size" => size.push_str(&text),
                            "ETag" => object.etag.push_str(&text),
                            "LastModified" => object.last_modified.push_str(&text),
                            _ => {}
                        }
                    }
                    _ => {}
                },
            }
        }
        if is_encoded {
            for object in &mut page.objects {
                object.key = decode(&object.key);
            }
            for prefix in &mut page.prefixes {
                *prefix = decode(prefix);
            }
        }
        page.next = (is_truncated && !next.is_empty()).then_some(next);
        is_whole.then_some(page)
    }
}

/// The text of one element below the first one, as the id of an upload that was begun.
pub(crate) fn text_of(body: &[u8], outer: &str, inner: &str) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let mut path: Vec<&str> = Vec::new();
    let mut found = String::new();
    for event in Reader::new(text) {
        match event {
            Event::Begin(name) => path.push(name),
            Event::End(_) => drop(path.pop()),
            Event::Text(text) if *path == [outer, inner] => found.push_str(&text),
            Event::Text(_) => {}
        }
    }
    (!found.is_empty()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_a_code_and_a_kind() {
        let body = b"<?xml version=\"1.0\"?>\n<Error><Code>NoSuchKey</Code><Message>The key &quot;x&quot; is not there.</Message><Detail><Code>1</Code></Detail></Error>";
        let error = S3Error::read(body).unwrap();
        assert_eq!(error.message, "The key \"x\" is not there.");
        assert_eq!(error.kind(404), "no_such_key");
        // What is cut off behind the code still says what happened.
        let cut = S3Error::read(&body[..80]).unwrap();
        assert_eq!(cut.code, "NoSuchKey");
        assert_eq!(S3Error::read(b""), None);
        assert_eq!(S3Error::read(b"<html><Code>x</Code></html>"), None);
        for (code, status, kind) in [
            ("SignatureDoesNotMatch", 403, "signature"),
            ("InvalidAccessKeyId", 403, "access_denied"),
            ("NoSuchBucket", 404, "no_such_bucket"),
            ("SlowDown", 503, "slow_down"),
            ("InternalError", 500, "other_s3_error"),
            ("", 403, "access_denied"),
            ("", 404, "no_such_key"),
            ("", 503, "slow_down"),
            ("", 500, "other_s3_error"),
        ] {
            let error = S3Error {
                code: code.to_owned(),
                message: String::new(),
            };
            assert_eq!(error.kind(status), kind, "{code} {status}");
        }
    }

    #[test]
    fn a_page_is_read_and_its_keys_are_decoded() {
        let body = br#"<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix>x</Prefix>
<IsTruncated>true</IsTruncated><Contents><Key>a%20b%2Bc/%C3%BC.txt</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>
<ETag>&quot;e&quot;</ETag><Size>5</Size><Owner><ID>Key</ID></Owner></Contents><Contents><Key>d</Key><Size>0</Size></Contents>
<CommonPrefixes><Prefix>p%2F</Prefix></CommonPrefixes><NextContinuationToken>n+=</NextContinuationToken><EncodingType>url</EncodingType></ListBucketResult>"#;
        let page = Page::read(body).unwrap();
        assert_eq!(
            page,
            Page {
                objects: vec![
                    Listed {
                        key: "a b+c/ü.txt".to_owned(),
                        size: 5,
                        etag: "\"e\"".to_owned(),
                        last_modified: "2026-01-01T00:00:00.000Z".to_owned(),
                    },
                    Listed {
                        key: "d".to_owned(),
                        ..Listed::default()
                    }
                ],
                prefixes: vec!["p/".to_owned()],
                next: Some("n+=".to_owned()),
            }
        );
        // Nothing that is cut off is taken for a page.
        for end in 0..body.len() {
            assert_eq!(Page::read(&body[..end]), None);
        }
        assert_eq!(Page::read(b"<Error><Code>x</Code></Error>"), None);
        let empty = Page::read(b"<ListBucketResult></ListBucketResult>").unwrap();
        assert_eq!(empty, Page::default());
    }

    #[test]
    fn the_id_of_an_upload_is_found_where_it_stands() {
        let body = b"<InitiateMultipartUploadResult><Key>UploadId</Key><UploadId>a&amp;b</UploadId></InitiateMultipartUploadResult>";
        let id = text_of(body, "InitiateMultipartUploadResult", "UploadId");
        assert_eq!(id.as_deref(), Some("a&b"));
        assert_eq!(text_of(body, "Other", "UploadId"), None);
    }
}
