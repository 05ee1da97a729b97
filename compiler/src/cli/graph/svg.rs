//! The picture as SVG, for pages and viewers without a program that lays graphs out: steps are boxes, resources cylinders,
//! scenarios frames. Each frame is laid out by itself, and is one item of what stands around it; arrows go through ports
//! in its edges.

use super::model::{ArrowStyle, FrameKind, Graph, GraphFrame, GraphNode, NodeWhat};
use crate::plan::layout::{Item, Layout, Link, Point, Pull, Stroke, layered};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Pixels around all and in each frame, and above the nodes of a frame, for its title.
const MARGIN: i32 = 16;
const TITLE: i32 = 30;
/// A column of text, and the height of a box.
const COLUMN: i32 = 8;
const HEIGHT: i32 = 34;
/// Half the height of the lid of a cylinder.
const LID: i32 = 5;
/// Diameter of the circles of start and end.
const CIRCLE: i32 = 48;
/// How far the upper edge of data stands to the right of the lower one.
const LEAN: i32 = 8;
/// From the middle of a text to its base line.
const BASE: i32 = 4;
/// A line of the legend.
const LEGEND: i32 = 22;

/// Plain rules: viewers that are no browser know no variables.
const STYLE: &str = r#"<style>
  text { font: 13px ui-monospace, monospace; fill: #1f2328; text-anchor: middle; }
  text.left { text-anchor: start; paint-order: stroke; stroke: #ffffff; stroke-width: 4px; }
  .step, .resource, path.rows-of, .end { fill: #f6f8fa; stroke: #444c56; }
  .frame { fill: none; stroke: #8c959f; stroke-dasharray: 2 3; }
  path.order { fill: none; stroke: #444c56; }
  path.data { fill: none; stroke: #0969da; stroke-width: 2.5; }
  path.uses { fill: none; stroke: #8250df; stroke-dasharray: 6 4; }
  path.rows { fill: none; stroke: #1a7f37; stroke-dasharray: 2 3; }
  #order path { fill: #444c56; }
  #data path { fill: #0969da; }
  #uses path { fill: #8250df; }
  #rows path { fill: #1a7f37; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    text.left { stroke: #0d1117; }
    .step, .resource, path.rows-of, .end { fill: #21262d; stroke: #9198a1; }
    .frame { stroke: #656c76; }
    path.order { stroke: #9198a1; }
    path.data { stroke: #58a6ff; }
    path.uses { stroke: #bc8cff; }
    path.rows { stroke: #3fb950; }
    #order path { fill: #9198a1; }
    #data path { fill: #58a6ff; }
    #uses path { fill: #bc8cff; }
    #rows path { fill: #3fb950; }
  }
</style>
"#;

/// Kinds of arrows, with the class that styles each.
const CLASSES: [(ArrowStyle, &str); 4] = [
    (ArrowStyle::Order, "order"),
    (ArrowStyle::Data, "data"),
    (ArrowStyle::Resource, "uses"),
    (ArrowStyle::Rows, "rows"),
];

fn kind_of(style: ArrowStyle) -> usize {
    let found = CLASSES.iter().position(|(other, _)| *other == style);
    found.unwrap_or_default()
}

/// The whole picture.
pub fn text(graph: &Graph) -> String {
    let picture = Picture::new(graph);
    let legend: Vec<_> = graph.legend().collect();
    let legend_height = LEGEND * i32::try_from(legend.len()).unwrap_or_default();
    let longest = legend.iter().map(|(_, meaning)| 60 + width(meaning)).max();
    let inner = picture.outer.width.max(longest.unwrap_or_default());
    let (width, height) = (
        inner + 2 * MARGIN,
        picture.outer.height + 2 * MARGIN + legend_height,
    );
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\">\n<title>{}</title>\n{STYLE}<defs>\n",
        summary(graph)
    );
    for (_, class) in CLASSES {
        let _ = writeln!(
            text,
            "<marker id=\"{class}\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\"/></marker>"
        );
    }
    let _ = writeln!(
        text,
        "</defs>\n<g transform=\"translate({MARGIN} {MARGIN})\">"
    );
    picture.write(&mut text);
    for (at, (style, meaning)) in legend.into_iter().enumerate() {
        let class = CLASSES[kind_of(style)].1;
        let y = picture.outer.height + LEGEND * i32::try_from(at + 1).unwrap_or_default();
        let _ = writeln!(
            text,
            "<path class=\"{class}\" marker-end=\"url(#{class})\" d=\"M0 {y}H48\"/><text class=\"left\" x=\"60\" y=\"{}\">{}</text>",
            y + BASE,
            escaped(meaning)
        );
    }
    text.push_str("</g>\n</svg>\n");
    text
}

/// For those who do not see it.
fn summary(graph: &Graph) -> String {
    let nodes = |what| graph.nodes.iter().filter(|node| node.what == what).count();
    let count = |number: usize, what: &str| match number {
        1 => format!("1 {what}"),
        many => format!("{many} {what}s"),
    };
    let mut parts = vec![count(nodes(NodeWhat::Step), "step")];
    let flows = graph.frames.iter();
    let flows = flows.filter(|frame| frame.kind == FrameKind::Flow).count();
    let scenarios = graph.frames.iter();
    let is_scenario = |frame: &&GraphFrame| matches!(frame.kind, FrameKind::Scenario(_));
    let scenarios = scenarios.filter(is_scenario).count();
    for (number, what) in [
        (nodes(NodeWhat::Resource), "resource"),
        (nodes(NodeWhat::Data), "data block"),
        (scenarios, "scenario"),
        (flows, "flow"),
    ] {
        if number > 0 {
            parts.push(count(number, what));
        }
    }
    format!("Graph of {}", parts.join(", "))
}

/// Where an item of the picture is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Spot {
    /// The frame, or none for what stands outside of all.
    frame: Option<usize>,
    /// Its place among the items of that layout.
    item: usize,
}

/// A scenario, laid out by itself.
#[derive(Default)]
struct Frame {
    items: Vec<Item>,
    links: Vec<Link>,
    /// What the end of a link shows: instances.
    labels: Vec<String>,
    /// Ports in the upper edge, by the item outside and the kind of arrow; and in the lower edge, by the kind.
    entries: BTreeMap<(usize, usize), usize>,
    exits: BTreeMap<usize, usize>,
    layout: Layout,
}

struct Picture<'g> {
    graph: &'g Graph,
    /// Of all nodes, then start and end.
    spots: Vec<Spot>,
    frames: Vec<Frame>,
    /// Of each frame, its item outside.
    frame_items: Vec<usize>,
    links: Vec<Link>,
    /// What the end of a link outside shows.
    labels: Vec<String>,
    outer: Layout,
}

/// An arrow between any two nodes, start and end among them.
struct Arrow {
    from: usize,
    to: usize,
    kind: usize,
    label: String,
}

impl<'g> Picture<'g> {
    fn new(graph: &'g Graph) -> Self {
        let mut frames: Vec<Frame> = graph.frames.iter().map(|_| Frame::default()).collect();
        let mut spots = Vec::new();
        let mut outer = Vec::new();
        let circle = |pull| Item {
            width: CIRCLE,
            height: CIRCLE,
            pull,
        };
        for node in &graph.nodes {
            let item = Item {
                width: width(&graph.label(node)) + 24,
                height: HEIGHT,
                pull: Pull::Free,
            };
            let frame = node.frame.filter(|at| *at < frames.len());
            let items = match frame {
                Some(at) => &mut frames[at].items,
                None => &mut outer,
            };
            spots.push(Spot {
                frame,
                item: items.len(),
            });
            items.push(item);
        }
        for pull in [Pull::Top, Pull::Bottom] {
            spots.push(Spot {
                frame: None,
                item: outer.len(),
            });
            outer.push(circle(pull));
        }
        let mut picture = Picture {
            graph,
            spots,
            frame_items: (0..frames.len()).map(|at| outer.len() + at).collect(),
            frames,
            links: Vec::new(),
            labels: Vec::new(),
            outer: Layout::default(),
        };
        for arrow in picture.arrows() {
            picture.tie(arrow);
        }
        picture.tie_turns();
        for (at, frame) in picture.frames.iter_mut().enumerate() {
            frame.layout = layered(&frame.items, &frame.links);
            let title = width(&title(graph, at)) + 2 * MARGIN;
            outer.push(Item {
                width: (frame.layout.width + 2 * MARGIN).max(title),
                height: frame.layout.height + TITLE + MARGIN,
                pull: Pull::Free,
            });
        }
        picture.outer = layered(&outer, &picture.links);
        picture.move_ends(&outer);
        picture
    }

    fn arrows(&self) -> Vec<Arrow> {
        let graph = self.graph;
        let (start, end) = (graph.nodes.len(), graph.nodes.len() + 1);
        let order = |from, to| Arrow {
            from,
            to,
            kind: kind_of(ArrowStyle::Order),
            label: String::new(),
        };
        let places: BTreeMap<&str, usize> = graph
            .nodes
            .iter()
            .enumerate()
            .map(|(at, node)| (node.id.as_str(), at))
            .collect();
        let place = |node: &GraphNode| {
            let known = places.get(node.id.as_str()).copied();
            // All nodes are there.
            known.unwrap_or_default()
        };
        let mut arrows: Vec<Arrow> = graph
            .first()
            .map(|node| order(start, place(node)))
            .collect();
        arrows.extend(graph.arrows.iter().map(|arrow| Arrow {
            from: arrow.from,
            to: arrow.to,
            kind: kind_of(graph.line(arrow)),
            label: arrow.instances.join(", "),
        }));
        arrows.extend(graph.last().map(|node| order(place(node), end)));
        if graph.nodes.iter().all(|node| !node.is_step()) {
            arrows.push(order(start, end));
        }
        arrows
    }

    /// Cuts an arrow at the frames that it leaves and enters.
    fn tie(&mut self, arrow: Arrow) {
        let (from, to) = (self.spots[arrow.from], self.spots[arrow.to]);
        let kind = arrow.kind;
        if from.frame == to.frame {
            let link = Link {
                from: from.item,
                to: to.item,
                kind,
            };
            let (links, labels) = match from.frame {
                Some(at) => {
                    let frame = &mut self.frames[at];
                    (&mut frame.links, &mut frame.labels)
                }
                None => (&mut self.links, &mut self.labels),
            };
            links.push(link);
            labels.push(arrow.label);
            return;
        }
        let outside = |spot: Spot, items: &[usize]| spot.frame.map_or(spot.item, |at| items[at]);
        let link = Link {
            from: outside(from, &self.frame_items),
            to: outside(to, &self.frame_items),
            kind,
        };
        if !self.links.contains(&link) {
            self.links.push(link);
            self.labels.push(String::new());
        }
        if let Some(at) = from.frame {
            self.frames[at].leave(from.item, kind);
        }
        match to.frame {
            Some(at) => self.frames[at].enter((link.from, kind), to.item, arrow.label),
            None => {
                let at = self.links.iter().position(|other| *other == link);
                if let Some(label) = at.and_then(|at| self.labels.get_mut(at)) {
                    *label = arrow.label;
                }
            }
        }
    }

    /// Links frames that run one after the other as wholes, and steps outside of all with them.
    fn tie_turns(&mut self) {
        let graph = self.graph;
        let places: BTreeMap<&str, usize> = graph
            .nodes
            .iter()
            .zip(&self.spots)
            .map(|(node, spot)| (node.id.as_str(), spot.item))
            .collect();
        for turn in &graph.turns {
            let of = |frame: Option<usize>, outside: Vec<&GraphNode>| -> Vec<usize> {
                match frame {
                    Some(at) => self.frame_items.get(at).copied().into_iter().collect(),
                    None => {
                        let items = outside.into_iter();
                        items
                            .filter_map(|node| places.get(node.id.as_str()).copied())
                            .collect()
                    }
                }
            };
            let before = of(turn.before, graph.last_of(turn.before).collect());
            let after = of(turn.after, graph.first_of(turn.after).collect());
            for from in before {
                for to in &after {
                    self.links.push(Link {
                        from,
                        to: *to,
                        kind: kind_of(ArrowStyle::Order),
                    });
                    self.labels.push(String::new());
                }
            }
        }
    }

    /// Whether a line outside goes on within a frame.
    fn goes_on(&self, link: &Link) -> bool {
        let mut items = self.frame_items.iter();
        let at = items.position(|item| *item == link.to);
        let frame = at.and_then(|at| self.frames.get(at));
        frame.is_some_and(|frame| frame.entries.contains_key(&(link.from, link.kind)))
    }

    /// Lets the lines outside of a frame end at its ports.
    fn move_ends(&mut self, items: &[Item]) {
        let mut outer = std::mem::take(&mut self.outer);
        for (at, item) in self.frame_items.iter().enumerate() {
            let frame = &self.frames[at];
            let left = outer.centres[*item].x - items[*item].width / 2;
            let port = |port: &usize| left + self.inset(at, items) + frame.layout.centres[*port].x;
            for stroke in &mut outer.strokes {
                if stroke.from == *item
                    && stroke.is_whole
                    && let (Some(exit), Some(first)) =
                        (frame.exits.get(&stroke.kind), stroke.points.first_mut())
                {
                    first.x = port(exit);
                }
                let link = stroke.link.and_then(|link| self.links.get(link));
                if let Some(link) = link.filter(|link| link.to == *item)
                    && let (Some(entry), Some(last)) = (
                        frame.entries.get(&(link.from, link.kind)),
                        stroke.points.last_mut(),
                    )
                {
                    last.x = port(entry);
                }
            }
        }
        self.outer = outer;
    }

    /// From the left edge of a frame to its nodes.
    fn inset(&self, at: usize, items: &[Item]) -> i32 {
        (items[self.frame_items[at]].width - self.frames[at].layout.width) / 2
    }

    fn write(&self, text: &mut String) {
        for (at, frame) in self.frames.iter().enumerate() {
            let centre = self.outer.centres[self.frame_items[at]];
            let frame_title = title(self.graph, at);
            let wide = (frame.layout.width + 2 * MARGIN).max(width(&frame_title) + 2 * MARGIN);
            let high = frame.layout.height + TITLE + MARGIN;
            let (left, top) = (centre.x - wide / 2, centre.y - high / 2);
            let _ = writeln!(
                text,
                "<g transform=\"translate({left} {top})\">\n<rect class=\"frame\" width=\"{wide}\" height=\"{high}\" rx=\"6\"/>"
            );
            // From the edges to the ports.
            let inset = (wide - frame.layout.width) / 2;
            for ((_, kind), port) in &frame.entries {
                let x = inset + frame.layout.centres[*port].x;
                stroke(
                    text,
                    *kind,
                    &[Point { x, y: 0 }, Point { x, y: TITLE }],
                    false,
                );
            }
            for (kind, port) in &frame.exits {
                let x = inset + frame.layout.centres[*port].x;
                let above = TITLE + frame.layout.height;
                stroke(
                    text,
                    *kind,
                    &[Point { x, y: above }, Point { x, y: high }],
                    false,
                );
            }
            // Behind the lines that it stands on.
            let _ = writeln!(
                text,
                "<text class=\"left\" x=\"{MARGIN}\" y=\"{}\">{}</text>\n<g transform=\"translate({inset} {TITLE})\">",
                TITLE / 2 + BASE,
                escaped(&frame_title)
            );
            let is_port = |link: &Link| frame.exits.values().any(|port| *port == link.to);
            strokes(
                text,
                &frame.layout.strokes,
                &frame.links,
                &frame.labels,
                &is_port,
            );
            self.nodes(text, Some(at), &frame.layout);
            text.push_str("</g>\n</g>\n");
        }
        strokes(
            text,
            &self.outer.strokes,
            &self.links,
            &self.labels,
            &|link| self.goes_on(link),
        );
        self.nodes(text, None, &self.outer);
        for (name, spot) in ["Start", "End"]
            .iter()
            .zip(self.spots.iter().rev().take(2).rev())
        {
            let Point { x, y } = self.outer.centres[spot.item];
            let _ = writeln!(
                text,
                "<circle class=\"end\" cx=\"{x}\" cy=\"{y}\" r=\"{}\"/><text x=\"{x}\" y=\"{}\">{name}</text>",
                CIRCLE / 2,
                y + BASE
            );
        }
    }

    fn nodes(&self, text: &mut String, frame: Option<usize>, layout: &Layout) {
        for (node, spot) in self.graph.nodes.iter().zip(&self.spots) {
            if spot.frame != frame {
                continue;
            }
            let label = self.graph.label(node);
            let Point { x, y } = layout.centres[spot.item];
            let wide = width(&label) + 24;
            let (left, top, right) = (x - wide / 2, y - HEIGHT / 2, x - wide / 2 + wide);
            let tip = escaped(&format!("{}.{}", node.kind, node.name));
            let _ = write!(text, "<g><title>{tip}</title>");
            let _ = match node.what {
                NodeWhat::Step => write!(
                    text,
                    "<rect class=\"step\" x=\"{left}\" y=\"{top}\" width=\"{wide}\" height=\"{HEIGHT}\" rx=\"4\"/>"
                ),
                // The lid, then the body below it.
                NodeWhat::Resource => write!(
                    text,
                    "<path class=\"resource\" d=\"M{left} {0}A{1} {LID} 0 0 1 {right} {0}V{2}A{1} {LID} 0 0 1 {left} {2}zA{1} {LID} 0 0 0 {right} {0}\"/>",
                    top + LID,
                    wide / 2,
                    top + HEIGHT - LID
                ),
                // A box that leans.
                NodeWhat::Data => write!(
                    text,
                    "<path class=\"rows-of\" d=\"M{} {top}H{right}L{} {bottom}H{left}z\"/>",
                    left + LEAN,
                    right - LEAN,
                    bottom = top + HEIGHT,
                ),
            };
            let _ = writeln!(
                text,
                "<text x=\"{x}\" y=\"{}\">{}</text></g>",
                y + BASE
                    + if node.what == NodeWhat::Resource {
                        LID / 2
                    } else {
                        0
                    },
                escaped(&label)
            );
        }
    }
}

impl Frame {
    fn enter(&mut self, from: (usize, usize), to: usize, label: String) {
        let next = self.items.len();
        let port = *self.entries.entry(from).or_insert(next);
        if port == next {
            self.items.push(port_of(Pull::Top));
        }
        self.links.push(Link {
            from: port,
            to,
            kind: from.1,
        });
        self.labels.push(label);
    }

    fn leave(&mut self, from: usize, kind: usize) {
        let next = self.items.len();
        let port = *self.exits.entry(kind).or_insert(next);
        if port == next {
            self.items.push(port_of(Pull::Bottom));
        }
        let link = Link {
            from,
            to: port,
            kind,
        };
        if !self.links.contains(&link) {
            self.links.push(link);
            self.labels.push(String::new());
        }
    }
}

fn port_of(pull: Pull) -> Item {
    Item {
        width: 0,
        height: 0,
        pull,
    }
}

fn title(graph: &Graph, frame: usize) -> String {
    let frame = graph.frames.get(frame);
    frame.map_or_else(String::new, GraphFrame::title)
}

/// The lines of a layout. Those that end at a port go on inside or outside, and have no head.
fn strokes(
    text: &mut String,
    all: &[Stroke],
    links: &[Link],
    labels: &[String],
    goes_on: &dyn Fn(&Link) -> bool,
) {
    for line in all {
        let link = line.link.and_then(|at| links.get(at));
        let ends = link.is_some_and(|link| !goes_on(link));
        stroke(text, line.kind, &line.points, ends);
        let label = line.link.and_then(|at| labels.get(at));
        if let (Some(label), Some(end)) =
            (label.filter(|label| !label.is_empty()), line.points.last())
        {
            let _ = writeln!(
                text,
                "<text class=\"left\" x=\"{}\" y=\"{}\">{}</text>",
                end.x + 6,
                end.y - 14,
                escaped(label)
            );
        }
    }
}

/// A line that leaves and meets each point straight down.
fn stroke(text: &mut String, kind: usize, points: &[Point], has_head: bool) {
    let class = CLASSES.get(kind).map_or("order", |(_, class)| *class);
    let head = match has_head {
        true => format!(" marker-end=\"url(#{class})\""),
        false => String::new(),
    };
    let mut way = String::new();
    if let Some(first) = points.first() {
        let _ = write!(way, "M{} {}", first.x, first.y);
    }
    for pair in points.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let middle = (from.y + to.y) / 2;
        let _ = match from.x == to.x {
            true => write!(way, "V{}", to.y),
            false => write!(
                way,
                "C{} {middle} {} {middle} {} {}",
                from.x, to.x, to.x, to.y
            ),
        };
    }
    let _ = writeln!(text, "<path class=\"{class}\"{head} d=\"{way}\"/>");
}

/// Pixels of a text. Letters outside of ASCII may be twice as wide.
fn width(text: &str) -> i32 {
    let columns = text
        .chars()
        .map(|letter| if letter.is_ascii() { 1 } else { 2 });
    COLUMN * columns.sum::<i32>()
}

/// A text of XML. Characters that no XML may hold are shown as unknown ones.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            _ if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => {
                escaped.push('\u{fffd}');
            }
            _ => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::super::model::{Arrow, ArrowReason, NodeInstances};
    use super::*;

    fn node(at: usize, frame: Option<usize>) -> GraphNode {
        GraphNode {
            id: format!("s{at}"),
            kind: "noop".to_owned(),
            name: format!("step{at}"),
            what: NodeWhat::Step,
            is_call: false,
            instances: NodeInstances::Single,
            frame,
        }
    }

    /// A frame whose way to the end goes past a longer one: it bends, and what follows the bend begins there and not at the
    /// frame.
    #[test]
    fn lines_that_leave_a_frame_hang_together() {
        let frame = |at: usize| GraphFrame {
            id: format!("c{at}"),
            name: format!("scenario{at}"),
            kind: FrameKind::Scenario("once".to_owned()),
        };
        let mut nodes = vec![node(0, Some(0)), node(1, Some(0)), node(2, Some(0))];
        nodes.extend((3..8).map(|at| node(at, None)));
        let arrows = (4..8).map(|to| Arrow {
            from: to - 1,
            to,
            reason: ArrowReason::Order,
            instances: Vec::new(),
        });
        let graph = Graph {
            nodes,
            arrows: arrows.collect(),
            frames: vec![frame(0)],
            turns: Vec::new(),
        };
        let picture = Picture::new(&graph);
        let strokes = &picture.outer.strokes;
        let item = picture.frame_items[0];
        let branches = strokes
            .iter()
            .filter(|one| !one.is_whole && one.from == item);
        let mut seen = 0;
        for branch in branches {
            let way = strokes.iter().find(|other| {
                other.is_whole && (other.from, other.kind) == (branch.from, branch.kind)
            });
            assert!(way.is_some_and(|way| way.points.contains(&branch.points[0])));
            seen += 1;
        }
        assert!(seen > 0, "{strokes:?}");
    }
}
