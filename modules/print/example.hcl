# Writes a string and an object to standard output.
step "print" "text" {
  arguments {
    input = "hello"
  }
}

step "print" "value" {
  arguments {
    input  = { name = "ann", tags = ["a", "b"] }
    format = "hcl"
  }
  depends_on = [step.print.text]
}
