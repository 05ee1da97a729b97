//! Where the nodes and arrows of a picture stand: in layers, what comes first above what waits for it.
//!
//! ```text
//! items, arrows --ranks--> layers --bends--> arrows from each layer to the next --order--> few crossings --place--> points
//! ```
//!
//! It knows nothing of grids. All numbers are whole and all ties fixed, so the same items have the same places everywhere.

use std::collections::BTreeMap;

/// Sweeps over all layers, for the order and for the places in it.
const SWEEPS: usize = 8;
/// Rounds of exchanges after a sweep.
const EXCHANGES: usize = 4;
/// Between layers, and between neighbours in one; less beside a bend.
const LAYER_GAP: i32 = 44;
const ITEM_GAP: i32 = 24;
const BEND_GAP: i32 = 12;
/// Bends of all arrows together. Of a graph with more, the longest arrows go straight through what lies between.
const MOST_BENDS: usize = 20_000;

/// What is placed, with its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// From left to right.
    pub width: i32,
    /// From top to bottom.
    pub height: i32,
    /// Whether it has a layer of its own kind.
    pub pull: Pull,
}

/// Where an item belongs whatever waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pull {
    /// In the layer that its arrows ask for.
    Free,
    /// Above all that are free.
    Top,
    /// Below all that are free.
    Bottom,
}

/// From an item to one that stands below. Arrows from one item share their way if they are of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// The item above.
    pub from: usize,
    /// The item below.
    pub to: usize,
    /// Which kind of arrow.
    pub kind: usize,
}

/// A place; y grows downwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Point {
    /// From the left.
    pub x: i32,
    /// From the top.
    pub y: i32,
}

/// A line through some points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stroke {
    /// The arrow whose end it is; `None` for the way that arrows share.
    pub link: Option<usize>,
    /// The item that it comes from.
    pub from: usize,
    /// Whether it begins at that item, and not at a bend of a shared way.
    pub is_whole: bool,
    /// Which kind of arrow.
    pub kind: usize,
    /// From above to below, at least two.
    pub points: Vec<Point>,
}

/// All places.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    /// The middle of each item.
    pub centres: Vec<Point>,
    /// The lines of all arrows.
    pub strokes: Vec<Stroke>,
    /// The size of it all.
    pub width: i32,
    /// The size of it all.
    pub height: i32,
}

/// Places items in layers. Arrows of a circle and those that name no item have no say and no line.
pub fn layered(items: &[Item], links: &[Link]) -> Layout {
    let ranks = ranks(items, links);
    let mut web = Web::new(items, links, &ranks);
    web.order();
    web.place();
    web.layout(items, links)
}

/// The layer of each item: one below the lowest of those above it. What nothing leads to stands close to what it leads to.
fn ranks(items: &[Item], links: &[Link]) -> Vec<usize> {
    let mut below = vec![Vec::new(); items.len()];
    let mut waits = vec![0_usize; items.len()];
    for link in links {
        if link.from != link.to
            && let (Some(below), Some(waits)) = (below.get_mut(link.from), waits.get_mut(link.to))
        {
            below.push(link.to);
            *waits += 1;
        }
    }
    let has_top = items.iter().any(|item| item.pull == Pull::Top);
    let mut ranks: Vec<usize> = items
        .iter()
        .map(|item| usize::from(has_top && item.pull != Pull::Top))
        .collect();
    let alone: Vec<bool> = waits.iter().map(|waits| *waits == 0).collect();
    let mut done = Vec::with_capacity(items.len());
    let mut open: Vec<usize> = (0..items.len()).rev().filter(|at| alone[*at]).collect();
    while let Some(at) = open.pop() {
        done.push(at);
        for next in &below[at] {
            ranks[*next] = ranks[*next].max(ranks[at] + 1);
            waits[*next] -= 1;
            if waits[*next] == 0 {
                open.push(*next);
            }
        }
    }
    for at in done.into_iter().rev() {
        if alone[at] && items[at].pull == Pull::Free {
            let nearest = below[at].iter().map(|next| ranks[*next]).min();
            ranks[at] = nearest.map_or(ranks[at], |nearest| {
                nearest.saturating_sub(1).max(ranks[at])
            });
        }
    }
    let free = items.iter().zip(&ranks);
    let free = free.filter(|(item, _)| item.pull != Pull::Bottom);
    let lowest = free.map(|(_, rank)| rank + 1).max().unwrap_or_default();
    for (item, rank) in items.iter().zip(&mut ranks) {
        if item.pull == Pull::Bottom {
            *rank = lowest;
        }
    }
    ranks
}

/// An item, or the bend of arrows in a layer between.
#[derive(Debug, Clone, Copy)]
struct Knot {
    width: i32,
    is_bend: bool,
    layer: usize,
    /// Place in its layer.
    place: usize,
    /// The middle.
    x: i64,
}

