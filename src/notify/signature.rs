//! The signature of a notification: HMAC-SHA256 over its moment and its body. And the secret that makes it.

use std::fmt::Write as _;
use std::os::unix::fs::MetadataExt as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::receiver::TellError;
use crate::model::Timestamp;

/// The shortest secret: 128 bits, if each byte is random.
const SHORTEST_SECRET: usize = 16;

/// Longer files are no secrets.
const LONGEST_SECRET: u64 = 4_096;

/// Who else may do something with the file.
const OTHERS: u32 = 0o077;

/// What signs. It is shown nowhere.
pub(super) struct Secret(Vec<u8>);

impl Secret {
    /// Reads the file anew, so that a secret can be changed under a running service.
    pub(super) fn read(path: &str) -> Result<Self, TellError> {
        let unread = |cause: String| TellError::Secret { path: path.to_owned(), cause };
        let metadata = std::fs::metadata(path).map_err(|error| unread(error.to_string()))?;
        if metadata.mode() & OTHERS != 0 {
            return Err(unread("others than its user may read or write it; `chmod 600` it".into()));
        }
        if metadata.len() > LONGEST_SECRET {
            return Err(unread(format!("it has more than {LONGEST_SECRET} bytes; name the file of the secret alone")));
        }
        let content = std::fs::read(path).map_err(|error| unread(error.to_string()))?;
        let secret = content.trim_ascii();
        if secret.len() < SHORTEST_SECRET {
            return Err(unread(format!("it has fewer than {SHORTEST_SECRET} bytes; `openssl rand -hex 32` makes one")));
        }
        Ok(Self(secret.to_vec()))
    }

    /// The header `X-Dockledger-Signature` of a body that is sent then: `t=SECONDS,v1=HEX` over `SECONDS.BODY`.
    pub(super) fn sign(&self, at: Timestamp, body: &[u8]) -> String {
        let seconds = at.as_millis() / 1000;
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("a key may have any length");
        mac.update(format!("{seconds}.").as_bytes());
        mac.update(body);
        let mut header = format!("t={seconds},v1=");
        for byte in mac.finalize().into_bytes() {
            // Writing into a string cannot fail.
            let _ = write!(header, "{byte:02x}");
        }
        header
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// B41: as a receiver checks it with any other tool (`printf '1700000000.{}' | openssl dgst -sha256 -hmac KEY`).
    #[test]
    fn b41_the_signature_is_hmac_over_moment_and_body() {
        let secret = Secret(b"0123456789abcdef".to_vec());
        let at = Timestamp::from_millis(1_700_000_000_999);
        let signed = secret.sign(at, b"{}");
        assert_eq!(signed, "t=1700000000,v1=e4f8e2ecae2295b2ddb2f0b5584c8275e226c0ebe9b3b819e70156bb67122e3e");
        let others = [
            secret.sign(Timestamp::from_millis(1_700_000_001_000), b"{}"),
            secret.sign(at, b"{ }"),
            Secret(b"0123456789abcdeg".to_vec()).sign(at, b"{}"),
        ];
        let hex = |header: &str| header.split_once("v1=").expect("a signature").1.to_owned();
        for other in others {
            assert_ne!(hex(&other), hex(&signed), "another moment, body or secret");
        }
    }

    #[test]
    fn a_secret_that_others_may_read_or_that_is_none_is_refused() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("secret");
        let name = path.to_str().expect("a plain path");
        for (content, mode, told) in [
            ("0123456789abcdef\n", 0o600, None),
            ("0123456789abcdef", 0o400, None),
            ("0123456789abcdef", 0o640, Some("chmod 600")),
            ("0123456789abcdef", 0o604, Some("chmod 600")),
            ("  short  \n", 0o600, Some("fewer than 16")),
            (&"x".repeat(5_000), 0o600, Some("more than 4096")),
        ] {
            // One that cannot be written any more is made anew.
            let _ = std::fs::remove_file(&path);
            std::fs::write(&path, content).expect("written");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("chmod");
            let error = Secret::read(name).err().map(|error| error.to_string());
            assert_eq!(error.is_some(), told.is_some(), "{content:.20} {mode:o}: {error:?}");
            assert!(told.is_none_or(|told| error.is_some_and(|error| error.contains(told))), "{told:?}");
        }
    }
}
