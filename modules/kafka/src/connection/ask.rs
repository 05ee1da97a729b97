//! Requests and the answers that they get, and the versions in which both ends know them.

use kafka_protocol::messages::{
    ApiKey, ApiVersionsRequest, ApiVersionsResponse, ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse, CreateTopicsRequest, CreateTopicsResponse, DeleteTopicsRequest,
    DeleteTopicsResponse, FetchRequest, FetchResponse, FindCoordinatorRequest,
    FindCoordinatorResponse, HeartbeatRequest, HeartbeatResponse, InitProducerIdRequest,
    InitProducerIdResponse, JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest,
    LeaveGroupResponse, ListOffsetsRequest, ListOffsetsResponse, MetadataRequest, MetadataResponse,
    OffsetCommitRequest, OffsetCommitResponse, OffsetFetchRequest, OffsetFetchResponse,
    SaslAuthenticateRequest, SaslAuthenticateResponse, SaslHandshakeRequest, SaslHandshakeResponse,
    SyncGroupRequest, SyncGroupResponse,
};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, VersionRange};

/// A request of a client, by the codec.
pub(crate) trait Ask: Encodable + HeaderVersion {
    /// Its number.
    const KEY: ApiKey;
    /// The newest version that is used here. Those of the codec go further where a version changes what is asked.
    const NEWEST: i16;
    /// What it is answered by.
    type Answer: Decodable + HeaderVersion;
}

macro_rules! asks {
    ($($key:ident $newest:literal $request:ty => $answer:ty;)*) => {
        $(impl Ask for $request {
            const KEY: ApiKey = ApiKey::$key;
            const NEWEST: i16 = $newest;
            type Answer = $answer;
        })*
    };
}

asks! {
    ApiVersions 3 ApiVersionsRequest => ApiVersionsResponse;
    ConsumerGroupHeartbeat 1 ConsumerGroupHeartbeatRequest => ConsumerGroupHeartbeatResponse;
    CreateTopics 7 CreateTopicsRequest => CreateTopicsResponse;
    // From version 6 on topics are states.
    DeleteTopics 5 DeleteTopicsRequest => DeleteTopicsResponse;
    // From version 13 on topics are ids.
    Fetch 12 FetchRequest => FetchResponse;
    FindCoordinator 4 FindCoordinatorRequest => FindCoordinatorResponse;
    Heartbeat 4 HeartbeatRequest => HeartbeatResponse;
    InitProducerId 4 InitProducerIdRequest => InitProducerIdResponse;
    JoinGroup 9 JoinGroupRequest => JoinGroupResponse;
    LeaveGroup 5 LeaveGroupRequest => LeaveGroupResponse;
    ListOffsets 7 ListOffsetsRequest => ListOffsetsResponse;
    Metadata 12 MetadataRequest => MetadataResponse;
    // From version 10 on topics are ids.
    OffsetCommit 9 OffsetCommitRequest => OffsetCommitResponse;
    OffsetFetch 9 OffsetFetchRequest => OffsetFetchResponse;
    SaslAuthenticate 2 SaslAuthenticateRequest => SaslAuthenticateResponse;
    SaslHandshake 1 SaslHandshakeRequest => SaslHandshakeResponse;
    SyncGroup 5 SyncGroupRequest => SyncGroupResponse;
}

/// The versions of requests that a broker knows.
#[derive(Debug, Default)]
pub(crate) struct Versions(Vec<(i16, VersionRange)>);

impl Versions {
    pub(crate) fn of(answer: &ApiVersionsResponse) -> Self {
        let known = answer.api_keys.iter().map(|known| {
            let range = VersionRange {
                min: known.min_version,
                max: known.max_version,
            };
            (known.api_key, range)
        });
        Self(known.collect())
    }

    /// The newest version that both ends know, of those from `oldest` to `newest`.
    pub(crate) fn common(&self, key: ApiKey, oldest: i16, newest: i16) -> Option<i16> {
        let (_, known) = self.0.iter().find(|(known, _)| *known == key as i16)?;
        let version = known.max.min(newest);
        (version >= known.min.max(oldest)).then_some(version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kafka_protocol::messages::api_versions_response::ApiVersion;

    #[test]
    fn the_newest_version_is_one_that_both_ends_know() {
        let known = |key: ApiKey, min, max| {
            ApiVersion::default()
                .with_api_key(key as i16)
                .with_min_version(min)
                .with_max_version(max)
        };
        let answer = ApiVersionsResponse::default().with_api_keys(vec![
            known(ApiKey::Metadata, 0, 12),
            known(ApiKey::Produce, 3, 9),
        ]);
        let versions = Versions::of(&answer);
        assert_eq!(versions.common(ApiKey::Metadata, 0, 9), Some(9));
        assert_eq!(versions.common(ApiKey::Metadata, 0, 13), Some(12));
        assert_eq!(versions.common(ApiKey::Metadata, 13, 14), None);
        assert_eq!(versions.common(ApiKey::Produce, 0, 2), None);
        assert_eq!(versions.common(ApiKey::Fetch, 0, 9), None);
    }
}
