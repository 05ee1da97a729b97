//! The blocks of a step that say when it may run, how often, and what happens when it fails.

use crate::diagnostics::codes;

use super::decl::{PartDecl, PartsDecl};
use super::expr::FileParser;
use super::fields::{Found, Shape};
use super::structure::RawBlock;

/// A block that holds only attributes.
const fn of(owner: &'static str, attributes: &'static [&'static str]) -> Shape {
    Shape {
        owner,
        attributes,
        blocks: &[],
        repeated: &[],
        labelled: &[],
        required: &[],
    }
}

pub(super) const TIMEOUTS: Shape = of("`timeouts`", &["execution", "start", "queue", "deadline"]);

pub(super) const RETRY: Shape = Shape {
    blocks: &["backoff"],
    ..of(
        "`retry`",
        &["attempts", "max_duration", "retry_on", "abort_on"],
    )
};

pub(super) const BACKOFF: Shape = of(
    "`backoff`",
    &["strategy", "initial", "factor", "max", "jitter"],
);

pub(super) const REPEAT: Shape = of(
    "`repeat`",
    &[
        "until",
        "while",
        "every",
        "max_attempts",
        "timeout",
        "collect",
    ],
);

pub(super) const ON_ERROR: Shape = of("`on_error`", &["action", "fallback"]);

pub(super) const CONCURRENCY: Shape = Shape {
    required: &["limit"],
    ..of("`concurrency`", &["limit", "per_key", "order", "scope"])
};

pub(super) const RATE_LIMIT: Shape = Shape {
    required: &["limit"],
    ..of("`rate_limit`", &["limit", "per", "burst", "key"])
};

impl FileParser<'_, '_> {
    /// The parts of a step that are blocks of their own.
    pub(super) fn parts(&mut self, found: &mut Found) -> PartsDecl {
        let timeouts = self.part(found, "timeouts", &TIMEOUTS);
        let (retry, backoff) = match found.block("retry") {
            Some(block) => {
                let (retry, mut inner) = self.part_of(block, &RETRY);
                (Some(retry), self.part(&mut inner, "backoff", &BACKOFF))
            }
            None => (None, None),
        };
        let repeat = self.part(found, "repeat", &REPEAT);
        if let Some(repeat) = &repeat
            && repeat.get("until").or(repeat.get("while")).is_none()
        {
            self.lacks(
                repeat,
                "`repeat` needs the attribute `until` or `while`",
                "write `until = output.FIELD == ..`: the step runs again until this holds",
            );
        }
        let on_error = self.part(found, "on_error", &ON_ERROR);
        if let Some(on_error) = &on_error
            && on_error.attributes.is_empty()
        {
            self.lacks(
                on_error,
                "`on_error` needs the attribute `action` or `fallback`",
                "write `action = \"continue\"` or `fallback = { OUTPUT = .. }`",
            );
        }
        let concurrency = self.part(found, "concurrency", &CONCURRENCY);
        let rate_limit = self.part(found, "rate_limit", &RATE_LIMIT);
        for (name, part, cure) in [
            (
                "concurrency",
                &concurrency,
                "it says how many attempts run at once: `limit = 10`",
            ),
            (
                "rate_limit",
                &rate_limit,
                "it says how many attempts begin in a second, or in the time of `per`: `limit = 10`",
            ),
        ] {
            if let Some(part) = part
                && part.get("limit").is_none()
            {
                let text = format!("`{name}` needs the attribute `limit`");
                self.lacks(part, &text, cure);
            }
        }
        PartsDecl {
            timeouts,
            retry,
            backoff,
            repeat,
            on_error,
            concurrency,
            rate_limit,
        }
    }

    fn part(&mut self, found: &mut Found, kind: &str, shape: &Shape) -> Option<PartDecl> {
        let block = found.block(kind)?;
        Some(self.part_of(block, shape).0)
    }

    fn part_of(&mut self, block: RawBlock, shape: &Shape) -> (PartDecl, Found) {
        let (span, unread) = (block.header, block.body.broken);
        let mut found = self.sort(block.body, shape);
        let names = shape.attributes.iter();
        let attributes = names.filter_map(|name| Some((*name, self.optional(&mut found, name)?)));
        let attributes = attributes.collect();
        let part = PartDecl {
            span,
            attributes,
            broken: unread || found.misplaced,
        };
        (part, found)
    }

    /// An attribute is missing, unless it may stand in what could not be read.
    fn lacks(&mut self, part: &PartDecl, text: &str, cure: &str) {
        if !part.broken {
            self.problems
                .error(codes::MISSING_ATTRIBUTE, part.span, text)
                .hint(cure);
        }
    }
}
