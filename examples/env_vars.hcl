# Reads environment variables: one that must be set, and two with defaults.
# Run it: bggo run examples/env_vars.hcl

step "env_vars" "needed" {
  arguments {
    required = ["PATH"]
  }
}

step "env_vars" "settings" {
  arguments {
    defaults = { REGION = "eu-west-1", STAGE = "test" }
  }
}

step "print" "stage" {
  arguments {
    input = "testing ${step.env_vars.settings.output.vars["STAGE"]} in ${step.env_vars.settings.output.vars["REGION"]}"
  }
  depends_on = [step.env_vars.needed]
}
