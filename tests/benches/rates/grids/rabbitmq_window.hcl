variable "url" {
  type = string
}

resource "rabbitmq_connection" "broker" {
  arguments {
    url = var.url
  }
}

# A window of a hundred messages of 100 bytes, each confirmed.
step "rabbitmq_publish_batch" "window" {
  uses {
    connection = resource.rabbitmq_connection.broker
  }
  arguments {
    routing_key = "bench"
    bodies      = [for number in range(100) : format("%0100d", number)]
  }
}

threshold "p99" {
  condition = metrics.rabbitmq_publish_batch.window.confirm_time.p99 < "10s"
}
