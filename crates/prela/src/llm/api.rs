//! Recognises the model API that a request is for.

use super::outline::{Limits, Outline};
use serde_json::Value as Json;
use std::borrow::Cow;

/// The model APIs that are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Api {
    OpenAiChat,
    OpenAiCompletions,
    OpenAiResponses,
    OpenAiEmbeddings,
    Anthropic,
    Gemini,
    GeminiEmbeddings,
    OllamaChat,
    OllamaGenerate,
    OllamaEmbeddings,
}

/// The API by how a path ends; of two that match, the first counts.
const PATHS: &[(&str, Api)] = &[
    ("/chat/completions", Api::OpenAiChat),
    ("/completions", Api::OpenAiCompletions),
    ("/responses", Api::OpenAiResponses),
    ("/api/embeddings", Api::OllamaEmbeddings),
    ("/embeddings", Api::OpenAiEmbeddings),
    ("/messages", Api::Anthropic),
    (":rawPredict", Api::Anthropic),
    (":streamRawPredict", Api::Anthropic),
    (":generateContent", Api::Gemini),
    (":streamGenerateContent", Api::Gemini),
    (":embedContent", Api::GeminiEmbeddings),
    (":batchEmbedContents", Api::GeminiEmbeddings),
    ("/api/chat", Api::OllamaChat),
    ("/api/generate", Api::OllamaGenerate),
    ("/api/embed", Api::OllamaEmbeddings),
];

/// The provider by how a host ends. Any other server is named after the API that it speaks.
const PROVIDERS: &[(&str, &str)] = &[
    ("api.openai.com", "openai"),
    (".openai.azure.com", "azure.ai.openai"),
    (".cognitiveservices.azure.com", "azure.ai.openai"),
    (".services.ai.azure.com", "azure.ai.inference"),
    (".models.ai.azure.com", "azure.ai.inference"),
    ("api.anthropic.com", "anthropic"),
    ("generativelanguage.googleapis.com", "gcp.gemini"),
    ("aiplatform.googleapis.com", "gcp.vertex_ai"),
    (".amazonaws.com", "aws.bedrock"),
    ("api.cohere.com", "cohere"),
    ("api.cohere.ai", "cohere"),
    ("api.deepseek.com", "deepseek"),
    ("api.groq.com", "groq"),
    (".ml.cloud.ibm.com", "ibm.watsonx.ai"),
    ("api.mistral.ai", "mistral_ai"),
    ("api.moonshot.ai", "moonshot_ai"),
    ("api.moonshot.cn", "moonshot_ai"),
    ("api.perplexity.ai", "perplexity"),
    ("api.x.ai", "x_ai"),
    ("openrouter.ai", "openrouter"),
    ("api.together.xyz", "together_ai"),
    ("api.fireworks.ai", "fireworks_ai"),
    // Ollama speaks OpenAI's interface too, at a port of its own.
    (":11434", "ollama"),
];

/// A request to a model, as its path and body say.
#[derive(Debug)]
pub(super) struct Recognised {
    pub(super) api: Api,
    pub(super) provider: Cow<'static, str>,
    /// From the body, or from the path.
    pub(super) model: Option<String>,
    /// The body, cut to what is worth reading.
    pub(super) body: Json,
}

impl Recognised {
    /// Recognises a request. The path tells which API it may be, the body whether it is: many programs have an
    /// `/api/chat` of their own.
    pub(super) fn of(
        method: &str,
        host: Option<&str>,
        path: &str,
        body: &[u8],
        limits: Limits,
    ) -> Option<Self> {
        let api = Api::of(method, path)?;
        let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
        if first != Some(&b'{') {
            return None;
        }
        let (_, body) = Outline::new(limits).read(body);
        let body = json(&body?)?;
        let model = body["model"].as_str().filter(|model| !model.is_empty());
        let model = model.map(str::to_owned).or_else(|| model_in(path));
        let fits = api.fits(&body, model.is_some());
        fits.then(|| Self { api, provider: api.provider(host).into(), model, body })
    }
}

impl Api {
    /// The API that a request may be for, by its path.
    pub(super) fn of(method: &str, path: &str) -> Option<Self> {
        if method != "POST" {
            return None;
        }
        let path = path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
        PATHS.iter().find(|(end, _)| path.ends_with(end)).map(|(_, api)| *api)
    }

