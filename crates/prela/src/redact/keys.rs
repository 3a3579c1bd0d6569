//! Keys and tokens.

use std::ops::Range;

/// The prefixes of keys, and how many characters come after each at least.
const PREFIXES: &[(&str, usize)] = &[
    ("sk-", 16),      // OpenAI, Anthropic, DeepSeek, OpenRouter
    ("sk_live_", 10), // Stripe
    ("sk_test_", 10),
    ("rk_live_", 10),
    ("rk_test_", 10),
    ("whsec_", 16),
    ("AKIA", 16), // AWS
    ("ASIA", 16),
    ("AIza", 30), // Google
    ("ya29.", 20),
    ("GOCSPX-", 20),
    ("ghp_", 20), // GitHub
    ("gho_", 20),
    ("ghu_", 20),
    ("ghs_", 20),
    ("ghr_", 20),
    ("github_pat_", 20),
    ("glpat-", 16), // GitLab
    ("xoxb-", 16),  // Slack
    ("xoxp-", 16),
    ("xoxa-", 16),
    ("xapp-", 16),
    ("hf_", 20),   // Hugging Face
    ("gsk_", 20),  // Groq
    ("pplx-", 20), // Perplexity
    ("r8_", 20),   // Replicate
    ("npm_", 20),
    ("pypi-", 16),
    ("SG.", 20),    // SendGrid
    ("lsv2_", 20),  // LangSmith
    ("pk-lf-", 16), // Langfuse
    ("sk-lf-", 16),
];

/// Finds keys by their prefixes, JSON web tokens, and PEM private keys.
pub(super) fn api_keys(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    // Only where a word begins: most texts have few candidates.
    while let Some(start) = next_word(text, at) {
        let rest = &text[start..];
        let length = pem_key(rest).or_else(|| web_token(rest)).or_else(|| prefixed(rest));
        match length {
            Some(length) => {
                found.push(start..start + length);
                at = start + length;
            }
            None => at = start + word_len(rest).max(1),
        }
    }
    found
}

/// Finds what follows `Bearer` or `Basic`.
pub(super) fn bearer_tokens(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = next_word(text, at) {
        let rest = &text[start..];
        let scheme = ["bearer", "basic"].into_iter().find(|scheme| {
            rest.as_bytes()
                .get(..scheme.len())
                .is_some_and(|it| it.eq_ignore_ascii_case(scheme.as_bytes()))
        });
        at = start + word_len(rest).max(1);
        let Some(scheme) = scheme else { continue };
        let behind = &rest[scheme.len()..];
        let blanks = behind.len() - behind.trim_start_matches([' ', '\t']).len();
        let token = token_len(&behind[blanks..]);
        if blanks > 0 && token >= LEAST_TOKEN {
            let from = start + scheme.len() + blanks;
            found.push(from..from + token);
            at = from + token;
        }
    }
    found
}

/// Where the next word begins.
fn next_word(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    (from..bytes.len()).find(|at| {
        is_word(bytes[*at]) && (*at == 0 || !is_word(bytes[at - 1]))
            || bytes[*at] == b'-' && text[*at..].starts_with(PEM_BEGIN)
    })
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn word_len(text: &str) -> usize {
    text.bytes().take_while(|byte| is_word(*byte)).count()
}

fn token_len(text: &str) -> usize {
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(byte);
    text.bytes().take_while(is_token).count()
}

fn prefixed(text: &str) -> Option<usize> {
    let (prefix, least) = PREFIXES.iter().find(|(prefix, _)| text.starts_with(prefix))?;
    let is_key = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let behind = text.as_bytes()[prefix.len()..].iter().take_while(|byte| is_key(byte)).count();
    let key = text[..prefix.len() + behind].trim_end_matches('.');
    // Ordinary words with hyphens have no digits in them.
    let looks_random = key[prefix.len()..].bytes().any(|byte| byte.is_ascii_digit());
    (key.len() >= prefix.len() + least && looks_random).then_some(key.len())
}

/// `header.payload.signature`, where the header is an encoded JSON object.
fn web_token(text: &str) -> Option<usize> {
    if !text.starts_with("eyJ") {
        return None;
    }
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let length = text.bytes().take_while(is_part).count();
    let token = text[..length].trim_end_matches('.');
    let parts: Vec<&str> = token.split('.').collect();
    let is_token = parts.len() >= 3 && parts[..3].iter().all(|part| part.len() >= 4);
    is_token.then_some(token.len())
}

fn pem_key(text: &str) -> Option<usize> {
    let label = text.strip_prefix(PEM_BEGIN)?;
    let (label, _) = label.split_once("-----")?;
    if label.len() > 40 || !label.ends_with("PRIVATE KEY") {
        return None;
    }
    let end = format!("-----END {label}-----");
    // A key that was cut off is no less secret.
    Some(text.find(&end).map_or(text.len(), |at| at + end.len()))
}

const PEM_BEGIN: &str = "-----BEGIN ";
const LEAST_TOKEN: usize = 8;
