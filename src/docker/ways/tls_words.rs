//! What was wrong with TLS, in words. Pure.

use std::io;

use jiff::Timestamp;
use tokio_rustls::rustls::pki_types::UnixTime;
use tokio_rustls::rustls::{AlertDescription, CertificateError, Error};

use super::fault::WayFault;
use crate::docker::endpoint::{TlsEndpoint, TlsFiles};
use crate::docker::text::escaped;

/// How much of what a certificate says goes into a message.
const MAX_SHOWN_BYTES: usize = 200;

/// The fault of TLS that an error of I/O carries, in the handshake or after it: in TLS 1.3 a daemon refuses a client's
/// certificate when the client thinks that all is well.
pub(in crate::docker) fn fault(error: &io::Error, endpoint: &TlsEndpoint) -> Option<WayFault> {
    let error: &Error = error.get_ref()?.downcast_ref()?;
    let (cause, cure) = match error {
        Error::InvalidCertificate(error) => certificate(error, endpoint),
        Error::InvalidMessage(_) => no_tls(endpoint),
        Error::AlertReceived(alert) => alerted(*alert, endpoint),
        Error::PeerIncompatible(_) => versions(),
        other => (escaped(&other.to_string(), MAX_SHOWN_BYTES), "see the daemon's log".to_owned()),
    };
    Some(WayFault::new(format!("{cause} (TLS was asked for by {})", endpoint.files.asked_by), cure))
}

/// The connection ended within the handshake.
pub(super) fn ended_early(endpoint: &TlsEndpoint) -> WayFault {
    let cause = "the connection was ended within the handshake of TLS";
    let own = match &endpoint.files.client {
        Some((certificate, _)) => format!("that it takes our certificate {}", certificate.display()),
        None => "whether it wants a client certificate, which it was not given".to_owned(),
    };
    WayFault::new(
        format!("{cause} (TLS was asked for by {})", endpoint.files.asked_by),
        format!("see that it is a daemon with --tlsverify that listens there, its log, and {own}"),
    )
}

fn no_tls(endpoint: &TlsEndpoint) -> (String, String) {
    let cure = format!(
        "the daemon speaks it with --tlsverify, at port {} by custom; for plain HTTP, which gives root to whoever reaches \
         the port, leave TLS out",
        crate::docker::endpoint::TLS_PORT
    );
    (format!("what listens at port {} speaks no TLS", endpoint.port), cure)
}

fn versions() -> (String, String) {
    ("it speaks neither TLS 1.2 nor 1.3, or no cipher that is safe".into(), "update the daemon".into())
}

fn alerted(alert: AlertDescription, endpoint: &TlsEndpoint) -> (String, String) {
    use AlertDescription as Alert;
    let TlsFiles { client, directory, .. } = &endpoint.files;
    match (alert, client) {
        (Alert::ProtocolVersion | Alert::InsufficientSecurity, _) => versions(),
        (
            Alert::CertificateRequired
            | Alert::BadCertificate
            | Alert::HandshakeFailure
            | Alert::NoCertificate
            | Alert::AccessDenied
            | Alert::UnknownCA
            | Alert::CertificateUnknown,
            None,
        ) => (
            format!("it wants a client certificate and was given none ({alert:?})"),
            format!(
                "put cert.pem and key.pem, signed by the authority of its --tlscacert, into {}",
                directory.display()
            ),
        ),
        (
            Alert::CertificateRequired
            | Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::AccessDenied
            | Alert::DecryptError
            | Alert::HandshakeFailure,
            Some((certificate, _)),
        ) => (
            format!("it refused our certificate {} ({alert:?})", certificate.display()),
            "have one made by the authority of its --tlscacert, for clients (extendedKeyUsage clientAuth), that has not \
             expired"
                .to_owned(),
        ),
        _ => (format!("it ended the handshake of TLS ({alert:?})"), "see the daemon's log".into()),
    }
}

fn certificate(error: &CertificateError, endpoint: &TlsEndpoint) -> (String, String) {
    use CertificateError as Wrong;
    let TlsEndpoint { host, port, files } = endpoint;
    let renew = "have it renewed over there, and see that this machine's clock is right";
    match error {
        Wrong::Expired => ("its certificate or its authority's has expired".into(), renew.into()),
        Wrong::ExpiredContext { not_after, .. } => {
            (format!("its certificate or its authority's expired on {}", moment(*not_after)), renew.into())
        }
        Wrong::NotValidYet => ("its certificate or its authority's is not valid yet".into(), clock()),
        Wrong::NotValidYetContext { not_before, .. } => {
            (format!("its certificate or its authority's is not valid before {}", moment(*not_before)), clock())
        }
        Wrong::UnknownIssuer | Wrong::BadSignature => unknown_issuer(files),
        Wrong::NotValidForName => other_name(host, &[]),
        Wrong::NotValidForNameContext { presented, .. } => other_name(host, presented),
        Wrong::InvalidPurpose | Wrong::InvalidPurposeContext { .. } => {
            ("its certificate is not made for servers".into(), "have it made with extendedKeyUsage serverAuth".into())
        }
        other => {
            let words = escaped(&other.to_string(), MAX_SHOWN_BYTES);
            if words.contains("CaUsedAsEndEntity") {
                return (
                    "its certificate is that of an authority (CA:TRUE)".into(),
                    "have one made for the daemon that is signed by the authority".into(),
                );
            }
            let look = format!("look at it: `openssl s_client -connect {host}:{port}`");
            (format!("its certificate cannot be used: {words}"), look)
        }
    }
}

fn clock() -> String {
    "see that this machine's clock is right, and the one where it was made".into()
}

fn unknown_issuer(files: &TlsFiles) -> (String, String) {
    let place = files.directory.join("ca.pem");
    match &files.ca {
        Some(ca) => (
            format!("its certificate is signed by an authority that is not in {}", ca.display()),
            "put the certificate of the daemon's own authority there".into(),
        ),
        None => (
            "its certificate is signed by an authority that this machine does not know".into(),
            format!("put the certificate of the daemon's own authority at {}", place.display()),
        ),
    }
}

fn other_name(host: &str, presented: &[String]) -> (String, String) {
    let names = match presented {
        [] => "for no name at all (its subjectAltName is what counts)".to_owned(),
        names => format!("for {}", escaped(&names.join(", "), MAX_SHOWN_BYTES)),
    };
    let kind = if host.parse::<std::net::IpAddr>().is_ok() { "IP" } else { "DNS" };
    (
        format!("its certificate is made out {names}, and not for {host}"),
        format!("reach it under a name that is there, or have it made with subjectAltName {kind}:{host}"),
    )
}

/// A moment of a certificate, in RFC 3339.
fn moment(at: UnixTime) -> String {
    let seconds = i64::try_from(at.as_secs()).ok();
    seconds
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .map_or_else(|| format!("second {} of the epoch", at.as_secs()), |moment| moment.to_string())
}
