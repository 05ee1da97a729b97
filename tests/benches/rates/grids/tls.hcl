variable "url" {
  type = string
}

variable "ca" {
  type = string
}

resource "http_client" "trusting" {
  arguments {
    ca_file      = var.ca
    http_version = "1.1"
  }
}

step "http_request" "hit" {
  uses {
    client = resource.http_client.trusting
  }
  arguments {
    url           = "${var.url}/hit"
    expect_status = 200
  }
}
