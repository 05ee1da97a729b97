variable "url" {
  type = string
}

resource "http_client" "reqwest" {
  arguments {
    transport = "reqwest"
  }
}

step "http_request" "hit" {
  uses {
    client = resource.http_client.reqwest
  }
  arguments {
    url           = "${var.url}/hit"
    expect_status = 200
  }
}
