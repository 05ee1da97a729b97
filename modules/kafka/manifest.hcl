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
  error "message_too_large" {
    description = "The record is larger than `max_request_size`, or than its topic allows."
  }
  error "not_enough_replicas" {
    description = "Fewer replicas are in sync than the topic asks for."
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
    condition     = input.linger + input.request_timeout <= input.delivery_timeout
    error_message = "delivery_timeout is shorter than linger and request_timeout together"
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
