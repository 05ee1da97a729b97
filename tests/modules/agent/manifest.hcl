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

runner "courier" {
  description = "Gives its parcel to a feed, or says it to a probe."

  uses "to" {
    module   = "probe"
    asset    = ["feed", "probe"]
    optional = true
  }
  input "parcel" {
    type     = string
    required = true
  }
}

asset "depot" {
  description = "Stands on a feed or a probe, and exports on which."
  scope       = "vu"
  scopes      = ["run", "worker"]

  uses "on" {
    module = "probe"
    asset  = ["probe", "feed"]
  }
  output "on" { type = string }
}

asset "visitor" {
  description = "Stands on a client, and exports what it calls itself."
  scope       = "vu"
  scopes      = ["worker"]

  uses "client" {
    module   = "http_request"
    asset    = "http_client"
    optional = true
  }
  output "name" { type = string }
}
