//! Operators and forms.
