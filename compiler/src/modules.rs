//! The modules that a grid may use: their manifests, which travel inside the compiler, by the names of their runners and assets.

use std::sync::LazyLock;

use bggo_manifest::{Asset, Manifest, Runner};

/// Folder name and text of each manifest in `modules/`.
const EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/manifests.rs"));

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
        static BUILT_IN: LazyLock<Modules> = LazyLock::new(|| Modules::default().with(EMBEDDED));
        &BUILT_IN
    }

    /// These and more: pairs of a module's folder name and the text of its manifest.
    #[must_use]
    pub fn with(mut self, more: &[(&str, &str)]) -> Modules {
        for (name, text) in more {
            match bggo_manifest::read(text) {
                Ok(manifest) => self.list.push(Module {
                    name: (*name).to_owned(),
                    crate_name: format!("bggo-module-{name}"),
                    manifest,
                }),
                Err(faults) => self.faults.extend(faults.iter().map(|fault| {
                    let before = text.get(..fault.offset).unwrap_or(text);
                    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
                    format!("modules/{name}/manifest.hcl:{line}: {}", fault.text)
                })),
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_that_ship_with_the_compiler_can_be_read() {
        let modules = Modules::built_in();
        assert_eq!(modules.faults, Vec::<String>::new());
        assert!(!modules.list.is_empty());
    }

    #[test]
    fn names_are_found_across_modules_and_no_name_is_taken_twice() {
        let modules = Modules::built_in();
        for runner in modules.runners() {
            let found = modules.find_runner(&runner.name).unwrap();
            assert!(
                std::ptr::eq(modules.runner(found), runner),
                "{} twice",
                runner.name
            );
        }
        for asset in modules.assets() {
            let found = modules.find_asset(&asset.name).unwrap();
            assert!(
                std::ptr::eq(modules.asset(found), asset),
                "{} twice",
                asset.name
            );
        }
        assert_eq!(modules.find_runner("no_such_runner"), None);
    }

    #[test]
    fn fault_of_a_manifest_is_kept_with_its_line() {
        let modules = Modules::default().with(&[("broken", "description = \"x\"\nrunner {")]);
        assert!(modules.list.is_empty());
        assert!(
            modules.faults[0].starts_with("modules/broken/manifest.hcl:"),
            "{:?}",
            modules.faults
        );
    }
}
