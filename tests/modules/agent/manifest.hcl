description = "Uses the client of another module, for tests of such uses."

runner "agent" {
  description = "Says what a client calls itself."

  uses "client" {
    module   = "http_request"
    asset    = "http_client"
    optional = true
  }
  output "name" { type = string }
}

asset "visitor" {
  description = "Stands on a client, and exports what it calls itself."
  scope       = "vu"

  uses "client" {
    module = "http_request"
    asset  = "http_client"
  }
  output "name" { type = string }
}
