# A visit of a shop: think times, two requests at the same time that a third one waits for, assertions on status, headers, body
# and time, and a payment by chance.
# Run it: bggo run examples/shop_visit.hcl --seed 7

grid {
  name = "A visit of a shop"
}

resource "http_target" "shop" {}

flow "by_card" {
  input "sum" { type = number }

  step "http_request" "card" {
    arguments {
      url           = "${resource.http_target.shop.url}/post"
      method        = "POST"
      json          = { card = "4111", sum = input.sum }
      expect_status = 200
    }
  }
}

flow "by_invoice" {
  step "http_request" "invoice" {
    arguments {
      url           = "${resource.http_target.shop.url}/anything/invoice"
      expect_status = 200
    }
    delay_before = { mean = "5ms", distribution = "exponential" }
  }
}

step "http_request" "home" {
  arguments {
    url = "${resource.http_target.shop.url}/json"
  }
  check "the page is there" {
    condition     = output.status_code == 200 && strcontains(output.body, "slideshow")
    error_message = "got ${output.status_code}"
  }
  check "it is JSON" {
    condition = startswith(lookup(output.headers, "content-type", ""), "application/json")
  }
  check "it is fast" {
    condition = output.timings.waiting < "1s"
  }
  delay_after = { min = "5ms", max = "20ms" }
}

# Both begin when the page was read, and the order waits for both.
step "http_request" "price" {
  depends_on = ["home"]

  arguments {
    url    = "${resource.http_target.shop.url}/post"
    method = "POST"
    json   = { price = 12.5 }
  }
}

step "http_request" "stock" {
  depends_on = ["home"]

  arguments {
    url    = "${resource.http_target.shop.url}/post"
    method = "POST"
    json   = { left = 3 }
  }
}

locals {
  sum = step.http_request.price.output.json.json.price * min(2, step.http_request.stock.output.json.json.left)
}

step "mix" "payment" {
  mix = { by_invoice = 3 }

  mix "by_card" {
    weight = 1
    arguments {
      sum = local.sum
    }
  }
}

step "print" "receipt" {
  depends_on = ["payment"]

  arguments {
    input = "${local.sum} EUR"
  }
}
