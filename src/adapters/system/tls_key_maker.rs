//! New TLS keys, from the machine's random source.

use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use zeroize::Zeroizing;

use super::rng::SystemRng;
use crate::ports::rng::RandomUnavailable;
use crate::ports::tls_keys::TlsKeyMaker;

impl TlsKeyMaker for SystemRng {
    fn make(&self) -> Result<Zeroizing<Vec<u8>>, RandomUnavailable> {
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, self.source());
        document.map(|document| Zeroizing::new(document.as_ref().to_vec())).map_err(|_| RandomUnavailable)
    }
}
