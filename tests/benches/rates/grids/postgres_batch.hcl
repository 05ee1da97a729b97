variable "url" {
  type = string
}

locals {
  account = random_int(1, 100000)
  teller  = random_int(1, 10)
  delta   = random_int(-5000, 5000)
}

resource "postgres_connection" "bank" {
  arguments {
    url = var.url
  }
}

step "postgres_batch" "move" {
  uses {
    connection = resource.postgres_connection.bank
  }
  arguments {
    statements = [
      {
        sql    = "UPDATE pgbench_accounts SET abalance = abalance + $1 WHERE aid = $2"
        params = [local.delta, local.account]
      },
      {
        sql    = "SELECT abalance FROM pgbench_accounts WHERE aid = $1"
        params = [local.account]
      },
      {
        sql    = "UPDATE pgbench_tellers SET tbalance = tbalance + $1 WHERE tid = $2"
        params = [local.delta, local.teller]
      },
      {
        sql    = "UPDATE pgbench_branches SET bbalance = bbalance + $1 WHERE bid = $2"
        params = [local.delta, 1]
      },
      {
        sql    = "INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES ($1, $2, $3, $4, CURRENT_TIMESTAMP)"
        params = [local.teller, 1, local.account, local.delta]
      },
    ]
  }
}

threshold "p99" {
  condition = metrics.run.service_time.p99 < "10s"
}
