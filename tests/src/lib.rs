//! Whole-program tests of bggo: grids in, binaries out, real servers.
//!
//! [`Grid`] writes a grid and builds it with the real `bggo`, [`Run`] owns a running program, [`server`] owns real
//! servers. All builds share one cache folder under the target folder, so the dependencies are compiled once.

pub mod bench;
pub mod circles;
mod grid;
mod program;
mod run;
pub mod server;
mod steps;

pub use grid::Grid;
pub use program::{bggo, cache_folder, repository};
pub use run::{Finished, Run};
pub use steps::steps;
