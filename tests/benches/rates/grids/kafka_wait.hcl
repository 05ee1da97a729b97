variable "server" {
  type = string
}

resource "kafka_producer" "records" {
  arguments {
    bootstrap_servers = [var.server]
    linger            = "0s"
  }
}

step "kafka_produce" "record" {
  uses {
    producer = resource.kafka_producer.records
  }
  arguments {
    topic = "t"
    value = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
  }
}

threshold "p99" {
  condition = metrics.run.service_time.p99 < "10s"
}
