# Users with a connection each, from many source addresses: one address has 28,232 ports.

variable "url" {
  type = string
}

resource "http_client" "many" {
  arguments {
    local_addresses = [for number in range(2, 10) : "127.0.1.${number}"]
    http_version    = "1.1"
  }
}

step "http_request" "connect" {
  uses {
    client = resource.http_client.many
  }
  arguments {
    url           = "${var.url}/hit"
    expect_status = 200
  }
}

step "noop" "wait" {
  arguments {
    delay = "10m"
  }
  depends_on = [step.http_request.connect]
}
