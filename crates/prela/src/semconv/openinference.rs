//! OpenInference's names.
//!
//! Source: [OpenInference](https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md).

// What every instance writes.
pub(crate) const AGENT_NAME: &str = "agent.name";
pub(crate) const TOOL_NAME: &str = "tool.name";
pub(crate) const INPUT_VALUE: &str = "input.value";
pub(crate) const INPUT_MIME_TYPE: &str = "input.mime_type";
pub(crate) const OUTPUT_VALUE: &str = "output.value";
pub(crate) const OUTPUT_MIME_TYPE: &str = "output.mime_type";
pub(crate) const COST_TOTAL: &str = "llm.cost.total";
pub(crate) const RETRIEVAL_DOCUMENTS: &str = "retrieval.documents";
pub(crate) const RERANKER_MODEL: &str = "reranker.model_name";
pub(crate) const RERANKER_TOP_K: &str = "reranker.top_k";
pub(crate) const RERANKER_QUERY: &str = "reranker.query";
pub(crate) const RERANKER_INPUT_DOCUMENTS: &str = "reranker.input_documents";
pub(crate) const RERANKER_OUTPUT_DOCUMENTS: &str = "reranker.output_documents";
pub(crate) const EVALUATIONS: &str = "evaluations";

// What `Conventions::OPENINFERENCE` adds.
pub(crate) const MODEL_NAME: &str = "llm.model_name";
pub(crate) const PROVIDER: &str = "llm.provider";
pub(crate) const SYSTEM: &str = "llm.system";
pub(crate) const INVOCATION_PARAMETERS: &str = "llm.invocation_parameters";
pub(crate) const FINISH_REASON: &str = "llm.finish_reason";
pub(crate) const TOKENS_PROMPT: &str = "llm.token_count.prompt";
pub(crate) const TOKENS_COMPLETION: &str = "llm.token_count.completion";
pub(crate) const TOKENS_TOTAL: &str = "llm.token_count.total";
pub(crate) const TOKENS_CACHE_READ: &str = "llm.token_count.prompt_details.cache_read";
pub(crate) const TOKENS_CACHE_WRITE: &str = "llm.token_count.prompt_details.cache_write";
pub(crate) const TOKENS_REASONING: &str = "llm.token_count.completion_details.reasoning";
pub(crate) const COST_PROMPT: &str = "llm.cost.prompt";
pub(crate) const COST_COMPLETION: &str = "llm.cost.completion";
pub(crate) const INPUT_MESSAGES: &str = "llm.input_messages";
pub(crate) const OUTPUT_MESSAGES: &str = "llm.output_messages";
pub(crate) const TOOLS: &str = "llm.tools";
pub(crate) const EMBEDDING_MODEL: &str = "embedding.model_name";
pub(crate) const EMBEDDING_PARAMETERS: &str = "embedding.invocation_parameters";
pub(crate) const EMBEDDINGS: &str = "embedding.embeddings";
pub(crate) const TOOL_DESCRIPTION: &str = "tool.description";
pub(crate) const TOOL_PARAMETERS: &str = "tool.parameters";
pub(crate) const TOOL_ID: &str = "tool.id";
pub(crate) const GRAPH_NODE_ID: &str = "graph.node.id";
pub(crate) const GRAPH_NODE_NAME: &str = "graph.node.name";
pub(crate) const GRAPH_NODE_PARENT: &str = "graph.node.parent_id";

pub(crate) const JSON: &str = "application/json";
pub(crate) const TEXT: &str = "text/plain";

/// The ends of keys whose values may be JSON; see [`is_json`](super::is_json).
pub(super) const JSON_KEYS: &[&str] =
    &[TOOL_PARAMETERS, ".function.arguments", ".json_schema", ".document.metadata"];
