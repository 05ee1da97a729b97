description = "A gauge, a trend and two counters that the code counts as something else."

runner "say" {
  metric "loud" { kind = "gauge" }
  metric "took" {
    kind = "trend"
    unit = "time"
  }
  metric "words" {
    kind  = "counter"
    label = "language"
  }
  metric "said" { kind = "counter" }
}
