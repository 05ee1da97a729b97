//! The arguments of a connection that are about TLS.

use crate::postgres_connection::{Error as Kind, Inputs};
use bggo_runtime::contract::{Fault, FaultText};
use bggo_wire::{Pem, Tls, TlsIdentity, TlsSettings};

/// Whether TLS is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Never.
    Disable,
    /// If the server does.
    Prefer,
    /// Always, whatever certificate the server has.
    Require,
    /// Always, with a server whose certificate is trusted and for its host.
    VerifyFull,
}

impl Mode {
    /// A mode by its name.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        match name {
            "disable" => Some(Self::Disable),
            "prefer" => Some(Self::Prefer),
            "require" => Some(Self::Require),
            "verify-full" => Some(Self::VerifyFull),
            _ => None,
        }
    }
}

/// These arguments as they are given.
#[derive(Debug)]
pub(crate) struct Known<'a> {
    ca_file: Option<&'a str>,
    ca_pem: Option<&'a str>,
    cert_file: Option<&'a str>,
    cert_pem: Option<&'a str>,
    key_file: Option<&'a str>,
    key_pem: Option<&'a str>,
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
        })
    }

    /// How TLS is spoken in a mode: not at all where it never is.
    ///
    /// # Errors
    /// A file cannot be read, a certificate has no key, or what they hold cannot be used.
    pub(crate) fn tls(&self, mode: Mode) -> Result<Option<Tls>, Fault> {
        if mode == Mode::Disable {
            return Ok(None);
        }
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
        let settings = TlsSettings {
            ca,
            identity,
            insecure: mode != Mode::VerifyFull,
            ..TlsSettings::default()
        };
        let tls = Tls::new(&settings);
        tls.map(Some).map_err(|text| Kind::Tls.fault(text))
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
