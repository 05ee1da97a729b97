//! The sources of a crate to the circles among its files: files that name each other, at once or through others.
//!
//! A file names another by a `use` or by a path inside its code. A `pub use` passes a name on: whoever takes the name
//! names the file where it is defined. Code of tests does not count.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};

/// A path in the code: `["super", "cache", "Cache"]`.
type Names = Vec<String>;

/// Words before the name of an item.
const ITEMS: [&str; 9] = [
    "fn",
    "struct",
    "enum",
    "union",
    "trait",
    "type",
    "const",
    "static",
    "macro_rules",
];

/// The files of one crate, by what they are as modules.
struct Crate {
    /// By module path; the root is the empty one.
    files: BTreeMap<Names, File>,
}

#[derive(Default)]
struct File {
    /// Its path, as messages show it.
    path: String,
    /// Paths that its code names, and those of its `use` items that bind a name for itself alone.
    named: BTreeSet<Names>,
    /// Names that it passes on by `pub use`, and what they stand for.
    passed_on: BTreeMap<String, Names>,
    /// Modules all of whose names it passes on.
    passed_on_whole: Vec<Names>,
    /// Names that are bound by any `use`.
    bound: BTreeMap<String, Names>,
    /// Items that it defines.
    defined: BTreeSet<String>,
}

/// The circles of a crate: each a sorted list of paths. `sources` are paths relative to its `src` folder, and their texts.
pub fn circles(sources: &[(String, String)]) -> Vec<Vec<String>> {
    let names = read(sources).names();
    let reached: BTreeMap<&str, BTreeSet<&str>> = names
        .keys()
        .map(|from| (from.as_str(), reach(&names, from)))
        .collect();
    let mut found = BTreeSet::new();
    for (from, reached_from) in &reached {
        let circle: Vec<String> = reached_from
            .iter()
            .filter(|to| reached[**to].contains(from))
            .map(|to| (*to).to_owned())
            .collect();
        if circle.len() > 1 {
            found.insert(circle);
        }
    }
    found.into_iter().collect()
}

/// What each file of a crate names, for whoever looks for the cause of a circle.
pub fn names(sources: &[(String, String)]) -> BTreeMap<String, BTreeSet<String>> {
    read(sources).names()
}

/// The paths inside of its crate that each file names or passes on, from the root of the crate and without the word `crate`,
/// in whatever form it writes them.
pub fn paths(sources: &[(String, String)]) -> BTreeMap<String, BTreeSet<Vec<String>>> {
    let files = read(sources).files.into_values();
    let of_file = |file: File| {
        let all = file.named.into_iter();
        let all = all
            .chain(file.passed_on.into_values())
            .chain(file.passed_on_whole);
        let inside =
            all.filter_map(|path| Some(path.strip_prefix(&["crate".to_owned()])?.to_vec()));
        (file.path, inside.collect())
    };
    files.map(of_file).collect()
}

fn reach<'a>(names: &'a BTreeMap<String, BTreeSet<String>>, from: &str) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        for next in names.get(at).into_iter().flatten() {
            if seen.insert(next.as_str()) {
                open.push(next);
            }
        }
    }
    seen
}

fn read(sources: &[(String, String)]) -> Crate {
    let mut files = BTreeMap::new();
    for (path, text) in sources {
        let tokens: TokenStream = text
            .parse()
            .unwrap_or_else(|error| panic!("{path} is no Rust: {error}"));
        let module = module_of(path);
        let mut file = File {
            path: path.clone(),
            ..File::default()
        };
        file.read(tokens, &module);
        files.insert(module, file);
    }
    Crate { files }
}

/// `a/b.rs` and `a/b/mod.rs` are `a::b`.
fn module_of(path: &str) -> Names {
    let mut names: Names = path
        .trim_end_matches(".rs")
        .split('/')
        .map(str::to_owned)
        .collect();
    let last = names.last().map(String::as_str);
    if last == Some("mod") || (names.len() == 1 && matches!(last, Some("lib" | "main"))) {
        names.pop();
    }
    names
}

