description = "Messages in Slack."

runner "slack" {
  description     = "Posts a message to a channel of Slack, by an incoming webhook."
  meant_for_setup = "a webhook takes about one message a second and refuses more"

  uses "client" {
    module      = "http_request"
    asset       = "http_client"
    optional    = true
    description = "The client over whose connections the message goes, with its proxy and TLS. Without it: a default client, which each virtual user has."
  }

  input "webhook_url" {
    type            = string
    required        = true
    sensitive       = true
    pattern         = "^(?i:https?)://[^/?#]+/[\\x21-\\x7e]*$"
    pattern_message = "write the whole url of the webhook, as https://hooks.slack.com/services/..: letters, digits and signs of ASCII"
    description     = "The url of the webhook. Who has it can post, so no text shows it."
  }
  input "text" {
    type        = string
    min_length  = 1
    description = "The message. With blocks it is what notifications say."
  }
  input "blocks" {
    type        = list(any)
    min_length  = 1
    max_length  = 50
    description = "The message as blocks of Slack's Block Kit, each an object with a type."
  }
  input "channel" {
    type        = string
    min_length  = 1
    description = "Another channel than that of the webhook. Only old webhooks, those of a custom integration, go by it."
  }
  input "timeout" {
    type        = duration
    default     = "30s"
    more_than   = "0s"
    description = "Time limit of the whole step, waits for a turn included."
  }

  rule {
    at_least_one  = ["text", "blocks"]
    error_message = "a message needs text or blocks"
  }

  output "status_code" {
    type        = number
    description = "The status of the last answer."
  }
  output "waits" {
    type        = number
    description = "How often Slack said that it takes no message yet, and the step waited."
  }

  error "rate_limited" {
    description = "Slack takes no message yet, and would not within the time limit."
  }
  error "invalid_payload" {
    description = "Slack does not accept the message: status 400 or 413, and what is wrong in its words, such as invalid_blocks."
  }
  error "no_service" {
    description = "The webhook is not in use: status 403, 404 or 410, as for one that was removed, or whose channel is archived."
  }
  error "status" {
    description = "Another answer than Slack's `ok`."
  }
  error "request" {
    description = "The request cannot be made: webhook_url is malformed."
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
  error "timeout" {
    description = "The answer took longer than the time limit."
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
  error "body" {
    description = "The body of the answer ended early."
  }
}
