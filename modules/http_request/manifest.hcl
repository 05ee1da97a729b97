description = "HTTP requests and the client that sends them."

# A request, and how it fails before there is an answer.
shared "request" {
  uses "client" {
    asset       = "http_client"
    optional    = true
    description = "The client whose connections, cookies and settings the step uses. Without it the step uses a default client: each virtual user has one, which all its steps without a client share."
  }
  input "url" {
    type            = string
    required        = true
    pattern         = "^\\s*(?i:https?)://(?:[^/?#\\\\]*@)?(?:\\[[^\\]/?#\\\\]*\\]|[^\\s/?#:@\\[\\]\\\\<>^|]+)(?::(?:[0-9]{0,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?(?s:[/?#\\\\].*|\\s*)$"
    pattern_message = "write http:// or https:// and a host; a port is at most 65535"
    description     = "The URL of the request: http or https."
  }
  input "headers" {
    type                = map(string)
    key_pattern         = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"
    key_pattern_message = "a header's name has letters, digits and !#$%&'*+-.^_`|~"
    pattern             = "^[^\\x00-\\x08\\x0a-\\x1f\\x7f]*$"
    pattern_message     = "a header holds no line break and no other control character"
    description         = "Headers of this request. They replace those of the client and those that other arguments set. Names are sent as they are written; over HTTP/2 and HTTP/3 in lower case. A Transfer-Encoding, and a Content-Length that is not the body's, are refused."
  }
  input "query_params" {
    type        = map(any)
    description = "Parameters that are added to the query of the URL, each value encoded. A list adds its name once for each item; null adds nothing."
  }
  input "body" {
    type        = string
    description = "The body, sent as it is. At most one of body, json, form_data, multipart and file may be given."
  }
  input "json" {
    type        = any
    form        = "json"
    description = "A value that is sent as JSON, with its Content-Type."
  }
  input "form_data" {
    type        = map(any)
    description = "A form that is sent urlencoded, with its Content-Type. A list sends its name once for each item."
  }
  input "multipart" {
    type = list(object({
      name         = string
      value        = optional(string)
      file         = optional(string)
      filename     = optional(string)
      content_type = optional(string)
    }))
    description = "Parts that are sent as multipart/form-data. Each part has a value, or the path of a file that is streamed from disk."
  }
  input "file" {
    type        = string
    description = "Path of a file that is sent as the body, streamed from disk. It is relative to the working directory of the program."
  }
  input "cookies" {
    type                = map(string)
    key_pattern         = "^[^;=\\x00-\\x1f\\x7f-\\x{9f}]+$"
    key_pattern_message = "a cookie's name holds neither ; nor = nor control characters"
    pattern             = "^[^;\\x00-\\x1f\\x7f-\\x{9f}]*$"
    pattern_message     = "a cookie holds neither ; nor control characters"
    description         = "Cookies of this request, in addition to those that the client keeps. They replace kept cookies of the same name."
  }
  input "bearer_token" {
    type            = string
    sensitive       = true
    pattern         = "^[^\\x00-\\x08\\x0a-\\x1f\\x7f]*$"
    pattern_message = "a header holds no line break and no other control character"
    description     = "Token that is sent as Authorization: Bearer."
  }
  input "basic_auth" {
    type = object({
      username = string
      password = optional(string, "")
    })
    sensitive   = true
    description = "User name and password that are sent as Authorization: Basic."
  }
  input "api_key" {
    type = object({
      name  = string
      value = string
      in    = optional(string, "header")
    })
    sensitive   = true
    description = "Key that is sent in a header or, with in = \"query\", in the query."
  }
  input "follow_redirects" {
    type        = bool
    description = "Whether redirects are followed. Without it the client's setting holds."
  }
  input "max_redirects" {
    type        = number
    min         = 0
    description = "How many redirects are followed before the step fails. Without it the client's setting holds."
  }
  rule {
    conflicts     = ["body", "json", "form_data", "multipart", "file"]
    error_message = "a request has one body: at most one of body, json, form_data, multipart and file may be given"
  }
  rule {
    conflicts     = ["bearer_token", "basic_auth"]
    error_message = "both make the Authorization header: at most one of bearer_token and basic_auth may be given"
  }
  rule {
    when          = ["headers"]
    condition     = length([for name in keys(input.headers) : name if lower(name) == "transfer-encoding"]) == 0
    error_message = "a body is sent with its length, so the step fails: leave Transfer-Encoding out of headers"
    severity      = "warning"
  }
  rule {
    when          = ["headers"]
    condition     = length([for name in keys(input.headers) : name if lower(name) == "content-length"]) == 0
    error_message = "the length of the body is sent anyway, and another one fails the step: leave Content-Length out of headers"
    severity      = "warning"
  }
  rule {
    when          = ["bearer_token", "basic_auth"]
    condition     = input.headers == null || !contains([for name in keys(input.headers) : lower(name)], "authorization")
    error_message = "headers has an Authorization of its own, which is sent in its place"
    severity      = "warning"
  }
  rule {
    when          = ["basic_auth"]
    condition     = length(split(":", input.basic_auth.username)) == 1
    error_message = "a colon ends the username of basic_auth: leave it out"
  }
  rule {
    when          = ["api_key"]
    condition     = contains(["header", "query"], input.api_key.in)
    error_message = "the `in` of api_key is \"header\" or \"query\""
  }
  rule {
    when          = ["api_key"]
    condition     = input.api_key.in != "header" || replace(input.api_key.name, "/[!#$%&'*+.^_`|~0-9A-Za-z-]+/", "") == "" && input.api_key.name != ""
    error_message = "the `name` of api_key is no header's name, so the step fails: such a name has letters, digits and !#$%&'*+-.^_`|~"
    severity      = "warning"
  }
  rule {
    when = ["query_params"]
    condition = length([
      for value in values(input.query_params) : value
      if value != null && !can(tostring(value)) && !can([for item in tolist(value) : tostring(item)])
    ]) == 0
    error_message = "a value of query_params is neither a scalar nor a list of scalars, so the step fails"
    severity      = "warning"
  }
  rule {
    when = ["form_data"]
    condition = length([
      for value in values(input.form_data) : value
      if value != null && !can(tostring(value)) && !can([for item in tolist(value) : tostring(item)])
    ]) == 0
    error_message = "a value of form_data is neither a scalar nor a list of scalars, so the step fails"
    severity      = "warning"
  }
  rule {
    when          = ["multipart"]
    condition     = length([for part in input.multipart : part.name if(part.value == null) == (part.file == null)]) == 0
    error_message = "each part of multipart has a value or a file, one of them"
  }
  rule {
    when          = ["timeout"]
    condition     = step.time_limit == null || input.timeout <= step.time_limit
    error_message = "the time limit of the step is shorter and ends it first"
    severity      = "warning"
  }
  rule {
    condition     = uses.client.http_version != "3" || lower(substr(trimspace(input.url), 0, 6)) == "https:"
    error_message = "HTTP/3 needs https: the client's http_version is \"3\", so the url begins with https://"
  }
  rule {
    when          = ["max_redirects"]
    condition     = coalesce(input.follow_redirects, uses.client.follow_redirects)
    error_message = "redirects are not followed, so max_redirects has no effect"
    severity      = "warning"
  }
  rule {
    when          = ["max_redirects"]
    condition     = input.max_redirects == floor(input.max_redirects)
    error_message = "max_redirects is a whole number"
  }
  rule {
    when = ["expect_status"]
    condition = length([
      for status in try(tolist(input.expect_status), [input.expect_status]) : status
      if !can(tostring(status))
    ]) == 0
    error_message = "expect_status is a status, a pattern such as \"2xx\", or a list of these"
  }
  rule {
    when = ["expect_status"]
    condition = length([
      for status in flatten([input.expect_status]) : status
      if try(tonumber(trimspace(split("-", status)[0])) > tonumber(trimspace(split("-", status)[1])), false)
    ]) == 0
    error_message = "a range of expect_status goes from the lower status to the higher one, as \"200-299\""
  }
  rule {
    when = ["expect_status"]
    condition = !coalesce(input.follow_redirects, uses.client.follow_redirects) || length([
      for status in flatten([input.expect_status]) : status
      if !contains(["301", "302", "303", "307", "308"], try(tostring(status), ""))
    ]) > 0
    error_message = "redirects are followed, so this status is not the one that counts: write `follow_redirects = false`"
    severity      = "warning"
  }
  metric "dns" {
    kind        = "trend"
    unit        = "time"
    description = "For each connection that was opened: until the name had an address; 0 where the thread knew it."
  }
  metric "connecting" {
    kind        = "trend"
    unit        = "time"
    description = "For each connection that was opened: from the address until it stood, proxies included."
  }
  metric "tls_handshake" {
    kind        = "trend"
    unit        = "time"
    description = "For each connection with TLS that was opened: from there until TLS was agreed on."
  }
  error "request" {
    description = "The request cannot be made: a URL or header is malformed, or a file cannot be read."
  }
  error "dns" {
    description = "The host name has no address."
  }
  error "connect" {
    description = "No connection: it took longer than connect_timeout, or the proxy refused."
  }
  error "refused" {
    description = "No connection: nobody listens there."
  }
  error "unreachable" {
    description = "No connection: there is no way to the host."
  }
  error "local" {
    description = "No connection: this host has no more file descriptors or ports. That says nothing of the server."
  }
  error "tls" {
    description = "No TLS connection: the certificate is not trusted or not for this host, or there is no common TLS version."
  }
  error "redirect" {
    description = "Too many redirects, or one to something that is no URL."
  }
  error "reset" {
    description = "The server broke the connection off before its answer."
  }
  error "closed" {
    description = "The server closed the connection before its answer."
  }
  error "protocol" {
    description = "The answer is no valid HTTP."
  }
}

