//! Progress of simulated seconds, on wide and narrow screens.

use super::*;

fn reached() -> Reached {
    Reached {
        elapsed: Duration::from_millis(11_003),
        is_warming_up: false,
        length: Some(Duration::from_secs(30)),
        total: Some(15_000),
        users: 7,
        iterations: 5_498,
        failed: 2,
        asked: Some(500.0),
        got: 499.8,
        p95: Some(Duration::from_micros(12_345)),
    }
}

#[test]
fn a_plain_line_says_how_far_the_run_is_and_what_was_asked_and_got() {
    assert_eq!(
        plain(&reached()),
        "11.0s of 30.0s  499.8/s of 500/s  failed 2  p95 12.3ms  users 7  iterations 5498"
    );
    let warm_up = Reached {
        is_warming_up: true,
        ..reached()
    };
    assert!(plain(&warm_up).starts_with("11.0s of 30.0s, warm-up  499.8/s"));
    let closed = Reached {
        length: None,
        asked: None,
        p95: None,
        ..reached()
    };
    assert_eq!(
        plain(&closed),
        "11.0s  499.8/s  failed 2  p95 -  users 7  iterations 5498"
    );
}

#[test]
fn a_bar_takes_the_room_that_the_screen_has_and_no_more() {
    assert_eq!(
        bar(&reached(), 119),
        "[###########                   ] 11.0s of 30.0s  499.8/s of 500/s  failed 2  p95 12.3ms  users 7  iterations 5498"
    );
    assert_eq!(
        bar(&reached(), 79),
        "[####         ] 11.0s of 30.0s  499.8/s of 500/s  failed 2  p95 12.3ms  users 7"
    );
    assert_eq!(
        bar(&reached(), 69),
        "[####        ] 11.0s of 30.0s  499.8/s of 500/s  failed 2  p95 12.3ms"
    );
    assert_eq!(bar(&reached(), 30), "[####         ] 11.0s of 30.0s");
    assert_eq!(bar(&reached(), 25), "[##      ] 11.0s of 30.0s");
    assert_eq!(bar(&reached(), 16), "11.0s of 30.0s");
    assert_eq!(bar(&reached(), 5), "");
    for width in 0..200 {
        assert!(bar(&reached(), width).len() <= width);
    }
}

#[test]
fn a_bar_is_full_at_the_end_and_the_drain_is_named() {
    let drained = Reached {
        elapsed: Duration::from_millis(31_200),
        ..reached()
    };
    let text = bar(&drained, 129);
    assert!(
        text.starts_with(&format!("[{}] 31.0s of 30.0s, drain  ", "#".repeat(30))),
        "{text}"
    );
    // Half of a number of iterations, in a run that may last longer.
    let counted = Reached {
        length: Some(Duration::from_secs(600)),
        total: Some(11_000),
        iterations: 5_500,
        asked: None,
        ..reached()
    };
    let text = bar(&counted, 119);
    assert!(
        text.starts_with("[###############               ] "),
        "{text}"
    );
    // One that has no end is no bar.
    let endless = Reached {
        length: None,
        total: None,
        ..reached()
    };
    assert!(bar(&endless, 119).starts_with("11.0s  "), "{endless:?}");
}
