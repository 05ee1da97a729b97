//! YAML to values and values to YAML, by the rules of Terraform: plain scalars as YAML 1.1 and 1.2 together have them, and
//! the layout that its encoder writes.

mod decode;
mod encode;
pub mod places;
mod scalar;

pub use decode::yamldecode;
pub use encode::yamlencode;
