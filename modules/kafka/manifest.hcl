description = "Kafka: records, groups, offsets and topics."

# How a cluster is reached, by producers and by consumers.
shared "cluster" {
  input "bootstrap_servers" {
    type            = list(string)
    required        = true
    min_length      = 1
    pattern         = "^(?:\\[[0-9A-Fa-f:.]+\\]|[^\\s/?#:@\\[\\]\\\\,]+):[0-9]{1,5}$"
    pattern_message = "write a host and a port, as broker.test:9092"
    description     = "Some brokers of the cluster, as `broker.test:9092`. They name the others."
  }
  input "client_id" {
    type        = string
    default     = "bggo"
    description = "What the brokers call this client in their logs and quotas."
  }
  input "security_protocol" {
    type        = string
    default     = "PLAINTEXT"
    one_of      = ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
    description = "Whether TLS is spoken, and whether the client says who it is by SASL."
  }
  input "sasl_mechanism" {
    type        = string
    one_of      = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]
    description = "How the client proves who it is."
  }
  input "sasl_username" {
    type        = string
    description = "The user, of PLAIN and SCRAM."
  }
  input "sasl_password" {
    type        = string
    sensitive   = true
    description = "The user's password."
  }
  input "sasl_token" {
    type        = string
    sensitive   = true
    description = "The token of OAUTHBEARER."
  }
  input "server_name" {
    type        = string
    description = "The host that the certificates of all brokers have to be for. Without it each is for its own host."
  }
  input "ca_file" {
    type        = string
    description = "File of PEM certificates to trust instead of the built-in ones and the host's: of authorities, or of the brokers themselves."
  }
  input "ca_pem" {
    type        = string
    description = "The certificates of `ca_file` as text."
  }
  input "client_cert_file" {
    type        = string
    description = "File of the client's certificate chain (PEM)."
  }
  input "client_key_file" {
    type        = string
    description = "File of the client certificate's key (PEM)."
  }
  input "client_cert_pem" {
    type        = string
    description = "The client's certificate chain as text."
  }
  input "client_key_pem" {
    type        = string
    sensitive   = true
    description = "The client certificate's key as text."
  }
  input "insecure_skip_verify" {
    type        = bool
    default     = false
    description = "Whether every certificate is trusted. For tests only."
  }
  input "request_timeout" {
    type        = duration
    default     = "30s"
    more_than   = "0s"
    description = "How long a broker may take to answer a request. A connection whose answer did not come in time is closed."
  }

  input "metadata_max_age" {
    type        = duration
    default     = "5m"
    more_than   = "0s"
    description = "How often the brokers are asked for more partitions of the topics, though nothing went wrong."
  }

  rule {
    condition     = !startswith(input.security_protocol, "SASL") || input.sasl_mechanism != null
    error_message = "with SASL the client says how it proves who it is: give sasl_mechanism"
  }
  rule {
    when          = ["sasl_mechanism", "sasl_username", "sasl_password", "sasl_token"]
    condition     = startswith(input.security_protocol, "SASL")
    error_message = "SASL is spoken only with the security_protocol SASL_PLAINTEXT or SASL_SSL"
  }
  rule {
    when          = ["sasl_mechanism"]
    condition     = input.sasl_mechanism == "OAUTHBEARER" || (input.sasl_username != null && input.sasl_password != null)
    error_message = "PLAIN and SCRAM need a user and a password: sasl_username and sasl_password"
  }
  rule {
    when          = ["sasl_mechanism"]
    condition     = input.sasl_mechanism != "OAUTHBEARER" || input.sasl_token != null
    error_message = "OAUTHBEARER needs a token: sasl_token"
  }
  rule { conflicts = ["ca_file", "ca_pem"] }
  rule { conflicts = ["client_cert_file", "client_cert_pem"] }
  rule { conflicts = ["client_key_file", "client_key_pem"] }
  rule {
    when          = ["client_cert_file", "client_cert_pem"]
    at_least_one  = ["client_key_file", "client_key_pem"]
    error_message = "a client's certificate needs its key: client_key_file or client_key_pem"
  }
  rule {
    when          = ["client_key_file", "client_key_pem"]
    at_least_one  = ["client_cert_file", "client_cert_pem"]
    error_message = "a client's key needs its certificate: client_cert_file or client_cert_pem"
  }
  rule {
    when          = ["ca_file", "ca_pem", "client_cert_file", "client_cert_pem", "server_name"]
    condition     = endswith(input.security_protocol, "SSL")
    error_message = "TLS is not spoken, so no certificate is looked at or shown: the security_protocol is SSL or SASL_SSL"
    severity      = "warning"
  }

  metric "connections" {
    kind        = "counter"
    description = "Connections to brokers that were opened."
  }
  metric "connecting" {
    kind        = "trend"
    unit        = "time"
    description = "From the beginning of a dial until the broker has let the client in."
  }
  error "settings" {
    description = "The settings cannot be used."
  }
}

