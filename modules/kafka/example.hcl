# Orders in Kafka: a topic is made for the run, each user sends its orders and waits until the brokers have them, and
# the users are a group that takes them. Run it against a cluster:
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

resource "kafka_consumer" "worker" {
  arguments {
    bootstrap_servers = [var.bootstrap != "" ? var.bootstrap : "127.0.0.1:9092"]
    topics            = ["bggo-orders"]
    group_id          = "bggo-workers"
    assignor          = "cooperative_sticky"
    auto_offset_reset = "earliest"
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

# With more users than partitions some members of the group would have nothing to take.
step "kafka_consume" "work" {
  enabled = var.bootstrap != ""
  uses {
    consumer = resource.kafka_consumer.worker
  }
  arguments {
    max_records = 10
    timeout     = "10s"
  }
  check "it is an order" {
    condition = output.record.headers.source == "example"
  }
  depends_on = [step.kafka_produce.order]
}

step "kafka_commit" "work" {
  enabled = var.bootstrap != ""
  uses {
    consumer = resource.kafka_consumer.worker
  }
  depends_on = [step.kafka_consume.work]
}

teardown {
  step "kafka_list_offsets" "end" {
    enabled = var.bootstrap != ""
    uses {
      client = resource.kafka_producer.orders
    }
    arguments {
      topic = "bggo-orders"
    }
  }

  step "kafka_delete_topic" "orders" {
    enabled = var.bootstrap != ""
    uses {
      client = resource.kafka_producer.orders
    }
    arguments {
      topic = "bggo-orders"
    }
    depends_on = [step.kafka_list_offsets.end]
  }
}