runner "http_request" {
  description = "Sends one HTTP request and reads its answer."
  shares      = ["request"]

  input "method" {
    type        = string
    default     = "GET"
    one_of      = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
    description = "The method."
  }
  input "timeout" {
    type        = duration
    more_than   = "0s"
    description = "Time limit of the whole exchange: connecting, redirects and reading the body are part of it. Without it the client's limit holds."
  }
  input "expect_status" {
    type            = any
    min_length      = 1
    pattern         = "^(?:[1-9][0-9]{2}(?: *- *[1-9][0-9]{2})?|[1-9][0-9][xX]|[1-9][xX]{2})$"
    pattern_message = "write a status as 200, or a pattern as \"2xx\" or \"200-299\""
    description     = "The status codes that pass: a number, a pattern such as \"2xx\", or a list of these. Without it every answer passes, also one with status 500."
  }
  input "response_schema" {
    type        = string
    read        = "build"
    as          = ["json_schema", "openapi"]
    description = "Path of a JSON Schema, or of an OpenAPI document with an operation as in \"api.yaml#getUser\" or \"api.yaml#GET /users/{id}\". It gives the output json its type."
  }
  input "validate" {
    type        = bool
    read        = "build"
    description = "Whether the whole body of each answer is validated against `response_schema` when the program runs, as the required check \"response_schema\". Without it the type is trusted."
  }

  output "status_code" {
    type        = number
    description = "The status code."
  }
  output "headers" {
    type        = map(string)
    description = "The headers by their names in lower case. The values of a header that came more than once are joined by a comma."
  }
  output "body" {
    type        = string
    description = "The body, decompressed, as text. Its byte-order mark says the charset, else its Content-Type; else it is UTF-8."
  }
  output "json" {
    type         = any
    type_from    = input.response_schema
    validated_by = input.validate
    description  = "The body read as JSON; null if it is no JSON."
  }
  output "url" {
    type        = string
    description = "The URL that answered, after redirects."
  }
  output "http_version" {
    type        = string
    description = "\"1.0\", \"1.1\", \"2\" or \"3\"."
  }
  output "size" {
    type        = number
    description = "Bytes of the body as received, before it is decompressed."
  }
  output "remote_address" {
    type        = string
    description = "Address and port that answered: those of the proxy if there is one, null if unknown."
  }
  output "reused" {
    type        = bool
    description = "Whether the last request went over a connection that had served before; null if the transport does not tell."
  }
  output "timings" {
    type = object({
      dns           = duration
      connecting    = duration
      tls_handshake = duration
      sending       = duration
      waiting       = duration
      receiving     = duration
      total         = duration
    })
    description = "`dns`, `connecting`, `tls_handshake`: of the connections that the step opened, 0s if it opened none. `sending`, `waiting`, `receiving`: of the last request. `total`: everything, with redirects. `sending` is null if the transport does not tell."
  }

  # `waiting` and `receiving` stand at an even and the next place: such neighbours share their pages of memory.
  metric "sending" {
    kind        = "trend"
    unit        = "time"
    on_demand   = true
    description = "From the first byte of the last request until its last one was handed to the system."
  }
  metric "waiting" {
    kind        = "trend"
    unit        = "time"
    description = "From the last byte of the last request to the first byte of its answer. Of a request that goes out at once, its first byte stands for the last one, unless `sending` is asked for."
  }
  metric "receiving" {
    kind        = "trend"
    unit        = "time"
    description = "From the first byte of the last answer to the end of its body."
  }
  metric "answers" {
    kind        = "counter"
    label       = "status"
    description = "Answers by status, also those that fail the step. Of redirects that are followed only the last answer counts."

    warning {
      prefix = "5"
      over   = "1%"
      unless = ["expect_status"]
      text   = "answers had status 5xx, and no expect_status says whether they pass"
    }
  }
  metric "sent" {
    kind        = "counter"
    unit        = "bytes"
    description = "Bytes of the bodies of requests, redirects and those that were sent again included."
  }
  metric "received" {
    kind        = "counter"
    unit        = "bytes"
    description = "Bytes of the body as received, before it is decompressed."
  }
  metric "reused" {
    kind        = "rate"
    description = "Requests over a connection that had served before, of all that had a connection."
  }
  metric "resent" {
    kind        = "counter"
    description = "Requests that were sent again on a new connection: the server had closed an idle one, or said that it did not look at the request."
  }
  metric "requests" {
    kind        = "counter"
    description = "Requests that were sent, redirects and those that were sent again included. One that is given up while it connects counts as well."
  }
  metric "answered" {
    kind        = "counter"
    description = "Answers whose head came, those of redirects included. It is `requests` without `cut`."
  }
  metric "cut" {
    kind        = "counter"
    description = "Requests without an answer: their connection broke, or their time or that of the run was over."
  }

  error "timeout" {
    description = "The whole exchange took longer than its time limit."
  }
  error "body" {
    description = "The body of the answer ended early or cannot be decompressed."
  }
  error "status" {
    description = "The status code does not match expect_status."
  }
}

