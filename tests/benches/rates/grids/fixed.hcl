variable "url" {
  type = string
}

step "http_request" "hit" {
  arguments {
    url           = "${var.url}/hit"
    expect_status = 200
  }
}

threshold "p99" {
  condition = metrics.run.service_time.p99 < "10s"
}
