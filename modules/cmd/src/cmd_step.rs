//! A step: its arguments to a command, what became of the command to outputs or a fault.

use crate::attendant::{Ended, EndedBy, Order, attend};
use crate::process::Process;
use crate::{cmd, signals};
use bggo_runtime::contract::{
    Fault, FaultText, Message, Number, Prepare, Runner, Secrets, Step, Value, format_duration,
};
use std::borrow::Cow;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

/// Bytes of a stream that are kept for faults, though no expression of the grid reads it.
const FOR_FAULTS: usize = 1 << 10;
/// What a shell adds to the number of a signal to make an exit code of it.
const SIGNALLED: i32 = 128;

/// A step that runs a command.
#[derive(Debug)]
pub struct Cmd {
    inputs: cmd::Inputs,
    wanted: cmd::Wanted,
    attendant: UnboundedSender<Order>,
}

impl Runner for Cmd {
    type Inputs = cmd::Inputs;
    type Late<'a> = cmd::Late<'a>;
    type Uses<'a> = cmd::Uses;
    type Wanted = cmd::Wanted;
    type Output = cmd::Output;

    fn prepare(
        prepare: &Prepare<'_>,
        inputs: cmd::Inputs,
        wanted: cmd::Wanted,
    ) -> Result<Self, Fault> {
        let (attendant, orders) = unbounded_channel();
        prepare.spawn("commands", attend(orders))?;
        Ok(Self {
            inputs,
            wanted,
            attendant,
        })
    }

    async fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        _: cmd::Uses,
        late: &'a [cmd::Late<'a>],
    ) -> Result<cmd::Output, Fault> {
        let asked = Asked::new(self.inputs.with(late)?);
        let shown = step.shows_exchanges();
        let is_read = self.wanted.stdout || self.wanted.stderr;
        let most = if is_read {
            usize::try_from(asked.max_output).unwrap_or(usize::MAX)
        } else {
            FOR_FAULTS.max(shown.unwrap_or_default())
        };
        let process = asked.start(most)?;
        let (sender, news) = oneshot::channel();
        let order = Order {
            process,
            limit: asked.timeout,
            grace: asked.grace,
            step: sender,
        };
        let is_over = |_| cmd::Error::Spawn.fault("the run is over");
        // Both fail only if the task was dropped, and the command with it.
        self.attendant.send(order).map_err(|_| is_over(()))?;
        let ended = news.await.map_err(|_| is_over(()))?;
        let result = asked.judge(&ended);
        let kind = result.as_ref().err().map(Fault::kind);
        if shown.or_else(|| step.wants_example(kind?)).is_some() {
            asked.show(step, &ended);
        }
        let code = result?;
        let Ended { process, .. } = &ended;
        let mut output = cmd::Output::default();
        if self.wanted.stdout {
            output.stdout = Value::Text(process.stdout.text());
        }
        if self.wanted.stderr {
            output.stderr = Value::Text(process.stderr.text());
        }
        output.exit_code = Value::Number(Number::from(i64::from(code)));
        if let Some(signal) = code.checked_sub(SIGNALLED).filter(|_| ended.is_by_signal()) {
            output.signal = Value::from(signals::name(signal));
        }
        let total = process.stdout.total().max(process.stderr.total());
        output.truncated = Value::Bool(total > asked.max_output);
        Ok(output)
    }
}

impl Ended {
    fn is_by_signal(&self) -> bool {
        self.status
            .as_ref()
            .is_ok_and(|status| status.signal().is_some())
    }
}

/// The arguments of a step.
struct Asked<'a> {
    command: Vec<&'a str>,
    shell: bool,
    /// Null takes a variable away.
    env: Vec<(&'a str, Option<&'a str>)>,
    working_dir: Option<Cow<'a, str>>,
    stdin: Option<Vec<u8>>,
    timeout: Duration,
    grace: Duration,
    max_output: u64,
    expected: Vec<i32>,
}

impl<'a> Asked<'a> {
    fn new(plain: cmd::Plain<'a>) -> Self {
        let cmd::Plain {
            command,
            shell,
            env,
            working_dir,
            stdin,
            timeout,
            grace,
            max_output,
            expected_exit_codes,
        } = plain;
        Self {
            command: items(command).iter().filter_map(Value::as_text).collect(),
            shell,
            env: match env {
                Value::Object(pairs) => pairs
                    .iter()
                    .map(|(name, value)| (&**name, value.as_text()))
                    .collect(),
                _ => Vec::new(),
            },
            working_dir,
            stdin: stdin.map(|bytes| bytes.to_vec()),
            timeout,
            grace,
            max_output,
            expected: items(expected_exit_codes)
                .iter()
                .filter_map(whole)
                .collect(),
        }
    }

