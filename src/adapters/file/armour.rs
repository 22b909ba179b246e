//! Private keys in PKCS#8 (RFC 5958), PEM-armoured (RFC 7468).

use pem::Pem;
use zeroize::Zeroizing;

const TAG: &str = "PRIVATE KEY";

/// The text of a file that holds this key.
pub(super) fn armoured(pkcs8: &[u8]) -> Zeroizing<String> {
    let document = Pem::new(TAG, pkcs8);
    let text = Zeroizing::new(pem::encode(&document));
    // The crate's own copy of the key is not wiped on drop.
    drop(Zeroizing::new(document.into_contents()));
    text
}

/// The key in the text of a file, unless it holds something else.
pub(super) fn unarmoured(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let document = pem::parse(text).ok()?;
    let is_key = document.tag() == TAG;
    let content = Zeroizing::new(document.into_contents());
    is_key.then_some(content)
}
