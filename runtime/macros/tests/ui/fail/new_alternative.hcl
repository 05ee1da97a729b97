description = "A runner that may be handed a pool since lately."

runner "query" {
  uses "db" { asset = ["connection", "pool"] }
}

asset "connection" {}
asset "pool" {}
