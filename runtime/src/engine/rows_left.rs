//! Where a scenario ends because data that it reads have no row left.

use crate::data::Data;
use crate::grid::Grid;
use crate::start::Start;
use bggo_schedule::{
    Arrivals, Bound, Closed, RowAdvance, RowKey, RowShare, RowTurns, RowsEnd, Schedule,
};

/// What a scenario reads that ends, with how many rows there are.
#[derive(Debug, Clone, Default)]
pub(super) struct RowsLeft {
    data: Vec<(&'static Data, RowTurns, u64)>,
    /// Iterations are numbered over the run.
    numbered: bool,
}

impl RowsLeft {
    /// That of a scenario.
    pub(super) fn of(grid: &Grid, scenario: u32, schedule: &Schedule, start: &Start) -> Self {
        let ending = grid.data.iter().filter_map(|data| {
            let turns = data.turns(scenario, start)?;
            let ends = data.row_rules().at_end == RowsEnd::Stop;
            ends.then(|| (*data, turns, data.count(start)))
        });
        let of_users = matches!(
            schedule,
            Schedule::Ramping(_)
                | Schedule::Closed(Closed {
                    bound: Bound::None | Bound::PerUser(_),
                    ..
                })
        );
        Self {
            data: ending.collect(),
            numbered: !of_users,
        }
    }

    /// The first number in the run that no iteration has any more.
    pub(super) fn end_of_run(&self) -> Option<u64> {
        let ends = self.data.iter().filter(|_| self.numbered);
        ends.filter_map(|(data, turns, count)| data.row_rules().end_of_run(turns, *count))
            .min()
    }

    /// Whether a user has no row for this iteration of its own, as far as that is known of users.
    pub(super) fn ends_user(&self, user: u64, nth: u64) -> bool {
        let key = RowKey {
            number_of_run: self.numbered.then_some(0),
            user,
            nth,
        };
        let mut all = self.data.iter();
        all.any(|(data, turns, count)| {
            let rules = data.row_rules();
            let of_run =
                self.numbered && rules.share != RowShare::User && rules.advance != RowAdvance::User;
            !of_run && rules.ends_user(turns, key, *count)
        })
    }

    /// A schedule with no more iterations and users than there are rows, as far as these are counted over the run.
    pub(super) fn limit(&self, schedule: &Schedule) -> Schedule {
        let most = self.end_of_run().unwrap_or(u64::MAX);
        match schedule {
            Schedule::Closed(
                closed @ Closed {
                    bound: Bound::Shared(total),
                    ..
                },
            ) => Schedule::Closed(Closed {
                bound: Bound::Shared((*total).min(most)),
                ..*closed
            }),
            Schedule::Open(arrivals) => {
                let users = self.users();
                Schedule::Open(Arrivals {
                    users: arrivals.users.min(users),
                    max_users: arrivals.max_users.min(users),
                    ..arrivals.clone()
                })
            }
            other => other.clone(),
        }
    }

    /// How many users have a row, where each has one for its life.
    fn users(&self) -> u32 {
        let of_users = |data: &&Data| data.row_rules().advance == RowAdvance::User;
        let ends = self.data.iter().filter(|(data, ..)| of_users(data));
        let users = ends.map(|(data, turns, count)| {
            let rules = data.row_rules();
            let has_row = |user: u64| {
                let key = RowKey {
                    number_of_run: None,
                    user,
                    nth: 0,
                };
                rules.ordinal(turns, key) < *count
            };
            // Ordinals grow with the numbers of users.
            let (mut low, mut high) = (1, u64::from(u32::MAX));
            while low < high {
                let middle = low + (high - low) / 2;
                if has_row(middle) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            u32::try_from(low - 1).unwrap_or(u32::MAX)
        });
        users.min().unwrap_or(u32::MAX)
    }
}
