# Writes an object, reads it, makes a URL by which somebody else may write, and deletes the object. With `--server` it does so on a
# real server of S3, and also lists the objects and uploads a file. Without it, on a site that takes every signature and answers
# every request of this kind.
variable "server" {
  type    = string
  default = ""
}
variable "secret" {
  type      = string
  sensitive = true
  default   = "testsecret"
}
variable "file" {
  type    = string
  default = "photo.jpg"
}

resource "http_target" "site" {}

resource "s3_client" "store" {
  arguments {
    endpoint          = var.server != "" ? var.server : resource.http_target.site.url
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

step "s3_head_object" "order" {
  uses {
    client = resource.s3_client.store
  }
  arguments {
    bucket = "anything"
    key    = "orders/${vu.id}/Tee für zwei.json"
  }
  depends_on = [step.s3_put_object.order]
}

step "s3_presign" "receipt" {
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
    url           = step.s3_presign.receipt.output.url
    method        = "PUT"
    body          = "a receipt"
    expect_status = 200
  }
}

step "s3" "photo" {
  enabled = var.server != ""
  arguments {
    action      = "upload"
    source_path = var.file
    upload_url  = step.s3_presign.receipt.output.url
  }
  depends_on = [step.http_request.receipt]
}

step "s3_multipart_upload" "photo" {
  enabled = var.server != ""
  uses {
    client = resource.s3_client.store
  }
  arguments {
    bucket      = "anything"
    key         = "photos/${vu.id}.jpg"
    source_path = var.file
  }
}

step "s3_list_objects" "all" {
  enabled = var.server != ""
  uses {
    client = resource.s3_client.store
  }
  arguments {
    bucket = "anything"
  }
  check "the photo is among them" {
    condition     = contains(output.objects[*].key, "photos/${vu.id}.jpg")
    error_message = "${output.count} objects, and none is the photo"
  }
  depends_on = [step.s3_multipart_upload.photo, step.s3_get_object.order, step.s3_head_object.order]
}

step "s3_delete_object" "order" {
  uses {
    client = resource.s3_client.store
  }
  arguments {
    bucket = "anything"
    key    = "orders/${vu.id}/Tee für zwei.json"
  }
  depends_on = [step.s3_get_object.order, step.s3_head_object.order, step.s3_list_objects.all]
}
