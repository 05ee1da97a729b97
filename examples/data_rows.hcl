# Each iteration logs in as another user, whose row comes from a CSV file that the program holds; orders are drawn by chance.
# Run it: bggo run examples/data_rows.hcl --seed 7

data "csv" "users" {
  file      = "users.csv"
  columns   = { age = number }
  at_end    = "stop" # no user logs in twice
  sensitive = ["password"]
}

data "inline" "orders" {
  rows  = [{ items = ["pen"] }, { items = ["ink", "paper"] }, { items = [] }]
  order = "random"
}

resource "http_target" "shop" {}

scenario "shop" {
  load "shared_iterations" {
    vus        = 2
    iterations = 3
  }

  step "http_request" "log_in" {
    arguments {
      url           = "${resource.http_target.shop.url}/bearer"
      bearer_token  = base64encode("${data.csv.users.name}:${data.csv.users.password}")
      expect_status = 200
    }
  }

  step "http_request" "order" {
    enabled    = length(data.inline.orders.items) > 0
    depends_on = [step.http_request.log_in]

    arguments {
      url    = "${resource.http_target.shop.url}/post"
      method = "POST"
      json   = { customer = data.csv.users.name, items = data.inline.orders.items, adult = data.csv.users.age >= 18 }
    }
  }

  # All rows together are a list, known when the grid is built.
  step "print" "customer" {
    depends_on = [step.http_request.order]

    arguments {
      input = "${data.csv.users.name} is one of ${length(data.csv.users[*])}"
    }
  }
}
