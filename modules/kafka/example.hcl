# Orders in Kafka: a topic is made for the run, each user sends its orders and waits until the brokers have them. Run it against a cluster:
# bggo run example.hcl --bootstrap 127.0.0.1:9092
variable "bootstrap" {
  type        = string
  default     = ""
  description = "A broker of the cluster. Without it the steps are skipped."
}

resource "kafka_producer" "orders" {
  arguments {
    bootstrap_servers = [var.bootstrap != "" ? var.bootstrap : "127.0.0.1:9092"]
    compression       = "lz4"
  }
}

setup {
  step "kafka_create_topic" "orders" {
    enabled = var.bootstrap != ""
    uses {
      client = resource.kafka_producer.orders
    }
    arguments {
      topic      = "bggo-orders"
      partitions = 3
      if_exists  = "keep"
    }
  }
}

step "kafka_produce" "order" {
  enabled = var.bootstrap != ""
  uses {
    producer = resource.kafka_producer.orders
  }
  arguments {
    topic   = "bggo-orders"
    key     = "user-${vu.id}"
    value   = { user = vu.id, item = "tea", number = vu.iteration }
    headers = { source = "example" }
  }
  check "the record has its place" {
    condition = output.offset >= 0
  }
}
