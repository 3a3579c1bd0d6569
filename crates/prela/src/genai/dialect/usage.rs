//! Reads counts of tokens.

use super::{count, member};
use crate::genai::Usage;
use serde_json::Value as Json;

impl Usage {
    /// Reads what a provider writes: its object of counts, or the whole response with that in it. None if
    /// there is no count in it.
    pub fn read(json: &Json) -> Option<Self> {
        // What each provider counts where is not the same:
        //
        // | | input includes the cache | output includes thoughts |
        // |---|---|---|
        // | OpenAI | yes | yes |
        // | Anthropic, Bedrock | no | yes |
        // | Gemini | yes | no |
        let json = member(json, &["usage", "usageMetadata", "usage_metadata"]).unwrap_or(json);
        let find = |names: &[&str]| member(json, names).and_then(count);
        let detail = |of: &[&str], names: &[&str]| member(member(json, of)?, names).and_then(count);
        let input_details = ["prompt_tokens_details", "input_tokens_details"];
        let output_details = ["completion_tokens_details", "output_tokens_details"];

        let beside_read = find(&["cache_read_input_tokens", "cacheReadInputTokens"]);
        let beside_creation = find(&["cache_creation_input_tokens", "cacheWriteInputTokens"]);
        let within_read = detail(&input_details, &["cached_tokens"])
            .or_else(|| find(&["cachedContentTokenCount", "prompt_cache_hit_tokens"]));
        // OpenAI's names; where a count of Anthropic's is beside them, as of gateways, it is within already.
        let included = find(&["prompt_tokens", "promptTokenCount"]);
        let alone = find(&["input_tokens", "inputTokens", "prompt_eval_count"]);
        let has_details = member(json, &input_details).is_some();
        let beside = beside_read.unwrap_or(0).saturating_add(beside_creation.unwrap_or(0));
        let input = included
            .map(|tokens| {
                tokens.saturating_add(find(&["toolUsePromptTokenCount"]).unwrap_or_default())
            })
            .or_else(|| {
                alone.map(|tokens| if has_details { tokens } else { tokens.saturating_add(beside) })
            });

        let thoughts = find(&["thoughtsTokenCount"]);
        let output = find(&["completion_tokens", "output_tokens", "outputTokens", "eval_count"]);
        let candidates = find(&["candidatesTokenCount"]);
        let gemini = (candidates.is_some() || thoughts.is_some())
            .then(|| candidates.unwrap_or(0).saturating_add(thoughts.unwrap_or(0)));
        let usage = Self {
            input_tokens: input,
            output_tokens: output.or(gemini),
            cache_read_input_tokens: beside_read.or(within_read),
            cache_creation_input_tokens: beside_creation,
            reasoning_output_tokens: detail(&output_details, &["reasoning_tokens"]).or(thoughts),
        };
        (usage != Self::default()).then_some(usage)
    }
}
