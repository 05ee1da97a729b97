# Each virtual user logs in once, and all its iterations use the session.
# Run it: bggo run examples/login_once_per_user.hcl
# Under load each user logs in and out once: bggo run examples/login_once_per_user.hcl -- --vus 3 --iterations 30

resource "http_target" "site" {}

# A client of each user: it keeps the user's cookies from one iteration to the next.
resource "http_client" "browser" {}

vu_setup {
  step "http_request" "log_in" {
    uses {
      client = resource.http_client.browser
    }
    arguments {
      url           = "${resource.http_target.site.url}/cookies/set?session=of-user-${vu.id}"
      expect_status = 200
    }
  }
}

vu_teardown {
  step "http_request" "log_out" {
    uses {
      client = resource.http_client.browser
    }
    arguments {
      url = "${resource.http_target.site.url}/cookies/delete?session"
    }
  }
}

step "http_request" "account" {
  uses {
    client = resource.http_client.browser
  }
  arguments {
    url = "${resource.http_target.site.url}/cookies"
  }

  check "is logged in" {
    condition = output.json.cookies.session == "of-user-${vu.id}"
    required  = true
  }
}

step "print" "who" {
  arguments {
    input = "session ${step.http_request.account.output.json.cookies.session}, logged in by an answer of ${vu_setup.step.http_request.log_in.output.status_code}"
  }
}
