description = "RabbitMQ: messages published with confirms, consumed, asked for and answered, over AMQP 0-9-1."

# Every step uses a connection, and fails as the server or the connection does.
shared "exchange" {
  uses "connection" {
    asset       = "rabbitmq_connection"
    description = "The connection. Steps that run side by side use it at the same time."
  }
  input "timeout" {
    type        = duration
    more_than   = "0s"
    description = "How long the step may take. Without it 10 s. The connection stays as it is: an answer that comes later is dropped."
  }
  rule {
    when          = ["timeout"]
    condition     = step.time_limit == null || input.timeout <= step.time_limit
    error_message = "the time limit of the step is shorter and ends it first"
    severity      = "warning"
  }
  error "argument" {
    description = "An argument cannot be sent: a name, a key or a property has more than 255 bytes, a table is too deep, or headers or arguments are larger than a frame may be (`frame_max`)."
  }
  error "access_refused" {
    description = "403 ACCESS_REFUSED: the user may not do that."
  }
  error "not_found" {
    description = "404 NOT_FOUND: there is no such queue or exchange."
  }
  error "precondition_failed" {
    description = "406 PRECONDITION_FAILED: it exists with other settings, is in use or not empty, or no delivery waits for what was said of it."
  }
  error "resource_locked" {
    description = "405 RESOURCE_LOCKED: another connection has it exclusively."
  }
  error "channel_closed" {
    description = "The server closed the channel with another code, or the connection has no more channels."
  }
  error "connection_closed" {
    description = "The server closed the connection, and said why: it is shutting down, for instance."
  }
  error "consumer_cancelled" {
    description = "The server ended the consumer: its queue was deleted, or moved."
  }
  error "unroutable" {
    description = "No queue takes the message."
  }
  error "nack" {
    description = "The server refused the message: a queue is full, or it failed."
  }
  error "blocked" {
    description = "The server takes no messages since it has too little memory or disk, and the connection has `blocked = \"fail\"`."
  }
  error "connect" {
    description = "A shared connection was lost, and cannot be opened again: the text says why."
  }
  error "timeout" {
    description = "No answer within `timeout`. What was sent may have been done."
  }
  error "closed" {
    description = "The connection ended without a word. What was sent may have been done."
  }
  error "too_large" {
    description = "A message has more bytes than max_message_size. The connection is closed then."
  }
  error "protocol" {
    description = "What came is not AMQP 0-9-1."
  }
}

# What a message that is published has beside its body.
shared "message" {
  input "exchange" {
    type        = string
    default     = ""
    max_length  = 255
    description = "The exchange. The default one, `\"\"`, takes the routing key as the name of a queue."
  }
  input "routing_key" {
    type        = string
    required    = true
    max_length  = 255
    description = "The routing key."
  }
  input "delivery_mode" {
    type        = string
    default     = "transient"
    one_of      = ["transient", "persistent"]
    description = "Whether durable queues keep the message over a restart of the server."
  }
  input "content_type" {
    type        = string
    max_length  = 255
    description = "The type of the body, as `application/json`."
  }
  input "content_encoding" {
    type        = string
    max_length  = 255
    description = "How the body is encoded, as `gzip`. It is sent as it is."
  }
  input "headers" {
    type        = map(any)
    description = "Headers: strings, numbers, bools, bytes, lists and objects."
  }
  input "priority" {
    type        = number
    min         = 0
    max         = 255
    description = "The priority, for queues that have priorities."
  }
  input "expiration" {
    type        = duration
    description = "How long the message waits in queues, in whole milliseconds."
  }
  input "message_id" {
    type        = string
    max_length  = 255
    description = "An id of the message."
  }
  input "timestamp" {
    type        = number
    min         = 0
    description = "Seconds since 1970."
  }
  input "type" {
    type        = string
    max_length  = 255
    description = "What kind of message it is."
  }
  input "user_id" {
    type        = string
    max_length  = 255
    description = "The user. The server refuses another one than that of the connection."
  }
  input "app_id" {
    type        = string
    max_length  = 255
    description = "The program that sends it."
  }
  rule {
    when          = ["priority"]
    condition     = input.priority == floor(input.priority)
    error_message = "priority is a whole number"
  }
  rule {
    when          = ["timestamp"]
    condition     = input.timestamp == floor(input.timestamp)
    error_message = "timestamp is a whole number of seconds"
  }
  metric "bytes" {
    kind        = "counter"
    unit        = "bytes"
    description = "Bytes of the bodies that were sent."
  }
  metric "possibly_written" {
    kind        = "counter"
    description = "Messages that were sent and of which nothing was heard: the server may have taken them."
  }
}

