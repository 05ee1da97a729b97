//! An asset that says when it is created and destroyed, for tests of lifetimes.

use bggo_runtime::contract::{
    Asset, AssetCx, Fault, Prepare, Runner, Step, Value, module, print_line,
};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

module!("manifest.hcl");

/// Says when it is created and destroyed.
pub struct Probe {
    name: String,
    /// Kept as long as it lives, as a session keeps its connection.
    _base: Option<Arc<Probe>>,
    destroy_delay: Duration,
}

impl Asset for Probe {
    type Inputs = probe::Inputs;
    type Uses = probe::Uses;
    type Ready = ();
    type Exports = probe::Exports;

    fn prepare(_: &Prepare<'_>, _: &probe::Inputs) -> Result<(), Fault> {
        Ok(())
    }

    async fn create(
        _: AssetCx,
        _: Rc<()>,
        uses: probe::Uses,
        inputs: probe::Inputs,
    ) -> Result<Self, Fault> {
        let name = inputs
            .name
            .known()
            .map(|name| name.to_string())
            .ok_or_else(|| Fault::missing("name"))?;
        say(&format!("creating {name}"))?;
        wait(inputs.create_delay.known().copied()).await;
        if inputs.fail.known() == Some(&true) {
            return Err(probe::Error::Broken.fault(format!("{name} was asked to fail")));
        }
        say(&format!("created {name}"))?;
        if let Some(base) = &uses.base {
            say(&format!("{name} stands on {}", base.name))?;
        }
        Ok(Self {
            name,
            _base: uses.base,
            destroy_delay: inputs.destroy_delay.known().copied().unwrap_or_default(),
        })
    }

    fn exports(&self) -> probe::Exports {
        probe::Exports {
            name: Value::from(self.name.clone()),
        }
    }

    async fn destroy(self) -> Result<(), Fault> {
        wait(Some(self.destroy_delay)).await;
        say(&format!("destroyed {}", self.name))
    }
}

impl Probe {
    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Takes texts, which a task of its own sends.
pub struct Feed {
    queue: Rc<FeedQueue>,
    /// Kept as long as it lives.
    _base: Option<feed::BaseAsset>,
}

/// What a feed shares with its task.
struct FeedQueue {
    name: String,
    texts: RefCell<Vec<String>>,
    ending: Cell<bool>,
    news: Notify,
}

impl Feed {
    /// Has a text sent.
    pub fn offer(&self, text: &str) {
        self.queue.texts.borrow_mut().push(text.to_owned());
        self.queue.news.notify_one();
    }
}

impl Asset for Feed {
    type Inputs = feed::Inputs;
    type Uses = feed::Uses;
    type Ready = ();
    type Exports = feed::Exports;

    fn prepare(_: &Prepare<'_>, _: &feed::Inputs) -> Result<(), Fault> {
        Ok(())
    }

    async fn create(
        cx: AssetCx,
        _: Rc<()>,
        uses: feed::Uses,
        inputs: feed::Inputs,
    ) -> Result<Self, Fault> {
        let feed::Inputs { name, panic } = inputs;
        let queue = Rc::new(FeedQueue {
            name: name
                .known()
                .map(|name| name.to_string())
                .unwrap_or_default(),
            texts: RefCell::default(),
            ending: Cell::new(false),
            news: Notify::new(),
        });
        let panics = panic.known() == Some(&true);
        cx.spawn("sender", send(Rc::clone(&queue), panics))?;
        say(&format!("feed {} is open", queue.name))?;
        Ok(Self {
            queue,
            _base: uses.base,
        })
    }

    fn exports(&self) -> feed::Exports {
        feed::Exports {}
    }

