//! HTTP/3 from a grid: linked only where the grid asks for it, counted by a server of another make, ended in an orderly way.

use bggo_tests::server::{Caddy, Certificates};
use bggo_tests::{Grid, Run, bggo};
use std::collections::BTreeSet;
use std::net::UdpSocket;
use std::process::Command;

/// A grid whose client has these arguments more.
fn grid(client: &str, step: &str) -> Grid {
    Grid::new(&format!(
        "variable \"url\" {{\n  type = string\n}}\nvariable \"ca\" {{\n  type    = string\n  default = \"\"\n}}\n\
         resource \"http_client\" \"one\" {{\n  arguments {{\n    ca_file = var.ca\n{client}  }}\n}}\n\
         step \"http_request\" \"get\" {{\n  uses {{\n    client = resource.http_client.one\n  }}\n  \
         arguments {{\n    url           = \"${{var.url}}/get\"\n    expect_status = 200\n{step}  }}\n}}\n\
         step \"print\" \"shown\" {{\n  arguments {{\n    input = [step.http_request.get.output.http_version, step.http_request.get.output.body]\n  }}\n}}\n"
    ))
}

/// How many requests came over HTTP/3, and over others.
fn counted(log: &[String]) -> (usize, usize) {
    let over_3 = |line: &&String| line.contains("\"proto\":\"HTTP/3.0\"");
    let count = log.iter().filter(over_3).count();
    (count, log.len() - count)
}

#[test]
fn a_grid_speaks_http_3_and_the_server_has_as_many_requests_as_the_run() {
    let grid = grid("    http_version = \"3\"\n", "").build();
    let caddy = Caddy::start("respond \"pong {http.request.proto} {http.request.uri}\"");
    let (url, ca) = (caddy.url(), caddy.ca_file());
    let flags = ["--url", &url, "--ca", &ca, "--quiet"];
    let once = grid.start(&flags).finish().expect_code(0);
    assert_eq!(once.stdout, "[\"3\",\"pong HTTP/3.0 /get\"]\n");
    let load = ["--vus", "20", "--iterations", "600", "--threads", "2"];
    let flags = [&flags[..], &load].concat();
    let loaded = grid.start(&flags).finish().expect_code(0);
    // Nothing is said of tasks or connections that did not end.
    assert!(!loaded.stderr.contains("did not end"), "{}", loaded.stderr);
    assert_eq!(counted(&caddy.stop()), (601, 0));
}