# What the confirms of messages tell.
shared "confirms" {
  input "mandatory" {
    type        = bool
    default     = false
    description = "Whether a message that no queue takes comes back. Otherwise the server drops it, and confirms it all the same."
  }
  input "on_return" {
    type        = string
    default     = "fail"
    one_of      = ["fail", "pass"]
    description = "What becomes of the step when a message comes back: it fails with the kind `unroutable`, or passes, and its outputs tell."
  }
  input "correlation_id" {
    type        = string
    max_length  = 255
    description = "The id that an answer will have."
  }
  input "reply_to" {
    type        = string
    max_length  = 255
    description = "The queue for an answer."
  }
  output "return_code" {
    type        = number
    description = "Why the first message came back, as a number: 312 is NO_ROUTE. Null if none did."
  }
  output "return_text" {
    type        = string
    description = "The same in the server's words."
  }
  metric "returned" {
    kind        = "counter"
    description = "Messages that came back."
  }
  metric "nacked" {
    kind        = "counter"
    description = "Messages that the server refused."
  }
  metric "confirm_time" {
    kind        = "trend"
    unit        = "time"
    description = "From the moment when the messages were sent until the last confirm came."
  }
}

# A message that came.
shared "came" {
  output "message" {
    type        = object({ body = any, properties = any, exchange = string, routing_key = string, redelivered = bool, delivery_tag = string })
    description = "The message. `body` is a string, or bytes if it is no UTF-8; `properties` has those that it was sent with, by the names of the arguments of `rabbitmq_publish`; `delivery_tag` is what `rabbitmq_ack` takes."
  }
}

runner "rabbitmq_publish" {
  description = "Publishes a message and waits for its confirm."
  shares      = ["exchange", "message", "confirms"]
  stamps      = input.stamp

  input "stamp" {
    type        = bool
    read        = "build"
    description = "Whether messages have a header `bggo-sent`, by which a `rabbitmq_consume` measures `end_to_end`. Without it, where the grid has such a step."
  }
  input "body" {
    type        = any
    required    = true
    description = "The body: a string or bytes as they are, everything else as JSON."
  }
  input "confirm" {
    type        = bool
    default     = true
    description = "Whether the step waits until the server has taken the message. Otherwise it waits only until it is sent, and what the server refuses later is no failure of the step: see `channel_errors` of the connection."
  }
  rule {
    condition     = input.confirm || !input.mandatory
    error_message = "a message comes back with its confirm: mandatory needs confirm = true"
  }

  output "confirmed" {
    type        = bool
    description = "Whether the server confirmed the message, and it did not come back."
  }
  output "returned" {
    type        = bool
    description = "Whether it came back, since no queue takes it."
  }
}

runner "rabbitmq_publish_batch" {
  description = "Publishes several messages in one write and waits for all their confirms: a window of so many messages."
  shares      = ["exchange", "message", "confirms"]
  stamps      = input.stamp

  input "stamp" {
    type        = bool
    read        = "build"
    description = "Whether messages have a header `bggo-sent`, by which a `rabbitmq_consume` measures `end_to_end`. Without it, where the grid has such a step."
  }
  input "bodies" {
    type        = list(any)
    required    = true
    min_length  = 1
    description = "The bodies, each of a message of its own: strings and bytes as they are, everything else as JSON."
  }

  output "confirmed" {
    type        = number
    description = "How many messages were confirmed and did not come back."
  }
  output "returned" {
    type        = number
    description = "How many came back, since no queue takes them."
  }

  metric "messages" {
    kind        = "counter"
    description = "Messages that were confirmed and did not come back."
  }
}

runner "rabbitmq_request" {
  description = "Publishes a request and waits for its answer, which comes to this connection without a queue of its own (direct reply-to)."
  shares      = ["exchange", "message", "came"]

  input "body" {
    type        = any
    required    = true
    description = "The body: a string or bytes as they are, everything else as JSON."
  }
  input "correlation_id" {
    type        = string
    max_length  = 255
    description = "The id of request and answer. Without it the module takes one that no other request of the connection has."
  }
}

