description = "A runner and an asset that take one of several kinds of asset."

runner "query" {
  uses "db" { asset = ["connection", "pool"] }
  uses "log" {
    asset    = ["pool", "connection"]
    optional = true
  }
  output "by" { type = string }
}

asset "connection" {
  input "name" {
    type     = string
    required = true
  }
}

asset "pool" {
  scopes = ["run", "worker"]
  input "name" {
    type     = string
    required = true
  }
}

asset "session" {
  uses "db" { asset = ["connection", "pool"] }
  uses "beside" {
    asset    = ["session", "pool"]
    optional = true
  }
  output "by" { type = string }
}
