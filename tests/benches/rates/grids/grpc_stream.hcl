# Each user has one stream, and waits for the answer to each message.

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
    message = { name = "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn", count = 1 + vu.iteration % 100 }
  }
}

step "grpc_receive" "hear" {
  uses {
    stream = resource.grpc_stream.talk
  }
  check "the answer is read" {
    condition = output.message.number == 7
  }
  depends_on = [step.grpc_send.say]
}
