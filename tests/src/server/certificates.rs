//! A CA with a server's and a client's certificate, made for each test.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use std::path::PathBuf;
use tempfile::TempDir;

/// What a certificate that signed itself says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SelfSigned {
    /// It is an authority.
    Authority,
    /// It is none.
    Server,
    /// It was valid once.
    Expired,
    /// It will be valid.
    NotYet,
}

/// Certificates and keys as files.
pub struct Certificates {
    folder: TempDir,
}

impl Certificates {
    /// A CA, a server for `names`, a client called `vu1`.
    pub fn new(names: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = KeyPair::generate().unwrap();
        let mut about = CertificateParams::new(Vec::new()).unwrap();
        about.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        about.distinguished_name.push(DnType::CommonName, "test CA");
        let ca = about.self_signed(&key).unwrap();
        let issuer = Issuer::new(about, key);
        let made = Self { folder };
        made.write("ca.crt", &ca.pem());
        for (file, common, names) in [("server", "server", names), ("client", "vu1", &[])] {
            let key = KeyPair::generate().unwrap();
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let mut about = CertificateParams::new(names).unwrap();
            about.distinguished_name.push(DnType::CommonName, common);
            let certificate = about.signed_by(&key, &issuer).unwrap();
            made.write(&format!("{file}.crt"), &certificate.pem());
            made.write(&format!("{file}.key"), &key.serialize_pem());
        }
        made
    }

    /// One certificate that signed itself, for a server with this common name and these names; `ca.crt` and `server.crt`
    /// are both that one.
    pub fn self_signed(common: &str, names: &[&str], kind: SelfSigned) -> Self {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut about = CertificateParams::new(names).unwrap();
        about.distinguished_name.push(DnType::CommonName, common);
        match kind {
            SelfSigned::Authority => about.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
            SelfSigned::Server => about.is_ca = IsCa::ExplicitNoCa,
            SelfSigned::Expired => about.not_after = date_time_ymd(2001, 1, 1),
            SelfSigned::NotYet => about.not_before = date_time_ymd(4000, 1, 1),
        }
        let certificate = about.self_signed(&key).unwrap();
        Self::of(&certificate.pem(), &key.serialize_pem())
    }

    /// A certificate that signed itself, and its key, as texts that are there already.
    pub fn of(certificate: &str, key: &str) -> Self {
        let made = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        made.write("ca.crt", certificate);
        made.write("server.crt", certificate);
        made.write("server.key", key);
        made
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// The path of one of `ca.crt`, `server.crt`, `server.key`, `client.crt`, `client.key`.
    pub fn path(&self, name: &str) -> String {
        let path: PathBuf = self.folder.path().join(name);
        path.into_os_string().into_string().unwrap()
    }

    /// Its text.
    pub fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }
}
