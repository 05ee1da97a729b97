# One connection that all users share; each has one stream at a time.

variable "url" {
  type = string
}

variable "ca" {
  type = string
}

resource "http_client" "shared" {
  arguments {
    ca_file         = var.ca
    http_version    = "3"
    connections     = "shared"
    max_connections = 1
  }
}

step "http_request" "hit" {
  uses {
    client = resource.http_client.shared
  }
  arguments {
    url           = "${var.url}/hit"
    expect_status = 200
  }
}