runner "http_events" {
  description = "Sends one HTTP request and reads the events of its answer (Server-Sent Events) until a condition holds."
  shares      = ["request"]

  input "method" {
    type        = string
    default     = "GET"
    one_of      = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    description = "The method."
  }
  input "last_event_id" {
    type            = string
    min_length      = 1
    pattern         = "^[^\\x00-\\x08\\x0a-\\x1f\\x7f]*$"
    pattern_message = "a header holds no line break and no other control character"
    description     = "The Last-Event-ID header: the server goes on behind this event."
  }
  input "events" {
    type        = number
    min         = 1
    description = "The step ends after this many events."
  }
  input "until_event" {
    type        = string
    min_length  = 1
    description = "The step ends after an event of this name. Events without a name are called message."
  }
  input "until_data" {
    type        = string
    min_length  = 1
    description = "The step ends after an event whose data contains this text."
  }
  input "idle_timeout" {
    type        = duration
    more_than   = "0s"
    description = "How long the step waits for each event; comments are none. Without it only `timeout` counts."
  }
  input "timeout" {
    type        = duration
    more_than   = "0s"
    description = "Time limit of the whole step, from connecting to its last event. Without it the client's limit holds."
  }
  input "expect_status" {
    type            = any
    min_length      = 1
    pattern         = "^(?:[1-9][0-9]{2}(?: *- *[1-9][0-9]{2})?|[1-9][0-9][xX]|[1-9][xX]{2})$"
    pattern_message = "write a status as 200, or a pattern as \"2xx\" or \"200-299\""
    description     = "The status codes that pass: a number, a pattern such as \"2xx\", or a list of these. Without it 200. What passes is read as an event stream; 204 is one without events."
  }

  rule {
    when          = ["events"]
    condition     = input.events == floor(input.events)
    error_message = "events is a whole number"
  }
  rule {
    when          = ["last_event_id"]
    condition     = input.headers == null || !contains([for name in keys(input.headers) : lower(name)], "last-event-id")
    error_message = "headers has a Last-Event-ID of its own, which is sent in its place"
    severity      = "warning"
  }
  rule {
    when          = ["idle_timeout", "timeout"]
    condition     = input.idle_timeout == null || input.timeout == null || input.idle_timeout <= input.timeout
    error_message = "timeout is shorter and ends the step first"
    severity      = "warning"
  }

  output "events" {
    type = list(object({
      id    = string
      event = string
      data  = string
    }))
    description = "The events in order: the last id that the server gave, the name and the data. Kept up to the client's max_body_size."
  }
  output "count" {
    type        = number
    description = "How many events came."
  }
  output "last" {
    type = object({
      id    = string
      event = string
      data  = string
    })
    description = "The last event; null if there was none."
  }
  output "first" {
    type        = duration
    description = "From sending to the first event; null if there was none."
  }
  output "ended_by" {
    type        = string
    description = "What ended the step: \"event\", \"data\" or \"events\", the first of these that held, or \"end\" if the server ended the stream."
  }
  output "status_code" {
    type        = number
    description = "The status code."
  }
  output "headers" {
    type        = map(string)
    description = "The headers by their names in lower case. The values of a header that came more than once are joined by a comma."
  }
  output "url" {
    type        = string
    description = "The URL that answered, after redirects."
  }
  output "http_version" {
    type        = string
    description = "\"1.0\", \"1.1\", \"2\" or \"3\"."
  }

  metric "events" {
    kind        = "counter"
    description = "Events that came."
  }
  metric "first_event" {
    kind        = "trend"
    unit        = "time"
    description = "From sending to the first event."
  }
  metric "between" {
    kind        = "trend"
    unit        = "time"
    description = "From one event to the next."
  }
  metric "answers" {
    kind        = "counter"
    label       = "status"
    description = "Answers by status, also those that fail the step. Of redirects that are followed only the last answer counts."
  }
  metric "waiting" {
    kind        = "trend"
    unit        = "time"
    description = "From the last byte of the last request to the first byte of its answer, as in `http_request`."
  }
  metric "sent" {
    kind        = "counter"
    unit        = "bytes"
    description = "Bytes of the bodies of requests, redirects and those that were sent again included."
  }
  metric "received" {
    kind        = "counter"
    unit        = "bytes"
    description = "Bytes of the stream, also of one that fails the step."
  }
  metric "reused" {
    kind        = "rate"
    description = "Requests over a connection that had served before, of all that had a connection."
  }
  metric "resent" {
    kind        = "counter"
    description = "Requests that were sent again on a new connection: the server had closed an idle one, or said that it did not look at the request."
  }
  metric "requests" {
    kind        = "counter"
    description = "Requests that were sent, redirects and those that were sent again included. One that is given up while it connects counts as well."
  }
  metric "answered" {
    kind        = "counter"
    description = "Answers whose head came, those of redirects included. It is `requests` without `cut`."
  }
  metric "cut" {
    kind        = "counter"
    description = "Requests without an answer: their connection broke, or their time or that of the run was over."
  }

  error "timeout" {
    description = "The whole step took longer than its time limit."
  }
  error "body" {
    description = "The stream broke off, is compressed, or an event is longer than the client's max_body_size."
  }
  error "status" {
    description = "The status code is not 200, or does not match expect_status."
  }
  error "content_type" {
    description = "The answer is no event stream: its Content-Type is not text/event-stream."
  }
  error "idle" {
    description = "No event came within idle_timeout."
  }
}

