//! The runners of `s3` against versitygw, which checks every signature and whose objects are files here, and against a peer that
//! says what no real server can be made to say.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what cannot be set up fails the test"
)]

mod peer;
mod user;

mod failures;
mod faults;
mod lists;
mod objects;
mod presigned;
mod uploads;
