description = "WebSocket sessions: messages sent, received, asked for."

# Every step of a session needs it, and fails as it ends.
shared "session" {
  uses "socket" {
    asset       = "websocket"
    description = "The session."
  }
  rule {
    when          = ["timeout"]
    condition     = step.time_limit == null || input.timeout <= step.time_limit
    error_message = "the time limit of the step is shorter and ends it first"
    severity      = "warning"
  }
  error "closed_by_peer" {
    description = "The server closed the session. The text says its code and reason."
  }
  error "closed" {
    description = "A step closed the session before, or the server ended the connection without a close frame."
  }
  error "reset" {
    description = "The connection broke off."
  }
  error "protocol" {
    description = "The server sent something that the protocol forbids."
  }
  error "message_too_large" {
    description = "A message of the server has more bytes than max_message_size."
  }
  error "invalid_utf8" {
    description = "A text message of the server, or the reason of its close frame, is no UTF-8."
  }
}

runner "websocket_send" {
  description = "Sends a message. The step ends once the system has taken all of it."
  shares      = ["session"]

  input "text" {
    type        = string
    description = "The message as text."
  }
  input "json" {
    type        = any
    form        = "json"
    description = "A value that is sent as a text message of its JSON."
  }
  input "binary" {
    type        = bytes
    description = "The message as binary; a text is its UTF-8."
  }
  input "timeout" {
    type        = duration
    more_than   = "0s"
    description = "How long sending may take: a server that reads nothing holds it up. Without it 10 s."
  }

  rule {
    conflicts     = ["text", "json", "binary"]
    error_message = "a message has one content: at most one of text, json and binary may be given"
  }
  rule {
    at_least_one  = ["text", "json", "binary"]
    error_message = "a message needs a content: text, json or binary"
  }

  error "timeout" {
    description = "The message could not be sent within `timeout`. It is still sent if the server reads again."
  }
}

runner "websocket_receive" {
  description = "Waits for messages. What came since the last step that received, and since the iteration began, counts: it stands in the inbox of the session."
  shares      = ["session"]

  input "match" {
    type        = bool
    form        = "predicate"
    description = "Which messages count: a condition over the outputs, as `output.json.type == \"ack\"`. The others are dropped. Without it each message counts."
  }
  input "count" {
    type        = number
    default     = 1
    min         = 1
    description = "How many messages the step takes, of those that match."
  }
  input "timeout" {
    type        = duration
    more_than   = "0s"
    description = "How long the step waits for all of them. Without it 10 s."
  }

  rule {
    condition     = input.count == floor(input.count)
    error_message = "count is a whole number"
  }

  output "message" {
    type        = string
    description = "The text of the last message; null if it is binary."
  }
  output "json" {
    type        = any
    description = "The same text read as JSON; null if it is no JSON."
  }
  output "binary" {
    type        = bytes
    description = "The bytes of the last message; null if it is a text."
  }
  output "messages" {
    type        = list(any)
    description = "All messages in order: texts as strings, binary ones as bytes."
  }
  output "skipped" {
    type        = number
    description = "How many messages did not match, and were dropped."
  }

  error "timeout" {
    description = "Too few messages came within `timeout`."
  }
}

runner "websocket_request" {
  description = "Sends a message and waits for the next one that comes. Its response time is from the write to the arrival of that message."
  shares      = ["session"]

  input "text" {
    type        = string
    description = "The message that is sent, as text."
  }
  input "json" {
    type        = any
    form        = "json"
    description = "A value that is sent as a text message of its JSON."
  }
  input "binary" {
    type        = bytes
    description = "The message that is sent, as binary; a text is its UTF-8."
  }
  input "match" {
    type        = bool
    form        = "predicate"
    description = "Which message is the answer: a condition over the outputs, as `output.json.id == vu.id`. Those before it are dropped. Without it the next message is."
  }
  input "timeout" {
    type        = duration
    more_than   = "0s"
    description = "How long the step waits for the answer. Without it 10 s."
  }

  rule {
    conflicts     = ["text", "json", "binary"]
    error_message = "a message has one content: at most one of text, json and binary may be given"
  }
  rule {
    at_least_one  = ["text", "json", "binary"]
    error_message = "a message needs a content: text, json or binary"
  }

  output "message" {
    type        = string
    description = "The text of the message; null if it is binary."
  }
  output "json" {
    type        = any
    description = "The same text read as JSON; null if it is no JSON."
  }
  output "binary" {
    type        = bytes
    description = "The bytes of the message; null if it is a text."
  }
  output "skipped" {
    type        = number
    description = "How many messages stood in the inbox before or did not match, and were dropped."
  }

  error "timeout" {
    description = "No answer within `timeout`."
  }
}

runner "websocket_ping" {
  description = "Sends a ping and waits for its pong."
  shares      = ["session"]

  input "timeout" {
    type        = duration
    more_than   = "0s"
    description = "How long the step waits for the pong. Without it 10 s."
  }

  output "round_trip" {
    type        = duration
    description = "From the write of the ping to the arrival of its pong."
  }

  error "timeout" {
    description = "No pong within `timeout`."
  }
}

runner "websocket_close" {
  description = "Closes the session and waits for the close frame of the server."
  shares      = ["session"]

  input "code" {
    type        = number
    default     = 1000
    description = "The close code: 1000, or one of 3000 to 4999."
  }
  input "reason" {
    type        = string
    max_length  = 123
    description = "The reason, up to 123 bytes."
  }
  input "timeout" {
    type        = duration
    more_than   = "0s"
    description = "How long the step waits for the close frame of the server. Without it 10 s."
  }

  rule {
    condition     = input.code == 1000 || input.code >= 3000 && input.code <= 4999 && input.code == floor(input.code)
    error_message = "code is 1000 or a whole number from 3000 to 4999: the others are not for applications"
  }

  output "code" {
    type        = number
    description = "The close code of the server; null if its close frame has none."
  }
  output "reason" {
    type        = string
    description = "The reason that the server gave."
  }

  error "timeout" {
    description = "No close frame of the server within `timeout`."
  }
  error "reason" {
    description = "The reason has more than 123 bytes."
  }
}

