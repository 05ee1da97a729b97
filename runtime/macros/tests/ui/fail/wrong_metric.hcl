description = "Metrics that the code counts as something else, and one that it does not ask for."

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
  metric "rare" {
    kind      = "counter"
    on_demand = true
  }
}