asset "http_client" {
  description = "Connections, cookies and settings that requests share, like a browser."
  scope       = "vu"
  scopes      = ["worker", "vu", "iteration"]
  connects    = true

  input "timeout" {
    type        = duration
    default     = "10s"
    more_than   = "0s"
    description = "Time limit of a whole exchange: connecting, redirects and reading the body are part of it."
  }
  input "connect_timeout" {
    type        = duration
    more_than   = "0s"
    description = "Time limit for connecting, TLS included. It is a part of `timeout`."
  }
  input "follow_redirects" {
    type        = bool
    default     = true
    description = "Whether redirects are followed."
  }
  input "max_redirects" {
    type        = number
    default     = 10
    min         = 0
    description = "How many redirects are followed before the step fails."
  }
  input "cookies" {
    type        = bool
    default     = true
    description = "Whether the client keeps the cookies that servers set and sends them back. A Secure cookie is sent over https, and over http only to this machine."
  }
  input "headers" {
    type                = map(string)
    key_pattern         = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"
    key_pattern_message = "a header's name has letters, digits and !#$%&'*+-.^_`|~"
    pattern             = "^[^\\x00-\\x08\\x0a-\\x1f\\x7f]*$"
    pattern_message     = "a header holds no line break and no other control character"
    description         = "Headers of every request. Names are sent as they are written; over HTTP/2 and HTTP/3 in lower case."
  }
  input "user_agent" {
    type            = string
    pattern         = "^[^\\x00-\\x08\\x0a-\\x1f\\x7f]*$"
    pattern_message = "a header holds no line break and no other control character"
    description     = "The User-Agent header. Without it: bggo and its version."
  }
  input "compression" {
    type        = bool
    default     = true
    description = "Whether compressed answers (gzip, br, zstd) are asked for and decompressed."
  }
  input "max_body_size" {
    type        = number
    default     = 67108864
    min         = 0
    description = "The largest body that a step keeps when the grid reads it, in bytes, as received and decompressed. A step with a larger body fails. A body that the grid does not read has no limit."
  }
  input "http_version" {
    type        = string
    default     = "auto"
    one_of      = ["auto", "1.1", "2", "3"]
    description = "\"auto\" uses HTTP/2 if the server offers it over TLS. \"2\" always uses HTTP/2, also without TLS. \"3\" always uses HTTP/3, over QUIC; then every URL is https."

    link "3" {
      crate          = "bggo-http-3"
      path           = "http3"
      shares_sockets = true
    }
  }
  input "transport" {
    type        = string
    default     = "own"
    one_of      = ["own", "reqwest"]
    description = "What sends the requests: bggo's own code, or the crate reqwest, to compare the two."

    link "reqwest" {
      crate = "bggo-http-reqwest"
      path  = "reqwest"
    }
  }
  input "connections" {
    type        = string
    default     = "per_vu"
    one_of      = ["per_vu", "shared"]
    description = "\"per_vu\": each virtual user has connections of its own, as each browser has. \"shared\": all users of a thread share theirs, as requests of one server program do. Over HTTP/2 and HTTP/3 many requests then go over one connection. Cookies and settings stay each user's own."
  }
  input "max_connections" {
    type        = number
    min         = 1
    description = "The most connections to each host, of all users of the run together; needs connections = \"shared\". Each thread gets its share, and fails its steps if that is none. Requests that find none free wait in the order in which they came (`connection_wait`)."
  }
  input "keep_alive" {
    type        = bool
    default     = true
    description = "Whether connections are used again. With false each request has a connection of its own, and over HTTP/1 says so by `Connection: close`."
  }
  input "local_addresses" {
    type            = list(string)
    pattern         = "^(?:[0-9]{1,3}(?:\\.[0-9]{1,3}){3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$"
    pattern_message = "write an IP address of this host"
    description     = "Addresses of this host that connections begin at, in turn. Each has source ports of its own: 28,232 as Linux is set up. Without them the system chooses."
  }
  input "resolve" {
    type                = map(string)
    key_pattern         = "^[^\\s/?#@]+$"
    key_pattern_message = "write a host's name, perhaps with a port: shop.test or shop.test:443"
    pattern             = "^[^\\s/?#@]+$"
    pattern_message     = "write an IP address, perhaps with a port: 10.0.0.1 or 10.0.0.1:8443; several with commas between"
    description         = "Addresses of hosts, in place of those that DNS gives: `\"shop.test\" = \"10.0.0.1\"`. A name with a port holds for that port only; an address with a port leads there. Of several addresses, with commas between, each is used in turn."
  }
  input "dns_ttl" {
    type        = duration
    default     = "10s"
    min         = "0s"
    description = "How long the addresses of a host are used before its name is looked up again. With \"0s\" each connection looks it up; with \"8760h\" the first addresses stay. The time to live that a name server gives is not known, since the system's resolver does not tell it."
  }
  input "unix_socket" {
    type            = string
    pattern         = "^[^\\x00]{1,107}$"
    pattern_message = "the path of a socket has 1 to 107 bytes, none of them zero"
    description     = "Path of a socket in the file system that all connections go to. The URL says what is asked for there, and with https which name TLS checks."
  }
  input "proxy" {
    type            = string
    pattern         = "^\\s*(?i:https?|socks5h?)://(?:[^/?#\\\\]*@)?(?:\\[[^\\]/?#\\\\]*\\]|[^\\s/?#:@\\[\\]\\\\]+)(?s:[:/?#\\\\].*|\\s*)$"
    pattern_message = "write http://, https://, socks5:// or socks5h:// and a host"
    description     = "URL of a proxy: http, https, socks5 or socks5h (the proxy resolves names). Proxies of the environment are not used."
  }
  input "no_proxy" {
    type        = list(string)
    description = "Hosts, domains and networks to connect to without the proxy."
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
  input "server_name" {
    type            = string
    pattern         = "^[^\\s:/?#@\\[\\]]*[^\\s:/?#@\\[\\]0-9.][^\\s:/?#@\\[\\]]*$"
    pattern_message = "write a host's name, not an address"
    description     = "The host name that TLS asks for and checks, if it is not the host of the URL."
  }
  input "min_tls_version" {
    type        = string
    default     = "1.2"
    one_of      = ["1.2", "1.3"]
    description = "The oldest TLS version that is used."
  }
  input "max_tls_version" {
    type        = string
    default     = "1.3"
    one_of      = ["1.2", "1.3"]
    description = "The newest TLS version that is used."
  }
  input "cipher_suites" {
    type            = list(string)
    min_length      = 1
    pattern         = "^TLS_[A-Z0-9_]+$"
    pattern_message = "write a registered name, as TLS_AES_128_GCM_SHA256"
    description     = "The cipher suites that TLS offers, by their registered names, best first. Without them all that are supported are offered; the message about an unknown name lists them."
  }
  input "max_idle_connections" {
    type        = number
    min         = 0
    description = "How many idle connections to each host are kept for later requests. With 0 each request opens a new connection. Without it there is no limit."
  }
  input "idle_timeout" {
    type        = duration
    default     = "90s"
    more_than   = "0s"
    description = "How long an idle connection is kept."
  }
  input "tcp_nodelay" {
    type        = bool
    default     = true
    description = "Whether small packets are sent at once (TCP_NODELAY)."
  }

  rule {
    when          = ["max_connections"]
    condition     = input.connections == "shared"
    error_message = "max_connections is the limit of connections that users share: write connections = \"shared\""
  }
  rule {
    when          = ["max_connections"]
    condition     = input.max_connections == floor(input.max_connections)
    error_message = "max_connections is a whole number"
  }
  rule {
    conflicts     = ["unix_socket", "proxy"]
    error_message = "a socket in the file system is reached without a proxy: at most one of unix_socket and proxy may be given"
  }
  rule {
    conflicts     = ["unix_socket", "local_addresses"]
    error_message = "a connection to a socket in the file system begins at no address: at most one of unix_socket and local_addresses may be given"
  }
  rule {
    when          = ["unix_socket"]
    condition     = input.resolve == null
    error_message = "unix_socket says where connections go, so no name is resolved"
    severity      = "warning"
  }
  rule {
    condition     = input.min_tls_version == "1.2" || input.max_tls_version == "1.3"
    error_message = "no version of TLS is left: min_tls_version is newer than max_tls_version"
  }
  rule {
    when          = ["max_idle_connections"]
    condition     = input.keep_alive
    error_message = "keep_alive is false, so no idle connections are kept"
    severity      = "warning"
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
    condition     = input.max_redirects == floor(input.max_redirects)
    error_message = "max_redirects is a whole number"
  }
  rule {
    condition     = input.max_body_size == floor(input.max_body_size)
    error_message = "max_body_size is a whole number of bytes"
  }
  rule {
    when          = ["max_idle_connections"]
    condition     = input.max_idle_connections == floor(input.max_idle_connections)
    error_message = "max_idle_connections is a whole number"
  }
  rule {
    when          = ["connect_timeout"]
    condition     = input.connect_timeout <= input.timeout
    error_message = "timeout is shorter and ends the connecting first"
    severity      = "warning"
  }
  rule {
    when          = ["ca_file", "ca_pem"]
    condition     = !input.insecure_skip_verify
    error_message = "insecure_skip_verify trusts every certificate, so no authority is looked at"
    severity      = "warning"
  }
  rule {
    when          = ["proxy"]
    condition     = input.http_version != "3"
    error_message = "HTTP/3 goes through no proxy: leave out proxy, or the http_version"
  }
  rule {
    condition     = input.http_version != "3" || input.transport == "own"
    error_message = "HTTP/3 is spoken by bggo's own code alone: leave out transport, or the http_version"
  }
  rule {
    when          = ["local_addresses"]
    condition     = input.http_version != "3" && input.transport == "own"
    error_message = "connections begin at local_addresses over HTTP/1.1 and 2 of bggo's own code only: leave out local_addresses, or the http_version and transport"
  }
  rule {
    when          = ["unix_socket"]
    condition     = input.http_version != "3" && input.transport == "own"
    error_message = "a socket in the file system is reached over HTTP/1.1 and 2 of bggo's own code only: leave out unix_socket, or the http_version and transport"
  }
  rule {
    when          = ["resolve"]
    condition     = input.transport == "own"
    error_message = "names are resolved by the grid for bggo's own code only: leave out resolve, or the transport"
  }
  rule {
    condition     = input.connections == "per_vu" || input.transport == "own"
    error_message = "connections are shared by bggo's own code alone: leave out connections, or the transport"
  }
  rule {
    when          = ["no_proxy"]
    at_least_one  = ["proxy"]
    error_message = "no_proxy has no effect without a proxy: the environment's are not used"
    severity      = "warning"
  }

  metric "connections" {
    kind        = "counter"
    description = "Connections that the client opened, TLS and proxies included."
  }
  metric "bytes_out" {
    kind        = "counter"
    unit        = "bytes"
    description = "Bytes that its connections sent, as the sockets carried them: heads, TLS and proxies included."
  }
  metric "bytes_in" {
    kind        = "counter"
    unit        = "bytes"
    description = "Bytes that its connections received, as the sockets carried them: heads, TLS and proxies included."
  }
  metric "connection_wait" {
    kind        = "trend"
    unit        = "time"
    description = "With shared connections: how long requests waited for one that was free. A request that found or opened one at once does not count."
  }
  metric "poisoned" {
    kind        = "counter"
    description = "Connections of HTTP/1 that were closed because a request on them was given up before its answer was over, as by a time limit."
  }
  metric "leftover" {
    kind        = "counter"
    description = "Connections of HTTP/1 that were closed because more came than an answer announced, or something that nobody had asked for."
  }
  metric "gone" {
    kind        = "counter"
    description = "Connections that the server had closed while they were idle."
  }

  error "tls" {
    description = "A certificate or key cannot be read or used."
  }
  error "settings" {
    description = "The value of an argument cannot be used: a proxy or header is malformed."
  }
}
