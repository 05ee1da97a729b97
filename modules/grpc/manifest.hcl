description = "gRPC: calls of all four kinds, and streams that last over steps."

# How calls and the steps of their streams fail.
shared "status" {
  error "cancelled" {
    description = "The server says that the call was cancelled."
  }
  error "unknown" {
    description = "The server failed in a way that it does not name."
  }
  error "invalid_argument" {
    description = "The server does not take what it was asked."
  }
  error "deadline_exceeded" {
    description = "The deadline passed, here or at the server."
  }
  error "not_found" {
    description = "The server does not find what it was asked for."
  }
  error "already_exists" {
    description = "What the server should make is there already."
  }
  error "permission_denied" {
    description = "The caller may not do that."
  }
  error "resource_exhausted" {
    description = "The server has none left of something, such as a quota."
  }
  error "failed_precondition" {
    description = "The server is in no state for that."
  }
  error "aborted" {
    description = "The server gave the operation up, mostly because of another one at the same time."
  }
  error "out_of_range" {
    description = "The call asks for something beyond the valid range."
  }
  error "unimplemented" {
    description = "The server does not have the method."
  }
  error "internal" {
    description = "The server broke a promise of its own."
  }
  error "unavailable" {
    description = "The server cannot answer now."
  }
  error "data_loss" {
    description = "The server has lost data."
  }
  error "unauthenticated" {
    description = "The server does not know who calls."
  }
  error "reset" {
    description = "The server gave the call up without a status, or the connection broke off."
  }
  error "goaway" {
    description = "The server ended the connection and did not look at the call."
  }
  error "protocol" {
    description = "What came is no right answer of gRPC."
  }
}

# Without a connection there is no call.
shared "connection" {
  error "connect" {
    description = "No connection: the host has no address, nobody listens there, or it took longer than connect_timeout."
  }
  error "tls" {
    description = "No TLS connection, or one without HTTP/2."
  }
}

# A step of a stream.
shared "stream" {
  uses "stream" {
    asset       = "grpc_stream"
    description = "The stream."
  }
  rule {
    when          = ["timeout"]
    condition     = step.time_limit == null || input.timeout <= step.time_limit
    error_message = "the time limit of the step is shorter and ends it first"
    severity      = "warning"
  }
  error "message_too_large" {
    description = "A message of the server has more bytes than max_receive_message_size."
  }
  error "closed" {
    description = "The server ended the stream before with status OK, or a step closed it."
  }
}

runner "grpc_request" {
  description = "Makes a call: sends its message or messages, and waits for those of the server and for the status."
  shares      = ["status", "connection"]

  uses "client" {
    asset       = "grpc_client"
    description = "The client whose connection and settings the call uses."
  }
  input "method" {
    type        = string
    required    = true
    selects     = uses.client
    description = "The method, as `shop.Cart/Add`. It is known when the grid is built."
  }
  input "message" {
    type        = any
    shape       = true
    type_from   = input.method.request
    description = "The message that is sent. Without it one without fields is."
  }
  input "messages" {
    type        = list(any)
    type_from   = input.method.request
    description = "The messages that are sent, of a method that takes several."
  }
  input "metadata" {
    type                = map(string)
    key_pattern         = "^[A-Za-z0-9_.-]+$"
    key_pattern_message = "a name in metadata has letters, digits and _-. only"
    pattern             = "^[ -~]*$"
    pattern_message     = "a value in metadata has characters of ASCII only; one whose name ends with -bin is Base64"
    description         = "Metadata of this call. It replaces that of the client of the same name."
  }
  input "deadline" {
    type        = duration
    more_than   = "0s"
    description = "How long the call may take. The server is told so."
  }
  input "expect_messages" {
    type        = number
    min         = 0
    description = "How many messages the server has to send. Without it any number passes."
  }
  input "expect_status" {
    type            = list(string)
    min_length      = 1
    pattern         = "^(?:OK|CANCELLED|UNKNOWN|INVALID_ARGUMENT|DEADLINE_EXCEEDED|NOT_FOUND|ALREADY_EXISTS|PERMISSION_DENIED|RESOURCE_EXHAUSTED|FAILED_PRECONDITION|ABORTED|OUT_OF_RANGE|UNIMPLEMENTED|INTERNAL|UNAVAILABLE|DATA_LOSS|UNAUTHENTICATED)$"
    pattern_message = "write the name of a status, as NOT_FOUND"
    description     = "The statuses that pass. Without it only OK does. DEADLINE_EXCEEDED passes also where the deadline passed before the server said so."
  }

  rule {
    conflicts     = ["message", "messages"]
    error_message = "a call has a message or a list of messages: at most one of message and messages may be given"
  }
  rule {
    when          = ["expect_messages"]
    condition     = input.expect_messages == floor(input.expect_messages)
    error_message = "expect_messages is a whole number"
  }
  rule {
    when          = ["deadline"]
    condition     = step.time_limit == null || input.deadline <= step.time_limit
    error_message = "the time limit of the step is shorter and ends it first"
    severity      = "warning"
  }

  output "status_code" {
    type        = number
    description = "The number of the status: 0 is OK."
  }
  output "status" {
    type        = string
    description = "The name of the status, as `NOT_FOUND`."
  }
  output "status_message" {
    type        = string
    description = "What the server says beside the status."
  }
  output "message" {
    type        = any
    type_from   = input.method.response
    description = "The message of the server, the last one if it sent several; null if it sent none."
  }
  output "messages" {
    type        = list(any)
    type_from   = input.method.response
    description = "All messages of the server, in order. Together they have at most 64 MiB."
  }
  output "metadata" {
    type        = map(string)
    description = "The metadata before the first message, by names in lower case. The values of a name that came more than once are joined by a comma; one whose name ends with -bin is Base64."
  }
  output "trailers" {
    type        = map(string)
    description = "The metadata behind the last message, in the same way."
  }
  output "details" {
    type        = list(any)
    description = "Details of the status: objects with the `type` of a message, as `google.rpc.BadRequest`, and its bytes as `value`."
  }

  metric "messages_sent" {
    kind        = "counter"
    description = "Messages that were sent."
  }
  metric "messages_received" {
    kind        = "counter"
    description = "Messages that came."
  }
  metric "time_to_first_message" {
    kind        = "trend"
    unit        = "time"
    description = "From the request to the first message, of methods whose server sends several."
  }

  error "ok" {
    description = "The server answered OK, and `expect_status` does not name it."
  }
  error "message_too_large" {
    description = "A message of the server has more bytes than max_receive_message_size, or all of a list have more than 64 MiB."
  }
  error "timeout" {
    description = "A call without a deadline took longer than the timeout of its client."
  }
  error "decode" {
    description = "A message of the server is none of its type."
  }
  error "messages" {
    description = "Another number of messages came than `expect_messages` says."
  }
  error "metadata" {
    description = "Metadata holds what cannot be sent."
  }
}

