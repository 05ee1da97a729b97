runner "say" {
  input "text" {
    type = string
