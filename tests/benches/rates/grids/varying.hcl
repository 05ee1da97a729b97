variable "url" {
  type = string
}

step "http_request" "hit" {
  arguments {
    url           = "${var.url}/hit?number=${vu.iteration}"
    expect_status = 200
  }
}
