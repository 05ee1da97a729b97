//! Emitted source to programs, with a hand-written program in place of the emitter's.

use bggo::link::{Cache, Event, Job, LinkFault, Options, Profile, Record, key, link};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn options() -> Options {
    Options {
        profile: Profile::Fast,
        offline: false,
        keep_symbols: false,
        modules: Vec::new(),
    }
}

fn build(base: &Path, grid: &str, main: &str) -> Result<PathBuf, LinkFault> {
    let files: BTreeMap<String, String> = [("src/main.rs".to_owned(), main.to_owned())].into();
    let options = options();
    let key = key([("main.rs", main)], &options).unwrap();
    let crates = ["bggo-module-noop".to_owned()];
    let job = Job {
        key: &key,
        grid: Path::new(grid),
        files: &files,
        crates: &crates,
        record: Record::default(),
    };
    let built = link(&Cache::at(base), &job, &options, &mut |event| {
        if let Event::Compiling { done, total, name } = event {
            eprintln!("{done}/{total} {name}")
        } else {
            eprintln!("{event:?}")
        }
    })?;
    Ok(built.path)
}

#[test]
fn x() {
    let base = std::env::var("X").unwrap();
    let t = std::time::Instant::now();
    let r = build(
        Path::new(&base),
        &std::env::var("G").unwrap(),
        r#"
use bggo_module_noop as _;
fn main() { println!("{:?}", std::panic::Location::caller());//26934//28494 println!("{}", bggo_runtime::emitted::Number::parse("12").is_some()); println!("1"); }"#,
    );
    eprintln!("{r:?} {:?}", t.elapsed());
}
