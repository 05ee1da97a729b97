//! Who owns assets, when they are created and destroyed, and what they may be built on.
//!
//! ```text
//! RunAsset -asks-> RunScope -owns-> AssetSlot <-owns- Scope (of a worker, a user, an iteration)
//! ```

mod asset;
mod asset_clock;
mod dependency;
mod prepare;
mod run_asset;
mod run_scope;
mod scope;
mod settling;
mod slot;
mod spawned;

pub use asset::{Asset, AssetCx, Making};
pub use asset_clock::AssetClock;
pub use dependency::{Dependency, DependencyGuard};
pub use prepare::Prepare;
pub use run_asset::{GetRunAsset, Make, RunAsset};
pub use run_scope::RunScope;
pub use scope::Scope;
pub use settling::Settling;
pub use slot::{AssetSlot, Get};
