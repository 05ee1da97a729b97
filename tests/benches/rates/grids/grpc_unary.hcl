# A message that is never the same twice, and an answer that is read.

variable "target" {
  type = string
}

resource "grpc_client" "shop" {
  arguments {
    target = var.target
    proto  = ["shop.proto"]
  }
}

step "grpc_request" "ask" {
  uses {
    client = resource.grpc_client.shop
  }
  arguments {
    method  = "shop.Shop/Unary"
    message = { name = "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn", count = 1 + vu.iteration % 100 }
  }
  check "the answer is read" {
    condition = output.message.number == 7
  }
}
