description = "HTTP requests and the client that sends them."

runner "http_request" {
  description = "Sends one HTTP request and reads its answer."

  uses "client" {
    asset       = "http_client"
    optional    = true
    description = "Whose connections, cookies and settings are used; without it a client with defaults, one a virtual user, shared by all such steps."
  }

  input "url" {
    type            = string
    required        = true
    pattern         = "^\\s*(?i:https?)://(?:[^/?#\\\\]*@)?(?:\\[[^\\]/?#\\\\]*\\]|[^/?#:@\\[\\]\\\\ <>^|]+)(?::(?:[0-9]{0,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?(?s:[/?#\\\\].*)?\\s*$"
    pattern_message = "write http:// or https:// and a host; a port is at most 65535"
    description     = "Where to: http or https."
  }
  input "method" {
    type        = string
    default     = "GET"
    one_of      = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
    description = "The method."
  }
  input "headers" {
    type                = map(string)
    key_pattern         = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"
    key_pattern_message = "a header's name has letters, digits and !#$%&'*+-.^_`|~"
    pattern             = "^[^\\x00-\\x08\\x0a-\\x1f\\x7f]*$"
    pattern_message     = "a header holds no line break and no other control character"
    description         = "Headers. They win over the client's and over those that other arguments imply; names are sent in lower case. A Content-Length that is not the body's and a Transfer-Encoding are refused."
  }
  input "query_params" {
    type        = map(any)
    description = "Added to the url's query, each value encoded; a list adds its name once an item, null adds nothing."
  }
  input "body" {
    type        = string
    description = "The body as it is. At most one of body, json, form_data, multipart and file may be given."
  }
  input "json" {
    type        = any
    form        = "json"
    description = "The body as JSON, with its Content-Type."
  }
  input "form_data" {
    type        = map(any)
    description = "The body as an urlencoded form, with its Content-Type; a list sends its name once an item."
  }
  input "multipart" {
    type = list(object({
      name         = string
      value        = optional(string)
      file         = optional(string)
      filename     = optional(string)
      content_type = optional(string)
    }))
    description = "The body as multipart/form-data: each part has a value or the path of a file, which is streamed."
  }
  input "file" {
    type        = string
    description = "Path of a file that is streamed as the body."
  }
  input "cookies" {
    type                = map(string)
    key_pattern         = "^[^;=\\x00-\\x1f\\x7f-\\x{9f}]+$"
    key_pattern_message = "a cookie's name holds neither ; nor = nor control characters"
    pattern             = "^[^;\\x00-\\x1f\\x7f-\\x{9f}]*$"
    pattern_message     = "a cookie holds neither ; nor control characters"
    description         = "Cookies for this request, beside those that the client keeps; of two with one name these win."
  }
  input "bearer_token" {
    type            = string
    sensitive       = true
    pattern         = "^[^\\x00-\\x08\\x0a-\\x1f\\x7f]*$"
    pattern_message = "a header holds no line break and no other control character"
    description     = "Sent as Authorization: Bearer."
  }
  input "basic_auth" {
    type = object({
      username = string
      password = optional(string, "")
    })
    sensitive   = true
    description = "Sent as Authorization: Basic."
  }
  input "api_key" {
    type = object({
      name  = string
      value = string
      in    = optional(string, "header")
    })
    sensitive   = true
    description = "A key sent in a header or, with in = \"query\", in the query."
  }
  input "timeout" {
    type        = duration
    more_than   = "0s"
    description = "For the whole exchange, redirects and body included; the client's where it is absent."
  }
  input "expect_status" {
    type            = any
    min_length      = 1
    pattern         = "^(?:[1-9][0-9]{2}(?: *- *[1-9][0-9]{2})?|[1-9][0-9][xX]|[1-9][xX]{2})$"
    pattern_message = "write a status as 200, or a pattern as \"2xx\" or \"200-299\""
    description     = "The status codes that pass: a number, a pattern as \"2xx\", or a list of these. Without it every answer passes."
  }
  input "follow_redirects" {
    type        = bool
    description = "Whether redirects are followed; as the client says where it is absent."
  }
  input "max_redirects" {
    type        = number
    min         = 0
    description = "How many redirects are followed before the step fails; as the client says where it is absent."
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
    when          = ["multipart"]
    condition     = length([for part in input.multipart : part.name if (part.value == null) == (part.file == null)]) == 0
    error_message = "each part of multipart has a value or a file, one of them"
  }
  rule {
    when          = ["timeout"]
    condition     = step.time_limit == null || input.timeout <= step.time_limit
    error_message = "the time limit of the step is shorter and ends it first"
    severity      = "warning"
  }
  rule {
    when          = ["max_redirects"]
    condition     = coalesce(input.follow_redirects, uses.client.follow_redirects)
    error_message = "redirects are not followed, so max_redirects says nothing"
    severity      = "warning"
  }
  rule {
    when          = ["max_redirects"]
    condition     = input.max_redirects == floor(input.max_redirects)
    error_message = "max_redirects is a whole number"
  }
  rule {
    when = ["expect_status"]
    condition = !coalesce(input.follow_redirects, uses.client.follow_redirects) || length([
      for status in flatten([input.expect_status]) : status
      if !contains(["301", "302", "303", "307", "308"], tostring(status))
    ]) > 0
    error_message = "redirects are followed, so this status is not the one that counts: write `follow_redirects = false`"
    severity      = "warning"
  }

  output "status_code" {
    type        = number
    description = "The status code."
  }
  output "headers" {
    type        = map(string)
    description = "The headers by name in lower case; one that came more than once is joined by a comma."
  }
  output "body" {
    type        = string
    description = "The body as text: decompressed, read by its byte-order mark, else by the charset of its Content-Type, else as UTF-8."
  }
  output "json" {
    type        = any
    description = "The body read as JSON; null where it is none."
  }
  output "url" {
    type        = string
    description = "The url that answered, after redirects."
  }
  output "http_version" {
    type        = string
    description = "\"1.0\", \"1.1\" or \"2\"."
  }
  output "size" {
    type        = number
    description = "Bytes of the body as it came, before it is decompressed."
  }
  output "remote_address" {
    type        = string
    description = "Address and port that answered; the proxy's behind a proxy, null where it is not known."
  }
  output "timings" {
    type = object({
      waiting   = duration
      receiving = duration
      total     = duration
    })
    description = "Waiting: from sending to the head of the last answer. Receiving: its body. Total: all, redirects included."
  }

  metric "waiting" {
    kind        = "trend"
    unit        = "time"
    description = "From sending to the head of the answer, connecting included."
  }
  metric "receiving" {
    kind        = "trend"
    unit        = "time"
    description = "From the head of the answer to the end of its body."
  }
  metric "received" {
    kind        = "counter"
    unit        = "bytes"
    description = "Bytes of bodies as they came."
  }
  metric "resent" {
    kind        = "counter"
    description = "Requests that went out once more, on a new connection, because the server had closed the one that lay idle."
  }

  error "request" {
    description = "The request cannot be made: a malformed url or header, a file that cannot be read."
  }
  error "dns" {
    description = "The host's name has no address."
  }
  error "connect" {
    description = "No connection: refused, unreachable, or the proxy would not."
  }
  error "tls" {
    description = "No secure connection: a certificate that is not trusted or not for this host, no common version."
  }
  error "timeout" {
    description = "Connecting or the whole exchange took longer than its limit."
  }
  error "redirect" {
    description = "Too many redirects, or one to a place that is no url."
  }
  error "protocol" {
    description = "What came back is no HTTP, or the connection ended before the answer."
  }
  error "body" {
    description = "The answer's body ended early or cannot be decompressed."
  }
  error "status" {
    description = "The status code is none of expect_status."
  }
}

