//! Where to pair, as it was typed.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use zeroize::Zeroizing;

/// An address, a link or `-`. It may hold the secret of a link: `Debug` is redacted, and the copy is wiped on drop. The
/// command line itself stays readable by other users of the machine.
#[derive(Clone)]
pub struct TypedPlace(Zeroizing<String>);

impl TypedPlace {
    /// What was typed, without white space around it.
    pub fn as_str(&self) -> &str {
        self.0.trim()
    }
}

impl FromStr for TypedPlace {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(Zeroizing::new(text.to_owned())))
    }
}

impl fmt::Debug for TypedPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TypedPlace(redacted)")
    }
}
