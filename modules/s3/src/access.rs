//! Where buckets are, and who asks: what requests of a client need.

use crate::s3_client::Metric;
use crate::sign::Signer;
use crate::uploads::Uploads;
use bggo_module_http_request::{HttpClient, Place};
use bggo_runtime::contract::{AssetClock, AssetMetrics, Fault, FaultText};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// What requests of a client need.
pub(crate) struct Access {
    pub(crate) http: Arc<HttpClient>,
    pub(crate) signer: Signer,
    /// The body is part of the signature.
    pub(crate) signs_payload: bool,
    pub(crate) places: Places,
    pub(crate) unfinished: Uploads,
    pub(crate) clock: AssetClock,
    pub(crate) metrics: AssetMetrics,
}

/// The arguments that say where and how.
pub(crate) struct Settings<'a> {
    pub(crate) endpoint: Option<&'a str>,
    pub(crate) region: &'a str,
    pub(crate) url_style: Option<&'a str>,
}

/// Buckets by their names.
type OfBuckets = Vec<(String, Rc<Place>)>;

/// Where requests for a bucket go.
#[derive(Debug)]
pub(crate) struct Places {
    /// The server, without the bucket.
    server: Rc<Place>,
    /// Those of buckets that stand before the host, as far as they were asked for.
    of_buckets: Option<RefCell<OfBuckets>>,
}

/// The place of a bucket and its path there.
pub(crate) struct BucketPlace {
    pub(crate) place: Rc<Place>,
    /// What the path of a key begins with.
    pub(crate) path: String,
}

impl Places {
    pub(crate) fn new(inputs: &Settings<'_>) -> Result<Self, Fault> {
        let is_aws = inputs.endpoint.is_none();
        let at_aws = format!("https://s3.{}.amazonaws.com", inputs.region);
        let server = Place::new(inputs.endpoint.unwrap_or(&at_aws))?;
        let before_host = inputs.url_style.map_or(is_aws, |style| style != "path");
        Ok(Self {
            server: Rc::new(server),
            of_buckets: before_host.then(RefCell::default),
        })
    }

    fn of(&self, bucket: &str) -> Result<BucketPlace, Fault> {
        let Some(known) = &self.of_buckets else {
            return Ok(BucketPlace {
                place: Rc::clone(&self.server),
                path: format!("/{bucket}/"),
            });
        };
        let mut known = known.borrow_mut();
        let found = known.iter().find(|(name, _)| name == bucket);
        let place = match found {
            Some((_, place)) => Rc::clone(place),
            None => {
                let (scheme, host) = (self.server.scheme(), self.server.host());
                let place = Rc::new(Place::new(&format!("{scheme}://{bucket}.{host}"))?);
                known.push((bucket.to_owned(), Rc::clone(&place)));
                place
            }
        };
        Ok(BucketPlace {
            place,
            path: "/".to_owned(),
        })
    }
}

/// Refuses a name that no bucket has. (A name that is known when the grid is built was checked then.)
fn check_bucket(name: &str) -> Result<(), Fault> {
    let is_inside = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-')
    };
    let bytes = name.as_bytes();
    let ends = [bytes.first(), bytes.last()];
    let ends_right = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    if (3..=63).contains(&bytes.len())
        && bytes.iter().all(|byte| is_inside(*byte))
        && ends.into_iter().all(ends_right)
    {
        return Ok(());
    }
    let text = FaultText::value(format_args!("{name:?}"));
    Err(Fault::new(
        "request",
        text.and(" is no bucket's name: it has 3 to 63 lower-case letters, digits, dots and hyphens, with a letter or digit at each end"),
    ))
}

impl Access {
    /// Where the objects of a bucket are.
    ///
    /// # Errors
    /// It is no bucket's name.
    pub(crate) fn bucket(&self, name: &str) -> Result<BucketPlace, Fault> {
        check_bucket(name)?;
        self.places.of(name)
    }

    /// The second of this host's clock, since 1970.
    pub(crate) fn second(&self) -> u64 {
        self.clock.since_1970().as_secs()
    }

    /// An upload was aborted.
    pub(crate) fn aborted(&self) {
        self.metrics.add(Metric::ABORTED, 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(endpoint: Option<&str>, url_style: Option<&str>) -> String {
        let settings = Settings {
            endpoint,
            region: "eu-west-1",
            url_style,
        };
        let place = Places::new(&settings).unwrap().of("shop").unwrap();
        format!(
            "{}://{}{}",
            place.place.scheme(),
            place.place.host(),
            place.path
        )
    }

    #[test]
    fn a_bucket_stands_in_the_path_or_before_the_host() {
        let own = Some("http://127.0.0.1:9000/");
        assert_eq!(places(own, None), "http://127.0.0.1:9000/shop/");
        assert_eq!(places(own, Some("path")), "http://127.0.0.1:9000/shop/");
        assert_eq!(
            places(Some("https://s3.test:443"), Some("virtual_host")),
            "https://shop.s3.test/"
        );
        assert_eq!(
            places(None, None),
            "https://shop.s3.eu-west-1.amazonaws.com/"
        );
        assert_eq!(
            places(None, Some("path")),
            "https://s3.eu-west-1.amazonaws.com/shop/"
        );
    }

    #[test]
    fn what_is_no_buckets_name_is_refused() {
        for name in ["abc", "a.b-c", "123", &"a".repeat(63)] {
            assert!(check_bucket(name).is_ok(), "{name}");
        }
        for name in [
            "",
            "ab",
            "A-b-c",
            "-ab",
            "ab-",
            "a/b",
            "a b",
            "\u{fc}ab",
            &"a".repeat(64),
        ] {
            let fault = check_bucket(name).expect_err(name);
            assert_eq!(fault.kind(), "request");
        }
    }
}
