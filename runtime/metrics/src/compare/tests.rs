//! Tests of the comparison: exact values, what is refused, and how often it is wrong.

mod exact;
mod false_alarms;
mod sides;
mod simulation;
