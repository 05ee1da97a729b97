description = "An output that the code still makes is gone."

runner "say" {
  output "heard" { type = string }
}