    /// Starts the command, of whose streams `most` bytes are kept.
    fn start(&self, most: usize) -> Result<Process, Fault> {
        let mut items = self.command.iter();
        // The manifest wants one at least.
        let first = items.next().copied().unwrap_or_default();
        let mut command = if self.shell {
            let mut command = Command::new("/bin/sh");
            command.args(["-c", first, "sh"]);
            command
        } else {
            Command::new(first)
        };
        command.args(items);
        for (name, value) in &self.env {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if let Some(folder) = self.working_dir.as_deref() {
            // The system would say the same of a folder that is missing as of a program.
            if !Path::new(folder).is_dir() {
                let text = FaultText::plain("the working_dir ").and_value(folder);
                return Err(cmd::Error::Spawn.fault(text.and(" is no folder")));
            }
            command.current_dir(folder);
        }
        Process::start(&mut command, self.stdin.clone(), most).map_err(|error| {
            let program = if self.shell { "/bin/sh" } else { first };
            if error.kind() == io::ErrorKind::NotFound {
                let text = FaultText::plain("there is no program ").and_value(program);
                return cmd::Error::NotFound.fault(text);
            }
            let text = FaultText::value(program).and(format_args!(" does not start: {error}"));
            cmd::Error::Spawn.fault(text)
        })
    }

    /// The exit code, if it is expected.
    fn judge(&self, ended: &Ended) -> Result<i32, Fault> {
        let limit = || format_duration(self.timeout);
        match ended.by {
            EndedBy::Itself | EndedBy::Dropped => {}
            EndedBy::Limit => {
                let text = format!("the command took longer than {}", limit());
                return Err(cmd::Error::Timeout.fault(with_line(FaultText::plain(text), ended)));
            }
            EndedBy::LimitOfOthers => {
                let text = format!(
                    "the command ended, but what it had started held its output longer than {}",
                    limit()
                );
                return Err(cmd::Error::Timeout.fault(with_line(FaultText::plain(text), ended)));
            }
        }
        let status = match &ended.status {
            Ok(status) => *status,
            Err(error) => {
                let text = format!("how the command ended is not known: {error}");
                return Err(cmd::Error::Spawn.fault(FaultText::plain(text)));
            }
        };
        let code = code(status);
        if self.expected.contains(&code) {
            return Ok(code);
        }
        let (kind, text) = match status.signal() {
            Some(signal) => {
                let text = format!("the command was ended by {}", signals::name(signal));
                (cmd::Error::Signal, text)
            }
            None => {
                let text = format!("the command ended with exit code {code}");
                (cmd::Error::ExitCode, text)
            }
        };
        Err(kind.fault(with_line(FaultText::plain(text), ended)))
    }

    /// The command as one text.
    fn words(&self) -> String {
        let mut words = String::new();
        for (at, word) in self.command.iter().enumerate() {
            if at > 0 {
                words.push(' ');
            }
            words.push_str(word);
        }
        words
    }

    /// Hands over what was run and what it said.
    fn show(&self, step: &Step<'_>, ended: &Ended) {
        let is_sensitive = |name| step.info().is_input_sensitive(name);
        let mut secrets = Secrets::default();
        let mut sent = if is_sensitive("command") {
            self.command.iter().for_each(|item| secrets.add(item));
            Message::new(Message::kept_back())
        } else {
            Message::new(self.words())
        };
        for (name, value) in &self.env {
            // Variables of the environment are where secrets are put, so no value is shown.
            sent.secret_line(name);
            if let Some(value) = value.filter(|_| is_sensitive("env")) {
                secrets.add(value);
            }
        }
        if let Some(bytes) = &self.stdin {
            if is_sensitive("stdin") {
                secrets.add(&String::from_utf8_lossy(bytes));
                sent.secret_body(Some(bytes.len() as u64));
            } else {
                sent.body(bytes.clone(), bytes.len() as u64);
            }
        }
        let mut received = Message::new(match &ended.status {
            Ok(status) => match status.signal() {
                Some(signal) => signals::name(signal),
                None => format!("exit code {}", code(*status)),
            },
            Err(error) => error.to_string(),
        });
        let Ended { process, .. } = ended;
        if let Some(line) = process.stderr.first_line() {
            received.line("stderr", &line);
        }
        received.body(process.stdout.kept(), process.stdout.total());
        step.exchanged(&sent, Some(&received), &secrets);
    }
}

/// The exit code, as a shell says it.
fn code(status: ExitStatus) -> i32 {
    let by_signal = status.signal().map(|signal| SIGNALLED + signal);
    status.code().or(by_signal).unwrap_or(SIGNALLED)
}

/// With the first line of what the command said of it, or else of what it said.
fn with_line(text: FaultText, ended: &Ended) -> FaultText {
    let Ended { process, .. } = ended;
    let line = process.stderr.first_line();
    match line.or_else(|| process.stdout.first_line()) {
        Some(line) => text.and(": ").and_value(line),
        None => text,
    }
}

fn items(value: &Value) -> &[Value] {
    match value {
        Value::List(items) => items,
        _ => &[],
    }
}

fn whole(value: &Value) -> Option<i32> {
    match value {
        Value::Number(number) => i32::try_from(number.as_i64()?).ok(),
        _ => None,
    }
}
