//! Chances of several questions -> chances that hold for all of them at once.

/// Adjusts `chances` in their order, so that the chance of any false "yes" among them is no more than what a single one is held to
/// (Holm, "A simple sequentially rejective multiple test procedure", 1979).
pub fn adjust(chances: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..chances.len()).collect();
    order.sort_by(|one, other| chances[*one].total_cmp(&chances[*other]));
    let mut adjusted = vec![0.0; chances.len()];
    let mut least: f64 = 0.0;
    for (done, index) in order.into_iter().enumerate() {
        let open = (chances.len() - done) as f64;
        least = least.max(chances[index] * open).min(1.0);
        adjusted[index] = least;
    }
    adjusted
}
