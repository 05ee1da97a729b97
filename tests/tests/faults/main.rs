//! Counts under faults: a proxy breaks exchanges off between a program and nginx, and its log says what the program has to have
//! counted, exchange by exchange. The cases run over both versions of HTTP, in the clear and over TLS.
//!
//! `BGGO_FAULT_SEEDS=20 cargo test -p bggo-tests --test faults` runs each case with so many seeds; a failure names its seed.

mod cases;
mod counts;
mod grids;
mod large;
mod streams;

use bggo_tests::server::Speaks;
use cases::Way;

/// A test of each case, over one way.
macro_rules! over {
    ($name:ident, $way:expr, [$($case:ident),* $(,)?]) => {
        mod $name {
            use super::*;
            $(
                #[test]
                fn $case() {
                    cases::$case($way);
                }
            )*
        }
    };
}

/// All cases over one way.
macro_rules! all_over {
    ($name:ident, $way:expr) => {
        over!(
            $name,
            $way,
            [
                without_faults_all_counts_are_equal,
                users_that_go_on_after_a_fault_count_what_the_proxy_saw,
                arrivals_count_what_the_proxy_saw,
                connections_that_serve_a_hundred_requests_are_replaced_without_a_fault,
                connections_that_are_reset_when_they_are_made_are_failures_of_their_steps,
                a_server_with_fewer_connections_than_users_refuses_and_closes_and_all_is_counted,
                a_server_that_is_started_again_half_way_leaves_the_counts_exact,
                an_interrupt_at_any_exchange_leaves_counts_between_those_of_both_ends,
            ]
        );
    };
}

all_over!(http_1, Way::beside(Speaks::Http1));
all_over!(http_1_over_tls, Way::beside(Speaks::Http1OverTls));
all_over!(http_2, Way::in_turn(Speaks::Http2));
over!(
    beside_each_other,
    Way::beside(Speaks::Http1OverTls),
    [requests_that_are_dropped_because_another_step_failed_are_cut]
);
all_over!(http_2_over_tls, Way::in_turn(Speaks::Http2OverTls));
