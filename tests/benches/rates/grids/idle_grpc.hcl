# Users that send one message each over a stream, and wait with it.

variable "target" {
  type = string
}

resource "grpc_client" "shop" {
  arguments {
    target = var.target
    proto  = ["shop.proto"]
  }
}

resource "grpc_stream" "talk" {
  scope = "vu"
  uses {
    client = resource.grpc_client.shop
  }
  arguments {
    method = "shop.Shop/Talk"
  }
}

step "grpc_send" "say" {
  uses {
    stream = resource.grpc_stream.talk
  }
  arguments {
    message = { name = "tea", count = 1 }
  }
}

step "grpc_receive" "hear" {
  uses {
    stream = resource.grpc_stream.talk
  }
  depends_on = [step.grpc_send.say]
}

step "noop" "wait" {
  arguments {
    delay = "10m"
  }
  depends_on = [step.grpc_receive.hear]
}
