# Orders through RabbitMQ: an exchange and a queue, messages with their confirms, the worker that takes them, a request with its answer,
# and all is removed in the end. Run it against a server:
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

locals {
  # Each user has its own.
  exchange = "shop-${vu.id}"
  queue    = "orders-${vu.id}"
}

step "rabbitmq_declare_exchange" "shop" {
  enabled = var.url != ""
  uses {
    connection = resource.rabbitmq_connection.broker
  }
  arguments {
    exchange = local.exchange
    type     = "topic"
  }
}

step "rabbitmq_declare_queue" "orders" {
  enabled = var.url != ""
  uses {
    connection = resource.rabbitmq_connection.broker
  }
  arguments {
    queue     = local.queue
    exclusive = true
  }
}

step "rabbitmq_bind" "orders" {
  enabled = var.url != ""
  uses {
    connection = resource.rabbitmq_connection.broker
  }
  arguments {
    source      = local.exchange
    queue       = local.queue
    routing_key = "order.*"
  }
  depends_on = [step.rabbitmq_declare_exchange.shop, step.rabbitmq_declare_queue.orders]
}

# A window of three messages, of which one is looked at and the rest dropped.
step "rabbitmq_publish_batch" "old" {
  enabled = var.url != ""
  uses {
    connection = resource.rabbitmq_connection.broker
  }
  arguments {
    exchange    = local.exchange
    routing_key = "order.old"
    bodies      = ["tea", "mug", "pot"]
    mandatory   = true
  }
  depends_on = [step.rabbitmq_bind.orders]
}

step "rabbitmq_get" "first" {
  enabled = var.url != ""
  uses {
    connection = resource.rabbitmq_connection.broker
  }
  arguments {
    queue = local.queue
  }
  check "it is the oldest one" {
    condition = output.message.body == "tea"
  }
  depends_on = [step.rabbitmq_publish_batch.old]
}

step "rabbitmq_purge_queue" "orders" {
  enabled = var.url != ""
  uses {
    connection = resource.rabbitmq_connection.broker
  }
  arguments {
    queue = local.queue
  }
  check "two were left" {
    condition = output.message_count == 2
  }
  depends_on = [step.rabbitmq_get.first]
}

step "rabbitmq_publish" "order" {
  enabled = var.url != ""
  uses {
    connection = resource.rabbitmq_connection.broker
  }
  arguments {
    exchange       = local.exchange
    routing_key    = "order.new"
    body           = { user = vu.id, order = vu.iteration }
    content_type   = "application/json"
    correlation_id = "order-${vu.iteration}"
    mandatory      = true
  }
  depends_on = [step.rabbitmq_purge_queue.orders]
}

step "rabbitmq_consume" "work" {
  enabled = var.url != ""
  uses {
    connection = resource.rabbitmq_connection.broker
  }
  arguments {
    queue                = local.queue
    match_correlation_id = "order-${vu.iteration}"
    ack                  = "manual"
  }
  check "it is this user's order" {
    condition = jsondecode(output.message.body).order == vu.iteration
  }
  depends_on = [step.rabbitmq_publish.order]
}

step "rabbitmq_ack" "done" {
  enabled = var.url != ""
  uses {
    connection = resource.rabbitmq_connection.broker
  }
  arguments {
    delivery_tag = step.rabbitmq_consume.work.output.message.delivery_tag
  }
}

# A question, and beside it whoever answers.
step "rabbitmq_request" "price" {
  enabled = var.url != ""
  uses {
    connection = resource.rabbitmq_connection.broker
  }
  arguments {
    routing_key = local.queue
    body        = "price of tea"
  }
  check "it has a price" {
    condition = output.message.body == "4.50"
  }
  depends_on = [step.rabbitmq_ack.done]
}

step "rabbitmq_consume" "question" {
  enabled = var.url != ""
  uses {
    connection = resource.rabbitmq_connection.broker
  }
  arguments {
    queue = local.queue
  }
  depends_on = [step.rabbitmq_ack.done]
}

step "rabbitmq_publish" "answer" {
  enabled = var.url != ""
  uses {
    connection = resource.rabbitmq_connection.broker
  }
  arguments {
    routing_key    = step.rabbitmq_consume.question.output.message.properties.reply_to
    correlation_id = step.rabbitmq_consume.question.output.message.properties.correlation_id
    body           = "4.50"
  }
}

step "rabbitmq_unbind" "orders" {
  enabled = var.url != ""
  uses {
    connection = resource.rabbitmq_connection.broker
  }
  arguments {
    source      = local.exchange
    queue       = local.queue
    routing_key = "order.*"
  }
  depends_on = [step.rabbitmq_request.price, step.rabbitmq_publish.answer]
}

step "rabbitmq_delete_queue" "orders" {
  enabled = var.url != ""
  uses {
    connection = resource.rabbitmq_connection.broker
  }
  arguments {
    queue = local.queue
  }
  depends_on = [step.rabbitmq_unbind.orders]
}

step "rabbitmq_delete_exchange" "shop" {
  enabled = var.url != ""
  uses {
    connection = resource.rabbitmq_connection.broker
  }
  arguments {
    exchange = local.exchange
  }
  depends_on = [step.rabbitmq_delete_queue.orders]
}
