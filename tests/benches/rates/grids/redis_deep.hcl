variable "url" {
  type = string
}

resource "redis_connection" "store" {
  arguments {
    url = var.url
  }
}

step "redis_pipeline" "get" {
  uses {
    connection = resource.redis_connection.store
  }
  arguments {
    commands = [
      ["GET", "key"], ["GET", "key"], ["GET", "key"], ["GET", "key"],
      ["GET", "key"], ["GET", "key"], ["GET", "key"], ["GET", "key"],
      ["GET", "key"], ["GET", "key"], ["GET", "key"], ["GET", "key"],
      ["GET", "key"], ["GET", "key"], ["GET", "key"], ["GET", "key"],
    ]
  }
}

threshold "p99" {
  condition = metrics.run.service_time.p99 < "10s"
}
