//! What a broker or a connection says went wrong -> a failure of a kind of the manifest.

use crate::kafka_produce::Error as Kind;
use bggo_runtime::contract::{Fault, FaultText};
use bggo_wire::Trouble;
use kafka_protocol::ResponseError;

/// An error that a broker answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Code(pub(crate) i16);

impl Code {
    pub(crate) const UNKNOWN_TOPIC_OR_PARTITION: Self = Self(3);
    pub(crate) const LEADER_NOT_AVAILABLE: Self = Self(5);
    pub(crate) const MESSAGE_TOO_LARGE: Self = Self(10);
    pub(crate) const ILLEGAL_SASL_STATE: Self = Self(34);
    pub(crate) const UNSUPPORTED_SASL_MECHANISM: Self = Self(33);
    pub(crate) const UNSUPPORTED_VERSION: Self = Self(35);
    pub(crate) const TOPIC_ALREADY_EXISTS: Self = Self(36);
    pub(crate) const OUT_OF_ORDER_SEQUENCE: Self = Self(45);
    pub(crate) const DUPLICATE_SEQUENCE: Self = Self(46);
    pub(crate) const UNKNOWN_PRODUCER_ID: Self = Self(59);

    /// `None` for an answer without an error.
    pub(crate) fn of(number: i16) -> Option<Self> {
        (number != 0).then_some(Self(number))
    }

    fn known(self) -> Option<ResponseError> {
        ResponseError::try_from_code(self.0)
    }

    /// Whether the same request may succeed a moment later.
    pub(crate) fn is_retriable(self) -> bool {
        self.known().is_some_and(|error| error.is_retriable())
    }

    /// Whether it says that what is known of the cluster is out of date.
    pub(crate) fn is_of_old_metadata(self) -> bool {
        // UNKNOWN_TOPIC_OR_PARTITION, LEADER_NOT_AVAILABLE, NOT_LEADER_OR_FOLLOWER, REPLICA_NOT_AVAILABLE, NETWORK_EXCEPTION,
        // KAFKA_STORAGE_ERROR, LISTENER_NOT_FOUND, FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH, UNKNOWN_TOPIC_ID
        matches!(self.0, 3 | 5 | 6 | 9 | 13 | 56 | 72 | 74 | 76 | 100)
    }

    /// The failure that it is. `said` are words of the broker, which may quote names.
    pub(crate) fn fault(self, said: Option<&str>) -> Fault {
        self.kind().fault(self.told(said))
    }

    /// Its kind of failure.
    pub(crate) fn kind(self) -> Kind {
        match self.0 {
            // CORRUPT_MESSAGE, INVALID_RECORD
            2 | 87 => Kind::Corrupt,
            // UNKNOWN_TOPIC_OR_PARTITION, INVALID_TOPIC_EXCEPTION, UNKNOWN_TOPIC_ID
            3 | 17 | 100 => Kind::UnknownTopic,
            // REQUEST_TIMED_OUT
            7 => Kind::Timeout,
            // MESSAGE_TOO_LARGE, RECORD_LIST_TOO_LARGE
            10 | 18 => Kind::MessageTooLarge,
            // NOT_ENOUGH_REPLICAS and NOT_ENOUGH_REPLICAS_AFTER_APPEND
            19 | 20 => Kind::NotEnoughReplicas,
            // TOPIC_, GROUP_, CLUSTER_, TRANSACTIONAL_ID_ and DELEGATION_TOKEN_AUTHORIZATION_FAILED
            29 | 30 | 31 | 53 | 65 => Kind::Authorization,
            // UNSUPPORTED_SASL_MECHANISM, ILLEGAL_SASL_STATE, SASL_AUTHENTICATION_FAILED
            33 | 34 | 58 => Kind::Authentication,
            // INVALID_PRODUCER_EPOCH, FENCED_INSTANCE_ID, PRODUCER_FENCED
            47 | 82 | 90 => Kind::Fenced,
            // UNSUPPORTED_VERSION, INVALID_REQUEST
            35 | 42 => Kind::Protocol,
            _ => Kind::BrokerError,
        }
    }

    /// The same, where the topic is what it is about.
    pub(crate) fn of_topic(self, name: &str) -> Fault {
        let text = match self {
            Self::UNKNOWN_TOPIC_OR_PARTITION => {
                FaultText::plain("there is no topic ").and_value(name)
            }
            _ => FaultText::plain("topic ")
                .and_value(name)
                .and(": ")
                .and_text(&self.told(None)),
        };
        self.kind().fault(text)
    }

    /// The error by its name, with what the broker says beside it.
    pub(crate) fn told(self, said: Option<&str>) -> FaultText {
        let text = match self.known() {
            Some(error) => FaultText::plain(format_args!("the broker answers {error:?}")),
            None => FaultText::plain(format_args!("the broker answers error {}", self.0)),
        };
        match said.filter(|said| !said.is_empty()) {
            Some(said) => text.and(": ").and_value(said),
            None => text,
        }
    }
}

/// The failure of a connection that cannot be made.
pub(crate) fn of_dial(trouble: &Trouble) -> Fault {
    let kind = match trouble.kind() {
        bggo_wire::Kind::Tls => Kind::Tls,
        _ => Kind::Connect,
    };
    kind.of(trouble.fault(trouble.text().clone()))
}

/// The failure of a connection that stood.
pub(crate) fn broken(trouble: &Trouble) -> Fault {
    let kind = match trouble.kind() {
        bggo_wire::Kind::Tls => Kind::Tls,
        bggo_wire::Kind::TooLarge => Kind::Protocol,
        _ => Kind::Closed,
    };
    let text = FaultText::plain("the connection ended before the answer came: ");
    kind.of(trouble.fault(text.and_text(trouble.text())))
}

/// The failure of an answer that is none.
pub(crate) fn no_answer(what: &'static str) -> Fault {
    Kind::Protocol.fault(what)
}
