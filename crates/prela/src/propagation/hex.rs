//! Ids as hex digits.

/// Reads two lower-case digits a byte; none if there are other characters, or more or fewer digits.
pub(super) fn parse<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    if pairs.len() != N {
        return None;
    }
    let mut seen = 0;
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        let (high, low) = (VALUES[usize::from(*high)], VALUES[usize::from(*low)]);
        *byte = high << 4 | low;
        seen |= high | low;
    }
    (seen < 16).then_some(bytes)
}

/// Writes two lower-case digits a byte, as far as there is room.
pub(super) fn write(out: &mut [u8], bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let (pairs, _) = out.as_chunks_mut::<2>();
    for (pair, byte) in pairs.iter_mut().zip(bytes) {
        *pair = [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 0xf)]];
    }
}

/// Bytes that are ASCII, as text.
pub(super) fn text(ascii: &[u8]) -> String {
    str::from_utf8(ascii).unwrap_or_default().to_owned()
}

pub(super) fn format(bytes: &[u8]) -> String {
    let mut digits = vec![0; bytes.len() * 2];
    write(&mut digits, bytes);
    text(&digits)
}

/// The value of a digit; 16 for any other byte.
static VALUES: [u8; 256] = {
    let mut values = [16; 256];
    let mut value = 0;
    while value < 16 {
        values[b"0123456789abcdef"[value as usize] as usize] = value;
        value += 1;
    }
    values
};