/// Arrows cut at each layer. Items are the first knots.
struct Web {
    knots: Vec<Knot>,
    /// Knots of each layer, from left to right.
    layers: Vec<Vec<usize>>,
    above: Vec<Vec<usize>>,
    below: Vec<Vec<usize>>,
    /// The bends of all arrows of a kind from an item, from its next layer downwards.
    ways: BTreeMap<(usize, usize), Vec<usize>>,
}

impl Web {
    fn new(items: &[Item], links: &[Link], ranks: &[usize]) -> Self {
        let knots = items.iter().zip(ranks).map(|(item, rank)| Knot {
            width: item.width,
            is_bend: false,
            layer: *rank,
            place: 0,
            x: 0,
        });
        let count = ranks.iter().max().map_or(0, |last| last + 1);
        let mut web = Web {
            knots: knots.collect(),
            layers: vec![Vec::new(); count],
            above: vec![Vec::new(); items.len()],
            below: vec![Vec::new(); items.len()],
            ways: BTreeMap::new(),
        };
        // Layers between the two ends.
        let between = |link: &Link| {
            let (from, to) = (ranks.get(link.from)?, ranks.get(link.to)?);
            to.checked_sub(from + 1)
        };
        let mut longest: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for link in links {
            if let Some(between) = between(link) {
                let known = longest.entry((link.from, link.kind)).or_default();
                *known = between.max(*known);
            }
        }
        let most = most_bent(longest.values().copied().collect());
        for link in links {
            let Some(between) = between(link).filter(|between| *between <= most) else {
                continue;
            };
            let way = (link.from, link.kind);
            let mut last = link.from;
            for step in 0..between {
                let known = web.ways.get(&way).and_then(|way| way.get(step)).copied();
                let bend =
                    known.unwrap_or_else(|| web.bend(way, last, ranks[link.from] + 1 + step));
                last = bend;
            }
            web.tie(last, link.to);
        }
        for (at, knot) in web.knots.iter_mut().enumerate() {
            if let Some(layer) = web.layers.get_mut(knot.layer) {
                knot.place = layer.len();
                layer.push(at);
            }
        }
        web
    }

    /// A further bend of a way, below `last`.
    fn bend(&mut self, way: (usize, usize), last: usize, layer: usize) -> usize {
        let at = self.knots.len();
        self.knots.push(Knot {
            width: 0,
            is_bend: true,
            layer,
            place: 0,
            x: 0,
        });
        self.above.push(Vec::new());
        self.below.push(Vec::new());
        self.ways.entry(way).or_default().push(at);
        self.tie(last, at);
        at
    }

    fn tie(&mut self, above: usize, below: usize) {
        if !self.below[above].contains(&below) {
            self.below[above].push(below);
            self.above[below].push(above);
        }
    }

    // The order in the layers.

    /// Sorts each layer by the mean of its neighbours, downwards and upwards in turn, from two orders to begin with, and
    /// keeps the best that was seen.
    fn order(&mut self) {
        let mut best = self.layers.clone();
        let mut fewest = self.crossings();
        let written = self.layers.clone();
        for is_turned in [false, true] {
            self.layers.clone_from(&written);
            for layer in 0..self.layers.len() {
                if is_turned && layer % 2 == 0 {
                    self.layers[layer].reverse();
                }
                self.number(layer);
            }
            for sweep in 0..SWEEPS {
                if fewest == 0 {
                    break;
                }
                // Those of one mean change places now and then.
                let turns_ties = sweep % 4 > 1;
                let downwards = sweep % 2 == 0;
                let count = self.layers.len();
                for turn in 1..count {
                    let layer = if downwards { turn } else { count - 1 - turn };
                    self.sort(layer, downwards, turns_ties);
                }
                self.exchange();
                let crossings = self.crossings();
                if crossings < fewest {
                    fewest = crossings;
                    best.clone_from(&self.layers);
                }
            }
        }
        self.layers = best;
        for layer in 0..self.layers.len() {
            self.number(layer);
        }
    }

    fn number(&mut self, layer: usize) {
        for (place, at) in self.layers[layer].iter().enumerate() {
            self.knots[*at].place = place;
        }
    }

    /// Those without neighbours keep their places.
    fn sort(&mut self, layer: usize, downwards: bool, turns_ties: bool) {
        let sides = if downwards { &self.above } else { &self.below };
        let mean = |at: usize| {
            let places = sides[at].iter().map(|next| self.knots[*next].place);
            // Finer than places, and whole.
            (places.sum::<usize>() * 1024).checked_div(sides[at].len())
        };
        let means: Vec<Option<usize>> = self.layers[layer].iter().map(|at| mean(*at)).collect();
        let mut moved: Vec<(usize, usize)> = means
            .iter()
            .zip(&self.layers[layer])
            .filter_map(|(mean, at)| Some(((*mean)?, *at)))
            .collect();
        if turns_ties {
            moved.reverse();
        }
        moved.sort_by_key(|(mean, _)| *mean);
        let mut moved = moved.into_iter().map(|(_, at)| at);
        for (place, mean) in means.iter().enumerate() {
            if mean.is_some()
                && let Some(at) = moved.next()
            {
                self.layers[layer][place] = at;
            }
        }
        self.number(layer);
    }

