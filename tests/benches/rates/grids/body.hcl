variable "url" {
  type = string
}

variable "file" {
  type = string
}

step "http_request" "get" {
  arguments {
    url           = "${var.url}/${var.file}"
    expect_status = 200
  }
}
