variable "url" {
  type = string
}

resource "rabbitmq_connection" "broker" {
  arguments {
    url = var.url
  }
}

step "rabbitmq_publish" "order" {
  uses {
    connection = resource.rabbitmq_connection.broker
  }
  arguments {
    routing_key = "bench"
    body        = format("%0100d", 0)
  }
}

threshold "p99" {
  condition = metrics.run.service_time.p99 < "10s"
}