    /// Exchanges neighbours as long as fewer arrows cross then.
    fn exchange(&mut self) {
        for _ in 0..EXCHANGES {
            let mut is_better = false;
            for layer in 0..self.layers.len() {
                for right in 1..self.layers[layer].len() {
                    let (one, two) = (self.layers[layer][right - 1], self.layers[layer][right]);
                    let [kept, turned] = self.crossings_of(one, two);
                    if turned < kept {
                        is_better = true;
                        self.layers[layer].swap(right - 1, right);
                        self.knots[one].place = right;
                        self.knots[two].place = right - 1;
                    }
                }
            }
            if !is_better {
                return;
            }
        }
    }

    /// How often the arrows of two neighbours cross as they stand, and the other way round.
    fn crossings_of(&self, left: usize, right: usize) -> [usize; 2] {
        let mut both = [0, 0];
        for sides in [&self.above, &self.below] {
            let places = |at: usize| {
                let places = sides[at].iter().map(|next| self.knots[*next].place);
                let mut places: Vec<usize> = places.collect();
                places.sort_unstable();
                places
            };
            let (left, right) = (places(left), places(right));
            for place in &left {
                both[0] += right.partition_point(|other| other < place);
                both[1] += right.len() - right.partition_point(|other| other <= place);
            }
        }
        both
    }

    /// Pairs of arrows that cross, over all layers.
    fn crossings(&self) -> u64 {
        let between = self.layers.windows(2).map(|pair| {
            let mut ends = Vec::new();
            for at in &pair[0] {
                let mut below: Vec<usize> = self.below[*at]
                    .iter()
                    .map(|next| self.knots[*next].place)
                    .collect();
                below.sort_unstable();
                ends.extend(below);
            }
            inversions(&ends, pair[1].len())
        });
        between.sum()
    }

    // The places.

    /// Draws each knot to the middle of its neighbours, without a change of order.
    fn place(&mut self) {
        for layer in 0..self.layers.len() {
            let mut right = 0;
            for (place, at) in self.layers[layer].iter().enumerate() {
                if let Some(left) = place.checked_sub(1) {
                    right += self.apart(self.layers[layer][left], *at);
                }
                self.knots[*at].x = right;
            }
        }
        let count = self.layers.len();
        for sweep in 0..2 * SWEEPS {
            for turn in 0..count {
                let downwards = sweep % 2 == 0;
                let layer = if downwards { turn } else { count - 1 - turn };
                self.draw(layer, downwards);
            }
        }
        self.gather();
        let edge = |knot: &Knot| knot.x - i64::from(knot.width) / 2;
        let left = self.knots.iter().map(edge).min().unwrap_or_default();
        for knot in &mut self.knots {
            knot.x -= left;
        }
    }

    /// Draws what has no arrows to its left neighbour.
    fn gather(&mut self) {
        for layer in 0..self.layers.len() {
            for place in 1..self.layers[layer].len() {
                let (left, at) = (self.layers[layer][place - 1], self.layers[layer][place]);
                if self.above[at].is_empty() && self.below[at].is_empty() {
                    self.knots[at].x = self.knots[left].x + self.apart(left, at);
                }
            }
        }
    }

    /// How far the middles of neighbours stand apart at least.
    fn apart(&self, left: usize, right: usize) -> i64 {
        let (left, right) = (self.knots[left], self.knots[right]);
        let gap = match left.is_bend || right.is_bend {
            true => BEND_GAP,
            false => ITEM_GAP,
        };
        i64::from((left.width + right.width) / 2 + 1 + gap)
    }

