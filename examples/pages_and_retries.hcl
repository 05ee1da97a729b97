# Pages are followed until the last one, a job is polled until it is done, a price has a fallback, and the logout runs however
# the others ended.
# Run it: bggo run examples/pages_and_retries.hcl

resource "http_target" "shop" {}

# The target answers with what it got, so each answer names the page after it: null after the third.
step "http_request" "pages" {
  arguments {
    url    = "${resource.http_target.shop.url}/post"
    method = "POST"
    json = {
      items = ["item ${try(previous.output.json.json.next, 1)}"]
      next  = try(previous.output.json.json.next, 1) < 3 ? try(previous.output.json.json.next, 1) + 1 : null
    }
  }
  repeat {
    until        = output.json.json.next == null
    max_attempts = 10
    collect      = output.json.json.items
  }
}

step "http_request" "job" {
  depends_on = ["pages"]

  arguments {
    url = "${resource.http_target.shop.url}/counts"
  }
  repeat {
    while   = output.json.paths["/post"] < 3
    every   = "100ms"
    timeout = "10s"
  }
  retry {
    attempts = 5
    retry_on = ["timeout", "connect", "status"]
    backoff {
      strategy = "exponential"
      initial  = "50ms"
      max      = "2s"
      jitter   = "full"
    }
  }
}

step "http_request" "price" {
  arguments {
    url           = "${resource.http_target.shop.url}/status/503"
    expect_status = 200
  }
  on_error {
    fallback = { json = { price = 9.5 } }
  }
}

step "print" "found" {
  depends_on = ["job"]

  arguments {
    input = {
      items = flatten(step.http_request.pages.output.collected)
      price = step.http_request.price.output.json.price
    }
  }
}

step "http_request" "logout" {
  always     = true
  depends_on = ["found"]

  arguments {
    url    = "${resource.http_target.shop.url}/delete"
    method = "DELETE"
  }
}
