//! The arguments of a resource that are about TLS, as most modules have them: files or their texts -> settings.

use super::config::TlsSettings;
use super::identity::Identity;
use super::pem::Pem;
use crate::trouble::{Kind, Phase, Trouble};
use bggo_runtime::contract::FaultText;

/// `ca_file`, `ca_pem`, `client_cert_file`, `client_cert_pem`, `client_key_file`, `client_key_pem` and `insecure_skip_verify`, as they
/// are given: files as paths, texts as PEM.
#[derive(Clone, Copy, Default)]
#[expect(missing_docs, reason = "each is called as its input")]
pub struct TlsArguments<'a> {
    pub ca_file: Option<&'a str>,
    pub ca_pem: Option<&'a str>,
    pub client_cert_file: Option<&'a str>,
    pub client_cert_pem: Option<&'a str>,
    pub client_key_file: Option<&'a str>,
    pub client_key_pem: Option<&'a str>,
    pub insecure_skip_verify: bool,
}

impl TlsArguments<'_> {
    /// Reads the files.
    ///
    /// # Errors
    /// A file cannot be read, or a certificate has no key.
    pub fn settings(&self) -> Result<TlsSettings, Trouble> {
        let ca = pem("ca_file", self.ca_file, self.ca_pem)?;
        let chain = pem(
            "client_cert_file",
            self.client_cert_file,
            self.client_cert_pem,
        )?;
        let key = pem("client_key_file", self.client_key_file, self.client_key_pem)?;
        let identity = match (chain, key) {
            (Some(chain), Some(key)) => Some(Identity { chain, key }),
            (None, None) => None,
            _ => {
                let text = "a client's certificate needs its key, and a key its certificate";
                return Err(Trouble::new(Kind::Tls, Phase::Tls, text));
            }
        };
        Ok(TlsSettings {
            ca,
            identity,
            insecure: self.insecure_skip_verify,
            ..TlsSettings::default()
        })
    }
}

/// The text of a file, or the text that the grid gives itself.
fn pem(input: &str, file: Option<&str>, text: Option<&str>) -> Result<Option<Pem>, Trouble> {
    if let Some(text) = text {
        return Ok(Some(Pem::from(text.to_owned())));
    }
    let Some(path) = file else {
        return Ok(None);
    };
    let text = std::fs::read_to_string(path).map_err(|error| {
        let text = FaultText::plain(format_args!("the {input} ")).and_value(path);
        let text = text.and(format_args!(" cannot be read: {error}"));
        Trouble::new(Kind::Tls, Phase::Tls, text)
    })?;
    Ok(Some(Pem::from(text).of_file(path)))
}
