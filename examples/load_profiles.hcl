# Two scenarios at once, each with a load of its own: readers come by a rate, and a few users order one after the other.
# Run it: bggo run examples/load_profiles.hcl
# Run it harder: bggo run examples/load_profiles.hcl --readers 200

variable "readers" {
  description = "Readers a second"
  type        = number
  default     = 40
}

resource "http_target" "site" {}

scenario "read" {
  load "ramping_arrival_rate" {
    stage {
      duration = "1s"
      rate     = var.readers
    }
    stage {
      duration = "2s"
      rate     = var.readers
    }
    max_vus = 200
    warm_up = "500ms"
  }

  step "http_request" "page" {
    arguments {
      url           = "${resource.http_target.site.url}/get"
      expect_status = 200
    }
  }
}

scenario "order" {
  load "constant_vus" {
    vus      = 3
    duration = "2s"
  }
  start_after   = "1s"
  graceful_stop = "5s"
  pace          = "200ms"

  resource "http_client" "own" {}

  step "http_request" "cart" {
    uses {
      client = resource.http_client.own
    }
    arguments {
      url           = "${resource.http_target.site.url}/cookies/set?cart=${vu.id}"
      expect_status = 200
    }
  }

  step "http_request" "pay" {
    uses {
      client = resource.http_client.own
    }
    arguments {
      url           = "${resource.http_target.site.url}/post"
      method        = "POST"
      json          = { user = vu.id }
      expect_status = 200
    }
    depends_on = [step.http_request.cart]
  }
}
