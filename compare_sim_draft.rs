use cmp::*;
struct R(u64);
impl R {
    fn u(&mut self) -> f64 { self.0 = self.0.wrapping_add(0x9E3779B97F4A7C15); let mut z = self.0; z = (z ^ z >> 30).wrapping_mul(0xBF58476D1CE4E5B9); z = (z ^ z >> 27).wrapping_mul(0x94D049BB133111EB); ((z ^ z >> 31) >> 11) as f64 / (1u64 << 53) as f64 }
    fn n(&mut self) -> f64 { (-2.0 * (1.0 - self.u()).ln()).sqrt() * (std::f64::consts::TAU * self.u()).cos() }
}
/// windows of 200 lognormal values, log-mean AR(1) sd .1
fn run(r: &mut R, windows: usize, rho: f64, shift: f64) -> Vec<Vec<f64>> {
    let mut m = 0.1 * r.n(); let mut paused = 0i32;
    (0..windows).map(|_| {
        m = rho * m + 0.1 * (1.0 - rho * rho).sqrt() * r.n();
        if paused > 0 { if r.u() < 0.5 { paused = 0 } } else if r.u() < 1.0 / 30.0 { paused = 1 }
        let extra = if paused > 0 { 0.5 } else { 0.0 };
        (0..200).map(|_| (m + extra + shift + 0.5 * r.n()).exp()).collect()
    }).collect()
}
fn p95(ws: &[Vec<f64>]) -> f64 { let mut all: Vec<f64> = ws.concat(); let k = (all.len() as f64 * 0.95) as usize; *all.select_nth_unstable_by(k, f64::total_cmp).1 }
fn guard(ws: &[Vec<f64>]) -> f64 { let q = p95(ws); let c: Vec<f64> = ws.iter().map(|w| w.iter().filter(|x| **x > q).count() as f64).collect(); correlation_time(&c) }
#[test]
fn table() {
    for (rho, n) in [(0.0, 300), (0.5, 300), (0.8, 300)] {
        for shift in [0.0f64, 0.05, 0.10] {
            let mut r = R(42 + n as u64); let (mut alarms, mut refused, mut tot) = (0, 0, 0);
            let pairs = 200;
            for _ in 0..pairs {
                let a = run(&mut r, n, rho, 0.0); let b = run(&mut r, n, rho, (1.0 + shift).ln());
                if guard(&a).max(guard(&b)) * WINDOWS_A_CORRELATION_TIME > n as f64 { refused += 1; }
                tot += 1;
                let step = n / BLOCKS;
                let ratios: [f64; BLOCKS] = std::array::from_fn(|i| (p95(&b[i*step..(i+1)*step]) / p95(&a[i*step..(i+1)*step])).ln());
                let s = paired(&ratios);
                if s.low > 0.0 || s.high < 0.0 { alarms += 1; }
            }
            println!("rho {rho} n {n} shift {shift}: alarms {:.1} % refused {refused}/{tot}", 100.0 * alarms as f64 / tot as f64);
        }
    }
}
#[test]
fn exact() {
    let r: [f64; 10] = std::array::from_fn(|i| (i + 1) as f64);
    assert_eq!(chance_above(&r, 0.0), 1.0 / 1024.0);
    let mut r2 = r; r2[0] = -1.0;
    assert_eq!(chance_above(&r2, 0.0), 2.0 / 1024.0);
    println!("{:?} {:?}", paired(&r), holm(&[0.01, 0.04, 0.03]));
}
