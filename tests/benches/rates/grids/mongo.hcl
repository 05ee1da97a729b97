variable "url" {
  type = string
}

resource "mongo_connection" "store" {
  arguments {
    url      = var.url
    database = "bench"
  }
}

step "mongo_find" "one" {
  uses {
    connection = resource.mongo_connection.store
  }
  arguments {
    collection = "things"
    filter     = { _id = 7 }
    limit      = 1
  }
}

threshold "p99" {
  condition = metrics.run.service_time.p99 < "10s"
}