asset "http_client" {
  description = "Connections, cookies and settings that requests share: what a browser is to its user."
  scope       = "vu"
  scopes      = ["worker", "vu", "iteration"]

  input "timeout" {
    type        = duration
    default     = "10s"
    more_than   = "0s"
    description = "For a whole exchange, redirects and body included."
  }
  input "connect_timeout" {
    type        = duration
    more_than   = "0s"
    description = "For making a connection, TLS included; part of timeout in any case."
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
    description = "Whether cookies that servers set are kept and sent back, as long as the client lives; one with Secure goes by https only, and by http to this machine."
  }
  input "headers" {
    type                = map(string)
    key_pattern         = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"
    key_pattern_message = "a header's name has letters, digits and !#$%&'*+-.^_`|~"
    pattern             = "^[^\\x00-\\x08\\x0a-\\x1f\\x7f]*$"
    pattern_message     = "a header holds no line break and no other control character"
    description         = "Headers of every request; names are sent in lower case."
  }
  input "user_agent" {
    type            = string
    pattern         = "^[^\\x00-\\x08\\x0a-\\x1f\\x7f]*$"
    pattern_message = "a header holds no line break and no other control character"
    description     = "The User-Agent header; bggo and its version where it is absent."
  }
  input "compression" {
    type        = bool
    default     = true
    description = "Whether gzip, br and zstd are accepted and decompressed."
  }
  input "max_body_size" {
    type        = number
    default     = 67108864
    min         = 0
    description = "Most bytes of a body that is kept because the grid reads it, as it came and decompressed: 64 MiB. A longer one fails the step. A body that is only counted has no limit."
  }
  input "http_version" {
    type        = string
    default     = "auto"
    one_of      = ["auto", "1.1", "2"]
    description = "\"auto\" takes HTTP/2 where TLS offers it; \"2\" speaks it from the first byte, without TLS too."
  }
  input "proxy" {
    type        = string
    description = "URL of a proxy: http, https, socks5 or socks5h (which resolves names at the proxy). The environment's proxies are not used."
  }
  input "no_proxy" {
    type        = list(string)
    description = "Hosts, domains and networks that are reached without the proxy."
  }
  input "ca_file" {
    type        = string
    description = "File of PEM certificates that are trusted, in place of the built-in and the host's: authorities, or the server's own."
  }
  input "ca_pem" {
    type        = string
    description = "The same as text."
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
    description = "Trust every certificate. For tests only."
  }
  input "server_name" {
    type        = string
    description = "The name that TLS asks for and checks, where it is not the url's host."
  }
  input "min_tls_version" {
    type        = string
    default     = "1.2"
    one_of      = ["1.2", "1.3"]
    description = "The oldest version of TLS that is spoken."
  }
  input "max_idle_connections" {
    type        = number
    min         = 0
    description = "Connections a host that are kept for later requests; 0 opens one for each request. Unlimited where it is absent."
  }
  input "idle_timeout" {
    type        = duration
    default     = "90s"
    more_than   = "0s"
    description = "How long an unused connection is kept."
  }
  input "tcp_nodelay" {
    type        = bool
    default     = true
    description = "Send at once instead of gathering (TCP_NODELAY)."
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
    when          = ["no_proxy"]
    at_least_one  = ["proxy"]
    error_message = "no_proxy says nothing without a proxy: the environment's are not used"
    severity      = "warning"
  }

  error "tls" {
    description = "A certificate or key cannot be read or used."
  }
  error "settings" {
    description = "An argument's value cannot be used: a malformed proxy or header."
  }
}
