//! The arguments of a client that are about TLS.

use crate::grpc_client::{Error as Kind, Inputs};
use bggo_runtime::contract::{Fault, FaultText};
use bggo_wire::{Pem, TlsIdentity, TlsSettings};

/// These arguments as they are given.
#[derive(Debug)]
pub(crate) struct Known<'a> {
    ca_file: Option<&'a str>,
    ca_pem: Option<&'a str>,
    cert_file: Option<&'a str>,
    cert_pem: Option<&'a str>,
    key_file: Option<&'a str>,
    key_pem: Option<&'a str>,
    insecure: bool,
}

impl<'a> Known<'a> {
    /// `None` if one is not known yet.
    pub(crate) fn of(inputs: &'a Inputs) -> Option<Self> {
        Some(Self {
            ca_file: inputs.ca_file.known()?.as_deref(),
            ca_pem: inputs.ca_pem.known()?.as_deref(),
            cert_file: inputs.client_cert_file.known()?.as_deref(),
            cert_pem: inputs.client_cert_pem.known()?.as_deref(),
            key_file: inputs.client_key_file.known()?.as_deref(),
            key_pem: inputs.client_key_pem.known()?.as_deref(),
            insecure: *inputs.insecure_skip_verify.known()?,
        })
    }

    /// Reads the files.
    ///
    /// # Errors
    /// A file cannot be read, or a certificate has no key.
    pub(crate) fn settings(&self) -> Result<TlsSettings, Fault> {
        let ca = pem("ca_file", self.ca_file, self.ca_pem)?;
        let chain = pem("client_cert_file", self.cert_file, self.cert_pem)?;
        let key = pem("client_key_file", self.key_file, self.key_pem)?;
        let identity = match (chain, key) {
            (Some(chain), Some(key)) => Some(TlsIdentity { chain, key }),
            (None, None) => None,
            _ => {
                let text = "a client's certificate needs its key, and a key its certificate";
                return Err(Kind::Tls.fault(text));
            }
        };
        Ok(TlsSettings {
            ca,
            identity,
            insecure: self.insecure,
            protocols: vec![b"h2".to_vec()],
            ..TlsSettings::default()
        })
    }
}

/// The text of a file, or the text that the grid gives itself.
fn pem(input: &str, file: Option<&str>, text: Option<&str>) -> Result<Option<Pem>, Fault> {
    if let Some(text) = text {
        return Ok(Some(Pem::from(text.to_owned())));
    }
    let Some(path) = file else {
        return Ok(None);
    };
    let text = std::fs::read_to_string(path).map_err(|error| {
        let text = FaultText::plain(format_args!("the {input} ")).and_value(path);
        Kind::Settings.fault(text.and(format_args!(" cannot be read: {error}")))
    })?;
    Ok(Some(Pem::from(text).of_file(path)))
}
