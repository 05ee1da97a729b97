//! Functions over moments.

use crate::function::{Function, Home};
use crate::results as r;
use crate::shape::{any, in_context, pure, text};
use bggo_functions::dates;

#[rustfmt::skip]
pub(super) static FUNCTIONS: &[Function] = &[
    pure("formatdate", Home::Module("dates"), &[text("format"), text("timestamp")], r::to_string, dates::formatdate)
        .says(
            "A timestamp (RFC 3339) written as a format says; strings in `'` stand for themselves.",
            r#"formatdate("DD MMM YYYY hh:mm", "2026-11-30T09:15:00Z")"#,
            r#""30 Nov 2026 09:15""#,
        ),
    pure("timeadd", Home::Module("dates"), &[text("timestamp"), any("duration")], r::timeadd, dates::timeadd)
        .says(
            "A timestamp so much later; earlier, when the duration begins with `-`.",
            r#"timeadd("2026-11-30T09:15:00Z", "-1h30m")"#,
            r#""2026-11-30T07:45:00Z""#,
        ),
    pure("timecmp", Home::Module("dates"), &[text("timestamp"), text("timestamp")], r::to_number, dates::timecmp)
        .says(
            "-1, 0 or 1, as a timestamp is before, equal to or after another.",
            r#"timecmp("2026-11-30T09:15:00Z", "2026-11-30T10:15:00+01:00")"#,
            "0",
        ),
    pure("timestamp", Home::Module("dates"), &[], r::to_string, dates::timestamp).at_start()
        .says(
            "When the program started, in UTC: the same for the whole run.",
            "timestamp()",
            r#""2026-11-30T09:15:00Z""#,
        ),
    in_context("timestamp_ms", Home::Module("dates"), &[], r::to_number, dates::timestamp_ms)
        .says(
            "Milliseconds since 1970 at the moment of the call.",
            "timestamp_ms()",
            "1796030100250",
        ),
];
