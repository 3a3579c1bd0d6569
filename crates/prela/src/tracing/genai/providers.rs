//! Names of providers.

/// The conventions' name of a provider that is named otherwise; none if the name is right or unknown.
///
/// Source: [GenAI attributes, `provider.name`](https://github.com/open-telemetry/semantic-conventions-genai).
pub(super) fn standard(name: &str) -> Option<String> {
    let lower = name.trim().to_ascii_lowercase();
    let known = ALIASES.iter().find(|(alias, _)| *alias == lower).map(|(_, known)| *known);
    match known {
        Some(known) => Some(known.to_owned()),
        None if lower != name && WELL_KNOWN.contains(&lower.as_str()) => Some(lower),
        None => None,
    }
}

const WELL_KNOWN: &[&str] = &[
    "openai",
    "anthropic",
    "aws.bedrock",
    "azure.ai.openai",
    "azure.ai.inference",
    "cohere",
    "deepseek",
    "gcp.gemini",
    "gcp.gen_ai",
    "gcp.vertex_ai",
    "groq",
    "ibm.watsonx.ai",
    "mistral_ai",
    "moonshot_ai",
    "perplexity",
    "x_ai",
];

const ALIASES: &[(&str, &str)] = &[
    ("open_ai", "openai"),
    ("claude", "anthropic"),
    ("bedrock", "aws.bedrock"),
    ("aws_bedrock", "aws.bedrock"),
    ("amazon_bedrock", "aws.bedrock"),
    ("az.ai.openai", "azure.ai.openai"),
    ("azure", "azure.ai.openai"),
    ("azure_openai", "azure.ai.openai"),
    ("azure.openai", "azure.ai.openai"),
    ("az.ai.inference", "azure.ai.inference"),
    ("gemini", "gcp.gemini"),
    ("google", "gcp.gemini"),
    ("google_ai", "gcp.gemini"),
    ("gcp.vertex", "gcp.vertex_ai"),
    ("vertex_ai", "gcp.vertex_ai"),
    ("vertexai", "gcp.vertex_ai"),
    ("watsonx", "ibm.watsonx.ai"),
    ("mistral", "mistral_ai"),
    ("mistralai", "mistral_ai"),
    ("moonshot", "moonshot_ai"),
    ("xai", "x_ai"),
    ("grok", "x_ai"),
];