# What can go wrong between a client and its brokers.
shared "faults" {
  error "connect" {
    description = "No broker answers: nobody listens there, there is no way to the host, its name has no address, or it took too long."
  }
  error "tls" {
    description = "No TLS connection, or the listener speaks the other of TLS and plain text."
  }
  error "authentication" {
    description = "The broker does not let the client in."
  }
  error "authorization" {
    description = "The client may not do that."
  }
  error "unknown_topic" {
    description = "There is no such topic or partition."
  }
  error "timeout" {
    description = "A broker did not answer within `request_timeout`, or says that it took too long."
  }
  error "fenced" {
    description = "Another client has taken this one's place."
  }
  error "corrupt" {
    description = "Bytes arrived that are not those that were sent."
  }
  error "protocol" {
    description = "The broker does not know a request, refuses it as none, or its answer is none of Kafka."
  }
  error "broker_error" {
    description = "Any other error of a broker."
  }
  error "closed" {
    description = "The connection ended before the answer came."
  }
}

runner "kafka_produce" {
  description = "Sends a record, and waits until its broker has acknowledged it."
  shares      = ["faults"]
  late_result = input.wait_for == "queued"
  lingers     = uses.producer.linger
  stamps      = input.stamp

  uses "producer" {
    asset       = "kafka_producer"
    description = "The producer."
  }

  input "topic" {
    type            = string
    required        = true
    pattern         = "^[A-Za-z0-9._-]{1,249}$"
    pattern_message = "a topic has letters, digits, dots, underscores and hyphens, at most 249"
    description     = "The topic. It has to be there: none is made."
  }
  input "value" {
    type        = any
    required    = true
    nullable    = true
    description = "The record's value: a string or bytes as they are, everything else as JSON. Null is a tombstone."
  }
  input "key" {
    type        = any
    description = "The record's key, in the same way. Records of the same key go to the same partition. Without it the producer chooses."
  }
  input "headers" {
    type        = map(string)
    description = "The record's headers."
  }
  input "partition" {
    type        = number
    min         = 0
    description = "The partition, whatever the key."
  }
  input "timestamp" {
    type        = number
    min         = 0
    description = "The record's time, in milliseconds since 1970. Without it now."
  }
  input "wait_for" {
    type        = string
    default     = "ack"
    one_of      = ["ack", "queued"]
    description = "What the step waits for: that the record is acknowledged, or only that it stands in a batch. Then its result is counted when it comes: `delivered`, `undelivered` or `possibly_written`."
  }
  input "stamp" {
    type        = bool
    read        = "build"
    description = "Whether the record has a header `bggo-sent` by which whoever consumes it learns how long it was on its way. Without it that is so where a step of the grid consumes records."
  }

  rule {
    when          = ["partition"]
    condition     = input.partition == floor(input.partition)
    error_message = "partition is a whole number"
  }
  rule {
    when          = ["timestamp"]
    condition     = input.timestamp == floor(input.timestamp)
    error_message = "timestamp is a whole number of milliseconds"
  }

  output "partition" {
    type        = number
    description = "The partition that the record is in."
  }
  output "offset" {
    type        = number
    comes_late  = true
    description = "Its place there; null if the broker does not say it (acks = \"0\", or a record that was sent again and was there already)."
  }
  output "timestamp" {
    type        = number
    comes_late  = true
    description = "Its time, in milliseconds since 1970: that of the broker if the topic is kept so."
  }

  metric "queue_time" {
    kind        = "trend"
    unit        = "time"
    description = "From the beginning of the step until the record was sent: waiting for room, for its topic, for `linger` and for its turn."
  }
  metric "broker_time" {
    kind        = "trend"
    unit        = "time"
    description = "From there until its acknowledgement came."
  }
  metric "bytes" {
    kind        = "counter"
    unit        = "bytes"
    description = "Bytes of acknowledged keys, values and headers."
  }
  metric "unacknowledged" {
    kind        = "counter"
    description = "Records of steps that waited: they were handed over, and nobody knows whether the broker has written them."
  }

  error "message_too_large" {
    description = "The record is larger than `max_request_size`, or than its topic allows."
  }
  error "not_enough_replicas" {
    description = "Fewer replicas are in sync than the topic asks for."
  }
  error "delivery_timeout" {
    description = "No acknowledgement within `delivery_timeout`."
  }
  error "throttled_out" {
    description = "`buffer_memory` was full for `max_block`."
  }
}

