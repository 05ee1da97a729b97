variable "server" {
  type = string
}

resource "kafka_producer" "records" {
  arguments {
    bootstrap_servers = [var.server]
    linger            = "5ms"
    batch_size        = "64KiB"
  }
}

step "kafka_produce" "record" {
  uses {
    producer = resource.kafka_producer.records
  }
  arguments {
    topic    = "t"
    value    = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
    wait_for = "queued"
  }
}

threshold "p99" {
  condition = metrics.run.service_time.p99 < "10s"
}