runner "rabbitmq_consume" {
  description  = "Takes messages of a queue. A consumer begins with the first step that needs it, and stays: what comes meanwhile waits for the next step."
  shares       = ["exchange", "came"]
  reads_stamps = true

  input "queue" {
    type        = string
    required    = true
    max_length  = 255
    description = "The queue."
  }
  input "ack" {
    type        = string
    default     = "each"
    one_of      = ["each", "batch", "none", "manual"]
    description = "How messages are acknowledged: each one as a step takes it, half a prefetch of them at once, not at all (the server forgets them as it sends them), or by `rabbitmq_ack`."
  }
  input "max_messages" {
    type        = number
    default     = 1
    min         = 1
    description = "The most messages that the step takes. It waits for so many, and passes with fewer when its `timeout` ends."
  }
  input "match_correlation_id" {
    type        = string
    max_length  = 255
    description = "Only messages with this correlation id are taken. The others wait for other steps."
  }
  input "exclusive" {
    type        = bool
    default     = false
    description = "Whether nobody else may consume from the queue."
  }
  input "consumer_tag" {
    type        = string
    min_length  = 1
    max_length  = 255
    description = "The name of the consumer. Without it `bggo-` and a number."
  }
  input "arguments" {
    type        = map(any)
    description = "Arguments of the consumer, as `{ x-priority = 10 }`."
  }

  rule {
    condition     = input.max_messages == floor(input.max_messages)
    error_message = "max_messages is a whole number"
  }
  rule {
    when          = ["match_correlation_id"]
    condition     = input.ack != "batch"
    error_message = "messages that are taken out of their order cannot be acknowledged several at once: ack is \"each\", \"none\" or \"manual\""
  }

  rule {
    condition     = input.ack == "none" || uses.connection.prefetch == 0 || input.max_messages <= (input.ack == "batch" ? floor(uses.connection.prefetch / 2) : uses.connection.prefetch)
    error_message = "the server sends no more than the prefetch of the connection before messages are acknowledged: max_messages is at most that, and half of it with ack = \"batch\""
  }

  output "messages" {
    type        = list(any)
    description = "All messages in order, as `message`."
  }
  output "count" {
    type        = number
    description = "How many there are."
  }

  metric "messages" {
    kind        = "counter"
    description = "Messages that steps took."
  }
  metric "redelivered" {
    kind        = "counter"
    description = "Those of them that were delivered before."
  }
  metric "bytes" {
    kind        = "counter"
    unit        = "bytes"
    description = "Bytes of their bodies."
  }
}

runner "rabbitmq_get" {
  description = "Takes one message of a queue, if there is one. This is a round trip for each message: a load of it asks more of the server than `rabbitmq_consume`."
  shares      = ["exchange", "came"]

  input "queue" {
    type        = string
    required    = true
    max_length  = 255
    description = "The queue."
  }
  input "ack" {
    type        = bool
    default     = true
    description = "Whether the message is acknowledged when it has come. Otherwise `rabbitmq_ack` does it."
  }

  output "message_count" {
    type        = number
    description = "How many messages are left in the queue."
  }
}

runner "rabbitmq_ack" {
  description = "Acknowledges a message that a step took with `ack = \"manual\"`, or gives it back. It waits for no answer, since there is none."
  shares      = ["exchange"]

  input "delivery_tag" {
    type        = string
    required    = true
    description = "The `delivery_tag` of the message."
  }
  input "action" {
    type        = string
    default     = "ack"
    one_of      = ["ack", "requeue", "reject"]
    description = "What becomes of it: it is done, goes back to its queue, or is dropped, which may send it to a dead letter exchange."
  }
  input "multiple" {
    type        = bool
    default     = false
    description = "Whether that goes for all messages before it that came from the same consumer, and were not acknowledged yet."
  }

  metric "messages" {
    kind        = "counter"
    description = "Messages of which that was said."
  }
}

runner "rabbitmq_declare_queue" {
  description = "Makes a queue, or makes sure that it is as it should be."
  shares      = ["exchange"]

  input "queue" {
    type        = string
    default     = ""
    max_length  = 255
    description = "The queue. With `\"\"` the server names it."
  }
  input "passive" {
    type        = bool
    default     = false
    description = "Whether it is only looked at: the step fails if it does not exist."
  }
  input "durable" {
    type        = bool
    default     = false
    description = "Whether it outlives a restart of the server."
  }
  input "exclusive" {
    type        = bool
    default     = false
    description = "Whether it belongs to this connection alone, and goes with it."
  }
  input "auto_delete" {
    type        = bool
    default     = false
    description = "Whether it goes with its last consumer."
  }
  input "arguments" {
    type        = map(any)
    description = "Arguments, as `{ x-queue-type = \"quorum\", x-max-length = 1000 }`."
  }

  output "queue" {
    type        = string
    description = "The queue's name."
  }
  output "message_count" {
    type        = number
    description = "How many messages wait in it."
  }
  output "consumer_count" {
    type        = number
    description = "How many consumers it has."
  }
}

