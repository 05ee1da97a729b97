//! HTTP/2 with many requests on a connection at a time: streams are refused and given up, and connections go away.

use crate::cases::Way;
use crate::counts::{Counted, counted, hold_alike, plan, within};
use crate::grids::{ECHO, GRID, flags, program, replaced, seeds, spoken};
use bggo_tests::Grid;
use bggo_tests::server::{Certificates, Nginx, Plan, Speaks, free_port};

const BOTH: [Speaks; 2] = [Speaks::Http2, Speaks::Http2OverTls];

/// Which of two connections had a request first is not known, as one that goes away is read later: so of a request that was sent
/// twice it is not known which of its two ends was the last one.
const UNKNOWN_ORDER: [&str; 2] = ["closed", "reset"];

fn of_streams(seed: u64) -> Plan {
    Plan {
        only_streams: true,
        ..plan(seed)
    }
}

#[test]
fn users_with_requests_beside_each_other_count_what_the_proxy_saw() {
    for (seed, speaks) in seeds(2).flat_map(|seed| BOTH.map(|speaks| (seed, speaks))) {
        let way = Way::beside(speaks);
        let nginx = Nginx::start(ECHO);
        let proxy = way.proxy(&nginx, of_streams(seed));
        let counted = way.run(&proxy, "--vus 64 --iterations 600 --threads 2");
        hold_alike(&counted, &proxy.stop(), (UNKNOWN_ORDER, seed));
        assert!(
            counted.resent > 0 && counted.failures.len() >= 4,
            "{counted:?}"
        );
        within(&counted, nginx, seed);
    }
}

#[test]
fn arrivals_with_requests_beside_each_other_count_what_the_proxy_saw() {
    for (seed, speaks) in seeds(1).flat_map(|seed| BOTH.map(|speaks| (seed, speaks))) {
        let way = Way::beside(speaks);
        let nginx = Nginx::start(ECHO);
        let proxy = way.proxy(&nginx, of_streams(seed));
        let counted = way.run(&proxy, "--rate 150/s --duration 3s --allow-overload");
        hold_alike(&counted, &proxy.stop(), (UNKNOWN_ORDER, seed));
        within(&counted, nginx, seed);
    }
}

#[test]
fn users_that_share_connections_count_what_the_proxy_saw() {
    let limit = "    timeout       = \"60s\"\n";
    let shared = format!("{limit}    connections   = \"shared\"\n");
    let shared = replaced(GRID, limit, &shared);
    // Who waits for room on a connection has no limit of its own.
    let shared = replaced(&shared, "vu.iteration % 40 == 7", "vu.iteration < 0");
    let grids = BOTH.map(|speaks| (speaks, Grid::new(&spoken(&shared, speaks)).build()));
    for (seed, (speaks, grid)) in seeds(2).flat_map(|seed| grids.iter().map(move |one| (seed, one)))
    {
        let way = Way::beside(*speaks);
        let nginx = Nginx::start(ECHO);
        let proxy = way.proxy(&nginx, of_streams(seed));
        let going = way.start_of(grid, &proxy, "--vus 64 --iterations 600 --threads 2");
        let counted = counted(&going.finish().expect_code(0));
        hold_alike(&counted, &proxy.stop(), (UNKNOWN_ORDER, seed));
        assert!(counted.connections > 0 && counted.resent > 0, "{counted:?}");
        within(&counted, nginx, seed);
    }
}

/// nginx with HTTP/2 that ends each connection behind so many requests, what it says at `GET /...`, and the words for it.
struct Ending {
    nginx: Nginx,
    /// The folder of its certificate is there as long as this.
    _certificates: Option<Certificates>,
    words: Vec<String>,
}

impl Ending {
    fn behind(requests: u32, speaks: Speaks) -> Self {
        let port = free_port();
        let is_secret = speaks.is_over_tls();
        let certificates = is_secret.then(|| Certificates::new(&["127.0.0.1"]));
        let listens = match &certificates {
            None => format!("listen 127.0.0.1:{port} http2;"),
            Some(made) => {
                let [chain, key] = ["server.crt", "server.key"].map(|name| made.path(name));
                format!(
                    "listen 127.0.0.1:{port} ssl http2; ssl_certificate {chain}; ssl_certificate_key {key};"
                )
            }
        };
        let nginx = Nginx::start(&format!("{listens} keepalive_requests {requests}; {ECHO}"));
        let scheme = if is_secret { "https" } else { "http" };
        let url = format!("{scheme}://127.0.0.1:{port}");
        let authority = certificates.as_ref().map(|made| made.path("ca.crt"));
        Self {
            nginx,
            words: flags(&url, authority),
            _certificates: certificates,
        }
    }

    /// All passes, and nginx has counted what was answered: what it left it did not look at.
    fn holds(self, grid: &Grid, load: &str) -> Counted {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        let load: Vec<&str> = load.split(' ').collect();
        let going = grid.start(&[&*words, &load].concat());
        let counted = counted(&going.finish().expect_code(0));
        let lines = self.nginx.stop();
        assert!(counted.failures.is_empty(), "{counted:?}");
        assert_eq!(counted.answered, lines.len() as u64, "{counted:?}");
        assert_eq!(
            counted.requests,
            counted.answered + counted.resent,
            "{counted:?}"
        );
        counted
    }
}

/// nginx says which request of a connection was the last one.
#[test]
fn connections_to_nginx_that_serve_a_hundred_requests_are_replaced_without_a_fault() {
    for speaks in BOTH {
        let ending = Ending::behind(100, speaks);
        let counted = ending.holds(program(speaks), "--vus 4 --iterations 150");
        assert!(counted.connections > counted.answered / 100, "{counted:?}");
    }
}

/// Many requests are on their way when the last one is told, which POST is among, and most of them are left more than twice.
#[test]
fn users_of_connections_to_nginx_that_serve_three_requests_lose_none() {
    let limit = "    timeout       = \"60s\"\n";
    let shared = format!("{limit}    connections   = \"shared\"\n");
    let shared = replaced(GRID, limit, &shared);
    for speaks in BOTH {
        let shared = Grid::new(&spoken(&shared, speaks)).build();
        for grid in [program(speaks), &shared] {
            let ending = Ending::behind(3, speaks);
            let counted = ending.holds(grid, "--vus 40 --iterations 200 --threads 2");
            assert_eq!(counted.iterations, 200);
            assert!(counted.resent > 0, "{counted:?}");
        }
    }
}
