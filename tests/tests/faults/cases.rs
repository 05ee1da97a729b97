//! The cases, each over one way.

use crate::counts::{Counted, bound, counted, hold, plan, within};
use crate::grids::{ECHO, GRID, flags, in_turn, program, replaced, seeds, spoken};
use bggo_tests::server::{FaultProxy, Nginx, Plan, Speaks};
use bggo_tests::{Grid, Run};

/// What a program speaks with the proxy, and how its steps stand to each other.
#[derive(Clone, Copy)]
pub struct Way {
    speaks: Speaks,
    is_in_turn: bool,
}

impl Way {
    /// Steps run beside each other.
    pub fn beside(speaks: Speaks) -> Self {
        Self {
            speaks,
            is_in_turn: false,
        }
    }

    /// They run one after the other. What a connection loses that breaks off is known to its proxy if it had one request at a time.
    pub fn in_turn(speaks: Speaks) -> Self {
        Self {
            speaks,
            is_in_turn: true,
        }
    }

    fn program(self) -> &'static Grid {
        match self.is_in_turn {
            true => in_turn(self.speaks),
            false => program(self.speaks),
        }
    }

    pub fn proxy(self, nginx: &Nginx, plan: Plan) -> FaultProxy {
        FaultProxy::start(&nginx.url(), self.speaks, plan)
    }

    /// A run of the usual program.
    fn start(self, proxy: &FaultProxy, more: &str) -> Run {
        self.start_of(self.program(), proxy, more)
    }

    /// A run of a program.
    pub fn start_of(self, grid: &Grid, proxy: &FaultProxy, more: &str) -> Run {
        let words = flags(&proxy.url(), proxy.authority());
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        grid.start(&[words, more.split(' ').collect()].concat())
    }

    /// A run of the usual program that came to its end.
    pub fn run(self, proxy: &FaultProxy, more: &str) -> Counted {
        counted(&self.start(proxy, more).finish().expect_code(0))
    }
}

pub fn without_faults_all_counts_are_equal(way: Way) {
    let nginx = Nginx::start(ECHO);
    let proxy = way.proxy(&nginx, Plan::NOTHING);
    let counted = way.run(&proxy, "--vus 16 --iterations 200");
    let log = proxy.stop();
    let tally = hold(&counted, &log, 0);
    // Those that never get an answer.
    assert_eq!(
        counted.failures,
        [("timeout".to_owned(), tally.failures["timeout"])]
    );
    assert_eq!(counted.iterations, 200);
    assert_eq!(nginx.stop().len() as u64, tally.answered);
}

pub fn users_that_go_on_after_a_fault_count_what_the_proxy_saw(way: Way) {
    for seed in seeds(3) {
        let nginx = Nginx::start(ECHO);
        let proxy = way.proxy(&nginx, plan(seed));
        let counted = way.run(&proxy, "--vus 64 --iterations 600 --threads 2");
        let log = proxy.stop();
        let tally = hold(&counted, &log, seed);
        assert!(tally.resent > 0 && tally.failures.len() >= 4, "{tally:?}");
        let served = nginx.stop().len() as u64;
        assert_eq!(served, tally.forwarded, "what the proxy passed on");
        assert!(counted.answered <= served && served <= counted.requests);
    }
}

pub fn arrivals_count_what_the_proxy_saw(way: Way) {
    for seed in seeds(1) {
        let nginx = Nginx::start(ECHO);
        let proxy = way.proxy(&nginx, plan(seed));
        let counted = way.run(&proxy, "--rate 150/s --duration 3s --allow-overload");
        let log = proxy.stop();
        hold(&counted, &log, seed);
        within(&counted, nginx, seed);
    }
}

pub fn connections_that_serve_a_hundred_requests_are_replaced_without_a_fault(way: Way) {
    for seed in seeds(1) {
        let locations = format!("keepalive_requests 100; {ECHO}");
        let nginx = Nginx::start(&locations);
        let proxy = way.proxy(&nginx, Plan::NOTHING);
        let counted = way.run(&proxy, "--vus 4 --iterations 400");
        let tally = hold(&counted, &proxy.stop(), seed);
        assert_eq!(counted.resent, 0, "{counted:?}");
        assert!(tally.connections > tally.heads / 100, "{tally:?}");
        assert_eq!(nginx.stop().len() as u64, counted.answered);
    }
}

