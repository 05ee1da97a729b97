//! The modules that a grid may use. Those that ship with the compiler are data of it: its build script reads their
//! manifests, so that no command waits for that.

use std::sync::LazyLock;

use bggo_manifest::{Asset, Concurrency, Input, LinkedCrate, Manifest, Runner, Use};
use bggo_values::Value;

/// What the build script makes of the manifests in `modules/`: a function that gives the name of each folder with its
/// manifest.
mod embedded {
    use bggo_manifest::*;
    use bggo_values::*;
    use std::time::Duration;

    include!(concat!(env!("OUT_DIR"), "/manifests.rs"));
}

/// A module and what it offers.
#[derive(Debug, Clone)]
pub struct Module {
    /// Its folder's name: `http_request`.
    pub name: String,
    /// Its folder, as whoever runs the compiler wrote it; `None` of one that ships with the compiler.
    pub folder: Option<String>,
    /// Its crate: `bggo-module-http_request`.
    pub crate_name: String,
    /// Its manifest.
    pub manifest: Manifest,
}

impl Module {
    /// The module of a folder in `modules/`.
    fn new(name: &str, manifest: Manifest) -> Self {
        Self {
            name: name.to_owned(),
            folder: None,
            crate_name: format!("bggo-module-{name}"),
            manifest,
        }
    }

    /// Whether its manifest has a runner or an asset of that name.
    fn declares(&self, kind: &str, name: &str) -> bool {
        match kind {
            "runner" => self.manifest.runners.iter().any(|one| one.name == name),
            _ => self.manifest.assets.iter().any(|one| one.name == name),
        }
    }
}

/// Position of a runner or of an asset among all modules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunnerOrAsset {
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
    /// Manifests that could not be read, one line each. The compiler is not built if one of its own is such a manifest.
    pub faults: Vec<String>,
}

