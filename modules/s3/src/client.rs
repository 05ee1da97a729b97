//! The asset `s3_client`: where buckets are, the credentials that sign requests, and the uploads that are not completed.

use crate::abort::abort;
use crate::access::{Access, Places, Settings};
use crate::s3_client::{Error as Kind, Exports, Inputs, Uses};
use crate::sign::Signer;
use crate::uploads::Uploads;
use bggo_module_http_request::Asking;
use bggo_runtime::contract::{Asset, AssetCx, Fault, FaultText, Prepare, Text};
use std::rc::Rc;

/// Where buckets are, and who asks.
pub struct S3Client {
    pub(crate) access: Access,
}

/// All arguments; `None` if one is not known yet.
struct Known<'a> {
    settings: Settings<'a>,
    credentials: [&'a Text; 2],
    session_token: Option<&'a Text>,
    signs_payload: bool,
}

fn known(inputs: &Inputs) -> Option<Known<'_>> {
    Some(Known {
        settings: Settings {
            endpoint: inputs.endpoint.known()?.as_deref(),
            region: inputs.region.known()?,
            url_style: inputs.url_style.known()?.as_deref(),
        },
        credentials: [
            inputs.access_key_id.known()?,
            inputs.secret_access_key.known()?,
        ],
        session_token: inputs.session_token.known()?.as_ref(),
        signs_payload: &**inputs.payload_signing.known()? == "signed",
    })
}

fn check(known: &Known<'_>) -> Result<(), Fault> {
    let [id, secret] = known.credentials;
    let token = known.session_token.map(|token| ("session_token", token));
    let texts = [("access_key_id", id), ("secret_access_key", secret)];
    for (name, text) in texts.into_iter().chain(token) {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            let text = format_args!("{name} is empty, or holds what no credential does");
            return Err(Kind::Request.fault(FaultText::plain(text)));
        }
    }
    Places::new(&known.settings).map(drop)
}

impl Asset for S3Client {
    type Inputs = Inputs;
    type Uses = Uses;
    type Ready = ();
    type Exports = Exports;

    fn prepare(_: &Prepare<'_>, inputs: &Inputs) -> Result<(), Fault> {
        known(inputs).as_ref().map_or(Ok(()), check)
    }

    async fn create(cx: AssetCx, _: Rc<()>, uses: Uses, inputs: Inputs) -> Result<Self, Fault> {
        let missing = || Kind::Request.fault("an argument of the client is missing");
        let client = || Kind::Request.fault("requests need a client of HTTP");
        let known = known(&inputs).ok_or_else(missing)?;
        check(&known)?;
        let [id, secret] = known.credentials;
        let access = Access {
            http: uses.client.ok_or_else(client)?,
            signer: Signer::new(
                (id.clone(), secret.clone()),
                known.session_token.cloned(),
                Text::from(known.settings.region),
            ),
            signs_payload: known.signs_payload,
            places: Places::new(&known.settings)?,
            unfinished: Uploads::default(),
            clock: cx.clock(),
            metrics: cx.metrics(),
        };
        Ok(Self { access })
    }

    fn exports(&self) -> Exports {
        Exports {}
    }

    /// Aborts the uploads of steps that were dropped.
    async fn destroy(self) -> Result<(), Fault> {
        let mut first = None;
        let asking = Asking::Asset(&self.access.clock);
        for upload in self.access.unfinished.take() {
            if let Err(fault) = abort(&self.access, asking, &upload, None).await {
                first.get_or_insert(fault);
            }
        }
        first.map_or(Ok(()), Err)
    }
}