pub fn connections_that_are_reset_when_they_are_made_are_failures_of_their_steps(way: Way) {
    for seed in seeds(1) {
        let nginx = Nginx::start(ECHO);
        let refuses = Plan {
            refuses_one_in: 5,
            ..plan(seed)
        };
        let proxy = way.proxy(&nginx, refuses);
        let counted = way.run(&proxy, "--vus 32 --iterations 300");
        let tally = proxy.stop().tally();
        let about = || format!("seed {seed}\nprogram: {counted:#?}\nproxy: {tally:#?}");
        let of_kind = |kind: &str| {
            let failures = counted.failures.iter();
            let mut same = failures.filter(|(known, _)| known == kind);
            same.next().map_or(0, |(_, count)| *count)
        };
        let expected = |kind: &str| tally.failures.get(kind).copied().unwrap_or(0);
        // A reset within the handshake of TLS has that kind.
        assert_eq!(
            of_kind("reset") + of_kind("tls"),
            expected("reset") + tally.refused,
            "{}",
            about()
        );
        assert!(
            way.speaks.is_over_tls() || of_kind("tls") == 0,
            "{}",
            about()
        );
        assert_eq!(of_kind("closed"), expected("closed"), "{}", about());
        assert_eq!(of_kind("body"), expected("body"), "{}", about());
        assert_eq!(counted.answered, tally.answered, "{}", about());
        assert_eq!(counted.resent, tally.resent, "{}", about());
        // A request may have been sent to a connection that was reset, or not.
        let sent_in_vain = counted.requests - tally.heads;
        assert!(
            tally.refused > 0 && sent_in_vain <= tally.refused,
            "{}",
            about()
        );
        assert!(counted.connections <= tally.connections, "{}", about());
        within(&counted, nginx, seed);
    }
}

pub fn a_server_with_fewer_connections_than_users_refuses_and_closes_and_all_is_counted(way: Way) {
    for seed in seeds(1) {
        let zone = "limit_conn_zone $server_name zone=all:1m;";
        let locations = "absolute_redirect off; limit_conn all 20; limit_rate 1m;
            location / { return 200 $arg_n; }
            location = /moved { return 302 /echo?$args; }";
        let nginx = Nginx::start_small(32, zone, locations);
        let proxy = way.proxy(&nginx, Plan::NOTHING);
        let counted = way.run(&proxy, "--vus 64 --iterations 300");
        let tally = hold(&counted, &proxy.stop(), seed);
        assert!(tally.failures.contains_key("closed"), "{tally:?}");
        within(&counted, nginx, seed);
    }
}

pub fn a_server_that_is_started_again_half_way_leaves_the_counts_exact(way: Way) {
    for seed in seeds(1) {
        let mut nginx = Nginx::start(ECHO);
        let proxy = way.proxy(&nginx, Plan::NOTHING);
        let going = way.start(&proxy, "--vus 32 --iterations 1200");
        proxy.wait_for(300);
        // A worker that is killed leaves requests with a body out of its log.
        nginx.leave();
        proxy.wait_for(1_000);
        nginx.start_again();
        let counted = counted(&going.finish().expect_code(0));
        let tally = hold(&counted, &proxy.stop(), seed);
        assert!(tally.failures["closed"] > 0, "{tally:?}");
        within(&counted, nginx, seed);
    }
}

pub fn an_interrupt_at_any_exchange_leaves_counts_between_those_of_both_ends(way: Way) {
    for seed in seeds(2) {
        let nginx = Nginx::start(ECHO);
        let proxy = way.proxy(&nginx, plan(seed));
        let going = way.start(&proxy, "--vus 32 --duration 10m");
        proxy.wait_for(usize::try_from(seed * 7919 % 2_000).expect("a count"));
        going.signal("INT");
        let counted = counted(&going.finish().expect_code(105));
        bound(&counted, &proxy.stop().tally(), seed);
        within(&counted, nginx, seed);
    }
}

pub fn requests_that_are_dropped_because_another_step_failed_are_cut(way: Way) {
    // A failure ends its iteration, and what runs beside it.
    let text = replaced(GRID, "  continue_on_failure = true\n", "");
    let grid = Grid::new(&spoken(&text, way.speaks)).build();
    for seed in seeds(1) {
        let nginx = Nginx::start(ECHO);
        let proxy = way.proxy(&nginx, plan(seed));
        let going = way.start_of(&grid, &proxy, "--vus 64 --iterations 600");
        let counted = counted(&going.finish().expect_code(0));
        let tally = proxy.stop().tally();
        bound(&counted, &tally, seed);
        assert!(counted.answered < tally.answered, "none was dropped");
        within(&counted, nginx, seed);
    }
}
