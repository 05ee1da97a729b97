variable "url" {
  type = string
}

variable "message" {
  type = string
}

resource "websocket" "session" {
  arguments {
    url = var.url
  }
}

# Binary, as the message of the anchor is.
step "websocket_request" "echo" {
  uses {
    socket = resource.websocket.session
  }
  arguments {
    binary = var.message
  }
}

threshold "p99" {
  condition = metrics.run.service_time.p99 < "10s"
}