runner "rabbitmq_declare_exchange" {
  description = "Makes an exchange, or makes sure that it is as it should be."
  shares      = ["exchange"]

  input "exchange" {
    type        = string
    required    = true
    min_length  = 1
    max_length  = 255
    description = "The exchange."
  }
  input "type" {
    type        = string
    default     = "direct"
    max_length  = 255
    description = "Its type: `direct`, `fanout`, `topic`, `headers`, or one of a plugin."
  }
  input "passive" {
    type        = bool
    default     = false
    description = "Whether it is only looked at: the step fails if it does not exist."
  }
  input "durable" {
    type        = bool
    default     = false
    description = "Whether it outlives a restart of the server."
  }
  input "auto_delete" {
    type        = bool
    default     = false
    description = "Whether it goes with its last binding."
  }
  input "internal" {
    type        = bool
    default     = false
    description = "Whether only other exchanges may publish to it."
  }
  input "arguments" {
    type        = map(any)
    description = "Arguments, as `{ alternate-exchange = \"unrouted\" }`."
  }
}

shared "binding" {
  input "source" {
    type        = string
    required    = true
    min_length  = 1
    max_length  = 255
    description = "The exchange that messages come from."
  }
  input "queue" {
    type        = string
    max_length  = 255
    description = "The queue that gets them."
  }
  input "exchange" {
    type        = string
    max_length  = 255
    description = "The exchange that gets them, instead of a queue."
  }
  input "routing_key" {
    type        = string
    default     = ""
    max_length  = 255
    description = "The routing key, or the pattern of a topic exchange."
  }
  input "arguments" {
    type        = map(any)
    description = "Arguments, as those of an exchange of type `headers`."
  }
  rule { conflicts = ["queue", "exchange"] }
  rule {
    at_least_one  = ["queue", "exchange"]
    error_message = "a binding goes to a queue or to an exchange"
  }
}

runner "rabbitmq_bind" {
  description = "Lets messages of an exchange go to a queue or another exchange."
  shares      = ["exchange", "binding"]
}

runner "rabbitmq_unbind" {
  description = "Ends a binding: it is named by all that it was made with."
  shares      = ["exchange", "binding"]
}

runner "rabbitmq_purge_queue" {
  description = "Drops all messages that wait in a queue."
  shares      = ["exchange"]

  input "queue" {
    type        = string
    required    = true
    max_length  = 255
    description = "The queue."
  }

  output "message_count" {
    type        = number
    description = "How many messages were dropped."
  }
}

runner "rabbitmq_delete_queue" {
  description = "Deletes a queue. One that does not exist is deleted as well."
  shares      = ["exchange"]

  input "queue" {
    type        = string
    required    = true
    max_length  = 255
    description = "The queue."
  }
  input "if_unused" {
    type        = bool
    default     = false
    description = "Whether it has to be without consumers."
  }
  input "if_empty" {
    type        = bool
    default     = false
    description = "Whether it has to be without messages."
  }

  output "message_count" {
    type        = number
    description = "How many messages went with it."
  }
}

runner "rabbitmq_delete_exchange" {
  description = "Deletes an exchange. One that does not exist is deleted as well."
  shares      = ["exchange"]

  input "exchange" {
    type        = string
    required    = true
    min_length  = 1
    max_length  = 255
    description = "The exchange."
  }
  input "if_unused" {
    type        = bool
    default     = false
    description = "Whether it has to be without bindings."
  }
}

