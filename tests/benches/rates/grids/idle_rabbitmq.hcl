# Users that use their connection once, and wait with it.

variable "url" {
  type = string
}

resource "rabbitmq_connection" "idle" {
  arguments {
    url = var.url
  }
}

step "rabbitmq_publish" "once" {
  uses {
    connection = resource.rabbitmq_connection.idle
  }
  arguments {
    routing_key = "bench"
    body        = "hello"
  }
}

step "noop" "wait" {
  arguments {
    delay = "10m"
  }
  depends_on = [step.rabbitmq_publish.once]
}
