//! Compression of bodies.

use flate2::{Compress, FlushCompress, Status};
use http::HeaderValue;
use std::fmt;
use std::io;

/// How bodies are compressed, in either case at the fastest level, since a collector is usually near and the
/// program needs the CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    Gzip,
    #[cfg(feature = "zstd")]
    Zstd,
}

impl Compression {
    /// Its name in `content-encoding` and `grpc-encoding`.
    pub(super) fn name(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Gzip => "gzip",
            #[cfg(feature = "zstd")]
            Self::Zstd => "zstd",
        })
    }

    /// An encoder that serves one body after another.
    ///
    /// # Errors
    ///
    /// There is no memory for it.
    pub(super) fn encoder(self) -> io::Result<Encoder> {
        Ok(match self {
            Self::Gzip => {
                Encoder::Gzip(Compress::new_gzip(flate2::Compression::fast(), WINDOW_BITS))
            }
            #[cfg(feature = "zstd")]
            Self::Zstd => Encoder::Zstd(zstd::bulk::Compressor::new(1)?),
        })
    }
}

/// A compressor, whose tables are made once.
pub(super) enum Encoder {
    Gzip(Compress),
    #[cfg(feature = "zstd")]
    Zstd(zstd::bulk::Compressor<'static>),
}

impl Encoder {
    /// Appends `plain`, compressed, to `out`.
    ///
    /// # Errors
    ///
    /// There is no memory for it.
    pub(super) fn encode(&mut self, plain: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::Gzip(gzip) => {
                gzip.reset();
                let mut rest = plain;
                out.reserve(plain.len() / 4 + SMALLEST_ROOM);
                loop {
                    let before = gzip.total_in();
                    let status = gzip.compress_vec(rest, out, FlushCompress::Finish)?;
                    let taken = usize::try_from(gzip.total_in() - before).unwrap_or(rest.len());
                    rest = &rest[taken..];
                    if status == Status::StreamEnd {
                        return Ok(());
                    }
                    out.reserve(rest.len() / 4 + SMALLEST_ROOM);
                }
            }
            #[cfg(feature = "zstd")]
            Self::Zstd(zstd) => {
                out.extend_from_slice(&zstd.compress(plain)?);
                Ok(())
            }
        }
    }
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gzip(_) => "gzip",
            #[cfg(feature = "zstd")]
            Self::Zstd(_) => "zstd",
        })
    }
}

const WINDOW_BITS: u8 = 15;
/// Header, trailer, and what nearly empty bodies need.
const SMALLEST_ROOM: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoder_serves_one_body_after_another() {
        let noise: Vec<u8> =
            (0..100_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for compression in [
            Compression::Gzip,
            #[cfg(feature = "zstd")]
            Compression::Zstd,
        ] {
            let mut encoder = compression.encoder().unwrap();
            for body in [&b""[..], b"short", &noise, &[7; 1_000_000], b"", &noise] {
                let mut out = b"kept".to_vec();
                encoder.encode(body, &mut out).unwrap();
                assert_eq!(&out[..4], b"kept");
                assert!(plain(compression, &out[4..]) == body, "{compression:?} of {}", body.len());
                assert!(out.len() < body.len() + 100, "{} of {}", out.len(), body.len());
            }
        }
    }

    fn plain(compression: Compression, body: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        match compression {
            Compression::Gzip => {
                io::Read::read_to_end(&mut flate2::read::GzDecoder::new(body), &mut plain).unwrap();
            }
            #[cfg(feature = "zstd")]
            Compression::Zstd => plain = zstd::stream::decode_all(body).unwrap(),
        }
        plain
    }
}
