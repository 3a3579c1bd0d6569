//! The questions as tools, and how calls of them are read.

use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};
use std::time::Duration;

/// A question.
#[derive(Debug)]
pub(super) enum Ask {
    List(List),
    Show(Show),
    Errors(Errors),
    Search(Search),
    Diff(Two),
    Doctor(Doctor),
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct List {
    pub(super) limit: Option<usize>,
    #[serde(deserialize_with = "time")]
    pub(super) since: Option<Duration>,
    pub(super) service: Option<String>,
    pub(super) name: Option<String>,
    pub(super) errors: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Show {
    pub(super) trace: String,
    pub(super) span: Option<String>,
    pub(super) depth: Option<usize>,
    pub(super) offset: Option<usize>,
    pub(super) line: Option<usize>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Errors {
    pub(super) limit: Option<usize>,
    #[serde(deserialize_with = "time")]
    pub(super) since: Option<Duration>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Search {
    pub(super) query: String,
    #[serde(default)]
    pub(super) limit: Option<usize>,
    #[serde(default, deserialize_with = "time")]
    pub(super) since: Option<Duration>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Two {
    pub(super) a: String,
    pub(super) b: String,
    #[serde(default)]
    pub(super) offset: usize,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Doctor {
    pub(super) trace: Option<String>,
    pub(super) limit: Option<usize>,
    pub(super) offset: usize,
}

impl Show {
    /// Whether more is asked for than an overview.
    pub(super) fn is_of_a_part(&self) -> bool {
        let numbers = [self.depth, self.offset, self.line];
        self.span.is_some() || numbers.iter().any(Option::is_some)
    }
}

impl Ask {
    /// Reads a call of a tool; an error says what is wrong with it.
    pub(super) fn read(tool: &str, arguments: JsonObject) -> Result<Self, String> {
        match tool {
            "list" => read(arguments).map(Self::List),
            "show" => read(arguments).map(Self::Show),
            "errors" => read(arguments).map(Self::Errors),
            "search" => match read(arguments)? {
                Search { query, .. } if query.is_empty() => Err("`query` is empty".to_owned()),
                search => Ok(Self::Search(search)),
            },
            "diff" => read(arguments).map(Self::Diff),
            "doctor" => read(arguments).map(Self::Doctor),
            _ => Err("there is no such tool".to_owned()),
        }
    }
}

fn read<T: DeserializeOwned>(arguments: JsonObject) -> Result<T, String> {
    serde_json::from_value(Json::Object(arguments)).map_err(|error| error.to_string())
}

fn time<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    let parsed = text.map(|text| humantime::parse_duration(&text)).transpose();
    parsed
        .map_err(|error| serde::de::Error::custom(format!("since is a time such as 10m: {error}")))
}

/// The tools as clients see them.
pub(super) fn tools() -> Vec<Tool> {
    let trace = json!({"type": "string", "description": "First digits of its id, `last`, or `last~1` for the one before."});
    let limit = json!({"type": "integer", "minimum": 1, "description": "How many; 20 by default, and 100 traces for doctor."});
    let since = json!({"type": "string", "description": "Only traces begun within this time, such as 10m."});
    let offset = json!({"type": "integer", "minimum": 0, "description": "Lines to skip, as the last answer said."});
    let text = |about: &str| json!({"type": "string", "description": about});
    vec![
        tool(
            "list",
            "The newest traces: id, name, duration, spans, errors, age.",
            json!({"limit": limit, "since": since, "service": text("Of this service."),
                "name": text("With this in their names."),
                "errors": {"type": "boolean", "description": "Only those with a span that failed."}}),
            &[],
        ),
        tool(
            "show",
            "One trace as a tree. By itself it is short: spans of one name at one place are one line, and what is too \
             deep is counted. With span, depth or offset each span has a line, and the span that is named is told in full.",
            json!({"trace": trace, "offset": offset,
                "span": text("Only this span, with all it says, and those below it: the digits after `#`."),
                "line": {"type": "integer", "minimum": 0, "description": "With span: what it says from this line on, uncut, as the last answer said."},
                "depth": {"type": "integer", "minimum": 0, "description": "Only so many levels below the top."}}),
            &["trace"],
        ),
        tool(
            "errors",
            "The newest spans that failed, and why.",
            json!({"limit": limit, "since": since}),
            &[],
        ),
        tool(
            "search",
            "The newest spans with a text in their names, attributes, events or errors, prompts and answers of models \
             included. Without capitals it is found in any case.",
            json!({"query": text("The text."), "limit": limit, "since": since}),
            &["query"],
        ),
        tool(
            "diff",
            "What differs between two traces: spans that are new or gone, durations, what was said, tokens and cost. \
             Spans that are the same are left out.",
            json!({"a": trace, "b": trace, "offset": offset}),
            &["a", "b"],
        ),
        tool(
            "doctor",
            "Spans that lost their parent, why, and the line of code that mends it. Without a trace, of the newest.",
            json!({"trace": trace, "limit": limit, "offset": offset}),
            &[],
        ),
    ]
}

fn tool(name: &'static str, about: &'static str, properties: Json, required: &[&str]) -> Tool {
    let schema = [
        ("type".to_owned(), json!("object")),
        ("properties".to_owned(), properties),
        ("required".to_owned(), json!(required)),
        ("additionalProperties".to_owned(), json!(false)),
    ];
    let schema = JsonObject::from_iter(schema);
    Tool::new(name, about, schema).annotate(ToolAnnotations::new().read_only(true))
}
