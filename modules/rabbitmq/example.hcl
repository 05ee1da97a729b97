# Orders through RabbitMQ: a queue, a message with its confirm, and the worker that takes it. Run it against a server:
# bggo run example.hcl --url amqp://guest:guest@127.0.0.1:5672
variable "url" {
  type        = string
  default     = ""
  description = "The server. Without it the steps are skipped."
}

resource "rabbitmq_connection" "broker" {
  arguments {
    url = var.url != "" ? var.url : "amqp://127.0.0.1:5672"
  }
}

step "rabbitmq_declare_queue" "orders" {
  enabled = var.url != ""
  uses {
    connection = resource.rabbitmq_connection.broker
  }
  arguments {
    # It is the user's own, and goes with the connection.
    queue     = "orders-${vu.id}"
    exclusive = true
  }
}

step "rabbitmq_publish" "order" {
  enabled = var.url != ""
  uses {
    connection = resource.rabbitmq_connection.broker
  }
  arguments {
    routing_key    = "orders-${vu.id}"
    body           = { user = vu.id, order = vu.iteration }
    content_type   = "application/json"
    correlation_id = "order-${vu.iteration}"
    mandatory      = true
  }
  depends_on = [step.rabbitmq_declare_queue.orders]
}

step "rabbitmq_consume" "work" {
  enabled = var.url != ""
  uses {
    connection = resource.rabbitmq_connection.broker
  }
  arguments {
    queue                = "orders-${vu.id}"
    match_correlation_id = "order-${vu.iteration}"
  }
  check "it is this user's order" {
    condition = jsondecode(output.message.body).order == vu.iteration
  }
  depends_on = [step.rabbitmq_publish.order]
}
