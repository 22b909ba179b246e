//! The end of a connection whose client is still sending.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy, sink};
use tokio::time::timeout;

/// Bytes that are thrown away: twice what common reverse proxies pass on at all.
const MAX_DISCARDED_BYTES: u64 = 2 * 1024 * 1024;

/// Time for them to arrive.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(5);

/// Ends a connection so that its client can read the last answer: says that no more will come, then reads and throws away
/// what the client still sends, within limits.
///
/// A request can be refused before its body has come. To close a connection with bytes unread resets it (RFC 9112
/// section 9.6), and the reset can overtake the answer: a proxy that still passes on the body would report a bad gateway
/// in place of the reason.
pub(super) async fn take_leave<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) {
    let discard = async {
        stream.shutdown().await?;
        copy(&mut stream.take(MAX_DISCARDED_BYTES), &mut sink()).await
    };
    // Whoever is not done by then, or has gone already, has had the answer for as long as anyone.
    let _ = timeout(DISCARD_TIMEOUT, discard).await;
}
