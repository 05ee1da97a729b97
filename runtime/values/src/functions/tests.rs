//! Functions against Terraform's results.
