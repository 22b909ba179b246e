//! What the servers are asked to do.

/// The token that every server lets in; netclaw's own form, so that all compare texts of one length.
pub struct Credential(pub String);

/// One job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// Say whether a token is good: 204.
    Check,
    /// Check the token and pass a small JSON answer on.
    Json,
    /// Check the token and pass an event stream of [`CHUNKS`] events on, which come one by one.
    Stream,
}

/// Events of a stream.
pub const CHUNKS: usize = 64;

impl Job {
    pub const ALL: [Self; 3] = [Self::Check, Self::Json, Self::Stream];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Json => "json",
            Self::Stream => "stream",
        }
    }

    pub const fn what(self) -> &'static str {
        match self {
            Self::Check => "token check alone",
            Self::Json => "small JSON, checked and proxied",
            Self::Stream => "event stream of 64 chunks, checked and proxied",
        }
    }

    /// The path at netclaw. The others have the same one.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Check => "/api/auth/verify",
            Self::Json => "/v1/json",
            Self::Stream => "/v1/stream",
        }
    }

    /// One request of the job.
    pub fn request(self, credential: &Credential) -> Vec<u8> {
        let (path, token) = (self.path(), &credential.0);
        format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n").into_bytes()
    }
}