runner "grpc_send" {
  description = "Sends a message on a stream. The step ends once the system has taken all of it."
  shares      = ["status", "connection", "stream"]

  input "message" {
    type        = any
    shape       = true
    type_from   = uses.stream.method.request
    description = "The message. Without it one without fields is sent."
  }
  input "timeout" {
    type        = duration
    more_than   = "0s"
    description = "How long sending may take: a server that takes no more messages holds it up. Without it 10 s."
  }

  metric "messages_sent" {
    kind        = "counter"
    description = "Messages that were sent."
  }

  error "timeout" {
    description = "The message could not be sent within `timeout`."
  }
}

runner "grpc_receive" {
  description = "Waits for a message on a stream. What came since the last step that received counts."
  shares      = ["status", "connection", "stream"]

  input "match" {
    type        = bool
    form        = "predicate"
    description = "Which message counts: a condition over the outputs, as `output.message.id == vu.id`. Those before it are dropped. Without it the next message does."
  }
  input "timeout" {
    type        = duration
    more_than   = "0s"
    description = "How long the step waits. Without it 10 s."
  }

  output "message" {
    type        = any
    type_from   = uses.stream.method.response
    description = "The message."
  }
  output "skipped" {
    type        = number
    description = "How many messages did not match, and were dropped."
  }

  metric "messages_received" {
    kind        = "counter"
    description = "Messages that came, those that did not match included."
  }

  error "timeout" {
    description = "No message within `timeout`."
  }
  error "decode" {
    description = "A message of the server is none of its type."
  }
}

runner "grpc_close" {
  description = "Says that no more messages are sent on a stream, and waits for the status of the server."
  shares      = ["status", "connection", "stream"]

  input "expect_status" {
    type            = list(string)
    min_length      = 1
    pattern         = "^(?:OK|CANCELLED|UNKNOWN|INVALID_ARGUMENT|DEADLINE_EXCEEDED|NOT_FOUND|ALREADY_EXISTS|PERMISSION_DENIED|RESOURCE_EXHAUSTED|FAILED_PRECONDITION|ABORTED|OUT_OF_RANGE|UNIMPLEMENTED|INTERNAL|UNAVAILABLE|DATA_LOSS|UNAUTHENTICATED)$"
    pattern_message = "write the name of a status, as NOT_FOUND"
    description     = "The statuses that pass. Without it only OK does. DEADLINE_EXCEEDED passes also where the deadline passed before the server said so."
  }
  input "timeout" {
    type        = duration
    more_than   = "0s"
    description = "How long the step waits for the status. Without it 10 s."
  }

  output "status_code" {
    type        = number
    description = "The number of the status: 0 is OK."
  }
  output "status" {
    type        = string
    description = "The name of the status, as `NOT_FOUND`."
  }
  output "status_message" {
    type        = string
    description = "What the server says beside the status."
  }
  output "metadata" {
    type        = map(string)
    description = "The metadata before the first message, by names in lower case. The values of a name that came more than once are joined by a comma; one whose name ends with -bin is Base64."
  }
  output "trailers" {
    type        = map(string)
    description = "The metadata behind the last message, in the same way."
  }
  output "details" {
    type        = list(any)
    description = "Details of the status: objects with the `type` of a message, as `google.rpc.BadRequest`, and its bytes as `value`."
  }
  output "skipped" {
    type        = number
    description = "How many messages came that no step took."
  }

  metric "messages_received" {
    kind        = "counter"
    description = "Messages that came and that no step took."
  }

  error "ok" {
    description = "The server answered OK, and `expect_status` does not name it."
  }
  error "timeout" {
    description = "The server did not end the stream within `timeout`."
  }
}