asset "rabbitmq_connection" {
  description = "A connection to a server. Its channels are opened by the steps that need them. One that was lost fails the step that finds out; the next step has another. With the scope `worker` the users of a thread share it, and each has channels of its own."
  scope       = "vu"
  scopes      = ["worker", "iteration"]
  connects    = true

  input "url" {
    type            = string
    required        = true
    pattern         = "^amqps?://(?:[^/?#@\\s]*@)?(?:\\[[0-9A-Fa-f:.]+\\]|[^\\s/?#:@\\[\\]\\\\]+)(?::[0-9]{1,5})?(?:/[^\\s/?#]*)?$"
    pattern_message = "write amqp:// or amqps:// and a host, perhaps with user and password, a port and /vhost, in which a / is written %2F"
    description     = "Where the server is: `amqp://user:password@host:5672/vhost`, or `amqps://` with TLS. Without a vhost it is `/`."
  }
  input "username" {
    type        = string
    description = "The user, in place of that of the url. Without both `guest`."
  }
  input "password" {
    type        = string
    sensitive   = true
    description = "The password, in place of that of the url. Without both `guest`."
  }
  input "vhost" {
    type        = string
    max_length  = 255
    description = "The vhost, in place of that of the url."
  }
  input "connection_name" {
    type        = string
    default     = "bggo"
    description = "How the server's lists call the connection. With `\"\"` it has no name."
  }
  input "heartbeat" {
    type        = duration
    default     = "60s"
    max         = "65535s"
    description = "How often both sides let the other one hear of them; the shorter interval of both counts. A server that was silent for two of them is gone. With `\"0s\"` there are none."
  }
  input "channel_max" {
    type        = number
    default     = 2047
    min         = 1
    max         = 65535
    description = "The most channels, if the server allows as many."
  }
  input "frame_max" {
    type        = size
    default     = "128KiB"
    min         = 4096
    max         = 16777216
    description = "The most bytes of a frame, if the server allows as many. Bodies with more are sent in several."
  }
  input "prefetch" {
    type        = number
    default     = 100
    min         = 0
    max         = 65535
    description = "How many messages the server sends to a consumer before they are acknowledged. With 0 there is no limit."
  }
  input "blocked" {
    type        = string
    default     = "wait"
    one_of      = ["wait", "fail"]
    description = "What a step does that publishes while the server takes no messages, since it has too little memory or disk: it waits, or fails with the kind `blocked`."
  }
  input "connect_timeout" {
    type        = duration
    default     = "10s"
    more_than   = "0s"
    description = "Time limit for connecting, TLS and login included."
  }
  input "max_message_size" {
    type        = size
    default     = "64MiB"
    min         = 1
    description = "The most bytes of a message that comes."
  }
  input "server_name" {
    type        = string
    description = "The host that the server's certificate has to be for. Without it that of the url."
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

  rule {
    condition     = input.channel_max == floor(input.channel_max) && input.prefetch == floor(input.prefetch)
    error_message = "channel_max and prefetch are whole numbers"
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
    condition     = startswith(input.url, "amqps:")
    error_message = "TLS is not spoken, so no certificate is looked at or shown: write amqps:// in the url"
    severity      = "warning"
  }

  output "server_version" {
    type        = string
    description = "The version that the server says it has; null if it says none."
  }

  metric "connections" {
    kind        = "counter"
    description = "Connections that were opened."
  }
  metric "connecting" {
    kind        = "trend"
    unit        = "time"
    description = "From the beginning of a dial until the server has let the user in."
  }
  metric "tls_handshaking" {
    kind        = "trend"
    unit        = "time"
    description = "How long agreeing on TLS took."
  }
  metric "blocked_time" {
    kind        = "trend"
    unit        = "time"
    description = "How long the server took no messages, each time."
  }
  metric "channel_errors" {
    kind        = "counter"
    label       = "code"
    description = "Channels that the server closed, by its code: 404 for what does not exist."
  }

  error "settings" {
    description = "The settings of the connection cannot be used."
  }
  error "authentication" {
    description = "The server does not know this user or password, or lets it in from its own host only."
  }
  error "vhost" {
    description = "The server has no such vhost."
  }
  error "access_refused" {
    description = "The user may not use the vhost."
  }
  error "dns" {
    description = "The host name has no address."
  }
  error "connect" {
    description = "No connection within `connect_timeout`."
  }
  error "refused" {
    description = "Nobody listens there."
  }
  error "unreachable" {
    description = "There is no way to the host."
  }
  error "local" {
    description = "This host has no more descriptors or ports."
  }
  error "tls" {
    description = "No TLS connection."
  }
  error "closed" {
    description = "The server closed the connection before the login was over."
  }
  error "connection_closed" {
    description = "The server closed the connection, and said why."
  }
  error "protocol" {
    description = "What came is not AMQP 0-9-1."
  }
}
