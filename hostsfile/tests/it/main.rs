//! Tests of the crate as its users see it.

/// Reading and mapping files.
mod files;
/// A second implementation, straight from the rules and without regard for speed.
mod naive;
/// Any file: the crate and the naive implementation agree.
mod properties;
/// One test a rule.
mod rules;
/// Files made to be slow.
mod worst_cases;
