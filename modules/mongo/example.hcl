# A pause between two steps.
step "noop" "start" {}

step "noop" "think" {
  arguments {
    delay = "50ms"
  }
  depends_on = [step.noop.start]
}
