//! Layers, order and places, on graphs of all kinds.

use super::*;

const BOX: Item = Item {
    width: 60,
    height: 30,
    pull: Pull::Free,
};

fn link(from: usize, to: usize) -> Link {
    Link { from, to, kind: 0 }
}

/// The same numbers on every run (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % end
    }
}

/// Arrows from earlier items to later ones.
fn random(dice: &mut Dice, items: usize, links: usize) -> Vec<Link> {
    let mut found: Vec<Link> = (0..links)
        .map(|_| {
            let to = 1 + dice.below(items - 1);
            link(dice.below(to), to)
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

#[test]
fn what_waits_stands_below_and_nothing_touches() {
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    for round in 0..100 {
        let count = 2 + dice.below(40);
        let items: Vec<Item> = (0..count)
            .map(|_| Item {
                width: i32::try_from(10 + dice.below(200)).unwrap(),
                height: i32::try_from(10 + dice.below(40)).unwrap(),
                pull: Pull::Free,
            })
            .collect();
        let links = random(&mut dice, count, 2 * count);
        let layout = layered(&items, &links);
        assert_eq!(layout, layered(&items, &links), "round {round}");
        let edges = |at: usize| {
            let (item, centre) = (items[at], layout.centres[at]);
            let (x, y) = (item.width / 2, item.height / 2);
            (centre.x - x, centre.x + x, centre.y - y, centre.y + y)
        };
        for one in 0..count {
            let (left, right, top, bottom) = edges(one);
            assert!(left >= 0 && top >= 0, "round {round}: {one}");
            assert!(right <= layout.width && bottom <= layout.height);
            for other in 0..one {
                let (start, end, above, below) = edges(other);
                let beside = right < start || end < left || bottom < above || below < top;
                assert!(beside, "round {round}: {one} touches {other}");
            }
        }
        for link in &links {
            assert!(edges(link.from).3 < edges(link.to).2, "round {round}");
        }
        for stroke in layout.strokes.iter().filter(|stroke| stroke.is_whole) {
            let first = stroke.points[0];
            let (left, right, _, bottom) = edges(stroke.from);
            assert!(left <= first.x && first.x <= right && (first.y - bottom).abs() <= 1);
        }
        let ends = layout.strokes.iter().filter(|stroke| stroke.link.is_some());
        assert_eq!(ends.count(), links.len());
        for stroke in &layout.strokes {
            let down = stroke.points.windows(2).all(|pair| pair[0].y <= pair[1].y);
            assert!(down && stroke.points.len() > 1, "round {round}: {stroke:?}");
        }
    }
}

#[test]
fn a_tree_has_no_crossings_and_a_chain_is_straight() {
    // Two children each, written breadth first and in reverse.
    let links: Vec<Link> = (1..63)
        .rev()
        .map(|child| link((child - 1) / 2, child))
        .collect();
    let ranks = ranks(&[BOX; 63], &links);
    let mut web = Web::new(&[BOX; 63], &links, &ranks);
    web.order();
    assert_eq!(web.crossings(), 0);
    let chain: Vec<Link> = (1..10).map(|next| link(next - 1, next)).collect();
    let layout = layered(&[BOX; 10], &chain);
    assert!(layout.centres.iter().all(|centre| centre.x == 30));
}

/// Against the best of all orders, of graphs that are small enough to try them.
#[test]
fn crossings_are_near_the_fewest_that_are_possible() {
    let mut dice = Dice(7);
    let (mut ours, mut best) = (0, 0);
    for _ in 0..60 {
        // Two layers of four and five.
        let mut links: Vec<Link> = (0..9)
            .map(|_| link(dice.below(4), 4 + dice.below(5)))
            .collect();
        links.sort_unstable();
        links.dedup();
        let pairs = |order: &dyn Fn(usize) -> usize| {
            let mut count = 0;
            for (at, one) in links.iter().enumerate() {
                for other in &links[..at] {
                    let above = order(one.from) as i64 - order(other.from) as i64;
                    let below = order(one.to) as i64 - order(other.to) as i64;
                    count += u64::from(above * below < 0);
                }
            }
            count
        };
        let mut fewest = u64::MAX;
        for above in orders(4) {
            for below in orders(5) {
                let order = |at: usize| if at < 4 { above[at] } else { below[at - 4] };
                fewest = fewest.min(pairs(&order));
            }
        }
        let layout = layered(&[BOX; 9], &links);
        ours += pairs(&|at| usize::try_from(layout.centres[at].x).unwrap());
        best += fewest;
    }
    assert!(best > 50 && ours <= best * 5 / 4, "{ours} against {best}");
}

fn orders(count: usize) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for next in 0..count {
        all = all
            .into_iter()
            .flat_map(|order: Vec<usize>| {
                (0..=next).map(move |at| {
                    let mut order = order.clone();
                    order.insert(at, next);
                    order
                })
            })
            .collect();
    }
    all
}

#[test]
fn pulled_items_are_outermost() {
    let mut items = [BOX; 5];
    items[3].pull = Pull::Bottom;
    items[4].pull = Pull::Top;
    let links = [link(4, 0), link(0, 1), link(2, 1), link(0, 3)];
    let layout = layered(&items, &links);
    let height = |at: usize| layout.centres[at].y;
    assert!(height(4) < height(0) && height(1) < height(3));
    // What nothing leads to stands above what it leads to.
    assert_eq!(height(2), height(0));
}

#[test]
fn arrows_of_a_circle_and_to_nothing_do_no_harm() {
    let links = [
        link(0, 1),
        link(1, 2),
        link(2, 1),
        link(0, 9),
        link(9, 0),
        link(1, 1),
    ];
    let layout = layered(&[BOX; 3], &links);
    assert_eq!(layout.centres.len(), 3);
    assert!(layered(&[], &links).centres.is_empty());
}

#[test]
fn arrows_of_one_kind_share_their_way_and_too_many_bends_are_none() {
    // A chain, and one item that all of it uses.
    let of = |count: usize| -> Vec<Link> {
        let chain = (1..count).map(|next| link(next - 1, next));
        let used = (1..count).map(|next| Link {
            from: 0,
            to: next,
            kind: 1,
        });
        chain.chain(used).collect()
    };
    let layout = layered(&[BOX; 50], &of(50));
    let shared = layout.strokes.iter().filter(|stroke| stroke.link.is_none());
    assert_eq!(shared.count(), 1);
    let points: usize = layout
        .strokes
        .iter()
        .map(|stroke| stroke.points.len())
        .sum();
    assert!(points < 50 * 8, "{points}");
    // All to all: two million bends.
    let all = |count: usize| -> Vec<Link> {
        let pairs = (0..count).flat_map(|to| (0..to).map(move |from| link(from, to)));
        pairs.collect()
    };
    let layout = layered(&[BOX; 300], &all(300));
    assert_eq!(layout.centres.len(), 300);
    let points: usize = layout
        .strokes
        .iter()
        .map(|stroke| stroke.points.len())
        .sum();
    assert!(points < 3 * MOST_BENDS + 2 * 45_000, "{points}");
}

#[test]
fn inversions_are_pairs_out_of_order() {
    for (numbers, expected) in [
        (&[][..], 0),
        (&[0, 1, 2], 0),
        (&[2, 1, 0], 3),
        (&[1, 1, 0, 0], 4),
        (&[3, 0, 3, 1], 3),
    ] {
        assert_eq!(inversions(numbers, 4), expected, "{numbers:?}");
    }
}
