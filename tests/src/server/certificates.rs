//! A CA with a server's and a client's certificate, made for each test.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use std::path::PathBuf;
use tempfile::TempDir;

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
