# Users that send one message each, and wait with their session.

variable "url" {
  type = string
}

resource "websocket" "session" {
  arguments {
    url = var.url
  }
}

step "websocket_request" "echo" {
  uses {
    socket = resource.websocket.session
  }
  arguments {
    text = "hello"
  }
}

step "noop" "wait" {
  arguments {
    delay = "10m"
  }
  depends_on = [step.websocket_request.echo]
}
