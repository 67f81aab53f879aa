//! A collector of spans and events.

use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Writes down the spans and events of this crate's calls: spans as `name field=value`, when they are closed, and events as
/// `name: field=value` with the span that they happened in.
#[derive(Clone)]
pub(crate) struct Spans {
    most: Level,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    open: Vec<Open>,
    entered: Vec<Id>,
    said: Vec<String>,
}

struct Open {
    name: &'static str,
    fields: Fields,
    handles: u32,
}

#[derive(Default)]
struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string does not fail.
        let _ = write!(self.0, " {field}={value:?}");
    }
}

impl Spans {
    /// Collects what is of this level or above.
    pub(crate) fn up_to(most: Level) -> Self {
        Self {
            most,
            state: Arc::default(),
        }
    }

    /// What was said since the last time.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut crate::lock(&self.state).said)
    }
}

impl State {
    fn span(&mut self, id: &Id) -> &mut Open {
        &mut self.open[id.into_u64() as usize - 1]
    }
}

impl Subscriber for Spans {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "wasi_cuda" && *metadata.level() <= self.most
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let mut state = crate::lock(&self.state);
        state.open.push(Open {
            name: attributes.metadata().name(),
            fields,
            handles: 1,
        });
        Id::from_u64(state.open.len() as u64)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        values.record(&mut crate::lock(&self.state).span(span).fields);
    }

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut state = crate::lock(&self.state);
        let span = state.entered.last().cloned();
        let name = span.map_or("", |id| state.span(&id).name);
        state.said.push(format!("{name}:{}", fields.0));
    }

    fn enter(&self, span: &Id) {
        crate::lock(&self.state).entered.push(span.clone());
    }

    fn exit(&self, _span: &Id) {
        crate::lock(&self.state).entered.pop();
    }

    fn clone_span(&self, span: &Id) -> Id {
        crate::lock(&self.state).span(span).handles += 1;
        span.clone()
    }

    fn try_close(&self, span: Id) -> bool {
        let mut state = crate::lock(&self.state);
        let open = state.span(&span);
        open.handles -= 1;
        let closed = open.handles == 0;
        if closed {
            let text = format!("{}{}", open.name, open.fields.0);
            state.said.push(text);
        }
        closed
    }
}
