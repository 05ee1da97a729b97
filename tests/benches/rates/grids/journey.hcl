# Five requests. Each but the first sends what an answer before it held.

variable "url" {
  type = string
}

step "http_request" "log_in" {
  arguments {
    url           = "${var.url}/log_in"
    method        = "POST"
    json          = { user = "user-${vu.id}", attempt = vu.iteration }
    expect_status = 200
  }
}

step "http_request" "items" {
  arguments {
    url           = "${var.url}/items?page=${vu.iteration % 10}"
    bearer_token  = step.http_request.log_in.output.json.token
    expect_status = 200
  }
}

step "http_request" "cart" {
  arguments {
    url           = "${var.url}/cart"
    method        = "POST"
    bearer_token  = step.http_request.log_in.output.json.token
    json          = { item = step.http_request.items.output.json.id, count = 1 + vu.iteration % 3 }
    expect_status = 200
  }
}

step "http_request" "order" {
  arguments {
    url           = "${var.url}/orders"
    method        = "POST"
    bearer_token  = step.http_request.log_in.output.json.token
    json          = { cart = step.http_request.cart.output.json.id }
    expect_status = 200
  }
}

step "http_request" "receipt" {
  arguments {
    url           = "${var.url}/orders/${step.http_request.order.output.json.id}"
    bearer_token  = step.http_request.log_in.output.json.token
    expect_status = 200
  }
}
