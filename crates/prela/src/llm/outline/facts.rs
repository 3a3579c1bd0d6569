//! The names of members that tell of a call as a whole.

/// Members at the top of a request or an answer.
pub(super) const FACTS: &[&str] = &[
    // Answers.
    "id",
    "responseId",
    "model",
    "modelVersion",
    "type",
    "status",
    "usage",
    "usageMetadata",
    "usage_metadata",
    "error",
    "incomplete_details",
    "stop_reason",
    "done",
    "done_reason",
    "prompt_eval_count",
    "eval_count",
    "promptFeedback",
    // Requests.
    "stream",
    "max_tokens",
    "max_completion_tokens",
    "max_output_tokens",
    "temperature",
    "top_p",
    "top_k",
    "frequency_penalty",
    "presence_penalty",
    "stop",
    "stop_sequences",
    "seed",
    "n",
    "response_format",
    "format",
    "text",
    "options",
    "generationConfig",
    "generation_config",
    "encoding_format",
    "dimensions",
    "outputDimensionality",
    "conversation",
    "anthropic_version",
    "messages",
    "input",
    "prompt",
    "contents",
    "content",
    "requests",
];

/// Members that tell by their presence what a request is; what is in them is no fact.
pub(super) const SHAPES: &[&str] =
    &["messages", "input", "prompt", "contents", "content", "requests"];

/// Members at the top that contain an answer, in events: their own members count as facts, too.
pub(super) const ENVELOPES: &[&str] = &["response", "message"];
