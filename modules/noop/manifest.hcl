description = "A step that does nothing, or waits."

runner "noop" {
  description = "Does nothing, or waits for its delay. For trying out graphs, think time and the engine itself."

  input "delay" {
    type        = duration
    description = "How long it waits; without it, it does not wait at all."
  }
}
