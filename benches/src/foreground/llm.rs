//! A span of a call of a model: more attributes, and two long texts.

use super::{FASTRACE, MANY, SDK, SDK_LATER, ours, peers};
use crate::group::Group;
use crate::measure::{Measure, Variant};
use crate::reading::Goal;
use fastrace::local::LocalSpan;
use opentelemetry::trace::{TraceContextExt as _, Tracer as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::SdkTracer;
use prela::{SpanType, Tracer};
use std::hint::black_box;

pub(crate) const LLM: Group = Group::costs(
    "llm",
    "a call of a model in a root of a hundred: 12 attributes, two of them texts of 2 kB that the caller keeps; \
     current in the context",
    "span",
    || {
        let provider = peers::provider();
        let (at_builder, later) = (peers::tracer(&provider), peers::tracer(&provider));
        let tracer = ours::instance().tracer();
        let attr = tracer.clone();
        let ours = |variant: Variant| {
            variant
                .rest(ours::flush)
                .goal(Measure::TimeOf(SDK), Goal::at_most(0.8).stretch(0.5))
                .goal(Measure::Instructions, Goal::at_most(4_500.0))
        };
        let texts = Texts::new;
        let (a, b, c, d, e) = (texts(), texts(), texts(), texts(), texts());
        vec![
            Variant::new(SDK, MANY, move || sdk_at_builder(&at_builder, &a))
                .rest(peers::flush(&provider)),
            Variant::new(SDK_LATER, MANY, move || sdk_later(&later, &b))
                .rest(peers::flush(&provider)),
            ours(Variant::new("prela, in_scope and set_attribute", MANY, move || {
                set_in_scope(&tracer, &c);
            })),
            ours(Variant::new("prela, attr at the builder", MANY, move || at_builder_in_scope(&attr, &d))),
            fastrace(e),
        ]
    },
)
.notes(&[
    "Prela writes three attributes more, which say that the span is such a call.",
    "1,390 of Prela's instructions copy the two texts three times: into a value, the message and the block that is \
     sent. The peers copy them once, and write them as OTLP on the thread that exports.",
])
.in_both_profiles();

/// What the caller has in hand: a program does not know it before it runs.
struct Texts {
    input: String,
    output: String,
}

impl Texts {
    fn new() -> Self {
        Self { input: black_box("question".repeat(256)), output: black_box("response".repeat(256)) }
    }
}

fn sdk_at_builder(tracer: &SdkTracer, texts: &Texts) {
    tracer.in_span("root", |_| {
        for n in 0..MANY {
            let attributes = [
                KeyValue::new("gen_ai.provider.name", "openai"),
                KeyValue::new("gen_ai.request.model", "gpt-5-mini-2026-08-01"),
                KeyValue::new("gen_ai.request.temperature", 0.2),
                KeyValue::new("gen_ai.request.max_tokens", 1_024),
                KeyValue::new("gen_ai.request.stream", true),
                KeyValue::new("gen_ai.conversation.id", "conv_5j66UpCpwteGg4YSxUnt7lPY"),
                KeyValue::new("server.address", "api.openai.example"),
                KeyValue::new("gen_ai.input.messages", texts.input.clone()),
                KeyValue::new("gen_ai.output.messages", texts.output.clone()),
                KeyValue::new("gen_ai.response.id", "resp_67cb32528d6881909eb2859a55e18a85"),
                KeyValue::new("gen_ai.usage.input_tokens", n as i64),
                KeyValue::new("gen_ai.usage.output_tokens", 512),
            ];
            let call = tracer.span_builder("chat").with_attributes(attributes).start(tracer);
            let _call = Context::current_with_span(call).attach();
        }
    });
}

fn sdk_later(tracer: &SdkTracer, texts: &Texts) {
    tracer.in_span("root", |_| {
        for n in 0..MANY {
            tracer.in_span("chat", |cx| {
                let span = cx.span();
                let set = |attribute| span.set_attribute(attribute);
                set(KeyValue::new("gen_ai.provider.name", "openai"));
                set(KeyValue::new("gen_ai.request.model", "gpt-5-mini-2026-08-01"));
                set(KeyValue::new("gen_ai.request.temperature", 0.2));
                set(KeyValue::new("gen_ai.request.max_tokens", 1_024));
                set(KeyValue::new("gen_ai.request.stream", true));
                set(KeyValue::new("gen_ai.conversation.id", "conv_5j66UpCpwteGg4YSxUnt7lPY"));
                set(KeyValue::new("server.address", "api.openai.example"));
                set(KeyValue::new("gen_ai.input.messages", texts.input.clone()));
                set(KeyValue::new("gen_ai.output.messages", texts.output.clone()));
                set(KeyValue::new("gen_ai.response.id", "resp_67cb32528d6881909eb2859a55e18a85"));
                set(KeyValue::new("gen_ai.usage.input_tokens", n as i64));
                set(KeyValue::new("gen_ai.usage.output_tokens", 512));
            });
        }
    });
}

fn set_in_scope(tracer: &Tracer, texts: &Texts) {
    tracer.span("root", SpanType::Agent).in_scope(|_| {
        for n in 0..MANY {
            tracer.span("chat", SpanType::Llm).in_scope(|span| {
                span.set_attribute("gen_ai.provider.name", "openai")
                    .set_attribute("gen_ai.request.model", "gpt-5-mini-2026-08-01")
                    .set_attribute("gen_ai.request.temperature", 0.2)
                    .set_attribute("gen_ai.request.max_tokens", 1_024)
                    .set_attribute("gen_ai.request.stream", true)
                    .set_attribute("gen_ai.conversation.id", "conv_5j66UpCpwteGg4YSxUnt7lPY")
                    .set_attribute("server.address", "api.openai.example")
                    .set_attribute("gen_ai.input.messages", texts.input.as_str())
                    .set_attribute("gen_ai.output.messages", texts.output.as_str())
                    .set_attribute("gen_ai.response.id", "resp_67cb32528d6881909eb2859a55e18a85")
                    .set_attribute("gen_ai.usage.input_tokens", n)
                    .set_attribute("gen_ai.usage.output_tokens", 512);
            });
        }
    });
}

fn at_builder_in_scope(tracer: &Tracer, texts: &Texts) {
    tracer.span("root", SpanType::Agent).in_scope(|_| {
        for n in 0..MANY {
            let call = tracer
                .span("chat", SpanType::Llm)
                .attr("gen_ai.provider.name", "openai")
                .attr("gen_ai.request.model", "gpt-5-mini-2026-08-01")
                .attr("gen_ai.request.temperature", 0.2)
                .attr("gen_ai.request.max_tokens", 1_024)
                .attr("gen_ai.request.stream", true)
                .attr("gen_ai.conversation.id", "conv_5j66UpCpwteGg4YSxUnt7lPY")
                .attr("server.address", "api.openai.example")
                .attr("gen_ai.input.messages", texts.input.as_str())
                .attr("gen_ai.output.messages", texts.output.as_str())
                .attr("gen_ai.response.id", "resp_67cb32528d6881909eb2859a55e18a85")
                .attr("gen_ai.usage.input_tokens", n)
                .attr("gen_ai.usage.output_tokens", 512);
            call.in_scope(|_| ());
        }
    });
}

fn fastrace(texts: Texts) -> Variant {
    peers::fastrace_reporter();
    let run = move || {
        let root = fastrace::Span::root("root", fastrace::collector::SpanContext::random());
        let _root = root.set_local_parent();
        for n in 0..MANY {
            let _call = LocalSpan::enter_with_local_parent("chat").with_properties(|| {
                [
                    ("gen_ai.provider.name", "openai".into()),
                    ("gen_ai.request.model", "gpt-5-mini-2026-08-01".into()),
                    ("gen_ai.request.temperature", 0.2.to_string().into()),
                    ("gen_ai.request.max_tokens", "1024".into()),
                    ("gen_ai.request.stream", "true".into()),
                    ("gen_ai.conversation.id", "conv_5j66UpCpwteGg4YSxUnt7lPY".into()),
                    ("server.address", "api.openai.example".into()),
                    ("gen_ai.input.messages", texts.input.clone().into()),
                    ("gen_ai.output.messages", texts.output.clone().into()),
                    ("gen_ai.response.id", "resp_67cb32528d6881909eb2859a55e18a85".into()),
                    ("gen_ai.usage.input_tokens", n.to_string().into()),
                    ("gen_ai.usage.output_tokens", 512.to_string().into()),
                ] as [(&str, std::borrow::Cow<'static, str>); 12]
            });
        }
    };
    Variant::new(FASTRACE, MANY, run).rest(fastrace::flush)
}
