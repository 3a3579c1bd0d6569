//! From when to when a certificate is valid. rustls checks this, but after other things that may fail first.

use tokio_rustls::rustls::CertificateError;
use tokio_rustls::rustls::pki_types::{CertificateDer, UnixTime};

/// When a certificate is valid, in seconds of Unix time, both ends included.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Validity {
    not_before: u64,
    not_after: u64,
}

impl Validity {
    /// Reads it from a certificate; none if that part is malformed.
    ///
    /// Source: [RFC 5280, section 4.1](https://www.rfc-editor.org/rfc/rfc5280#section-4.1).
    pub(super) fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        let mut outer = Der(certificate.as_ref());
        let mut certificate = Der(outer.expect(SEQUENCE)?);
        let mut signed = Der(certificate.expect(SEQUENCE)?);
        signed.expect(VERSION)?;
        signed.expect(INTEGER)?; // the serial number
        signed.expect(SEQUENCE)?; // the signature's algorithm
        signed.expect(SEQUENCE)?; // the issuer
        let mut validity = Der(signed.expect(SEQUENCE)?);
        let (not_before, not_after) = (validity.time()?, validity.time()?);
        validity.0.is_empty().then_some(Self { not_before, not_after })
    }

    /// Compares with the time.
    ///
    /// # Errors
    ///
    /// It is not valid yet, or no longer.
    pub(super) fn check(&self, now: UnixTime) -> Result<(), CertificateError> {
        let at = |seconds| UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        if now.as_secs() < self.not_before {
            let not_before = at(self.not_before);
            return Err(CertificateError::NotValidYetContext { time: now, not_before });
        }
        if now.as_secs() > self.not_after {
            let not_after = at(self.not_after);
            return Err(CertificateError::ExpiredContext { time: now, not_after });
        }
        Ok(())
    }
}

/// What is left of a list of values.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&[tag, length], rest) = self.0.split_first_chunk()?;
        let (length, rest) = match length {
            ..=0x7f => (usize::from(length), rest),
            // An indefinite length is not DER.
            0x80 => return None,
            // At most 16 MiB: no certificate is longer.
            0x81..=0x83 => {
                let (digits, rest) = rest.split_at_checked(usize::from(length - 0x80))?;
                (digits.iter().fold(0, |value, digit| value << 8 | usize::from(*digit)), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }

    fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|(found, _)| *found == tag).map(|(_, content)| content)
    }

    fn time(&mut self) -> Option<u64> {
        let (tag, text) = self.next()?;
        let (year, rest) = match tag {
            UTC_TIME => {
                let (year, rest) = text.split_first_chunk::<2>()?;
                let year = number(year)?;
                (if year < 50 { 2000 + year } else { 1900 + year }, rest)
            }
            GENERALIZED_TIME => {
                let (year, rest) = text.split_first_chunk::<4>()?;
                (number(year)?, rest)
            }
            _ => return None,
        };
        let rest: &[u8; 11] = rest.try_into().ok()?;
        let part = |at: usize| number(&rest[at..at + 2]);
        let (month, day) = (part(0)?, part(2)?);
        let (hour, minute, second) = (part(4)?, part(6)?, part(8)?);
        let is_time = rest[10] == b'Z'
            && (1..=12).contains(&month)
            && (1..=31).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60
            && year >= 1970;
        is_time.then(|| days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second)
    }
}

fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |value, digit| {
        digit.is_ascii_digit().then(|| value * 10 + u64::from(digit - b'0'))
    })
}

/// Days from 1970 to a date. Years are counted from March, so that a leap day is a year's last.
fn days(year: u64, month: u64, day: u64) -> u64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let before_the_year = year * 365 + year / 4 - year / 100 + year / 400;
    let before_the_month = (month * 153 + 2) / 5;
    before_the_year + before_the_month + day - 1 - DAYS_TO_MARCH_OF_0
}

/// Days from the first of March of the year 0 to 1970.
const DAYS_TO_MARCH_OF_0: u64 = 719_468;

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
/// Missing only in version 1, whose certificates have no host names either.
const VERSION: u8 = 0xa0;

#[cfg(test)]
mod tests {
    use super::*;

    fn time(tag: u8, text: &str) -> Option<u64> {
        let mut der = vec![tag, u8::try_from(text.len()).unwrap()];
        der.extend(text.as_bytes());
        Der(&der).time()
    }

    #[test]
    fn times_are_seconds() {
        for (tag, text, rfc3339) in [
            (UTC_TIME, "700101000000Z", "1970-01-01T00:00:00Z"),
            (UTC_TIME, "000229235959Z", "2000-02-29T23:59:59Z"),
            (UTC_TIME, "491231120000Z", "2049-12-31T12:00:00Z"),
            (GENERALIZED_TIME, "20500301000001Z", "2050-03-01T00:00:01Z"),
            (GENERALIZED_TIME, "21000228000000Z", "2100-02-28T00:00:00Z"),
            (GENERALIZED_TIME, "99991231235959Z", "9999-12-31T23:59:59Z"),
        ] {
            let expected = humantime::parse_rfc3339(rfc3339).unwrap();
            let expected = expected.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
            assert_eq!(time(tag, text), Some(expected), "{text}");
        }
        for (tag, text) in [
            (UTC_TIME, "701301000000Z"),
            (UTC_TIME, "700100000000Z"),
            (UTC_TIME, "700101240000Z"),
            (UTC_TIME, "7001010000Z"),
            (UTC_TIME, "700101000000+0100"),
            (UTC_TIME, "69123123595aZ"),
            (GENERALIZED_TIME, "700101000000Z"),
            (GENERALIZED_TIME, "20500301000001.5Z"),
            (INTEGER, "700101000000Z"),
        ] {
            assert_eq!(time(tag, text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_certificate_has_no_dates() {
        for bytes in
            [&b""[..], b"\x30", b"\x30\x03\x30\x01\xa0", b"\x30\x84\xff\xff\xff\xff", b"\x30\x80"]
        {
            assert_eq!(Validity::of(&CertificateDer::from(bytes)), None, "{bytes:?}");
        }
    }
}
