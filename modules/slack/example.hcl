# Says when a load is over. `bggo run example.hcl --webhook https://hooks.slack.com/services/..` posts it; without a webhook nothing is posted.
variable "webhook" {
  type      = string
  default   = ""
  sensitive = true
}

scenario "work" {
  load "constant_vus" {
    vus      = 2
    duration = "200ms"
  }

  step "noop" "work" {
    arguments {
      delay = "20ms"
    }
  }
}

teardown {
  step "slack" "over" {
    enabled = var.webhook != ""
    arguments {
      webhook_url = var.webhook
      text        = "The load is over."
    }
  }
}
