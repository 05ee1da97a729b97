description = "Calls."

asset "remote" {
  input "proto" {
    type = list(string)
    read = "build"
    as   = ["protobuf"]
  }
  input "name" { type = string }
}

runner "call" {
  uses "remote" { asset = "remote" }
  input "method" {
    type     = string
    required = true
    selects  = uses.remote
  }
  input "message" {
    type      = any
    type_from = input.method.request
  }
}
