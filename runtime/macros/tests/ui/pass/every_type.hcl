description = "Every type of input in each of its ways to be absent, and names that Rust has other uses for."

runner "every" {
  input "text" {
    type     = string
    required = true
  }
  input "maybe_text" { type = string }
  input "method" {
    type    = string
    default = "GET"
    one_of  = ["GET", "PUT"]
  }
  input "body" {
    type = any
    form = "json"
  }
  input "fixed_body" {
    type    = any
    form    = "json"
    default = { b = [1, "x"], a = null }
  }
  input "number" {
    type    = number
    default = -1.5
  }
  input "maybe_number" { type = number }
  input "flag" {
    type    = bool
    default = true
  }
  input "pause" {
    type    = duration
    default = "1m30s"
  }
  input "limit" {
    type    = size
    default = "2KiB"
  }
  input "payload" {
    type    = bytes
    default = "é"
  }
  input "maybe_payload" { type = bytes }
  input "list" {
    type    = list(number)
    default = [1, 2]
  }
  input "maybe_map" { type = map(string) }
  input "anything" {
    type     = any
    nullable = true
  }
  output "type" { type = string }
  output "all" { type = any }
}

runner "type" {
  input "value" {
    type    = number
    default = 1
  }
  input "late" { type = bool }
  input "self" { type = string }
  input "match" { type = list(string) }
  input "input" {
    type     = duration
    required = true
  }
  output "match" { type = any }
}

runner "bounded" {
  input "port" {
    type = number
    min  = 1
    max  = 65535
  }
  input "pause" {
    type      = duration
    more_than = "0s"
  }
  input "room" {
    type = size
    max  = "1KiB"
  }
  input "name" {
    type       = string
    max_length = 2
  }
  input "items" {
    type       = list(any)
    min_length = 1
  }
  input "raw" {
    type       = bytes
    min_length = 1
  }
  input "first" { type = string }
  input "second" { type = string }
  input "label" { type = string }
  rule {
    conflicts     = ["first", "second"]
    error_message = "one text is enough"
  }
  rule { at_least_one = ["first", "second"] }
  rule {
    when          = ["label"]
    at_least_one  = ["port"]
    error_message = "a label needs its port"
  }
  rule {
    conflicts = ["name", "label"]
    severity  = "warning"
  }
}