# A question about topics, of any client of the cluster.
shared "topic" {
  uses "client" {
    asset       = ["kafka_producer", "kafka_consumer"]
    description = "A client of the cluster."
  }
  input "topic" {
    type            = string
    required        = true
    pattern         = "^[A-Za-z0-9._-]{1,249}$"
    pattern_message = "a topic has letters, digits, dots, underscores and hyphens, at most 249"
    description     = "The topic."
  }
}

runner "kafka_create_topic" {
  description     = "Makes a topic, and waits until its partitions have leaders."
  shares          = ["topic", "faults"]
  meant_for_setup = "a step changes the cluster"

  input "partitions" {
    type        = number
    default     = 1
    min         = 1
    max         = 100000
    description = "How many partitions it has."
  }
  input "replication_factor" {
    type        = number
    min         = 1
    max         = 1000
    description = "How many brokers have each partition. Without it as many as the cluster says."
  }
  input "config" {
    type        = map(string)
    description = "Settings of the topic, as `{ \"retention.ms\" = \"60000\" }`."
  }
  input "if_exists" {
    type        = string
    default     = "fail"
    one_of      = ["fail", "keep"]
    description = "What happens if it is there: the step fails, or the topic stays as it is."
  }

  rule {
    condition     = input.partitions == floor(input.partitions)
    error_message = "partitions is a whole number"
  }
  rule {
    when          = ["replication_factor"]
    condition     = input.replication_factor == floor(input.replication_factor)
    error_message = "replication_factor is a whole number"
  }

  output "created" {
    type        = bool
    description = "Whether it was made: false if it was there."
  }
  output "partitions" {
    type        = number
    description = "How many partitions it has."
  }

  error "topic_exists" {
    description = "There is such a topic."
  }
}

runner "kafka_delete_topic" {
  description     = "Deletes a topic with all its records, and waits until it is gone."
  shares          = ["topic", "faults"]
  meant_for_setup = "a step changes the cluster"

  input "if_missing" {
    type        = string
    default     = "fail"
    one_of      = ["fail", "ignore"]
    description = "What happens if there is none: the step fails, or nothing."
  }

  output "deleted" {
    type        = bool
    description = "Whether it was deleted: false if there was none."
  }
}

runner "kafka_list_offsets" {
  description = "Asks where the partitions of a topic begin or end, or where a time is in them."
  shares      = ["topic", "faults"]

  input "at" {
    type        = string
    default     = "latest"
    one_of      = ["earliest", "latest"]
    description = "The offset of the first record that is there, or the one that the next record will have."
  }
  input "timestamp" {
    type        = number
    min         = 0
    description = "The offset of the first record at this time or later, in milliseconds since 1970, in place of `at`."
  }

  rule {
    when          = ["timestamp"]
    condition     = input.timestamp == floor(input.timestamp)
    error_message = "timestamp is a whole number of milliseconds"
  }

  output "offsets" {
    type        = list(any)
    description = "An object with `partition` and `offset` for each partition, in order. The offset is null where no record is as late as `timestamp`."
  }
  output "total" {
    type        = number
    description = "The sum of the offsets: with `latest`, of a topic from which nothing was deleted, how many records it has."
  }
}

