use num_bigint::BigInt;
use num_rational::Ratio;
use num_traits::{One, Zero, ToPrimitive};
use proptest::prelude::*;
use sched::rate::*;
use sched::segment::*;
use sched::ramp::*;
use sched::poisson::*;

type Q = Ratio<BigInt>;
fn q(n: u128) -> Q { Q::from_integer(BigInt::from(n)) }

/// The integral until `at`, in iterations.
fn integral(unit: u64, start: u64, stages: &[Stage], at: u64) -> Q {
    let (mut sum, mut from, mut begins) = (Q::zero(), start, 0u64);
    for s in stages {
        let x = at.saturating_sub(begins).min(s.length);
        if s.length > 0 {
            let (a, b) = (q(from.into()), q(s.to.into()));
            sum += &a * q(x.into()) + (b - &a) * q(x.into()) * q(x.into()) / (q(2) * q(s.length.into()));
        }
        begins += s.length;
        from = s.to;
    }
    sum / (q(unit.into()) * q(1_000_000))
}

fn stages() -> impl Strategy<Value = (u64, u64, Vec<Stage>)> {
    let rate = || prop_oneof![Just(0u64), 0u64..5_000_000, 0u64..2_000_000_000, Just(1_000_000_000_000u64), 0u64..=u64::MAX];
    let length = || prop_oneof![Just(0u64), 1u64..100, 1u64..10_000_000_000, 1u64..90_000_000_000_000, Just(31_536_000_000_000_000u64)];
    let unit = prop_oneof![Just(1_000_000_000u64), Just(60_000_000_000), Just(LONGEST_UNIT), 1u64..1_000_000];
    (unit, rate(), prop::collection::vec((length(), rate()).prop_map(|(length, to)| Stage { length, to }), 0..5)).prop_map(|(unit, start, stages)| {
        let most = (unit as u128 * 1_000_000).min(u64::MAX as u128) as u64;
        (unit, start.min(most), stages.into_iter().map(|s| Stage { to: s.to.min(most), ..s }).collect())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn due_is_the_first_nanosecond((unit, start, stages) in stages(), share in 0.0f64..1.0, frac in 0u32..) {
        let rate = Rate::new(unit, start, &stages).unwrap();
        let total = integral(unit, start, &stages, rate.length());
        let whole = (&total).ceil().to_integer();
        prop_assert_eq!(BigInt::from(rate.total()), whole.min(BigInt::from(u64::MAX)));
        let ks = [0, 1, rate.total().saturating_sub(1), (rate.total() as f64 * share) as u64, rate.total()];
        let mut last = 0;
        let mut sorted = ks.to_vec(); sorted.sort(); sorted.dedup();
        let mut hint = 0;
        for k in sorted {
            for f in [0, frac] {
            let place = Place(((k as u128) << 32) | f as u128);
            let exact = q(k.into()) + q(f.into()) / q(1<<32);
            let due = rate.due(place);
            prop_assert_eq!(rate.due_from(place, &mut hint), due);
            match due {
                None => prop_assert!(exact >= total),
                Some(t) => {
                    prop_assert!(exact < total);
                    prop_assert!(integral(unit, start, &stages, t) > exact);
                    prop_assert!(t > 0);
                    prop_assert!(integral(unit, start, &stages, t - 1) <= exact);
                    prop_assert!(t >= last);
                    prop_assert!(rate.count(t) > k);
                    prop_assert!(rate.count(t - 1) <= k + u64::from(f > 0));
                    last = t;
                }
            }
            }
        }
    }

    #[test]
    fn cutting_changes_nothing(unit in 1_000_000u64..2_000_000_000, from in 0u64..1_000_000_000, half in 1u64..1_000_000_000_000, slope in 0u64..1_000_000, k in 0u64..1000) {
        let middle = from + slope; let to = middle + slope;
        let one = Rate::new(unit, from, &[Stage { length: half * 2, to }]).unwrap();
        let two = Rate::new(unit, from, &[Stage { length: half, to: middle }, Stage { length: half, to }]).unwrap();
        prop_assert_eq!(one.total(), two.total());
        prop_assert_eq!(one.due(Place::whole(k)), two.due(Place::whole(k)));
    }

    #[test]
    fn shares_are_disjoint_and_complete(cuts in prop::collection::vec(1u32..4, 1..4), workers in prop::collection::vec(1u32..9, 4), total in 0u64..500) {
        let stripes: u32 = cuts.iter().sum();
        let mut seen = vec![0; total as usize];
        let mut first = 0;
        for (own, workers) in cuts.iter().zip(workers) {
            let host = Segment::hosts(first, *own, stripes).unwrap();
            first += own;
            for worker in 0..workers {
                let segment = host.worker(worker, workers);
                let mine: Vec<u64> = (0..).map_while(|j| segment.nth(j).filter(|k| *k < total)).collect();
                prop_assert_eq!(mine.len() as u64, segment.of(total));
                for k in mine { prop_assert!(segment.has(k)); seen[k as usize] += 1; }
            }
        }
        prop_assert!(seen.iter().all(|n| *n == 1));
    }

    #[test]
    fn a_user_is_there_while_there_are_more(start in 0u32..6, stages in prop::collection::vec((0u64..12, 0u32..7), 0..6), user in 0u32..7) {
        let list: Vec<UserStage> = stages.iter().map(|(length, to)| UserStage { length: *length, to: *to }).collect();
        let ramp = Ramp::new(start, list.clone());
        let stays: Vec<(u64, u64)> = ramp.stays(user).collect();
        for w in stays.windows(2) { prop_assert!(w[0].1 < w[1].0 || w[0].1 <= w[1].0); }
        for t in 0..ramp.length() {
            // the number at t, right-continuous
            let (mut begins, mut from) = (0, start);
            let mut vus = None;
            for s in &list {
                if t >= begins && t < begins + s.length {
                    vus = Some(q(from.into()) + (q(s.to.into()) - q(from.into())) * q((t - begins).into()) / q(s.length.into()));
                }
                begins += s.length; from = s.to;
            }
            let there = vus.unwrap() > q(user.into());
            let said = stays.iter().any(|(a, b)| t >= *a && t < *b);
            prop_assert_eq!(there, said, "t {} stays {:?}", t, stays);
        }
        prop_assert!(stays.iter().all(|(a, b)| a < b && *b <= ramp.length()));
        prop_assert!(user < ramp.most() || stays.is_empty());
    }
}

#[test]
fn poisson_is_poisson() {
    let mut blocks = Blocks::new(7);
    let mut last = Place(0);
    let n = 1_000_000u64;
    let mut gaps = vec![];
    for k in 0..n { let p = blocks.place(k).unwrap(); assert!(p >= last); gaps.push((p.0 - last.0) as f64 / 4294967296.0); last = p; }
    let mean = gaps.iter().sum::<f64>() / n as f64;
    let var = gaps.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / n as f64;
    println!("mean {mean} var {var}");
    assert!((mean - 1.0).abs() < 0.005 && (var - 1.0).abs() < 0.01);
    // counts of unit intervals
    let mut b = Blocks::new(9); let mut counts = vec![0u32; 1_000_000];
    let mut k = 0; loop { let p = b.place(k).unwrap(); let i = (p.0 >> 32) as usize; if i >= counts.len() { break } counts[i] += 1; k += 1; }
    let m = counts.iter().map(|c| *c as f64).sum::<f64>() / counts.len() as f64;
    let v = counts.iter().map(|c| (*c as f64 - m).powi(2)).sum::<f64>() / counts.len() as f64;
    println!("counts mean {m} var {v} zero {}", counts.iter().filter(|c| **c == 0).count());
    // skipping gives the same
    let mut a = Blocks::new(9); let mut b = Blocks::new(9);
    let all: Vec<_> = (0..10_000).map(|k| a.place(k)).collect();
    for k in (3..10_000).step_by(8) { assert_eq!(b.place(k), all[k as usize]); }
    let _ = (One::one() , m.to_f64()) as (Q, _);
}
