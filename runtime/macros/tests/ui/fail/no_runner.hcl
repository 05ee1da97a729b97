description = "A runner without code."

runner "say_it" {}