impl File {
    /// Reads code that stands in a module of the file.
    fn read(&mut self, tokens: TokenStream, module: &Names) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        let mut public = false;
        let mut of_tests = false;
        while let Some(token) = tokens.get(at) {
            let word = word_of(token);
            match token {
                TokenTree::Punct(punct) if punct.as_char() == '#' => {
                    if let Some(TokenTree::Group(group)) = tokens.get(at + 1) {
                        of_tests |= group.stream().to_string().replace(' ', "") == "cfg(test)";
                        self.read(group.stream(), module);
                        at += 2;
                        continue;
                    }
                }
                // An item of tests ends with its body or its semicolon.
                TokenTree::Group(group) if of_tests => {
                    of_tests = group.delimiter() != Delimiter::Brace;
                }
                TokenTree::Punct(punct) if of_tests => of_tests = punct.as_char() != ';',
                _ if of_tests => {}
                TokenTree::Group(group) => self.read(group.stream(), module),
                TokenTree::Ident(_) if word == "pub" => {
                    public = true;
                    at += 1;
                    if let Some(TokenTree::Group(group)) = tokens.get(at)
                        && group.delimiter() == Delimiter::Parenthesis
                    {
                        at += 1;
                    }
                    continue;
                }
                TokenTree::Ident(_) if word == "use" => {
                    at = self.read_use(&tokens, at + 1, public, module);
                }
                TokenTree::Ident(_) if word == "mod" => {
                    let name = tokens.get(at + 1).map(word_of).unwrap_or_default();
                    self.defined.insert(name.clone());
                    at += 1;
                    if let Some(TokenTree::Group(body)) = tokens.get(at + 1) {
                        let inner = module.iter().cloned().chain([name]).collect();
                        self.read(body.stream(), &inner);
                        at += 1;
                    }
                }
                TokenTree::Ident(_) => at = self.read_path(&tokens, at, module),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
            public = false;
            at += 1;
        }
    }

    /// Reads the path that begins at a word, and gives back the position of its last word.
    fn read_path(&mut self, tokens: &[TokenTree], from: usize, module: &Names) -> usize {
        let mut names = vec![word_of(&tokens[from])];
        let mut last = from;
        while is_colons(tokens, last + 1) {
            let Some(TokenTree::Ident(_)) = tokens.get(last + 3) else {
                break;
            };
            last += 3;
            names.push(word_of(&tokens[last]));
        }
        let before = |steps: usize| from.checked_sub(steps).and_then(|at| tokens.get(at));
        let keyword = before(1).map(word_of).unwrap_or_default();
        if ITEMS.contains(&keyword.as_str()) {
            self.defined.insert(names[0].clone());
        }
        // `$crate::x` is a path of whoever calls the macro, `::x` one of another crate, `.x` a field, `'x` a lifetime.
        let field = is_punct(before(1), '.') && !is_punct(before(2), '.');
        let goes_on = is_punct(before(1), ':') && is_punct(before(2), ':');
        if !(field || goes_on || is_punct(before(1), '$') || is_punct(before(1), '\'')) {
            self.named.insert(absolute(&names, module));
        }
        last
    }

    /// Reads what follows `use`, up to its semicolon, and gives back the semicolon's position.
    fn read_use(
        &mut self,
        tokens: &[TokenTree],
        from: usize,
        public: bool,
        module: &Names,
    ) -> usize {
        let end = (from..tokens.len())
            .find(|at| is_punct(tokens.get(*at), ';'))
            .unwrap_or(tokens.len());
        // A leading `::` is another crate.
        if !is_colons(tokens, from) {
            self.read_tree(&tokens[from..end], &Vec::new(), public, module);
        }
        end
    }

    fn read_tree(&mut self, tokens: &[TokenTree], prefix: &Names, public: bool, module: &Names) {
        for tree in tokens.split(|token| is_punct(Some(token), ',')) {
            let mut names = prefix.clone();
            let mut bound = None;
            let mut at = 0;
            while let Some(token) = tree.get(at) {
                match token {
                    TokenTree::Ident(_) if word_of(token) == "as" => {
                        bound = tree.get(at + 1).map(word_of);
                        break;
                    }
                    TokenTree::Ident(_) => names.push(word_of(token)),
                    TokenTree::Group(group) => {
                        let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                        self.read_tree(&inner, &names, public, module);
                        names.clear();
                    }
                    TokenTree::Punct(punct) if punct.as_char() == '*' => {
                        let path = absolute(&names, module);
                        if public {
                            self.passed_on_whole.push(path);
                        } else {
                            self.named.insert(path);
                        }
                        names.clear();
                    }
                    _ => {}
                }
                at += 1;
            }
            if names.len() > 1 && names.last().is_some_and(|last| last == "self") {
                names.pop();
            }
            let Some(last) = names.last().cloned() else {
                continue;
            };
            let name = bound.unwrap_or(last);
            let path = absolute(&names, module);
            self.bound.insert(name.clone(), path.clone());
            if public {
                self.passed_on.insert(name, path);
            } else {
                self.named.insert(path);
            }
        }
    }
}

