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

step "postgres_begin" "move" {
  uses {
    connection = resource.postgres_connection.bank
  }
}

step "postgres_query" "account" {
  uses {
    connection = resource.postgres_connection.bank
  }
  arguments {
    sql    = "UPDATE pgbench_accounts SET abalance = abalance + $1 WHERE aid = $2"
    params = [local.delta, local.account]
  }
  depends_on = [step.postgres_begin.move]
}

step "postgres_query" "balance" {
  uses {
    connection = resource.postgres_connection.bank
  }
  arguments {
    sql    = "SELECT abalance FROM pgbench_accounts WHERE aid = $1"
    params = [local.account]
  }
  depends_on = [step.postgres_query.account]
}

step "postgres_query" "teller" {
  uses {
    connection = resource.postgres_connection.bank
  }
  arguments {
    sql    = "UPDATE pgbench_tellers SET tbalance = tbalance + $1 WHERE tid = $2"
    params = [local.delta, local.teller]
  }
  depends_on = [step.postgres_query.balance]
}

step "postgres_query" "branch" {
  uses {
    connection = resource.postgres_connection.bank
  }
  arguments {
    sql    = "UPDATE pgbench_branches SET bbalance = bbalance + $1 WHERE bid = $2"
    params = [local.delta, 1]
  }
  depends_on = [step.postgres_query.teller]
}

step "postgres_query" "history" {
  uses {
    connection = resource.postgres_connection.bank
  }
  arguments {
    sql    = "INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES ($1, $2, $3, $4, CURRENT_TIMESTAMP)"
    params = [local.teller, 1, local.account, local.delta]
  }
  depends_on = [step.postgres_query.branch]
}

step "postgres_commit" "move" {
  uses {
    connection = resource.postgres_connection.bank
  }
  depends_on = [step.postgres_query.history]
}

threshold "p99" {
  condition = metrics.run.service_time.p99 < "10s"
}
