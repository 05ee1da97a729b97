variable "url" {
  type = string
}

resource "postgres_connection" "bank" {
  arguments {
    url = var.url
  }
}

step "postgres_query" "balance" {
  uses {
    connection = resource.postgres_connection.bank
  }
  arguments {
    sql    = "SELECT abalance FROM pgbench_accounts WHERE aid = $1"
    params = [random_int(1, 100000)]
  }
}

threshold "p99" {
  condition = metrics.run.service_time.p99 < "10s"
}
