//! The modules that a grid may use: their manifests, which travel inside the compiler, by the names of their runners and assets.

use std::sync::LazyLock;

use bggo_manifest::{Asset, Manifest, Runner};

/// A module and what it offers.
#[derive(Debug, Clone)]
pub struct Module {
    /// Its folder's name: `http_request`.
    pub name: String,
    /// Its crate: `bggo-module-http_request`.
    pub crate_name: String,
    /// Its contract.
    pub manifest: Manifest,
}

/// Position of a runner or of an asset among all modules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunnerRef {
    /// Position in `Modules::list`.
    pub module: usize,
    /// Position in the manifest's runners (or assets).
    pub index: usize,
}

/// All modules that a grid may use.
#[derive(Debug, Clone, Default)]
pub struct Modules {
    /// In order of name, those that ship with the compiler first.
    pub list: Vec<Module>,
    /// Manifests that could not be read, one line each; empty in a good build of the compiler, which a test checks.
    pub faults: Vec<String>,
}

impl Modules {
    /// The modules that ship with the compiler.
    pub fn built_in() -> &'static Modules {
        static BUILT_IN: LazyLock<Modules> = LazyLock::new(Modules::default);
        &BUILT_IN
    }

    /// These and more.
    #[must_use]
    pub fn with(mut self, more: Vec<Module>) -> Modules {
        self.list.extend(more);
        self
    }

    /// The runner of a name.
    pub fn find_runner(&self, name: &str) -> Option<RunnerRef> {
        find(&self.list, name, |manifest| {
            manifest
                .runners
                .iter()
                .map(|runner| runner.name.as_str())
                .collect()
        })
    }

    /// The asset of a name.
    pub fn find_asset(&self, name: &str) -> Option<RunnerRef> {
        find(&self.list, name, |manifest| {
            manifest
                .assets
                .iter()
                .map(|asset| asset.name.as_str())
                .collect()
        })
    }

    /// A runner that `find_runner` of these modules gave.
    pub fn runner(&self, at: RunnerRef) -> &Runner {
        &self.list[at.module].manifest.runners[at.index]
    }

    /// An asset that `find_asset` of these modules gave.
    pub fn asset(&self, at: RunnerRef) -> &Asset {
        &self.list[at.module].manifest.assets[at.index]
    }

    /// The module that a runner or asset belongs to.
    pub fn module(&self, at: RunnerRef) -> &Module {
        &self.list[at.module]
    }

    /// All runners.
    pub fn runners(&self) -> impl Iterator<Item = &Runner> {
        self.list.iter().flat_map(|module| &module.manifest.runners)
    }

    /// All assets.
    pub fn assets(&self) -> impl Iterator<Item = &Asset> {
        self.list.iter().flat_map(|module| &module.manifest.assets)
    }
}

fn find(list: &[Module], name: &str, names: impl Fn(&Manifest) -> Vec<&str>) -> Option<RunnerRef> {
    list.iter().enumerate().find_map(|(module, one)| {
        let index = names(&one.manifest)
            .into_iter()
            .position(|other| other == name)?;
        Some(RunnerRef { module, index })
    })
}
