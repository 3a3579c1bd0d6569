//! Reads and unpacks bodies, within limits of size and time.

use super::answer::Refusal;
use super::budget::{Budget, Share};
use axum::body::Body;
use bytes::Bytes;
use http::StatusCode;
use http_body_util::BodyExt as _;
use std::io::Read;
use std::time::Duration;

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Identity,
    Gzip,
    /// zlib, as HTTP defines it, or without zlib's header, as some clients send it.
    Deflate,
    Zstd,
}

impl Encoding {
    pub(super) fn of(name: &str) -> Option<Self> {
        match name.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Some(Self::Identity),
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "deflate" => Some(Self::Deflate),
            "zstd" => Some(Self::Zstd),
            _ => None,
        }
    }

    pub(super) const ALL: &str = "identity,gzip,deflate,zstd";
}

/// Reads a body to its end.
pub(super) async fn read(
    body: &mut Body,
    budget: &Budget,
    share: &mut Share,
) -> Result<Bytes, Refusal> {
    let deadline = tokio::time::Instant::now() + WHOLE;
    let mut whole = Vec::new();
    loop {
        let frame = tokio::time::timeout(STALL, tokio::time::timeout_at(deadline, body.frame()));
        let Ok(Ok(frame)) = frame.await else {
            let message = "the request's body did not arrive in time";
            let code = tonic::Code::DeadlineExceeded;
            return Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, code, message));
        };
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|_| Refusal::malformed("the request's body broke off"))?;
        let Ok(data) = frame.into_data() else { continue };
        if whole.len() + data.len() > MAX_BYTES {
            return Err(Refusal::too_large("request", MAX_BYTES));
        }
        budget.take(share, data.len()).await?;
        make_room(&mut whole, data.len());
        whole.extend_from_slice(&data);
    }
    Ok(whole.into())
}

/// Reads and discards the rest of a body that is refused, since a client that is still writing does not read
/// the answer.
pub(super) async fn forget(body: &mut Body) {
    let mut left = 2 * MAX_BYTES;
    let rest = async {
        while let Some(Ok(frame)) = body.frame().await {
            left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
            if left == 0 {
                break;
            }
        }
    };
    // A slower client has to try again.
    let _ = tokio::time::timeout(STALL / 4, rest).await;
}

/// Unpacks a body, and stops at the limit, however much more there would be.
pub(super) async fn unpack(
    encoding: Encoding,
    packed: Bytes,
    budget: &Budget,
    share: &mut Share,
) -> Result<Bytes, Refusal> {
    match encoding {
        Encoding::Identity => Ok(packed),
        Encoding::Gzip => {
            // A file may have several members, and so may a body.
            unpack_by(flate2::read::MultiGzDecoder::new(&packed[..]), budget, share).await
        }
        Encoding::Deflate if has_zlib_header(&packed) => {
            unpack_by(flate2::read::ZlibDecoder::new(&packed[..]), budget, share).await
        }
        Encoding::Deflate => {
            unpack_by(flate2::read::DeflateDecoder::new(&packed[..]), budget, share).await
        }
        Encoding::Zstd => {
            // The window is the decoder's memory, and is given back with it.
            let mut window = Share::default();
            budget.take(&mut window, 1 << ZSTD_WINDOW_LOG).await?;
            let mut decoder =
                zstd::stream::read::Decoder::with_buffer(&packed[..]).map_err(|_| broken())?;
            // A frame may ask for a window of gigabytes.
            decoder.window_log_max(ZSTD_WINDOW_LOG).map_err(|_| broken())?;
            unpack_by(decoder, budget, share).await
        }
    }
}

async fn unpack_by(
    mut decoder: impl Read + Send,
    budget: &Budget,
    share: &mut Share,
) -> Result<Bytes, Refusal> {
    let mut unpacked = Vec::new();
    loop {
        budget.take(share, STEP).await?;
        let before = unpacked.len();
        // One byte more, so that the end is seen without room for another step.
        make_room(&mut unpacked, STEP + 1);
        let mut step = decoder.by_ref().take(STEP as u64);
        step.read_to_end(&mut unpacked).map_err(|_| broken())?;
        if unpacked.len() > MAX_BYTES {
            return Err(Refusal::too_large("decompressed request", MAX_BYTES));
        }
        if unpacked.len() - before < STEP {
            return Ok(unpacked.into());
        }
        // Unpacking takes long: others get a turn.
        tokio::task::yield_now().await;
    }
}

/// Makes room for that many bytes and hardly more: a vector by itself would double, and the extra memory would
/// be in nobody's share.
fn make_room(bytes: &mut Vec<u8>, more: usize) {
    if bytes.capacity() - bytes.len() < more {
        bytes.reserve_exact(more.max(bytes.len() / 8));
    }
}

fn broken() -> Refusal {
    Refusal::malformed("the request's body is not compressed as its header says")
}

fn has_zlib_header(packed: &[u8]) -> bool {
    let [first, second, ..] = *packed else { return false };
    first & 0x0f == 8 && (u16::from(first) << 8 | u16::from(second)) % 31 == 0
}

/// The most bytes of a request, both compressed and decompressed.
pub(super) const MAX_BYTES: usize = 16 << 20;
/// The longest time between two parts of a body.
const STALL: Duration = Duration::from_secs(10);
const WHOLE: Duration = Duration::from_secs(60);
const STEP: usize = 256 << 10;
/// 8 MB, which the format asks decoders to support.
const ZSTD_WINDOW_LOG: u32 = 23;
