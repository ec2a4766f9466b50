//! Webhook secrets: 256 random bits, of which only a digest is stored.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// A fresh secret: 64 hex digits, shown once.
pub(super) fn fresh() -> String {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes).expect("the system's generator answers once the system is up");
    hex(&bytes)
}

/// What is stored of a secret. It has 256 bits, so that no salt and no slow digest is needed.
pub(super) fn digest(secret: &str) -> String {
    format!("sha256:{}", hex(&Sha256::digest(secret.as_bytes())))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_256_bits_and_no_two_are_alike() {
        let (one, other) = (fresh(), fresh());
        assert_eq!(one.len(), 64);
        assert_ne!(one, other);
    }

    #[test]
    fn the_digest_is_sha256_of_the_text() {
        assert_eq!(digest("abc"), "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
