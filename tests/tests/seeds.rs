//! What is random follows from the seed alone: the same values on any number of threads.

use bggo_tests::Grid;
use bggo_tests::server::Nginx;

const GRID: &str = r#"
variable "url" {
  type = string
}

step "http_request" "get" {
  count = 2
  arguments {
    url = join("/", [
      var.url, random_int(1, 1000000000), random_string(12), random_choice(["red", "green", "blue"]), uuid(),
      fake_username(), urlencode(fake_name()), fake_ipv4(), sha256(bcrypt("secret", 4))
    ])
    expect_status = 200
  }
}
"#;

#[test]
fn the_same_seed_gives_the_same_values_on_any_number_of_threads() {
    let grid = Grid::new(GRID).build();
    let asked = |seed: &str, threads: &str| {
        let nginx = Nginx::start("location / { return 200 ok; }");
        let url = nginx.url();
        let flags = [
            "--url",
            url.as_str(),
            "--vus",
            "4",
            "--iterations",
            "40",
            "--threads",
            threads,
            "--seed",
            seed,
            "--quiet",
        ];
        grid.start(&flags).finish().expect_code(0);
        let lines = nginx.stop();
        let mut paths: Vec<String> = lines
            .iter()
            .map(|line| {
                let from = line.find(" /").unwrap_or_else(|| panic!("no path: {line}")) + 1;
                let path = &line[from..];
                path[..path.find(' ').unwrap_or(path.len())].to_owned()
            })
            .collect();
        paths.sort();
        paths
    };
    let one = asked("5", "1");
    assert_eq!(one.len(), 80);
    let mut distinct = one.clone();
    distinct.dedup();
    assert_eq!(
        distinct.len(),
        80,
        "each iteration and instance has its own"
    );
    assert_eq!(asked("5", "2"), one);
    let other = asked("6", "1");
    assert!(other.iter().all(|path| !one.contains(path)));
}