    async fn destroy(self) -> Result<(), Fault> {
        say(&format!("closing feed {}", self.queue.name))?;
        self.queue.ending.set(true);
        self.queue.news.notify_one();
        Ok(())
    }
}

/// Sends what is offered, until the feed is closed and all is sent; that takes a while.
async fn send(queue: Rc<FeedQueue>, panics: bool) {
    let name = &queue.name;
    loop {
        queue.news.notified().await;
        assert!(!panics, "the sender of feed {name} was told to panic");
        for text in queue.texts.take() {
            let _ = say(&format!("feed {name} sends {text}"));
        }
        if queue.ending.get() {
            wait(Some(Duration::from_millis(20))).await;
            let _ = say(&format!("feed {name} is empty"));
            return;
        }
    }
}

/// Gives a text to a feed, or says it to a probe.
pub struct Offer {
    inputs: offer::Inputs,
}

impl Runner for Offer {
    type Inputs = offer::Inputs;
    type Late<'a> = offer::Late<'a>;
    type Uses<'a> = offer::Uses<'a>;
    type Wanted = offer::Wanted;
    type Output = offer::Output;

    fn prepare(_: &Prepare<'_>, inputs: offer::Inputs, _: offer::Wanted) -> Result<Self, Fault> {
        Ok(Self { inputs })
    }

    async fn run<'a>(
        &'a self,
        _: &'a Step<'_>,
        uses: offer::Uses<'a>,
        late: &'a [offer::Late<'a>],
    ) -> Result<offer::Output, Fault> {
        let text = self.inputs.with(late)?.text;
        match uses.to {
            offer::ToAsset::Feed(feed) => feed.offer(&text),
            offer::ToAsset::Probe(probe) => say(&format!("probe {} hears {text}", probe.name))?,
        }
        Ok(offer::Output {})
    }
}

/// Uses a probe for a while.
pub struct Touch {
    inputs: touch::Inputs,
}

impl Runner for Touch {
    type Inputs = touch::Inputs;
    type Late<'a> = touch::Late<'a>;
    type Uses<'a> = touch::Uses<'a>;
    type Wanted = touch::Wanted;
    type Output = touch::Output;

    fn prepare(_: &Prepare<'_>, inputs: touch::Inputs, _: touch::Wanted) -> Result<Self, Fault> {
        Ok(Self { inputs })
    }

    async fn run<'a>(
        &'a self,
        _: &'a Step<'_>,
        _: touch::Uses<'a>,
        late: &'a [touch::Late<'a>],
    ) -> Result<touch::Output, Fault> {
        let plain = self.inputs.with(late)?;
        let label = plain.label.map(|label| label.into_owned());
        if let Some(label) = &label {
            say(&format!("touching {label}"))?;
        }
        wait(Some(plain.delay)).await;
        if plain.fail {
            return Err(touch::Error::Told.fault("it was told to fail"));
        }
        Ok(touch::Output {
            label: label.map_or(Value::Null, Value::from),
        })
    }
}

/// Says what it was given.
pub struct Content {
    inputs: content::Inputs,
}

impl Runner for Content {
    type Inputs = content::Inputs;
    type Late<'a> = content::Late<'a>;
    type Uses<'a> = content::Uses;
    type Wanted = content::Wanted;
    type Output = content::Output;

    fn prepare(
        _: &Prepare<'_>,
        inputs: content::Inputs,
        _: content::Wanted,
    ) -> Result<Self, Fault> {
        Ok(Self { inputs })
    }

    async fn run<'a>(
        &'a self,
        _: &'a Step<'_>,
        _: content::Uses,
        late: &'a [content::Late<'a>],
    ) -> Result<content::Output, Fault> {
        let content::Plain {
            payload,
            more,
            limit,
        } = self.inputs.with(late)?;
        say(&format!(
            "payload {payload:?}, more {more:?}, limit {limit}"
        ))?;
        Ok(content::Output {
            raw: Value::Bytes(payload.to_vec().into()),
        })
    }
}

fn say(text: &str) -> Result<(), Fault> {
    print_line(text).map_err(|error| Fault::new("broken", error.to_string()))
}

async fn wait(delay: Option<Duration>) {
    if let Some(delay) = delay.filter(|delay| !delay.is_zero()) {
        tokio::time::sleep(delay).await;
    }
}