asset "grpc_client" {
  description = "A connection to a server of gRPC, with the services that it has. The calls of its user go side by side on it."
  scope       = "vu"
  scopes      = ["worker", "iteration"]
  connects    = true
  shares      = ["connection"]

  input "target" {
    type            = string
    required        = true
    pattern         = "^(?:unix:[^\\x00]{1,107}|(?:\\[[0-9A-Fa-f:.]+\\]|[^\\s/?#:@\\[\\]\\\\]+):[0-9]{1,5})$"
    pattern_message = "write a host and a port, as localhost:50051, or unix: and the path of a socket"
    description     = "Where the server is: host and port, or `unix:` and the path of a socket."
  }
  input "proto" {
    type        = list(string)
    read        = "build"
    as          = ["protobuf"]
    description = "The `.proto` files of its services. They are read when the grid is built."
  }
  input "import_paths" {
    type        = list(string)
    read        = "build"
    as          = ["folders"]
    description = "Folders in which these files, and those that they import, are looked for. That of the grid is always."
  }
  input "descriptor_set" {
    type        = string
    read        = "build"
    as          = ["protobuf_set"]
    description = "A descriptor set of its services, in place of `.proto` files."
  }
  input "tls" {
    type        = bool
    default     = false
    description = "Whether TLS is spoken."
  }
  input "authority" {
    type            = string
    pattern         = "^[!-.0-9:;=?A-~\\[\\]]+$"
    pattern_message = "write a host, perhaps with a port"
    description     = "The host that the server is asked for, and that TLS checks. Without it that of the target."
  }
  input "connect_timeout" {
    type        = duration
    default     = "10s"
    more_than   = "0s"
    description = "Time limit for connecting, TLS included."
  }
  input "timeout" {
    type        = duration
    default     = "10s"
    more_than   = "0s"
    description = "Time limit of a `grpc_request` without a deadline. The server is not told."
  }
  input "keepalive_time" {
    type        = duration
    more_than   = "0s"
    description = "How long nothing may come before the server is pinged. Without it the server is never pinged."
  }
  input "keepalive_timeout" {
    type        = duration
    default     = "20s"
    more_than   = "0s"
    description = "How long nothing may come after such a ping, before the connection counts as broken."
  }
  input "max_receive_message_size" {
    type        = size
    default     = "4MiB"
    min         = 1
    description = "The most bytes of a message of the server, decompressed."
  }
  input "compression" {
    type        = string
    default     = "none"
    one_of      = ["none", "gzip"]
    description = "How messages are compressed that are sent, where that makes them smaller. Those of the server may always be."
  }
  input "metadata" {
    type                = map(string)
    key_pattern         = "^[A-Za-z0-9_.-]+$"
    key_pattern_message = "a name in metadata has letters, digits and _-. only"
    pattern             = "^[ -~]*$"
    pattern_message     = "a value in metadata has characters of ASCII only; one whose name ends with -bin is Base64"
    description         = "Metadata of every call."
  }
  input "ca_file" {
    type        = string
    description = "File of PEM certificates to trust instead of the built-in ones and the host's: of authorities, or of the server itself."
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
    when          = ["ca_file", "ca_pem", "client_cert_file", "client_cert_pem"]
    condition     = input.tls
    error_message = "TLS is not spoken, so no certificate is looked at or shown: write tls = true"
    severity      = "warning"
  }

  metric "connecting" {
    kind        = "trend"
    unit        = "time"
    description = "From the beginning of a dial to its end, TLS included."
  }
  metric "reconnects" {
    kind        = "counter"
    description = "Connections that replaced one that was lost or that its server had ended."
  }

  error "settings" {
    description = "The settings of the client cannot be used."
  }
}

asset "grpc_stream" {
  description = "A call that lasts over steps. It begins with the first step that sends, receives or closes; messages that no step takes hold the server up."
  scope       = "iteration"
  scopes      = ["vu"]

  uses "client" {
    asset       = "grpc_client"
    description = "The client on whose connection the stream is."
  }
  input "method" {
    type        = string
    required    = true
    selects     = uses.client
    streams     = true
    description = "The method, as `chat.Chat/Talk`, whose requests or answers are a stream. It is known when the grid is built."
  }
  input "metadata" {
    type                = map(string)
    key_pattern         = "^[A-Za-z0-9_.-]+$"
    key_pattern_message = "a name in metadata has letters, digits and _-. only"
    pattern             = "^[ -~]*$"
    pattern_message     = "a value in metadata has characters of ASCII only; one whose name ends with -bin is Base64"
    description         = "Metadata of the call. It replaces that of the client of the same name."
  }
  input "deadline" {
    type        = duration
    more_than   = "0s"
    description = "How long the stream may take, from its beginning. The server is told so."
  }

  error "metadata" {
    description = "Metadata holds what cannot be sent."
  }
}