impl Crate {
    /// The files that each file names, by their paths.
    fn names(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut all = BTreeMap::new();
        for (module, file) in &self.files {
            let named = file
                .named
                .iter()
                .filter_map(|path| self.find(module, path, 0))
                .filter(|found| *found != file.path)
                .map(str::to_owned)
                .collect();
            all.insert(file.path.clone(), named);
        }
        all
    }

    /// The file that defines what a path names, seen from a module; none for what belongs to no file of this crate.
    fn find(&self, module: &Names, path: &Names, depth: usize) -> Option<&str> {
        let (first, rest) = path.split_first()?;
        // A name may be passed on in a circle, which rustc refuses.
        if depth > 16 {
            return None;
        }
        if first == "crate" {
            return self.find_from_root(rest, depth);
        }
        let file = self.files.get(module)?;
        if let Some(bound) = file.bound.get(first).filter(|bound| *bound != path) {
            let whole: Names = bound.iter().chain(rest).cloned().collect();
            return self.find(module, &whole, depth + 1);
        }
        // A word alone is no module but a variable of that name.
        let child: Names = module.iter().chain([first]).cloned().collect();
        if rest.is_empty() || !self.files.contains_key(&child) {
            return None;
        }
        let whole: Names = module.iter().chain(path).cloned().collect();
        self.find_from_root(&whole, depth)
    }

    fn find_from_root(&self, path: &[String], depth: usize) -> Option<&str> {
        let known = (0..=path.len())
            .rev()
            .find(|length| self.files.contains_key(&path[..*length]))?;
        let (module, rest) = path.split_at(known);
        let module = module.to_vec();
        let file = self.files.get(&module)?;
        let Some((name, more)) = rest.split_first() else {
            return Some(&file.path);
        };
        if let Some(passed_on) = file.passed_on.get(name) {
            let whole: Names = passed_on.iter().chain(more).cloned().collect();
            // What comes from another crate is passed on by this file.
            return self.find(&module, &whole, depth + 1).or(Some(&file.path));
        }
        if !file.defined.contains(name) {
            let defines = |at: &&str| {
                let mut files = self.files.values();
                files.any(|file| file.path == **at && file.defined.contains(name))
            };
            let whole = file.passed_on_whole.iter().filter_map(|passed_on| {
                let whole: Names = passed_on.iter().chain(rest).cloned().collect();
                self.find(&module, &whole, depth + 1)
            });
            if let Some(found) = whole.into_iter().find(|found| defines(found)) {
                return Some(found);
            }
        }
        Some(&file.path)
    }
}

/// A path as seen from the root of the crate where it begins with `super`, `self` or `crate`; else as it is.
fn absolute(names: &Names, module: &Names) -> Names {
    let ups = names.iter().take_while(|name| *name == "super").count();
    let rest = match names.first().map(String::as_str) {
        Some("super") => &names[ups..],
        Some("self") => &names[1..],
        _ => return names.clone(),
    };
    let above = &module[..module.len().saturating_sub(ups)];
    let mut whole = vec!["crate".to_owned()];
    whole.extend(above.iter().chain(rest).cloned());
    whole
}

fn word_of(token: &TokenTree) -> String {
    match token {
        TokenTree::Ident(word) => word.to_string(),
        _ => String::new(),
    }
}

fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

fn is_colons(tokens: &[TokenTree], at: usize) -> bool {
    is_punct(tokens.get(at), ':') && is_punct(tokens.get(at + 1), ':')
}

#[cfg(test)]
mod tests;
