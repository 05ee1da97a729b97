description = "Faults."

runner "say" {
  input "text" {
    type    = number
    default = "many"
  }
  input "pause" { type = "duration" }
  output "heard" {}
  colour = "red"
}

asset "Mouth" {
  scope = "thread"
  lifecycle {
    create = "make"
  }
}