asset "websocket" {
  description = "A session with a server, over a connection of its own. Pings of the server are answered while its user waits anywhere; messages that no step waits for stand in its inbox."
  scope       = "vu"
  scopes      = ["iteration"]
  connects    = true

  uses "client" {
    module      = "http_request"
    asset       = "http_client"
    optional    = true
    description = "The client whose cookies, headers, proxy and TLS the handshake uses. Without it a default client does."
  }

  input "url" {
    type            = string
    required        = true
    pattern         = "^\\s*(?i:wss?)://(?:[^/?#\\\\]*@)?(?:\\[[^\\]/?#\\\\]*\\]|[^\\s/?#:@\\[\\]\\\\<>^|]+)(?::(?:[0-9]{0,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?(?s:[/?\\\\][^#]*|\\s*)$"
    pattern_message = "write ws:// or wss:// and a host, without a fragment; a port is at most 65535"
    description     = "Where the session is: ws or wss."
  }
  input "headers" {
    type                = map(string)
    key_pattern         = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"
    key_pattern_message = "a header's name has letters, digits and !#$%&'*+-.^_`|~"
    pattern             = "^[^\\x00-\\x08\\x0a-\\x1f\\x7f]*$"
    pattern_message     = "a header holds no line break and no other control character"
    description         = "Headers of the handshake. They replace those of the client."
  }
  input "subprotocols" {
    type            = list(string)
    min_length      = 1
    pattern         = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"
    pattern_message = "a subprotocol has letters, digits and !#$%&'*+-.^_`|~"
    description     = "Protocols that the messages may speak, the preferred one first. The server chooses one, or none."
  }
  input "compression" {
    type        = bool
    default     = false
    description = "Whether messages are compressed (permessage-deflate), each by itself, if the server agrees."
  }
  input "connect_timeout" {
    type        = duration
    default     = "10s"
    more_than   = "0s"
    description = "Time limit of the connection and the handshake together."
  }
  input "max_message_size" {
    type        = size
    default     = "16MiB"
    min         = 1
    description = "The most bytes of a message of the server. A larger one ends the session."
  }
  input "ping_interval" {
    type        = duration
    more_than   = "0s"
    description = "How often a ping is sent by itself. Without it none is."
  }
  input "inbox_messages" {
    type        = number
    default     = 1000
    min         = 1
    description = "The most messages that wait for a step."
  }
  input "inbox_size" {
    type        = size
    default     = "1MiB"
    min         = 1
    description = "The most bytes of messages that wait for a step. A single message may have more."
  }
  input "keep" {
    type        = bool
    default     = false
    description = "Whether messages that came before an iteration wait on for its steps. Otherwise a step that receives drops and counts them, so that no iteration reads what was meant for another one."
  }
  input "on_full" {
    type        = string
    default     = "drop_oldest"
    one_of      = ["drop_oldest", "block"]
    description = "What happens when the inbox is full: the oldest messages are dropped and counted, or nothing is read until a step receives, so that the server has to wait. A session that waits so sees no pings behind those messages."
  }

  rule {
    condition     = input.inbox_messages == floor(input.inbox_messages)
    error_message = "inbox_messages is a whole number"
  }

  output "subprotocol" {
    type        = string
    description = "The subprotocol that the server chose; null if it chose none."
  }

  metric "connecting" {
    kind        = "trend"
    unit        = "time"
    description = "From the beginning of the dial to the end of the handshake."
  }
  metric "session_duration" {
    kind        = "trend"
    unit        = "time"
    description = "From the end of the handshake to the end of the session."
  }
  metric "messages_sent" {
    kind        = "counter"
    description = "Messages that were sent, without pings, pongs and close frames."
  }
  metric "messages_received" {
    kind        = "counter"
    description = "Messages that came, those that were dropped included."
  }
  metric "bytes_sent" {
    kind        = "counter"
    unit        = "bytes"
    description = "Bytes of the messages that were sent, before they are compressed."
  }
  metric "bytes_received" {
    kind        = "counter"
    unit        = "bytes"
    description = "Bytes of the messages that came, decompressed."
  }
  metric "dropped" {
    kind        = "counter"
    description = "Messages that were dropped because the inbox was full, because a step skipped them, or because another iteration had begun."
  }
  metric "ended" {
    kind        = "counter"
    label       = "cause"
    description = "Sessions that ended: `client`, `server`, or the kind of failure that ended them."
  }

  error "request" {
    description = "The handshake cannot be asked for: a url or header is malformed, or the client has a transport of another crate."
  }
  error "dns" {
    description = "The host name has no address."
  }
  error "connect" {
    description = "No connection: it took too long, or the proxy refused."
  }
  error "refused" {
    description = "No connection: nobody listens there."
  }
  error "unreachable" {
    description = "No connection: there is no way to the host."
  }
  error "local" {
    description = "No connection: this host has no more descriptors or ports."
  }
  error "tls" {
    description = "No TLS connection."
  }
  error "timeout" {
    description = "No session within `connect_timeout`."
  }
  error "reset" {
    description = "The connection broke off during the handshake."
  }
  error "closed" {
    description = "The server closed the connection during the handshake."
  }
  error "handshake" {
    description = "The server refused: another status than 101, a wrong `Sec-WebSocket-Accept`, or a subprotocol or extension that nobody asked for."
  }
  error "protocol" {
    description = "The answer of the server is no HTTP."
  }
}
