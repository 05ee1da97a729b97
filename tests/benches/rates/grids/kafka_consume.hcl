variable "server" {
  type = string
}

resource "kafka_consumer" "in" {
  arguments {
    bootstrap_servers  = [var.server]
    topics             = ["bench"]
    group_id           = "bench"
    auto_offset_reset  = "earliest"
    enable_auto_commit = true
  }
}

step "kafka_consume" "take" {
  uses {
    consumer = resource.kafka_consumer.in
  }
  arguments {
    max_records = 500
  }
}

threshold "p99" {
  condition = metrics.run.service_time.p99 < "10s"
}
