# A form is sent with the token of its page, a session is signed, and a page of items is read: by CSS, a pattern and a path.
# Run it: bggo run examples/texts_of_answers.hcl --seed 7

variable "key" {
  type      = string
  default   = "a key of the shop"
  sensitive = true
}

resource "http_target" "shop" {}

# The target answers with what it got, so this is the page.
step "http_request" "page" {
  arguments {
    url    = "${resource.http_target.shop.url}/post"
    method = "POST"
    body   = "<form action='/login?step=2'><input name=csrf value=t0k3n-42><p class=price>12.50 EUR</p></form>"
  }
}

locals {
  page  = step.http_request.page.output.json.data
  token = one(css(local.page, "input[name=csrf]", "value"))
  price = regex("(?P<amount>\\d+\\.\\d+) (?P<currency>[A-Z]{3})", local.page)
  login = url(one(css(local.page, "form", "action")))
}

step "http_request" "login" {
  arguments {
    url           = "${resource.http_target.shop.url}/bearer"
    bearer_token  = jwt_hs256({ sub = fake_username(), csrf = local.token }, var.key)
    expect_status = 200
  }
}

step "http_request" "items" {
  depends_on = [step.http_request.login]
  arguments {
    url    = "${resource.http_target.shop.url}/post"
    method = "POST"
    json = {
      items = [{ id = 1, price = 5 }, { id = 2, price = 15.5 }, { id = 3, price = 20 }]
      pick  = random_choice(["red", "green"])
    }
  }
}

step "print" "found" {
  depends_on = [step.http_request.items]
  arguments {
    input = {
      token = local.token
      price = "${local.price.amount} in ${local.price.currency}"
      step  = local.login.query["step"]
      dear  = jsonpath(step.http_request.items.output.body, "$.json.items[?@.price > 10].id")
    }
  }
}
