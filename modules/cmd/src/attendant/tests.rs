//! Real commands: what becomes of those that end, last too long, or whose step is gone.

use super::*;
use std::future::Future;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;
use tokio::sync::mpsc::unbounded_channel;

/// Longer than any test takes.
const LONG: Duration = Duration::from_secs(60);

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// A script that gets the path of a file.
fn script(text: &str, file: &Path) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", text, "sh"]).arg(file);
    command
}

/// What became of a command that was given so long.
fn ended(mut command: Command, stdin: Option<Vec<u8>>, limit: Duration) -> Ended {
    block_on(async {
        let process = Process::start(&mut command, stdin, 1000).unwrap();
        let (orders, incoming) = unbounded_channel();
        let (step, news) = oneshot::channel();
        let grace = Duration::from_millis(50);
        let order = Order {
            process,
            limit,
            grace,
            step,
        };
        orders.send(order).unwrap();
        drop(orders);
        attend(incoming).await;
        news.await.unwrap()
    })
}

/// Drops the step of a command once the command has written a line to its file, and gives this line back when all is over.
fn dropped(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("line");
    block_on(async {
        let process = Process::start(&mut script(text, &file), None, 1000).unwrap();
        let (orders, incoming) = unbounded_channel();
        let (step, news) = oneshot::channel();
        let grace = Duration::from_millis(50);
        let limit = LONG;
        let order = Order {
            process,
            limit,
            grace,
            step,
        };
        orders.send(order).unwrap();
        drop(orders);
        let written = async {
            loop {
                match std::fs::read_to_string(&file) {
                    Ok(line) if line.ends_with('\n') => break drop(news),
                    _ => tokio::time::sleep(Duration::from_millis(5)).await,
                }
            }
        };
        let mut attending = pin!(attend(incoming));
        let mut written = pin!(written);
        let mut is_written = false;
        std::future::poll_fn(|cx| {
            if !is_written && written.as_mut().poll(cx).is_ready() {
                is_written = true;
            }
            attending.as_mut().poll(cx)
        })
        .await;
        assert!(is_written, "the command ended by itself");
    });
    std::fs::read_to_string(&file).unwrap()
}

/// Whether a process runs: one that has ended and that nobody has waited for does not.
fn runs(process: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.trim()));
    // Its name is in brackets, its state behind them.
    stat.is_ok_and(|stat| !stat.rsplit(") ").next().unwrap().starts_with('Z'))
}

/// Waits until a process that was killed is gone.
#[track_caller]
fn expect_gone(process: &str) {
    let process: u32 = process.trim().parse().unwrap();
    for _ in 0..1000 {
        if !runs(&process.to_string()) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{process} still runs");
}

#[test]
fn both_streams_are_read_to_their_end_past_what_is_kept() {
    let text = "head -c 10000000 /dev/zero >&2 & head -c 10000000 /dev/zero; wait";
    let ended = ended(script(text, Path::new("")), None, LONG);
    assert_eq!(ended.by, EndedBy::Itself);
    assert_eq!(ended.status.unwrap().code(), Some(0));
    for output in [&ended.process.stdout, &ended.process.stderr] {
        assert_eq!((output.kept().len(), output.total()), (1000, 10_000_000));
    }
}

#[test]
fn input_is_written_and_what_a_command_does_not_read_is_dropped() {
    let long = vec![b'x'; 1_000_000];
    let counted = ended(script("wc -c", Path::new("")), Some(long.clone()), LONG);
    assert_eq!(counted.process.stdout.text().trim(), "1000000");
    let unread = ended(script("exec true", Path::new("")), Some(long), LONG);
    assert_eq!(
        (unread.by, unread.status.unwrap().code()),
        (EndedBy::Itself, Some(0))
    );
    let empty = ended(script("wc -c", Path::new("")), None, LONG);
    assert_eq!(empty.process.stdout.text().trim(), "0");
}

#[test]
fn a_command_whose_step_is_dropped_ends_with_all_that_it_started() {
    let grandchild = dropped("sleep 1000 & echo $! >$1; wait");
    expect_gone(&grandchild);
}

#[test]
fn a_command_that_ignores_the_request_is_killed_after_the_grace() {
    let process = dropped("trap '' TERM; sleep 1000 & echo $$ >$1; wait; wait; sleep 1000");
    expect_gone(&process);
}

#[test]
fn a_command_that_is_frozen_is_killed_after_the_grace() {
    let text = "kill -STOP $$; echo thawed";
    let ended = ended(
        script(text, Path::new("")),
        None,
        Duration::from_millis(200),
    );
    assert_eq!(ended.by, EndedBy::Limit);
    let by = ended.status.unwrap().signal();
    // Some systems continue whoever is stopped and gets a request to end.
    assert!(matches!(by, Some(9 | 15)), "{by:?}");
    assert_eq!(&*ended.process.stdout.text(), "");
}

#[test]
fn what_comes_byte_by_byte_is_put_together() {
    let text = "for part in '\\342' '\\202' '\\254' x; do printf $part; sleep 0.02; printf $part >&2; done";
    let ended = ended(script(text, Path::new("")), None, LONG);
    assert_eq!(ended.by, EndedBy::Itself);
    for output in [&ended.process.stdout, &ended.process.stderr] {
        assert_eq!((&*output.text(), output.total()), ("\u{20ac}x", 4));
    }
}

#[test]
fn nobody_has_to_wait_for_a_command_that_ended() {
    let over = ended(script("echo $$; exit 3", Path::new("")), None, LONG);
    let process = over.process.stdout.text();
    // Not even its number is taken any more.
    assert!(!Path::new(&format!("/proc/{}", process.trim())).exists());
    let killed = ended(
        script("echo $$; exec sleep 1000", Path::new("")),
        None,
        Duration::from_millis(300),
    );
    let process = killed.process.stdout.text();
    assert!(!Path::new(&format!("/proc/{}", process.trim())).exists());
}

#[test]
fn a_command_may_clean_up_when_it_is_asked_to_end() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cleaned");
    let text = "trap 'echo x >$1; exit 7' TERM; sleep 1000 & wait";
    let ended = ended(script(text, &file), None, Duration::from_secs(2));
    assert_eq!(ended.by, EndedBy::Limit);
    assert_eq!(ended.status.unwrap().code(), Some(7));
    assert!(file.exists());
}

#[test]
fn what_a_command_leaves_behind_ends_with_it_or_at_the_limit_if_it_holds_the_output() {
    let silent = "sleep 1000 >/dev/null 2>&1 & echo $!";
    let ended_by_itself = ended(script(silent, Path::new("")), None, LONG);
    assert_eq!(ended_by_itself.by, EndedBy::Itself);
    expect_gone(&ended_by_itself.process.stdout.text());
    let holds = ended(
        script("sleep 1000 & echo $!", Path::new("")),
        None,
        Duration::from_secs(2),
    );
    assert_eq!(holds.by, EndedBy::LimitOfOthers);
    assert_eq!(holds.status.unwrap().code(), Some(0));
    expect_gone(&holds.process.stdout.text());
}

#[test]
fn a_process_that_nobody_attends_to_is_killed() {
    let mut command = script("sleep 1000", Path::new(""));
    let process = block_on(async { Process::start(&mut command, None, 0).unwrap().id() });
    expect_gone(&process.to_string());
}

#[test]
fn a_signal_that_ends_a_command_is_told() {
    let ended = ended(script("kill -USR1 $$", Path::new("")), None, LONG);
    assert_eq!(ended.status.unwrap().signal(), Some(10));
}
