description = "A runner that uses assets, and an asset that a run may share."

runner "talk" {
  uses "step" { asset = "line" }
  uses "late" {
    asset    = "line"
    optional = true
  }
  output "said" { type = string }
  metric "length" { kind = "counter" }
  metric "words" {
    kind  = "counter"
    label = "language"

    warning {
      prefix = "x-"
      over   = "0.5%"
      text   = "words are of no known language"
    }
  }
  metric "pause" {
    kind = "trend"
    unit = "time"
  }
  metric "answered" { kind = "rate" }
  metric "breath" {
    kind      = "trend"
    unit      = "time"
    on_demand = true
  }
  error "silent" { description = "Nothing was said." }
}

asset "line" {
  scopes = ["run"]
  input "to" {
    type     = string
    required = true
  }
  input "retries" {
    type    = number
    default = 2
  }
  output "address" { type = string }
  error "busy" {}
}

asset "session" {
  uses "over" { asset = "line" }
  uses "beside" {
    asset    = "session"
    optional = true
  }
  output "path" { type = string }
  metric "open" { kind = "gauge" }
  metric "static" { kind = "counter" }
}
