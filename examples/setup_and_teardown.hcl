# A shop is opened before the run and closed after it, also after Ctrl-C.
# Run it: bggo run examples/setup_and_teardown.hcl

resource "http_target" "site" {}

setup {
  timeouts {
    execution = "10s"
  }

  step "http_request" "open_shop" {
    arguments {
      method        = "POST"
      url           = "${resource.http_target.site.url}/post"
      json          = { name = "shop", key = "k-42" }
      expect_status = 200
    }
  }
}

teardown {
  step "http_request" "close_shop" {
    arguments {
      method = "DELETE"
      url    = "${resource.http_target.site.url}/delete?key=${setup.step.http_request.open_shop.output.json.json.key}"
    }
  }

  step "print" "closed" {
    arguments {
      input = "closed with ${step.http_request.close_shop.output.json.args.key}"
    }
  }
}

step "http_request" "buy" {
  arguments {
    url = "${resource.http_target.site.url}/get?key=${setup.step.http_request.open_shop.output.json.json.key}"
  }
}

step "print" "bought" {
  arguments {
    input = "bought with ${step.http_request.buy.output.json.args.key}"
  }
}
