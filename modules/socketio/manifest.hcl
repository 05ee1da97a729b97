description = "Socket.IO: events that are sent, waited for and acknowledged."

# How a session ends.
shared "session" {
  error "closed_by_peer" {
    description = "The server closed the session. The text says its code and reason."
  }
  error "closed" {
    description = "The server ended the connection without a word."
  }
  error "reset" {
    description = "The connection broke off."
  }
  error "protocol" {
    description = "The server sent something that a protocol forbids."
  }
  error "invalid_utf8" {
    description = "A text of the server is no UTF-8."
  }
}

# What steps of a namespace may meet as well.
shared "step" {
  rule {
    when          = ["timeout"]
    condition     = step.time_limit == null || input.timeout <= step.time_limit
    error_message = "the time limit of the step is shorter and ends it first"
    severity      = "warning"
  }
  error "namespace_disconnected" {
    description = "The server disconnected the user from the namespace."
  }
  error "ping_timeout" {
    description = "The server sent no ping for longer than it had announced."
  }
}

# A step of a client.
shared "client" {
  uses "client" {
    asset       = "socketio_client"
    description = "The user's connection to the namespace."
  }
  error "message_too_large" {
    description = "A message of the server, with its attachments, has more bytes than max_message_size."
  }
}

# Where the server is, and how a session with it begins.
shared "server" {
  uses "client" {
    module      = "http_request"
    asset       = "http_client"
    optional    = true
    description = "The client whose cookies, headers, proxy and TLS the handshake uses. Without it a default client does."
  }
  input "url" {
    type            = string
    required        = true
    pattern         = "^\\s*(?i:https?|wss?)://(?:[^/?#\\\\]*@)?(?:\\[[^\\]/?#\\\\]*\\]|[^\\s/?#:@\\[\\]\\\\<>^|]+)(?::(?:[0-9]{0,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?(?s:[/?\\\\][^#]*|\\s*)$"
    pattern_message = "write http://, https://, ws:// or wss:// and a host, without a fragment; a port is at most 65535"
    description     = "Where the server is. A path there is used in place of `path`."
  }
  input "namespace" {
    type            = string
    default         = "/"
    pattern         = "^/[^,?]*$"
    pattern_message = "a namespace begins with / and has no comma and no question mark"
    description     = "The namespace."
  }
  input "auth" {
    type        = any
    form        = "json"
    description = "What the server gets to see who connects: an object."
  }
  input "path" {
    type            = string
    pattern         = "^/[^?#\\s]*$"
    pattern_message = "a path begins with / and has no query and no fragment"
    description     = "The path of the server. Without it that of `url`, or /socket.io/."
  }
  input "headers" {
    type                = map(string)
    key_pattern         = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"
    key_pattern_message = "a header's name has letters, digits and !#$%&'*+-.^_`|~"
    pattern             = "^[^\\x00-\\x08\\x0a-\\x1f\\x7f]*$"
    pattern_message     = "a header holds no line break and no other control character"
    description         = "Headers of the handshake. They replace those of the client."
  }
  input "query" {
    type        = map(string)
    description = "Further parameters of the query of the handshake."
  }
  input "insecure_skip_verify" {
    type        = bool
    default     = false
    description = "Trust every certificate of the server, for this connection."
  }
  metric "connecting" {
    kind        = "trend"
    unit        = "time"
    description = "From the beginning of the dial to the answer of the namespace."
  }
  error "request" {
    description = "The handshake cannot be asked for: a url, header, path or namespace is malformed, or the client has a transport of another crate."
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
  error "handshake" {
    description = "The server refused the session: another status than 101, or an answer that does not fit the handshake."
  }
  error "connect_error" {
    description = "The server refused the namespace. The text says why."
  }
}

runner "socketio_request" {
  description = "Emits an event and waits for another one, which it acknowledges if the server asks for that. An event of that name that came before is no answer, and is dropped. Its response time is from the write to the arrival of the answer."
  shares      = ["session", "step", "client"]

  input "emit_event" {
    type        = string
    required    = true
    description = "The event that is emitted."
  }
  input "emit_data" {
    type        = any
    description = "Its argument. Bytes in it are sent as attachments. Without it the event has none."
  }
  input "on_event" {
    type        = string
    required    = true
    description = "The event that is the answer."
  }
  input "timeout" {
    type        = duration
    more_than   = "0s"
    description = "How long the step waits for the answer. Without it 10 s."
  }

  rule {
    condition     = !contains(["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"], input.emit_event)
    error_message = "emit_event is none of the names that Socket.IO keeps for itself: connect, connect_error, disconnect, disconnecting, newListener and removeListener"
  }
  rule {
    condition     = !contains(["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"], input.on_event)
    error_message = "on_event is none of the names that Socket.IO keeps for itself: connect, connect_error, disconnect, disconnecting, newListener and removeListener"
  }

  output "response_data" {
    type        = any
    description = "The first argument of the answer; null if it has none. Attachments are bytes."
  }

  error "timeout" {
    description = "No answer within `timeout`."
  }
}

runner "socketio_emit" {
  description = "Emits an event. The step ends once the system has taken all of it, or with the acknowledgement of the server."
  shares      = ["session", "step", "client"]

  input "event" {
    type        = string
    required    = true
    description = "The event."
  }
  input "args" {
    type        = list(any)
    description = "Its arguments. Bytes in them are sent as attachments."
  }
  input "attachments" {
    type        = list(bytes)
    description = "Further arguments, behind those of `args`: each is bytes; a text is its UTF-8."
  }
  input "ack" {
    type        = bool
    default     = false
    description = "Whether the step waits until the server acknowledges the event."
  }
  input "timeout" {
    type        = duration
    more_than   = "0s"
    description = "How long the step waits: for the acknowledgement, or until the system has taken the event, which a server that reads nothing holds up. Without it 10 s."
  }

  rule {
    condition     = !contains(["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"], input.event)
    error_message = "event is none of the names that Socket.IO keeps for itself: connect, connect_error, disconnect, disconnecting, newListener and removeListener"
  }

  output "ack" {
    type        = list(any)
    description = "The arguments of the acknowledgement; null if none was waited for. Attachments are bytes."
  }

  error "timeout" {
    description = "The event could not be sent within `timeout`. It is still sent if the server reads again."
  }
  error "ack_timeout" {
    description = "No acknowledgement within `timeout`."
  }
}

runner "socketio_wait" {
  description = "Waits for an event, and acknowledges it if the server asks for that. What came since it was waited for last, and since the iteration began, counts: it stands in the inbox of the user."
  shares      = ["session", "step", "client"]

  input "event" {
    type        = string
    required    = true
    description = "The event."
  }
  input "ack_args" {
    type        = list(any)
    description = "What the server gets to hear if it asks for an acknowledgement of the event. Bytes in it are sent as attachments. Without it an acknowledgement has no arguments."
  }
  input "match" {
    type        = bool
    form        = "predicate"
    description = "Which events of this name count: a condition over the outputs, as `output.data.room == \"tea\"`. The others are dropped. Without it each one counts."
  }
  input "timeout" {
    type        = duration
    more_than   = "0s"
    description = "How long the step waits. Without it 10 s."
  }

  rule {
    condition     = !contains(["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"], input.event)
    error_message = "event is none of the names that Socket.IO keeps for itself: connect, connect_error, disconnect, disconnecting, newListener and removeListener"
  }

  output "data" {
    type        = any
    description = "The first argument of the event; null if it has none. Attachments are bytes."
  }
  output "args" {
    type        = list(any)
    description = "All its arguments."
  }
  output "skipped" {
    type        = number
    description = "How many events of this name did not match, and were dropped."
  }

  error "timeout" {
    description = "No such event within `timeout`."
  }
}

runner "socketio" {
  description = "Connects, emits an event if one is given, waits for another one and closes: all in one step."
  shares      = ["session", "step", "server"]

  input "on_event" {
    type        = string
    required    = true
    description = "The event that is waited for."
  }
  input "emit_event" {
    type        = string
    description = "The event that is emitted once the user is in the namespace."
  }
  input "emit_data" {
    type        = any
    description = "Its argument. Bytes in it are sent as attachments. Without it the event has none."
  }
  input "timeout" {
    type        = duration
    more_than   = "0s"
    description = "Time limit of all of it. Without it 10 s."
  }

  rule {
    condition     = !contains(["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"], input.on_event)
    error_message = "on_event is none of the names that Socket.IO keeps for itself: connect, connect_error, disconnect, disconnecting, newListener and removeListener"
  }
  rule {
    when          = ["emit_event"]
    condition     = !contains(["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"], input.emit_event)
    error_message = "emit_event is none of the names that Socket.IO keeps for itself: connect, connect_error, disconnect, disconnecting, newListener and removeListener"
  }
  rule {
    when          = ["emit_data"]
    at_least_one  = ["emit_event"]
    error_message = "emit_data is an argument of emit_event"
  }

  output "response_data" {
    type        = any
    description = "The first argument of the event; null if it has none. Attachments are bytes."
  }

  error "timeout" {
    description = "Not all of it was done within `timeout`."
  }
  error "message_too_large" {
    description = "A message of the server has more than 16 MiB."
  }
}

asset "socketio_client" {
  description = "A user in a namespace, over a connection of its own. Pings of the server are answered while the user waits anywhere; events that no step waits for stand in its inbox."
  scope       = "vu"
  scopes      = ["iteration"]
  connects    = true
  shares      = ["session", "server"]

  input "transports" {
    type            = list(string)
    default         = ["websocket"]
    min_length      = 1
    pattern         = "^(?:polling|websocket)$"
    pattern_message = "the transports are polling and websocket"
    description     = "How the connection is made: `[\"websocket\"]` at once, or `[\"polling\", \"websocket\"]` by a request of HTTP first, as browsers do."
  }
  input "connect_timeout" {
    type        = duration
    default     = "10s"
    more_than   = "0s"
    description = "Time limit of the connection, the handshake and the answer of the namespace together."
  }
  input "max_message_size" {
    type        = size
    default     = "16MiB"
    min         = 1
    description = "The most bytes of an event of the server with its attachments. A larger one ends the session."
  }
  input "inbox_messages" {
    type        = number
    default     = 1000
    min         = 1
    description = "The most events that wait for a step. When there are more, the oldest ones are dropped."
  }
  input "inbox_size" {
    type        = size
    default     = "1MiB"
    min         = 1
    description = "The most bytes of events that wait for a step. A single event may have more."
  }
  input "keep" {
    type        = bool
    default     = false
    description = "Whether events that came before an iteration wait on for its steps. Otherwise a step that waits drops and counts them, so that no iteration hears what was meant for another one."
  }

  rule {
    condition     = join(",", input.transports) == "websocket" || join(",", input.transports) == "polling,websocket"
    error_message = "the transports are [\"websocket\"] or [\"polling\", \"websocket\"]"
  }
  rule {
    condition     = !input.insecure_skip_verify || !contains(input.transports, "polling")
    error_message = "insecure_skip_verify is for WebSocket alone; with polling, set it on the http_client"
  }
  rule {
    condition     = input.inbox_messages == floor(input.inbox_messages)
    error_message = "inbox_messages is a whole number"
  }

  output "id" {
    type        = string
    description = "The id that the server gave to the user in this namespace."
  }

  metric "upgrade" {
    kind        = "trend"
    unit        = "time"
    description = "From the answer of polling to the end of the upgrade to WebSocket."
  }
  metric "ack_time" {
    kind        = "trend"
    unit        = "time"
    description = "From the write of an event to the arrival of its acknowledgement."
  }
  metric "session_duration" {
    kind        = "trend"
    unit        = "time"
    description = "From the end of the WebSocket handshake to the end of the session."
  }
  metric "messages_sent" {
    kind        = "counter"
    description = "Events that were emitted, and acknowledgements for which the server had asked."
  }
  metric "messages_received" {
    kind        = "counter"
    description = "Events and acknowledgements that came, those that were dropped included."
  }
  metric "bytes_sent" {
    kind        = "counter"
    unit        = "bytes"
    description = "Bytes of the events and acknowledgements that were sent, attachments included."
  }
  metric "bytes_received" {
    kind        = "counter"
    unit        = "bytes"
    description = "Bytes of the events and acknowledgements that came, attachments included."
  }
  metric "dropped" {
    kind        = "counter"
    description = "Events that were dropped because the inbox was full, because a step skipped them or because another iteration had begun, and acknowledgements for which no step waited any more."
  }
  metric "ended" {
    kind        = "counter"
    label       = "cause"
    description = "Sessions that ended: `client`, `server`, or the kind of failure that ended them."
  }

  error "timeout" {
    description = "No connection to the namespace within `connect_timeout`."
  }
  error "message_too_large" {
    description = "A message of the server has more bytes than max_message_size."
  }
}
