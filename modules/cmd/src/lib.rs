//! Runs commands of this host, each as a group of processes of which nothing is left when its step is over.

mod attendant;
mod cmd_step;
mod output;
mod process;
mod signals;

pub use cmd_step::Cmd;

use bggo_runtime::contract::module;

module!("manifest.hcl");
