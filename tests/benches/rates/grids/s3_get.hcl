variable "url" {
  type = string
}

resource "s3_client" "store" {
  arguments {
    endpoint          = var.url
    region            = "eu-west-1"
    access_key_id     = "testkey"
    secret_access_key = "testsecret"
  }
}

step "s3_get_object" "object" {
  uses {
    client = resource.s3_client.store
  }
  arguments {
    bucket = "bench"
    key    = "object"
  }
}
