//! Explains errors of TLS: what is wrong and what to do.

use crate::named::Named;
use bggo_runtime::contract::FaultText;
use rustls::{
    AlertDescription as Alert, CertificateError as Wrong, Error, InvalidMessage, PeerIncompatible,
};

/// Why there is no TLS connection.
pub fn explain(error: &Error, named: Named) -> FaultText {
    let words = match error {
        Error::InvalidCertificate(wrong) => return of_certificate(wrong, named),
        Error::InvalidMessage(InvalidMessage::HandshakePayloadTooLarge) => TOO_LARGE,
        Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled,
        ) => NO_VERSION,
        Error::PeerIncompatible(_) => "client and server have no ciphers or keys in common",
        Error::AlertReceived(alert) => of_alert(*alert),
        Error::NoApplicationProtocol => NO_PROTOCOL,
        Error::DecryptError
        | Error::PeerMisbehaved(_)
        | Error::PeerSentOversizedRecord
        | Error::InvalidMessage(_)
        | Error::InappropriateMessage { .. }
        | Error::InappropriateHandshakeMessage { .. } => MISBEHAVES,
        _ => "the handshake failed",
    };
    words.into()
}

/// A message of the handshake is larger than any that is taken.
pub(super) const TOO_LARGE: &str =
    "a message of the handshake, such as the server's certificates, is larger than 64 KiB";
/// What comes breaks the rules.
pub(super) const MISBEHAVES: &str = "the server does not keep to TLS";
const NO_VERSION: &str = "client and server have no version of TLS in common";
const NO_PROTOCOL: &str = "the server speaks none of the protocols that the client offers";

fn of_certificate(wrong: &Wrong, named: Named) -> FaultText {
    let words = match wrong {
        Wrong::UnknownIssuer => {
            "the server's certificate is not trusted; give its authority (with those between, where the server sends none), or the certificate itself, as the client's ca_file, or set insecure_skip_verify"
        }
        Wrong::Expired | Wrong::ExpiredContext { .. } => {
            "the server's certificate has expired; renew it, or set insecure_skip_verify"
        }
        Wrong::NotValidYet | Wrong::NotValidYetContext { .. } => {
            "the server's certificate is not valid yet; look at the clocks of both machines"
        }
        Wrong::NotValidForNameContext {
            expected,
            presented,
        } => return of_names(&expected.to_str(), presented, named),
        Wrong::NotValidForName => {
            "the server's certificate is for another name; set the client's server_name to one of its names"
        }
        Wrong::Revoked => "the server's certificate is revoked",
        Wrong::BadEncoding => "the server's certificate cannot be read",
        Wrong::BadSignature => {
            "the server's certificate is signed by another key than that of its authority, or by an RSA key of less than 2,048 bits; give the right one as the client's ca_file, or set insecure_skip_verify"
        }
        Wrong::InvalidPurpose | Wrong::InvalidPurposeContext { .. } => {
            "the server's certificate is not made for servers (its extended key usage)"
        }
        Wrong::UnhandledCriticalExtension => {
            "the server's certificate has a critical extension that is not supported"
        }
        Wrong::Other(other) => match other.0.downcast_ref::<webpki::Error>() {
            Some(webpki::Error::CaUsedAsEndEntity) => {
                "the server's certificate is its own authority, and is not trusted; give it as the client's ca_file, or set insecure_skip_verify"
            }
            Some(webpki::Error::UnsupportedCertVersion) => {
                "the server's certificate is of X.509 version 1, which no authority vouches for; give it as the client's ca_file, or set insecure_skip_verify"
            }
            _ => "the server's certificate cannot be accepted",
        },
        wrong if is_of_algorithm(wrong) => {
            "the server's certificate is signed by an algorithm that is not supported"
        }
        _ => "the server's certificate cannot be accepted",
    };
    words.into()
}

fn is_of_algorithm(wrong: &Wrong) -> bool {
    matches!(
        wrong,
        Wrong::UnsupportedSignatureAlgorithmContext { .. }
            | Wrong::UnsupportedSignatureAlgorithmForPublicKeyContext { .. }
    )
}

/// The library writes the names of a certificate as `DnsName("a.test")` and `IpAddress(10.0.0.1)`. A server shows them before
/// anything of a request is sent, so they are hidden only where the name of the host is.
fn of_names(expected: &str, presented: &[String], named: Named) -> FaultText {
    let expected = &named.text(expected);
    if presented.is_empty() {
        return FaultText::plain(
            "the server's certificate names no host; make one with a subjectAltName for ",
        )
        .and_text(expected);
    }
    let names: Vec<&str> = presented
        .iter()
        .filter_map(|name| {
            let inside = name.split_once('(')?.1.strip_suffix(')')?;
            Some(inside.trim_matches('"'))
        })
        .collect();
    FaultText::plain("the server's certificate is not for ")
        .and_text(expected)
        .and(" but for ")
        .and_text(&named.text(names.join(", ")))
        .and("; set the client's server_name to one of its names")
}

fn of_alert(alert: Alert) -> &'static str {
    match alert {
        Alert::ProtocolVersion => NO_VERSION,
        Alert::HandshakeFailure | Alert::InsufficientSecurity => {
            "the server takes none of the client's ciphers, its certificate has a key of a kind that the client does not know (such as P-521), or it asks for a client's certificate"
        }
        Alert::CertificateRequired | Alert::NoCertificate => {
            "the server asks for a client's certificate; give client_cert_file and client_key_file"
        }
        Alert::BadCertificate
        | Alert::UnsupportedCertificate
        | Alert::CertificateRevoked
        | Alert::CertificateExpired
        | Alert::CertificateUnknown
        | Alert::UnknownCA
        | Alert::AccessDenied
        | Alert::DecryptError => "the server does not accept the client's certificate",
        Alert::UnrecognisedName => {
            "the server does not know this name; set the client's server_name to one that it knows"
        }
        Alert::NoApplicationProtocol => NO_PROTOCOL,
        Alert::InternalError => "the server had an error of its own during the handshake",
        _ => "the server ended the handshake",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_certificate_are_hidden_only_where_the_host_is() {
        let names = ["DnsName(\"a.test\")", "IpAddress(10.0.0.1)"].map(str::to_owned);
        let about = |named| of_names("b.test", &names, named);
        let plain = "the server's certificate is not for b.test but for a.test, 10.0.0.1; set the client's server_name to one of its names";
        assert_eq!(about(Named::Open), FaultText::plain(plain));
        assert_eq!(
            about(Named::Secret),
            FaultText::plain("the server's certificate is not for ")
                .and_value("b.test")
                .and(" but for ")
                .and_value("a.test, 10.0.0.1")
                .and("; set the client's server_name to one of its names")
        );
    }
}