asset "kafka_producer" {
  description = "A producer: it collects records of all its users into batches, and sends them to the brokers that lead their partitions."
  shares      = ["cluster", "faults"]
  scope       = "worker"
  scopes      = ["vu"]
  connects    = true

  input "acks" {
    type        = string
    default     = "all"
    one_of      = ["all", "0", "1"]
    description = "Who has to have a record before it is acknowledged: all replicas in sync, the leader (`\"1\"`) or nobody (`\"0\"`)."
  }
  input "idempotence" {
    type        = bool
    default     = true
    description = "Whether the broker finds out records that were sent again, so that each is written once and in order. It needs `acks = \"all\"`."
  }
  input "linger" {
    type        = duration
    default     = "5ms"
    description = "How long a batch waits for more records, unless it is full before."
  }
  input "batch_size" {
    type        = size
    default     = "16KiB"
    min         = 1
    description = "The most bytes of a batch. A single record may have more."
  }
  input "compression" {
    type        = string
    default     = "none"
    one_of      = ["none", "gzip", "snappy", "lz4", "zstd"]
    description = "How batches are compressed."
  }
  input "partitioner" {
    type        = string
    default     = "default"
    one_of      = ["default", "random", "round_robin"]
    description = "Who chooses the partition of a record: its key (murmur2, as Kafka's own clients) or, without one, whichever gets the batch that is being filled; chance; or all in turn."
  }
  input "max_in_flight" {
    type        = number
    default     = 5
    min         = 1
    max         = 5
    description = "The most requests to a broker that are not answered."
  }
  input "max_request_size" {
    type        = size
    default     = "1MiB"
    min         = 1
    description = "The most bytes of a record, and of a request as far as there are several."
  }
  input "buffer_memory" {
    type        = size
    default     = "32MiB"
    min         = 1
    description = "The most bytes of records that are not acknowledged. A step waits for room."
  }
  input "max_block" {
    type        = duration
    default     = "60s"
    description = "How long a step waits for room."
  }
  input "delivery_timeout" {
    type        = duration
    default     = "120s"
    more_than   = "0s"
    description = "How long a record may take from the step to its acknowledgement. What can be tried again is tried again as long."
  }

  rule {
    condition     = !input.idempotence || input.acks == "all"
    error_message = "idempotence needs acks = \"all\": write idempotence = false"
  }
  rule {
    condition     = input.linger < input.delivery_timeout && input.request_timeout <= input.delivery_timeout
    error_message = "delivery_timeout is shorter than linger or request_timeout"
  }
  rule {
    condition     = input.max_in_flight == floor(input.max_in_flight)
    error_message = "max_in_flight is a whole number"
  }

  output "cluster_id" {
    type        = string
    description = "The id of the cluster; null if it has none."
  }

  metric "batch_records" {
    kind        = "trend"
    description = "How many records a batch has."
  }
  metric "batch_bytes" {
    kind        = "trend"
    unit        = "bytes"
    description = "How many bytes a batch has as it is sent, compressed if it is."
  }
  metric "retries" {
    kind        = "counter"
    description = "Batches that were sent again."
  }
  metric "throttle_time" {
    kind        = "trend"
    unit        = "time"
    description = "How long a broker held requests back because of a quota. Only where it did."
  }
}

