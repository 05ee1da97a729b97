description = "A step that does nothing, or waits."

runner "noop" {
  description = "Does nothing, or waits. Use it for think time, and to try out a graph."

  input "delay" {
    type        = duration
    description = "How long the step waits. Without it the step does not wait."
  }
}
