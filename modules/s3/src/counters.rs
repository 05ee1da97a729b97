//! The metrics of a runner that its requests count.

/// The counters of a runner, by the module that the macro made of it.
macro_rules! counters {
    ($runner:ident) => {
        ::bggo_module_http_request::AskCounters {
            dns: crate::$runner::Metric::DNS,
            connecting: crate::$runner::Metric::CONNECTING,
            tls_handshake: crate::$runner::Metric::TLS_HANDSHAKE,
            waiting: crate::$runner::Metric::WAITING,
            receiving: crate::$runner::Metric::RECEIVING,
            answers: crate::$runner::Metric::ANSWERS,
            sent: crate::$runner::Metric::SENT,
            received: crate::$runner::Metric::RECEIVED,
            reused: crate::$runner::Metric::REUSED,
            resent: crate::$runner::Metric::RESENT,
            requests: crate::$runner::Metric::REQUESTS,
            answered: crate::$runner::Metric::ANSWERED,
            cut: crate::$runner::Metric::CUT,
        }
    };
}

pub(crate) use counters;
