# Users that send one request each and wait with their connection open.

variable "url" {
  type = string
}

variable "ca" {
  type    = string
  default = null
}

resource "http_client" "trusting" {
  arguments {
    ca_file      = var.ca
    http_version = "1.1"
  }
}

step "http_request" "connect" {
  uses {
    client = resource.http_client.trusting
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
