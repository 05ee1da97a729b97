description = "Asks for the shape of an input, and takes only whole values."

runner "send" {
  input "words" {
    type  = list(any)
    shape = true
  }
}