/// Ports of this host from which requests came: each thread has one socket for all its connections.
fn sockets(log: &[String]) -> BTreeSet<String> {
    let port = |line: &String| {
        let (_, rest) = line.split_once("\"remote_port\":\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    log.iter().map(port).collect()
}

#[test]
fn users_of_a_thread_share_a_connection_of_http_3_and_no_more_are_made_than_the_most() {
    let sharing =
        "    http_version = \"3\"\n    connections = \"shared\"\n    max_connections = 2\n";
    let grid = grid(sharing, "").build();
    let loaded = |threads: &str, iterations: &str| {
        let caddy = Caddy::start("respond \"pong\"");
        let (url, ca) = (caddy.url(), caddy.ca_file());
        let load = format!("--vus 300 --iterations {iterations} --threads {threads}");
        let flags = ["--url", url.as_str(), "--ca", &ca];
        let flags: Vec<&str> = flags.into_iter().chain(load.split(' ')).collect();
        (grid.start(&flags).finish(), caddy.stop())
    };
    let (ended, log) = loaded("2", "3000");
    let ended = ended.expect_code(0);
    assert!(!ended.stderr.contains("did not end"), "{}", ended.stderr);
    assert_eq!(counted(&log), (3000, 0));
    assert_eq!(sockets(&log).len(), 2);
    let told = |line: &str| {
        let figures = line.strip_prefix("resource.http_client.one: connections ")?;
        Some(figures.split(',').next()?.to_owned())
    };
    let made = ended.stderr.lines().find_map(told);
    assert_eq!(made.as_deref(), Some("2"), "{}", ended.stderr);
    // A thread without a connection of its own fails what it runs, and the others do not.
    let (ended, log) = loaded("3", "300");
    let ended = ended.expect_code(99);
    let why = "max_connections = 2 is too few, since each thread of the run needs one at least";
    assert!(ended.stderr.contains(why), "{}", ended.stderr);
    assert!(sockets(&log).len() <= 2, "{log:?}");
    assert!(counted(&log).0 < 300, "{}", log.len());
}

#[test]
fn a_server_that_dies_fails_steps_by_their_kinds_and_ends_no_run() {
    let grid = grid("    http_version = \"3\"\n", "    timeout = \"2s\"\n").build();
    let mut caddy = Caddy::start("respond \"pong\"");
    let (url, ca) = (caddy.url(), caddy.ca_file());
    let flags = ["--url", &url, "--ca", &ca, "--vus", "4", "--duration", "4s"];
    let mut run = grid.start(&flags);
    run.wait_for_output("pong");
    caddy.die();
    let ended = run.finish();
    assert!(ended.stderr.contains("refused"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("panic"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("did not end"), "{}", ended.stderr);
}

#[test]
fn a_program_without_descriptors_says_so_wherever_they_run_out() {
    let grid = grid("    http_version = \"3\"\n", "").build();
    let certificates = Certificates::new(&["127.0.0.1"]);
    let authority = certificates.path("ca.crt");
    // Nobody answers there.
    let nobody = UdpSocket::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let mut said = 0;
    let mut has_refused = false;
    for descriptors in 10..40 {
        let mut command = Command::new("sh");
        let script = format!("ulimit -n {descriptors}; exec \"$@\"");
        command.args(["-c", &script, "sh"]).arg(grid.program());
        command.args(["--url", &url, "--ca", &authority]);
        let ended = Run::start(command).finish();
        assert!(
            matches!(ended.code(), 1 | 100),
            "{descriptors}: {}",
            ended.stderr
        );
        said += u32::from(ended.stderr.contains("local: no connection to 127.0.0.1:"));
        has_refused = ended.stderr.contains("refused: no connection to");
        if has_refused {
            break;
        }
    }
    assert!(said > 0 && has_refused, "{said}");
}

#[test]
fn what_http_3_cannot_do_is_refused_when_a_grid_is_checked() {
    for (client, url, says) in [
        (
            "    proxy = \"http://p.test:1\"\n",
            "https://a.test/",
            "HTTP/3 goes through no proxy",
        ),
        (
            "    transport = \"reqwest\"\n",
            "https://a.test/",
            "HTTP/3 is spoken by bggo's own code alone",
        ),
        ("", "http://a.test/", "HTTP/3 needs https"),
        (
            "    local_addresses = [\"127.0.0.2\"]\n",
            "https://a.test/",
            "leave out local_addresses, or the http_version",
        ),
        (
            "    unix_socket = \"/run/a\"\n",
            "https://a.test/",
            "leave out unix_socket, or the http_version",
        ),
    ] {
        let grid = Grid::new(&format!(
            "resource \"http_client\" \"one\" {{\n  arguments {{\n    http_version = \"3\"\n{client}  }}\n}}\n\
             step \"http_request\" \"get\" {{\n  uses {{\n    client = resource.http_client.one\n  }}\n  \
             arguments {{\n    url = \"{url}\"\n  }}\n}}\n"
        ));
        let said = bggo().arg("check").arg(grid.path()).output().unwrap();
        let text = String::from_utf8_lossy(&said.stderr).into_owned();
        assert_eq!(said.status.code(), Some(1), "{text}");
        assert!(text.contains(says), "{text}");
    }
}

#[test]
fn what_the_transport_of_another_crate_cannot_do_is_refused_when_a_grid_is_checked() {
    for (argument, says) in [
        (
            "connections = \"shared\"",
            "leave out connections, or the transport",
        ),
        (
            "resolve = { \"a.test\" = \"127.0.0.1\" }",
            "leave out resolve, or the transport",
        ),
    ] {
        let grid = Grid::new(&format!(
            "resource \"http_client\" \"one\" {{\n  arguments {{\n    transport = \"reqwest\"\n    {argument}\n  }}\n}}\n\
             step \"http_request\" \"get\" {{\n  uses {{\n    client = resource.http_client.one\n  }}\n  \
             arguments {{\n    url = \"https://a.test/\"\n  }}\n}}\n"
        ));
        let said = bggo().arg("check").arg(grid.path()).output().unwrap();
        let text = String::from_utf8_lossy(&said.stderr).into_owned();
        assert_eq!(said.status.code(), Some(1), "{text}");
        assert!(text.contains(says), "{text}");
    }
}
