//! Tools: what they are, what a model asks of them, and what they answer.

use serde_json::{Map, Value as Json, json};

/// What a model asks of a tool.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ToolCall {
    /// The id that ties the call to its answer. Ollama and Gemini sometimes give none.
    pub id: Option<String>,
    /// The tool's name.
    pub name: String,
    /// The arguments, usually an object. What a provider writes as text is parsed if it is JSON.
    pub arguments: Json,
}

impl ToolCall {
    /// A call without an id.
    pub fn new(name: impl Into<String>, arguments: impl Into<Json>) -> Self {
        Self { id: None, name: name.into(), arguments: arguments.into() }
    }

    /// Sets its id.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// The part of a message, by the conventions' schema.
    pub fn to_json(&self) -> Json {
        json!({"type": "tool_call", "id": self.id, "name": self.name, "arguments": self.arguments})
    }
}

/// What a tool answered.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ToolCallResponse {
    /// The id of the [`ToolCall`].
    pub id: Option<String>,
    /// The answer: text, or any JSON.
    pub response: Json,
}

impl ToolCallResponse {
    /// The answer to the call of this id.
    pub fn new(id: impl Into<String>, response: impl Into<Json>) -> Self {
        Self { id: Some(id.into()), response: response.into() }
    }

    /// The part of a message, by the conventions' schema.
    pub fn to_json(&self) -> Json {
        json!({"type": "tool_call_response", "id": self.id, "response": self.response})
    }
}

/// A tool that a model may ask for.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ToolDefinition {
    /// The kind of tool: `function`, or the provider's word for a tool of its own, such as `web_search`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The JSON schema of its arguments.
    pub parameters: Option<Json>,
}

impl ToolDefinition {
    /// A function without description and parameters.
    pub fn function(name: impl Into<String>) -> Self {
        Self { kind: "function".into(), name: name.into(), description: None, parameters: None }
    }

    /// What it is for.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// The JSON schema of its arguments.
    #[must_use]
    pub fn parameters(mut self, schema: impl Into<Json>) -> Self {
        self.parameters = Some(schema.into());
        self
    }

    /// Writes it by the conventions' schema.
    pub fn to_json(&self) -> Json {
        let mut object = Map::new();
        object.insert("type".into(), self.kind.clone().into());
        object.insert("name".into(), self.name.clone().into());
        if let Some(description) = &self.description {
            object.insert("description".into(), description.clone().into());
        }
        if let Some(parameters) = &self.parameters {
            object.insert("parameters".into(), parameters.clone());
        }
        object.into()
    }
}
