# Writes an object, reads it, makes a URL for somebody else, and uploads a file by such a URL. The site of this example takes every
# signature and calls every object its own: put the endpoint, the bucket and the credentials of a real server in their places.
variable "secret" {
  type      = string
  sensitive = true
  default   = "testsecret"
}

resource "http_target" "site" {}

resource "http_client" "connections" {
  arguments {
    timeout = "30s"
  }
}

resource "s3_client" "store" {
  uses {
    client = resource.http_client.connections
  }
  arguments {
    endpoint          = resource.http_target.site.url
    region            = "eu-west-1"
    access_key_id     = "testkey"
    secret_access_key = var.secret
  }
}

step "s3_put_object" "order" {
  uses {
    client = resource.s3_client.store
  }
  arguments {
    bucket       = "anything"
    key          = "orders/${vu.id}/Tee für zwei.json"
    body         = jsonencode({ item = "tea", amount = 2 })
    content_type = "application/json"
  }
}

step "s3_get_object" "order" {
  uses {
    client = resource.s3_client.store
  }
  arguments {
    bucket = "anything"
    key    = "orders/${vu.id}/Tee für zwei.json"
  }
  check "it is there" {
    condition     = output.size > 0
    error_message = "the object is empty"
  }
  depends_on = [step.s3_put_object.order]
}

step "s3_presign" "for_browser" {
  uses {
    client = resource.s3_client.store
  }
  arguments {
    bucket  = "anything"
    key     = "orders/${vu.id}/receipt.pdf"
    method  = "PUT"
    expires = "5m"
  }
}

step "http_request" "receipt" {
  arguments {
    url           = step.s3_presign.for_browser.output.url
    method        = "PUT"
    body          = "a receipt"
    expect_status = 200
  }
}