    /// The places nearest to those that are wished for, by least squares: knots that would come too close form a block,
    /// which stands at the mean of what its knots wish.
    fn draw(&mut self, layer: usize, downwards: bool) {
        let sides = if downwards { &self.above } else { &self.below };
        let mut offset = 0;
        let mut offsets = Vec::with_capacity(self.layers[layer].len());
        // Sum of weighted wishes, sum of weights, number of knots.
        let mut blocks: Vec<(i64, i64, usize)> = Vec::new();
        for (place, at) in self.layers[layer].iter().enumerate() {
            if let Some(left) = place.checked_sub(1) {
                offset += self.apart(self.layers[layer][left], *at);
            }
            offsets.push(offset);
            let mut wishes: Vec<i64> = sides[*at].iter().map(|next| self.knots[*next].x).collect();
            wishes.sort_unstable();
            let wish = match wishes.as_slice() {
                [] => self.knots[*at].x,
                all => (all[(all.len() - 1) / 2] + all[all.len() / 2]).div_euclid(2),
            };
            // Long arrows are to be straight.
            let weight = if self.knots[*at].is_bend { 4 } else { 1 };
            let mut block = (weight * (wish - offset), weight, 1);
            while let Some(before) = blocks.last()
                && before.0 * block.1 > block.0 * before.1
            {
                block = (before.0 + block.0, before.1 + block.1, before.2 + block.2);
                blocks.pop();
            }
            blocks.push(block);
        }
        let starts = blocks
            .iter()
            .flat_map(|(sum, weight, count)| std::iter::repeat_n(sum.div_euclid(*weight), *count));
        let places: Vec<i64> = starts
            .zip(offsets)
            .map(|(start, offset)| start + offset)
            .collect();
        for (at, x) in self.layers[layer].iter().zip(places) {
            self.knots[*at].x = x;
        }
    }

    fn layout(&self, items: &[Item], links: &[Link]) -> Layout {
        let mut tops = Vec::with_capacity(self.layers.len());
        let mut height = 0;
        for (at, layer) in self.layers.iter().enumerate() {
            height += if at > 0 { LAYER_GAP } else { 0 };
            let of_layer = layer.iter().filter_map(|knot| items.get(*knot));
            let tallest = of_layer.map(|item| item.height).max().unwrap_or_default();
            tops.push((height, tallest));
            height += tallest;
        }
        let x = |knot: usize| i32::try_from(self.knots[knot].x).unwrap_or(i32::MAX);
        // Top and bottom of a knot: a bend is as tall as its layer.
        let ends = |at: usize| {
            let (top, tallest) = tops[self.knots[at].layer];
            let own = items.get(at).map_or(tallest, |item| item.height);
            let top = top + (tallest - own) / 2;
            [top, top + own].map(|y| Point { x: x(at), y })
        };
        let mut strokes = Vec::new();
        for ((from, kind), bends) in &self.ways {
            let mut points = vec![ends(*from)[1]];
            points.extend(bends.iter().flat_map(|bend| ends(*bend)));
            strokes.push(Stroke {
                link: None,
                from: *from,
                is_whole: true,
                kind: *kind,
                points,
            });
        }
        for (at, link) in links.iter().enumerate() {
            let Link { from, to, kind } = *link;
            let (Some(above), Some(below)) = (self.knots.get(from), items.get(to)) else {
                continue;
            };
            let below = (self.knots[to].layer, below);
            let Some(between) = below.0.checked_sub(above.layer + 1) else {
                continue;
            };
            let bends = self.ways.get(&(from, kind));
            let last = between.checked_sub(1);
            let last = last.and_then(|last| bends?.get(last).copied());
            strokes.push(Stroke {
                link: Some(at),
                from,
                is_whole: last.is_none(),
                kind,
                points: vec![ends(last.unwrap_or(from))[1], ends(to)[0]],
            });
        }
        let middle = |at: usize| {
            let [top, bottom] = ends(at);
            Point {
                x: top.x,
                y: (top.y + bottom.y) / 2,
            }
        };
        let right = |knot: &Knot| knot.x + i64::from(knot.width) / 2 + 1;
        let width = self.knots.iter().map(right).max().unwrap_or_default();
        Layout {
            centres: (0..items.len()).map(middle).collect(),
            strokes,
            width: i32::try_from(width).unwrap_or(i32::MAX),
            height,
        }
    }
}

/// The most layers between the ends of an arrow that has bends, of ways so long.
fn most_bent(mut longest: Vec<usize>) -> usize {
    longest.sort_unstable();
    let mut most = 0;
    let mut before = 0;
    for (at, length) in longest.iter().enumerate() {
        // Longer ones are bent no more often than this one.
        if before + length * (longest.len() - at) > MOST_BENDS {
            return most;
        }
        before += length;
        most = *length;
    }
    usize::MAX
}

/// Pairs of numbers below `end` of which the later is the smaller.
fn inversions(numbers: &[usize], end: usize) -> u64 {
    // How many numbers were seen, as sums over ranges whose length is a power of two.
    let mut seen = vec![0_u64; end + 1];
    let mut found = 0;
    for (before, number) in (0_u64..).zip(numbers) {
        let mut at = number + 1;
        let mut smaller = 0;
        while at > 0 {
            smaller += seen[at];
            at &= at - 1;
        }
        found += before - smaller;
        at = number + 1;
        while at <= end {
            seen[at] += 1;
            at += at & at.wrapping_neg();
        }
    }
    found
}

#[cfg(test)]
mod tests;
