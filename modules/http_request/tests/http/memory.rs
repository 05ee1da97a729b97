//! What a request allocates.

use crate::peer::{Script, Then};
use crate::user::{User, run, url};
use allocation_counter::measure;
use bggo_module_http_request::http_request::Metric;

/// What a user allocates that sends so many requests, from its beginning to its end.
fn allocated(peer: &Script, requests: usize) -> u64 {
    let counted = measure(|| {
        run(async || {
            let user = User::new(vec![]);
            user.repeat(vec![url(peer.url())], requests).await;
            assert_eq!(user.counted(Metric::ANSWERED), requests as u64);
            user.leave().await;
        });
    });
    counted.count_total
}

#[test]
fn a_fixed_request_allocates_nothing_but_the_box_of_its_step() {
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let peer = Script::start(move |_, _| Then::Answer(answer.to_vec()));
    // What is made once in a process is made here.
    allocated(&peer, 1);
    // On a busy machine a wait may take a list more, so the least of some runs counts.
    let least = |requests| (0..10).map(|_| allocated(&peer, requests)).min();
    let (few, many) = (least(50).unwrap(), least(550).unwrap());
    assert_eq!(many - few, 500, "{few} for 50 requests, {many} for 550");
}