    /// Whether a request has what this API requires.
    fn fits(self, body: &Json, has_model: bool) -> bool {
        let has = |name: &str| body.get(name).is_some_and(|value| !value.is_null());
        let has_list = |name: &str| body.get(name).is_some_and(Json::is_array);
        match self {
            // Azure has the model in the path, or nowhere.
            Self::OpenAiChat => has_list("messages"),
            Self::OpenAiCompletions => has_model && has("prompt"),
            Self::OpenAiResponses => {
                has_model
                    && ["input", "prompt", "previous_response_id", "conversation"]
                        .into_iter()
                        .any(has)
            }
            Self::OpenAiEmbeddings => has_model && has("input"),
            Self::Anthropic => {
                has_list("messages") && (has("max_tokens") || has("anthropic_version"))
            }
            Self::Gemini => has("contents"),
            Self::GeminiEmbeddings => has("content") || has("requests"),
            Self::OllamaChat => has_model && has_list("messages"),
            // Without a prompt a model is only loaded.
            Self::OllamaGenerate => has_model && has("prompt"),
            Self::OllamaEmbeddings => has_model && (has("input") || has("prompt")),
        }
    }

    fn provider(self, host: Option<&str>) -> &'static str {
        // A default port says nothing; any other is part of how a host ends.
        let host = host.unwrap_or_default().to_ascii_lowercase();
        let host = host.strip_suffix(":443").or(host.strip_suffix(":80")).unwrap_or(&host);
        let is_it = |end: &str| {
            let before = host.strip_suffix(end);
            // `notapi.openai.com` is another host; `eu.api.openai.com` is not.
            before.is_some_and(|before| {
                before.is_empty() || end.starts_with(['.', ':']) || before.ends_with(['.', '-'])
            })
        };
        if let Some((_, provider)) = PROVIDERS.iter().find(|(end, _)| is_it(end)) {
            return provider;
        }
        match self {
            Self::OpenAiChat
            | Self::OpenAiCompletions
            | Self::OpenAiResponses
            | Self::OpenAiEmbeddings => "openai",
            Self::Anthropic => "anthropic",
            Self::Gemini | Self::GeminiEmbeddings => "gcp.gemini",
            Self::OllamaChat | Self::OllamaGenerate | Self::OllamaEmbeddings => "ollama",
        }
    }

    /// The value of `gen_ai.operation.name`.
    pub(super) fn operation(self) -> &'static str {
        match self {
            Self::OpenAiChat | Self::OpenAiResponses | Self::Anthropic | Self::OllamaChat => "chat",
            Self::OpenAiCompletions | Self::OllamaGenerate => "text_completion",
            Self::Gemini => "generate_content",
            Self::OpenAiEmbeddings | Self::GeminiEmbeddings | Self::OllamaEmbeddings => {
                "embeddings"
            }
        }
    }

    /// Whether the answer comes in pieces without the request's body asking for it.
    pub(super) fn streams_by_itself(self, path: &str) -> bool {
        match self {
            Self::OllamaChat | Self::OllamaGenerate => true,
            Self::Gemini => path.contains(":streamGenerateContent"),
            Self::Anthropic => path.contains(":streamRawPredict"),
            _ => false,
        }
    }
}

/// The model in a path: `/models/{model}:generateContent`, `/deployments/{model}/chat/completions`.
fn model_in(path: &str) -> Option<String> {
    let after = ["/models/", "/deployments/", "/tunedModels/"];
    let (_, rest) = after.iter().find_map(|it| path.split_once(it))?;
    let model = rest.split(['/', ':']).next().filter(|model| !model.is_empty())?;
    Some(model.to_owned())
}

/// Reads JSON, even if some of its text is not UTF-8.
pub(super) fn json(bytes: &[u8]) -> Option<Json> {
    match serde_json::from_slice(bytes) {
        Ok(json) => Some(json),
        Err(_) if std::str::from_utf8(bytes).is_err() => {
            serde_json::from_str(&String::from_utf8_lossy(bytes)).ok()
        }
        Err(_) => None,
    }
}
