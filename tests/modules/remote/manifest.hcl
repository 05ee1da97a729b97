description = "Calls of methods that answer what the grid says, for tests of messages that .proto files declare."

asset "remote" {
  description = "Declares methods."

  input "proto" {
    type        = list(string)
    read        = "build"
    as          = ["protobuf"]
    description = "Files that declare the methods."
  }
  input "import_paths" {
    type        = list(string)
    read        = "build"
    as          = ["folders"]
    description = "Folders in which they are looked for."
  }
  input "descriptor_set" {
    type        = string
    read        = "build"
    as          = ["protobuf_set"]
    description = "A descriptor set that declares them."
  }
  input "name" {
    type    = string
    default = "remote"
  }
  output "name" { type = string }
}

runner "remote_call" {
  description = "Encodes what it sends, and decodes what the grid says that comes back."

  uses "remote" { asset = "remote" }
  input "method" {
    type        = string
    required    = true
    selects     = uses.remote
    description = "The method, `package.Service/Method`."
  }
  input "message" {
    type        = any
    shape       = true
    type_from   = input.method.request
    description = "What is sent."
  }
  input "messages" {
    type        = list(any)
    type_from   = input.method.request
    description = "What is sent, one message after the other."
  }
  input "answers" {
    type        = list(any)
    type_from   = input.method.response
    description = "What comes back."
  }
  rule { conflicts = ["message", "messages"] }

  output "method" { type = string }
  output "sent" {
    type      = list(any)
    type_from = input.method.request
  }
  output "message" {
    type        = any
    type_from   = input.method.response
    description = "What came back, of a stream the last message."
  }
  output "messages" {
    type        = list(any)
    type_from   = input.method.response
    description = "All that came back."
  }
}

asset "remote_stream" {
  description = "A call that lasts."
  scope       = "iteration"

  uses "remote" { asset = "remote" }
  input "method" {
    type     = string
    required = true
    selects  = uses.remote
    streams  = true
  }
  output "kind" { type = string }
}

runner "remote_send" {
  description = "Sends in a call that lasts, and gets it back."

  uses "stream" { asset = "remote_stream" }
  input "message" {
    type      = any
    required  = true
    shape     = true
    type_from = uses.stream.method.request
  }
  output "message" {
    type      = any
    type_from = uses.stream.method.response
  }
}