asset "kafka_consumer" {
  description = "A consumer: it reads topics over connections of its own, alone or as a member of a group. It is created once it is known where it begins, so that what is produced from then on comes."
  shares      = ["cluster", "faults"]
  scope       = "vu"
  scopes      = ["iteration"]
  connects    = true

  input "topics" {
    type        = list(string)
    required    = true
    min_length  = 1
    description = "The topics. None is made by reading it."
  }
  input "partitions" {
    type        = list(number)
    min_length  = 1
    description = "The partitions that it reads of each topic, if it is in no group. Without it all."
  }
  input "group_id" {
    type        = string
    min_length  = 1
    description = "The group of which it is a member: the members share the partitions, and the group remembers how far it has come."
  }
  input "group_protocol" {
    type        = string
    default     = "classic"
    one_of      = ["classic", "consumer"]
    description = "How the group shares out its partitions: by one of its members, or by the broker, which Kafka 4.0 and later know."
  }
  input "group_instance_id" {
    type        = string
    min_length  = 1
    description = "A name of its own in the group, under which it may come back within `session_timeout` without that anything is shared out anew. No other member has it."
  }
  input "assignor" {
    type        = string
    default     = "range"
    one_of      = ["range", "round_robin", "cooperative_sticky"]
    description = "How a group of the classic protocol shares out. All members say the same."
  }
  input "auto_offset_reset" {
    type        = string
    default     = "latest"
    one_of      = ["earliest", "latest", "none"]
    description = "Where it begins if its group has committed nothing, or if its offset is not there any more. With `none` that is a failure."
  }
  input "start_at" {
    type            = string
    default         = "committed"
    pattern         = "^(?:committed|earliest|latest|[0-9]{1,18})$"
    pattern_message = "write committed, earliest, latest or milliseconds since 1970"
    description     = "Where it begins: where its group has come to, at the beginning, at the end, or at the first record of a time in milliseconds since 1970. Without a group `committed` is what `auto_offset_reset` says."
  }
  input "isolation_level" {
    type        = string
    default     = "read_uncommitted"
    one_of      = ["read_uncommitted", "read_committed"]
    description = "Whether records of transactions come before they are committed, and those that were taken back at all."
  }
  input "enable_auto_commit" {
    type        = bool
    default     = false
    description = "Whether what steps have taken is committed with each heartbeat, and when the consumer ends or loses a partition."
  }
  input "fetch_min_bytes" {
    type        = size
    default     = 1
    min         = 0
    description = "How many bytes a broker waits for before it answers a fetch."
  }
  input "fetch_max_wait" {
    type        = duration
    default     = "500ms"
    description = "How long it waits for them at most."
  }
  input "max_partition_fetch_bytes" {
    type        = size
    default     = "1MiB"
    min         = 1
    description = "The most bytes of a partition that a fetch brings, unless its first batch has more. As many may wait for steps while the next ones are fetched."
  }
  input "session_timeout" {
    type        = duration
    default     = "45s"
    more_than   = "0s"
    description = "How long a group of the classic protocol waits for a heartbeat before it takes the partitions of a member away."
  }
  input "heartbeat_interval" {
    type        = duration
    default     = "3s"
    more_than   = "0s"
    description = "How often a member of the classic protocol says that it is there. A user that waits or sleeps does so as well."
  }
  input "max_poll_interval" {
    type        = duration
    default     = "5m"
    more_than   = "0s"
    description = "How long a member may go without a step that looks for records. It leaves its group then, and comes back with the next step. A group waits as long for its members when it shares out."
  }

  rule {
    conflicts     = ["partitions", "group_id"]
    error_message = "a group shares out the partitions of its topics: give partitions or group_id"
  }
  rule {
    when          = ["group_instance_id"]
    at_least_one  = ["group_id"]
    error_message = "a name in a group needs the group: give group_id"
  }
  rule {
    condition     = !input.enable_auto_commit || input.group_id != null
    error_message = "without a group there is nobody to commit to: give group_id"
  }
  rule {
    condition     = input.heartbeat_interval < input.session_timeout
    error_message = "a heartbeat has to come before session_timeout is over"
  }
  rule {
    condition     = input.fetch_max_wait < input.request_timeout
    error_message = "a broker that waits for fetch_max_wait does not answer within request_timeout"
  }

  output "topic" {
    type        = string
    description = "The first of its topics, for steps that produce to it. A step that reads it runs once the consumer is there, so what it produces comes."
  }
  output "partitions" {
    type        = number
    description = "How many partitions it had when it was created."
  }

  metric "bytes" {
    kind        = "counter"
    unit        = "bytes"
    description = "Bytes of batches that came, compressed if they are."
  }
  metric "fetch_time" {
    kind        = "trend"
    unit        = "time"
    description = "How long a broker took to answer a fetch; it waits for records up to `fetch_max_wait`."
  }
  metric "empty_polls" {
    kind        = "counter"
    description = "Fetches that brought nothing."
  }
  metric "lag" {
    kind        = "gauge"
    description = "Records of its partitions that are behind those that were taken."
  }
  metric "rebalances" {
    kind        = "counter"
    description = "How often its group has given it a share of the partitions."
  }
  metric "join_time" {
    kind        = "trend"
    unit        = "time"
    description = "From asking to join its group until it had its share."
  }

  error "offset_out_of_range" {
    description = "The offset is not in the partition, and `auto_offset_reset` is `none`."
  }
  error "rebalance" {
    description = "The group shares out its partitions anew."
  }
}

