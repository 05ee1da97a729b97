//! The request that carries batches. It is written by hand, from the batches to the wire, since it is what a producer does most.

/// The versions that are written here. From the next one on topics are ids.
pub(crate) const VERSIONS: (i16, i16) = (3, 12);

/// A request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Produce<'a> {
    pub(crate) version: i16,
    pub(crate) client_id: &'a str,
    pub(crate) acks: i16,
    /// How long the broker waits for its replicas, in milliseconds.
    pub(crate) timeout: i32,
    /// By topic.
    pub(crate) parts: &'a [Part<'a>],
}

/// A batch in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part<'a> {
    pub(crate) topic: &'a str,
    pub(crate) partition: u32,
    pub(crate) batch: &'a [u8],
}

impl Produce<'_> {
    /// Hands over the bytes of the request of a number, length included, piece by piece.
    pub(crate) fn write(&self, number: i32, put: &mut dyn FnMut(&[u8])) {
        let mut length = 0;
        self.body(number, &mut |piece| length += piece.len());
        put(&(length as u32).to_be_bytes());
        self.body(number, put);
    }

    fn body(&self, number: i32, put: &mut dyn FnMut(&[u8])) {
        // From version 9 on lengths are short numbers, and fields may be added.
        let is_flexible = self.version >= 9;
        let tags: &[u8] = if is_flexible { &[0] } else { &[] };
        let count = |count: usize, put: &mut dyn FnMut(&[u8])| {
            if is_flexible {
                put_short(count + 1, put);
            } else {
                put(&(count as u32).to_be_bytes());
            }
        };
        put(&0i16.to_be_bytes());
        put(&self.version.to_be_bytes());
        put(&number.to_be_bytes());
        put(&(self.client_id.len() as u16).to_be_bytes());
        put(self.client_id.as_bytes());
        put(tags);
        // No transaction.
        put(if is_flexible { &[0] } else { &[0xff, 0xff] });
        put(&self.acks.to_be_bytes());
        put(&self.timeout.to_be_bytes());
        let of_topics = || self.parts.chunk_by(|a, b| a.topic == b.topic);
        count(of_topics().count(), put);
        for parts in of_topics() {
            let topic = parts.first().map_or("", |part| part.topic);
            if is_flexible {
                put_short(topic.len() + 1, put);
            } else {
                put(&(topic.len() as u16).to_be_bytes());
            }
            put(topic.as_bytes());
            count(parts.len(), put);
            for part in parts {
                put(&part.partition.to_be_bytes());
                count(part.batch.len(), put);
                put(part.batch);
                put(tags);
            }
            put(tags);
        }
        put(tags);
    }
}

/// A number of few bytes if it is small.
fn put_short(number: usize, put: &mut dyn FnMut(&[u8])) {
    let mut left = number;
    while left >= 0x80 {
        // Seven bits.
        put(&[left as u8 | 0x80]);
        left >>= 7;
    }
    put(&[left as u8]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
    use kafka_protocol::messages::{ApiKey, ProduceRequest, RequestHeader, TopicName};
    use kafka_protocol::protocol::{Encodable, HeaderVersion, StrBytes};

    #[test]
    fn it_is_what_the_codec_writes_in_every_version() {
        let long = "t".repeat(200);
        let large = vec![7; 20_000];
        let part = |topic, partition, batch| Part {
            topic,
            partition,
            batch,
        };
        let parts = [
            part("a", 0, &b"one"[..]),
            part("a", 300, &large),
            part(&long, 1, b""),
        ];
        let of_codec = |parts: &[Part<'_>]| {
            TopicProduceData::default()
                .with_name(TopicName(StrBytes::from_string(parts[0].topic.to_owned())))
                .with_partition_data(
                    parts
                        .iter()
                        .map(|part| {
                            PartitionProduceData::default()
                                .with_index(part.partition as i32)
                                .with_records(Some(Bytes::copy_from_slice(part.batch)))
                        })
                        .collect(),
                )
        };
        for version in VERSIONS.0..=VERSIONS.1 {
            let mut made = Vec::new();
            let request = Produce {
                version,
                client_id: "bggo",
                acks: -1,
                timeout: 30_000,
                parts: &parts,
            };
            request.write(9, &mut |piece| made.extend_from_slice(piece));
            let mut expected = vec![0; 4];
            RequestHeader::default()
                .with_request_api_key(ApiKey::Produce as i16)
                .with_request_api_version(version)
                .with_correlation_id(9)
                .with_client_id(Some(StrBytes::from_static_str("bggo")))
                .encode(&mut expected, ProduceRequest::header_version(version))
                .unwrap();
            ProduceRequest::default()
                .with_acks(-1)
                .with_timeout_ms(30_000)
                .with_topic_data(vec![of_codec(&parts[..2]), of_codec(&parts[2..])])
                .encode(&mut expected, version)
                .unwrap();
            let length = expected.len() as u32 - 4;
            expected[..4].copy_from_slice(&length.to_be_bytes());
            assert!(made == expected, "version {version}");
        }
    }
}