impl Modules {
    /// The modules that ship with the compiler.
    pub fn built_in() -> &'static Modules {
        static BUILT_IN: LazyLock<Modules> = LazyLock::new(|| {
            let modules = embedded::manifests().into_iter();
            Modules {
                list: modules
                    .map(|(name, manifest)| Module::new(name, manifest))
                    .collect(),
                faults: Vec::new(),
            }
        });
        &BUILT_IN
    }

    /// Adds modules: pairs of a folder name and the text of a manifest. Whether they fit together is asked apart
    /// ([`Self::contradictions`]): for those that ship with the compiler a test does, so that no command waits for it.
    #[must_use]
    pub fn with(mut self, more: &[(&str, &str)]) -> Modules {
        for (name, text) in more {
            match bggo_manifest::read(text) {
                Ok(manifest) => self.list.push(Module::new(name, manifest)),
                Err(faults) => self.faults.extend(faults.iter().map(|fault| {
                    let line = fault.line(text);
                    format!("modules/{name}/manifest.hcl:{line}: {fault}")
                })),
            }
        }
        self
    }

    /// What is wrong with these modules together, one clause each: names that two of them have or declare, assets of other
    /// modules that are not there, crates that have one name, patterns that are not valid.
    pub fn contradictions(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (place, module) in self.list.iter().enumerate() {
            let before = &self.list[..place];
            found.extend(
                before
                    .iter()
                    .find_map(|other| self.same_name(other, module)),
            );
            found.extend(self.same_links(before, module));
            let runners = module.manifest.runners.iter();
            found.extend(runners.filter_map(|one| self.not_one_exclusive(one, module)));
            let runners = module.manifest.runners.iter();
            let runners = runners.map(|one| ("runner", &one.name, &one.uses, &one.inputs));
            let assets = module.manifest.assets.iter();
            let assets = assets.map(|one| ("asset", &one.name, &one.uses, &one.inputs));
            for (kind, name, uses, inputs) in runners.chain(assets) {
                if let Some(other) = before.iter().find(|other| other.declares(kind, name)) {
                    let (one, other) = (self.shown(other), self.shown(module));
                    found.push(format!(
                        "the modules {one} and {other} both declare the {kind} `{name}`"
                    ));
                }
                let what = format!("{kind} `{name}` of the module {}", self.shown(module));
                found.extend(
                    uses.iter()
                        .flat_map(|taken| self.no_such_uses(taken, &what)),
                );
                found.extend(
                    inputs
                        .iter()
                        .filter_map(|input| wrong_pattern(input, &what)),
                );
            }
        }
        found
    }

    /// The name of a module; with its folder where another one has the same name.
    fn shown(&self, module: &Module) -> String {
        let name = &module.name;
        if self.list.iter().filter(|one| one.name == *name).count() < 2 {
            return format!("`{name}`");
        }
        match &module.folder {
            Some(folder) => format!("`{name}` in {folder}"),
            None => format!("`{name}` of bggo"),
        }
    }

    /// That two modules, or their packages, have one name: neither a manifest nor cargo could tell them apart.
    fn same_name(&self, one: &Module, other: &Module) -> Option<String> {
        let (first, second) = (self.shown(one), self.shown(other));
        if one.name == other.name {
            return Some(format!(
                "the modules {first} and {second} have one name: rename a folder, a module is called after it"
            ));
        }
        (one.crate_name == other.crate_name).then(|| {
            let name = &one.crate_name;
            format!("the packages of the modules {first} and {second} are both called `{name}`: rename one in its Cargo.toml")
        })
    }

    /// That a crate which a value of an input links cannot be told from another one.
    fn same_links(&self, before: &[Module], module: &Module) -> Vec<String> {
        let mut found = Vec::new();
        let shown = self.shown(module);
        let links: Vec<&LinkedCrate> = module.manifest.linked_crates().collect();
        for (place, link) in links.iter().enumerate() {
            let name = &link.crate_name;
            let same = |other: &&LinkedCrate| other.crate_name == *name;
            if let Some(other) = self.list.iter().find(|other| other.crate_name == *name) {
                let other = self.shown(other);
                found.push(format!(
                    "the module {shown} links a crate `{name}`, which is the package of the module {other}"
                ));
            }
            let mut others = before.iter();
            if let Some(other) =
                others.find(|other| other.manifest.linked_crates().any(|link| same(&link)))
            {
                let other = self.shown(other);
                found.push(format!(
                    "the modules {other} and {shown} both link a crate `{name}`: rename one"
                ));
            }
            let mut earlier = links[..place].iter();
            if earlier.any(|other| same(other) && other.path != link.path) {
                found.push(format!(
                    "the module {shown} links crates `{name}` from two folders"
                ));
            }
        }
        found
    }

    /// What is wrong with a use of assets of another module.
    fn no_such_uses(&self, taken: &Use, what: &str) -> Vec<String> {
        let Some(module) = &taken.module else {
            return Vec::new();
        };
        let Some(known) = self.list.iter().find(|known| known.name == *module) else {
            return vec![format!(
                "{what} uses an asset of the module `{module}`, which is not there: give its folder with `--module`"
            )];
        };
        let missing = taken.assets.iter();
        let missing = missing.filter(|asset| !known.declares("asset", asset));
        let text =
            |asset| format!("{what} uses `{asset}`, but the module `{module}` has no such asset");
        missing.map(text).collect()
    }

    /// Whether some kind of asset that fits a use of this module serves one step after the other.
    fn may_be_exclusive(&self, taken: &Use, own: &Module) -> bool {
        let named = |name: &String| self.list.iter().find(|module| module.name == *name);
        let module = taken.module.as_ref().map_or(Some(own), named);
        let mut assets = module.iter().flat_map(|module| &module.manifest.assets);
        assets.any(|asset| taken.takes(&asset.name) && asset.concurrency == Concurrency::Exclusive)
    }

    /// That a runner says something of the exclusive asset that it uses, and uses none or several. One that uses assets of
    /// other modules is looked at only here.
    fn not_one_exclusive(&self, runner: &Runner, module: &Module) -> Option<String> {
        let attribute = runner.says_of_exclusive()?;
        runner.uses.iter().find(|taken| taken.module.is_some())?;
        let uses = runner.uses.iter();
        let exclusive = uses.filter(|taken| self.may_be_exclusive(taken, module));
        match exclusive.count() {
            1 => None,
            count => Some(format!(
                "runner `{}` of the module {} has `{attribute}`, which is about the one exclusive asset that it uses, and it uses {count}",
                runner.name,
                self.shown(module)
            )),
        }
    }

    /// The runner of a name.
    pub fn find_runner(&self, name: &str) -> Option<RunnerOrAsset> {
        find(&self.list, name, |manifest| {
            manifest
                .runners
                .iter()
                .map(|runner| runner.name.as_str())
                .collect()
        })
    }

    /// The asset of a name.
    pub fn find_asset(&self, name: &str) -> Option<RunnerOrAsset> {
        find(&self.list, name, |manifest| {
            manifest
                .assets
                .iter()
                .map(|asset| asset.name.as_str())
                .collect()
        })
    }

    /// A runner that `find_runner` of these modules gave.
    pub fn runner(&self, at: RunnerOrAsset) -> &Runner {
        &self.list[at.module].manifest.runners[at.index]
    }

    /// An asset that `find_asset` of these modules gave.
    pub fn asset(&self, at: RunnerOrAsset) -> &Asset {
        &self.list[at.module].manifest.assets[at.index]
    }

    /// The module that a runner or asset belongs to.
    pub fn module(&self, at: RunnerOrAsset) -> &Module {
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

/// What is wrong with an input's pattern: it cannot be read, or the input's own default does not fit it.
fn wrong_pattern(input: &Input, what: &str) -> Option<String> {
    let keys = input.key_pattern.as_ref();
    if let Some(Err(fault)) = keys.map(|pattern| bggo_regex::is_found(&pattern.regex, "")) {
        let name = &input.name;
        return Some(format!(
            "the pattern of keys of `{name}` of {what}: {fault}"
        ));
    }
    let pattern = &input.pattern.as_ref()?.regex;
    let default = input.default.as_ref().and_then(Value::as_text);
    match bggo_regex::is_found(pattern, default.unwrap_or_default()) {
        Err(fault) => Some(format!(
            "the pattern of `{}` of {what}: {fault}",
            input.name
        )),
        Ok(false) if default.is_some() => Some(format!(
            "the default of `{}` of {what} does not fit its own pattern",
            input.name
        )),
        Ok(_) => None,
    }
}

fn find(
    list: &[Module],
    name: &str,
    names: impl Fn(&Manifest) -> Vec<&str>,
) -> Option<RunnerOrAsset> {
    list.iter().enumerate().find_map(|(module, one)| {
        let index = names(&one.manifest)
            .into_iter()
            .position(|other| other == name)?;
        Some(RunnerOrAsset { module, index })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_judge_late_results_know_them_by_the_names_that_manifests_give_them() {
        assert_eq!(bggo_manifest::LATE_METRICS, bggo_metrics::LATE_METRICS);
    }

    #[test]
    fn modules_that_ship_with_the_compiler_are_what_their_manifests_say() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../modules");
        let folders = std::fs::read_dir(&folder).unwrap();
        let folders = folders.map(|entry| entry.unwrap().path().join("manifest.hcl"));
        let mut manifests: Vec<_> = folders.filter(|path| path.is_file()).collect();
        manifests.sort();
        let modules = Modules::built_in();
        assert!(!modules.list.is_empty());
        assert_eq!(modules.list.len(), manifests.len());
        for (module, path) in modules.list.iter().zip(manifests) {
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(path.ends_with(format!("{}/manifest.hcl", module.name)));
            assert_eq!(bggo_manifest::read(&text).unwrap(), module.manifest);
        }
        assert_eq!(modules.contradictions(), Vec::<String>::new());
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

    #[test]
    fn modules_that_declare_one_name_are_both_named() {
        let with = |name: &str, text: &str| {
            Modules::built_in()
                .clone()
                .with(&[(name, text)])
                .contradictions()
        };
        assert_eq!(
            with("other", "runner \"noop\" {}\nasset \"http_client\" {}\n"),
            [
                "the modules `noop` and `other` both declare the runner `noop`",
                "the modules `http_request` and `other` both declare the asset `http_client`",
            ]
        );
        // A runner and an asset may share a name.
        assert_eq!(with("other", "asset \"noop\" {}\n"), Vec::<String>::new());
    }

    #[test]
    fn assets_of_other_modules_must_be_there() {
        let with = |module: &str, asset: &str| {
            let text = format!(
                "runner \"put\" {{\n  uses \"client\" {{\n    module = \"{module}\"\n    asset = \"{asset}\"\n  }}\n}}\n"
            );
            Modules::built_in()
                .clone()
                .with(&[("store", &text)])
                .contradictions()
        };
        assert_eq!(with("http_request", "http_client"), Vec::<String>::new());
        assert_eq!(
            with("http_request", "gone"),
            [
                "runner `put` of the module `store` uses `gone`, but the module `http_request` has no such asset"
            ]
        );
        assert_eq!(
            with("gone", "http_client"),
            [
                "runner `put` of the module `store` uses an asset of the module `gone`, which is not there: give its folder with `--module`"
            ]
        );
    }

    #[test]
    fn each_kind_of_asset_that_fits_a_use_must_be_there() {
        let text = "asset \"session\" {\n  uses \"over\" {\n    module = \"http_request\"\n    asset = [\"http_client\", \"gone\", \"lost\"]\n  }\n}\n";
        assert_eq!(
            Modules::built_in()
                .clone()
                .with(&[("store", text)])
                .contradictions(),
            [
                "asset `session` of the module `store` uses `gone`, but the module `http_request` has no such asset",
                "asset `session` of the module `store` uses `lost`, but the module `http_request` has no such asset",
            ]
        );
    }

    #[test]
    fn what_opens_uses_one_exclusive_asset_also_of_another_module() {
        let with = |concurrency: &str| {
            let line = format!("asset \"line\" {{\n  concurrency = \"{concurrency}\"\n}}\n");
            let uses = "uses \"line\" {\n    module = \"line\"\n    asset = \"line\"\n  }\n";
            let runner =
                |name: &str, says: &str| format!("runner \"{name}\" {{\n  {says}\n  {uses}}}\n");
            let text = runner("begin", "opens = \"talk\"") + &runner("finish", "closes = \"talk\"");
            let modules = Modules::default().with(&[("line", &line), ("talk", &text)]);
            assert_eq!(modules.faults, Vec::<String>::new());
            modules.contradictions()
        };
        assert_eq!(with("exclusive"), Vec::<String>::new());
        assert_eq!(
            with("duplex"),
            [
                "runner `begin` of the module `talk` has `opens`, which is about the one exclusive asset that it uses, and it uses 0",
                "runner `finish` of the module `talk` has `closes`, which is about the one exclusive asset that it uses, and it uses 0",
            ]
        );
    }

    #[test]
    fn crates_that_values_link_can_be_told_apart() {
        let with = |modules: &[(&str, &str, &str)]| {
            let texts = modules.iter().map(|(name, krate, path)| {
                let link = format!("link \"b\" {{\n  crate = \"{krate}\"\n  path = \"{path}\"\n}}");
                let input = |input: &str, link: &str| {
                    format!("input \"{input}\" {{\n  type = string\n  one_of = [\"a\", \"b\"]\n{link}\n}}\n")
                };
                let other = link.replace(&format!("path = \"{path}\""), "path = \"other\"");
                let inputs = input("x", &link) + &input("y", if name.len() > 1 { &other } else { &link });
                (*name, format!("runner \"{name}\" {{\n{inputs}}}\n"))
            });
            let texts: Vec<(&str, String)> = texts.collect();
            let texts: Vec<(&str, &str)> = texts
                .iter()
                .map(|(name, text)| (*name, text.as_str()))
                .collect();
            let modules = Modules::built_in().clone().with(&texts);
            assert_eq!(modules.faults, Vec::<String>::new());
            modules.contradictions()
        };
        assert_eq!(with(&[("s", "sum-fast", "fast")]), Vec::<String>::new());
        let found = with(&[("s", "bggo-module-noop", "fast")]);
        assert_eq!(
            found[0],
            "the module `s` links a crate `bggo-module-noop`, which is the package of the module `noop`"
        );
        let found = with(&[("s", "sum-fast", "fast"), ("t", "sum-fast", "fast")]);
        assert_eq!(
            found[0],
            "the modules `s` and `t` both link a crate `sum-fast`: rename one"
        );
        assert_eq!(
            with(&[("sum", "sum-fast", "fast")]),
            ["the module `sum` links crates `sum-fast` from two folders"]
        );
    }

    #[test]
    fn a_pattern_is_valid_and_fits_the_default() {
        let with = |pattern: &str| {
            let text = format!(
                "runner \"say\" {{\n  input \"x\" {{\n    type = string\n    default = \"a\"\n    pattern = \"{pattern}\"\n  }}\n}}\n"
            );
            Modules::default().with(&[("talk", &text)]).contradictions()
        };
        assert_eq!(with("^a$"), Vec::<String>::new());
        assert_eq!(
            with("^b$"),
            [
                "the default of `x` of runner `say` of the module `talk` does not fit its own pattern"
            ]
        );
        let wrong = with("(");
        assert!(
            wrong[0].starts_with("the pattern of `x` of runner `say`"),
            "{wrong:?}"
        );
    }
}
