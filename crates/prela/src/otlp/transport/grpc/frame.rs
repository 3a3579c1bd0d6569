//! Messages in gRPC's frames: one byte that says whether it is compressed, the length, the message.
//!
//! Source: [gRPC over HTTP/2](https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md).

use crate::otlp::transport::compression::Encoder;
use crate::otlp::transport::{LONGEST_ANSWER, LONGEST_REQUEST};
use bytes::Bytes;
use flate2::read::GzDecoder;
use http_body::{Body, Frame};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Why a message cannot be sent.
pub(super) enum Problem {
    TooLong(usize),
    Compress(io::Error),
}

/// The frame of `message`, which is not copied unless it is compressed.
pub(super) fn of(message: Bytes, encoder: Option<&mut Encoder>) -> Result<Framed, Problem> {
    let Some(encoder) = encoder else {
        let head = head(false, message.len())?;
        return Ok(Framed(VecDeque::from([Bytes::copy_from_slice(&head), message])));
    };
    head(false, message.len())?;
    let mut frame = vec![0; HEAD];
    encoder.encode(&message, &mut frame).map_err(Problem::Compress)?;
    let head = head(true, frame.len() - HEAD)?;
    frame[..HEAD].copy_from_slice(&head);
    Ok(Framed(VecDeque::from([frame.into()])))
}

fn head(is_compressed: bool, length: usize) -> Result<[u8; HEAD], Problem> {
    match u32::try_from(length) {
        Ok(known) if length <= LONGEST_REQUEST => {
            let [a, b, c, d] = known.to_be_bytes();
            Ok([u8::from(is_compressed), a, b, c, d])
        }
        _ => Err(Problem::TooLong(length)),
    }
}

/// The message in `body`; none if it is missing or incomplete.
pub(super) fn message<'a>(body: &'a [u8], encoding: &[u8]) -> Option<Cow<'a, [u8]>> {
    let (head, rest) = body.split_first_chunk::<HEAD>()?;
    let [flag, length @ ..] = *head;
    let message = rest.get(..usize::try_from(u32::from_be_bytes(length)).ok()?)?;
    match flag {
        0 => Some(message.into()),
        1 => decoded(encoding, message, LONGEST_ANSWER).map(Cow::from),
        _ => None,
    }
}

/// The body of a request: the parts of one frame.
pub(super) struct Framed(VecDeque<Bytes>);

impl Body for Framed {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|part| Ok(Frame::data(part))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }
}

/// Decodes an answer; none if the encoding is unknown or broken, or the result is longer than `limit`.
fn decoded(encoding: &[u8], answer: &[u8], limit: usize) -> Option<Vec<u8>> {
    let read = |from: &mut dyn Read| {
        let mut plain = Vec::new();
        from.take(limit as u64 + 1).read_to_end(&mut plain).ok()?;
        (plain.len() <= limit).then_some(plain)
    };
    match encoding {
        b"gzip" => read(&mut GzDecoder::new(answer)),
        #[cfg(feature = "zstd")]
        b"zstd" => read(&mut zstd::stream::read::Decoder::new(answer).ok()?),
        _ => None,
    }
}

const HEAD: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::otlp::transport::Compression;

    fn framed(flag: u8, message: &[u8]) -> Vec<u8> {
        let length = u32::try_from(message.len()).unwrap().to_be_bytes();
        [&[flag], &length[..], message].concat()
    }

    #[test]
    fn a_whole_message_is_read() {
        assert_eq!(message(&framed(0, b"hi"), b"").as_deref(), Some(&b"hi"[..]));
        assert_eq!(message(&framed(0, b""), b"gzip").as_deref(), Some(&b""[..]));
        let mut zipped = Vec::new();
        Compression::Gzip.encoder().unwrap().encode(b"hi", &mut zipped).unwrap();
        assert_eq!(message(&framed(1, &zipped), b"gzip").as_deref(), Some(&b"hi"[..]));
        for broken in
            [&b""[..], b"\0\0\0", &framed(0, b"hi")[..6], &framed(2, b"hi"), &framed(1, b"hi")]
        {
            assert_eq!(message(broken, b"gzip"), None, "{broken:?}");
        }
    }

    #[test]
    fn an_answer_does_not_grow_without_bound() {
        let mut bomb = Vec::new();
        Compression::Gzip.encoder().unwrap().encode(&[0; 1_000_000], &mut bomb).unwrap();
        assert!(bomb.len() < 10_000);
        assert_eq!(decoded(b"gzip", &bomb, 1_000_000).unwrap().len(), 1_000_000);
        assert_eq!(decoded(b"gzip", &bomb, 999_999), None);
        assert_eq!(decoded(b"gzip", &bomb[..bomb.len() - 9], 1_000_000), None);
        assert_eq!(decoded(b"br", &bomb, 1_000_000), None);
    }
}
