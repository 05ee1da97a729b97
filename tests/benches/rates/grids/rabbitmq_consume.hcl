variable "url" {
  type = string
}

resource "rabbitmq_connection" "broker" {
  arguments {
    url      = var.url
    prefetch = 100
  }
}

# Each message is acknowledged.
step "rabbitmq_consume" "orders" {
  uses {
    connection = resource.rabbitmq_connection.broker
  }
  arguments {
    queue        = "bench"
    max_messages = 100
  }
}

threshold "p99" {
  condition = metrics.run.service_time.p99 < "10s"
}