runner "kafka_consume" {
  description    = "Takes records of a consumer: it waits for one, and takes with it what else is there."
  shares         = ["faults"]
  reads_stamps   = true
  settled_at_end = input.commit == "end"

  uses "consumer" {
    asset       = "kafka_consumer"
    description = "The consumer."
  }

  input "max_records" {
    type        = number
    default     = 1
    min         = 1
    description = "The most records that the step takes. Fewer are no failure."
  }
  input "timeout" {
    type        = duration
    more_than   = "0s"
    description = "How long the step waits for a record. Without it 5 s."
  }
  input "match_key" {
    type        = any
    description = "Only records with this key count. The others are passed over, and no later step gets them."
  }
  input "match_header" {
    type        = object({ name = string, value = any })
    description = "Only records with this header count: an object with `name` and `value`."
  }
  input "commit" {
    type        = string
    default     = "none"
    one_of      = ["none", "each", "end"]
    description = "With `each` the step tells the group how far it has come, and ends when the group has heard it. With `end` the consumer tells it when the iteration of its user ends, however that ends, before the next one begins."
  }

  rule {
    condition     = input.max_records == floor(input.max_records)
    error_message = "max_records is a whole number"
  }
  rule {
    when          = ["timeout"]
    condition     = step.time_limit == null || input.timeout <= step.time_limit
    error_message = "the time limit of the step is shorter and ends it first"
    severity      = "warning"
  }

  output "records" {
    type        = list(any)
    description = "The records in order: objects with `topic`, `partition`, `offset`, `timestamp` (milliseconds since 1970), `key`, `value` and `headers`. What is no UTF-8 is bytes."
  }
  output "record" {
    type        = any
    description = "The first of them."
  }
  output "count" {
    type        = number
    description = "How many there are."
  }
  output "lag" {
    type        = number
    description = "How many records of the consumer's partitions are behind them, as far as the brokers have said."
  }

  metric "records" {
    kind        = "counter"
    description = "Records that steps took."
  }
  metric "passed_over" {
    kind        = "counter"
    description = "Records that did not match."
  }

  error "offset_out_of_range" {
    description = "The offset is not in the partition, and `auto_offset_reset` is `none`."
  }
  error "rebalance" {
    description = "The group shares out its partitions anew, so what was taken cannot be committed: others get it again."
  }
  error "settings" {
    description = "The consumer is in no group, so there is nobody to commit to."
  }
}

runner "kafka_commit" {
  description = "Tells the group of a consumer how far its steps have come."
  shares      = ["faults"]

  uses "consumer" {
    asset       = "kafka_consumer"
    description = "The consumer."
  }

  input "timeout" {
    type        = duration
    more_than   = "0s"
    description = "How long the step may take. Without it 5 s."
  }

  rule {
    when          = ["timeout"]
    condition     = step.time_limit == null || input.timeout <= step.time_limit
    error_message = "the time limit of the step is shorter and ends it first"
    severity      = "warning"
  }

  error "rebalance" {
    description = "The group shares out its partitions anew, so what was taken cannot be committed: others get it again."
  }
  error "settings" {
    description = "The consumer is in no group, so there is nobody to commit to."
  }
}
