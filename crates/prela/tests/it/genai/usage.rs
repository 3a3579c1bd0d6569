//! Counts of each provider, by the conventions' rules.

use prela::genai::Usage;
use serde_json::json;

#[test]
fn input_includes_the_cache_and_output_the_thoughts() {
    let expected = Usage::new(100, 50).cache_read(70).reasoning(30);
    for given in [
        json!({"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150,
            "prompt_tokens_details": {"cached_tokens": 70}, "completion_tokens_details": {"reasoning_tokens": 30}}),
        json!({"input_tokens": 100, "output_tokens": 50,
            "input_tokens_details": {"cached_tokens": 70}, "output_tokens_details": {"reasoning_tokens": 30}}),
        json!({"promptTokenCount": 100, "candidatesTokenCount": 20, "thoughtsTokenCount": 30, "cachedContentTokenCount": 70}),
    ] {
        assert_eq!(Usage::read(&given), Some(expected), "{given}");
        assert_eq!(Usage::read(&json!({"usage": given})), Some(expected), "{given}");
    }
    let anthropic = json!({"input_tokens": 10, "cache_read_input_tokens": 70, "cache_creation_input_tokens": 20, "output_tokens": 50});
    assert_eq!(
        Usage::read(&anthropic),
        Some(Usage::new(100, 50).cache_read(70).cache_creation(20))
    );
    let bedrock = json!({"usage": {"inputTokens": 10, "cacheReadInputTokens": 70, "cacheWriteInputTokens": 20, "outputTokens": 50}});
    assert_eq!(Usage::read(&bedrock), Some(Usage::new(100, 50).cache_read(70).cache_creation(20)));
}

#[test]
fn counts_are_read_by_the_names_of_every_provider() {
    for given in [
        json!({"prompt_tokens": 8, "completion_tokens": 2}),
        json!({"input_tokens": 8, "output_tokens": 2}),
        json!({"usageMetadata": {"promptTokenCount": 8, "candidatesTokenCount": 2}}),
        json!({"model": "llama3.2", "prompt_eval_count": 8, "eval_count": 2}),
        json!({"prompt_tokens": 8.0, "completion_tokens": 2.0}),
        json!({"promptTokenCount": 5, "toolUsePromptTokenCount": 3, "candidatesTokenCount": 2}),
    ] {
        assert_eq!(Usage::read(&given), Some(Usage::new(8, 2)), "{given}");
    }
    let embeddings = Usage::read(&json!({"prompt_tokens": 8, "total_tokens": 8}));
    assert_eq!(embeddings.and_then(|usage| usage.input_tokens), Some(8));
}

#[test]
fn what_has_no_counts_is_no_usage() {
    for given in [
        json!(null),
        json!({}),
        json!([]),
        json!({"usage": null}),
        json!({"prompt_tokens": "8"}),
        json!({"input_tokens": -1}),
        json!({"eval_count": 1.5}),
        json!({"eval_count": 1e300}),
    ] {
        assert_eq!(Usage::read(&given), None, "{given}");
    }
    let most = json!({"input_tokens": u64::MAX, "cache_read_input_tokens": u64::MAX});
    assert_eq!(Usage::read(&most).and_then(|usage| usage.input_tokens), Some(u64::MAX));
}

#[test]
fn usages_add_up() {
    let mut sum = Usage::new(1, 2).cache_read(1);
    sum += Usage::new(3, 4).reasoning(2);
    assert_eq!(sum, Usage::new(4, 6).cache_read(1).reasoning(2));
    assert_eq!((sum.total_tokens(), Usage::default().total_tokens()), (Some(10), None));
}
