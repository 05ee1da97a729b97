# A shop over gRPC: a call, a list that comes, and messages that answer each other. Run it against a server of the services in
# shop.proto: bggo run example.hcl --server 127.0.0.1:50051
variable "server" {
  type        = string
  default     = ""
  description = "Host and port of the shop. Without it the steps are skipped."
}

resource "grpc_client" "shop" {
  arguments {
    target   = var.server
    proto    = ["shop.proto"]
    metadata = { x-token = "secret" }
  }
}

resource "grpc_stream" "talk" {
  uses {
    client = resource.grpc_client.shop
  }
  arguments {
    method = "shop.Shop/Talk"
  }
}

step "grpc_request" "ask" {
  enabled = var.server != ""
  uses {
    client = resource.grpc_client.shop
  }
  arguments {
    method   = "shop.Shop/Unary"
    message  = { name = "tea", count = 1 }
    deadline = "2s"
  }
  check "the shop has tea" {
    condition = output.message.text == "TEA"
  }
}

step "grpc_request" "list" {
  enabled = var.server != ""
  uses {
    client = resource.grpc_client.shop
  }
  arguments {
    method          = "shop.Shop/List"
    message         = { name = "tea", count = 3 }
    expect_messages = 3
  }
  check "they come in order" {
    condition = output.messages[2].text == "tea2"
  }
}

step "grpc_send" "say" {
  enabled = var.server != ""
  uses {
    stream = resource.grpc_stream.talk
  }
  arguments {
    message = { name = "hello from ${vu.id}" }
  }
}

step "grpc_receive" "hear" {
  enabled = var.server != ""
  uses {
    stream = resource.grpc_stream.talk
  }
  arguments {
    match   = output.message.text != ""
    timeout = "5s"
  }
  depends_on = [step.grpc_send.say]
}

step "grpc_close" "bye" {
  enabled = var.server != ""
  uses {
    stream = resource.grpc_stream.talk
  }
  depends_on = [step.grpc_receive.hear]
}
