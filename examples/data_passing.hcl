# A request sends data of the answer before it. Names and types of outputs are checked when the grid is built.
# Run it: bggo run examples/data_passing.hcl --customer Bob

variable "customer" {
  type        = string
  description = "Who orders"
  default     = "Ann"
}

locals {
  order = {
    customer = var.customer
    items    = [for name in ["pen", "ink"] : { name = name, count = length(name) }]
  }
}

resource "http_target" "shop" {}

step "http_request" "order" {
  arguments {
    url           = "${resource.http_target.shop.url}/post"
    method        = "POST"
    json          = local.order
    expect_status = 200
  }
}

step "http_request" "receipt" {
  arguments {
    url    = "${resource.http_target.shop.url}/anything/receipt"
    method = "POST"
    json = {
      for_whom = step.http_request.order.output.json.json.customer
      first    = step.http_request.order.output.json.json.items[0].name
    }
  }
}

step "print" "receipt" {
  arguments {
    input = "receipt for ${step.http_request.receipt.output.json.json.for_whom}: ${step.http_request.receipt.output.json.json.first} and more"
  }
}
