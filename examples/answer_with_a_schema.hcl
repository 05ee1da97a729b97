# A schema says what an answer holds: a misspelt attribute of it is an error when the grid is built, and editors complete it.
# Run it: bggo run examples/answer_with_a_schema.hcl --customer Bob

variable "customer" {
  default = "Ann"
}

resource "http_target" "shop" {}

locals {
  order = { customer = var.customer, items = [{ name = "pen", price = 2 }, { name = "ink", price = 5 }], voucher = null }
  # The embedded target sends back what it is sent.
  cart = step.http_request.cart.output.json.json
}

step "http_request" "cart" {
  arguments {
    url             = "${resource.http_target.shop.url}/post"
    method          = "POST"
    json            = local.order
    response_schema = "schemas/cart.schema.json"
  }

  check "the items cost something" {
    condition = sum(output.json.json.items[*].price) > 0
  }
}

step "print" "bill" {
  arguments {
    # The schema lets the voucher be null and the note be missing, so bggo would warn where nothing asks for that.
    input = {
      customer = upper(local.cart.customer)
      sum      = sum([for item in local.cart.items : item.price])
      voucher  = local.cart.voucher == null ? "none" : upper(local.cart.voucher)
      note     = coalesce(local.cart.note, "no note")
    }
  }
}
