//! The profiles, their fields, and which of them each profile has.

use bggo_values::Type;

/// A profile of a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// One user, one iteration.
    Once,
    /// Users share a number of iterations.
    SharedIterations,
    /// Each user has a number of iterations.
    PerVuIterations,
    /// A constant number of users for a time.
    ConstantVus,
    /// A number of users that changes in stages.
    RampingVus,
    /// A constant number of iterations a unit of time, whether or not users are free.
    ConstantArrivalRate,
    /// A number of iterations a unit of time that changes in stages.
    RampingArrivalRate,
    /// A number of iterations a unit of time that rises until a threshold breaks.
    Search,
}

/// A field of a load, of a stage, or of the scenario around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is the attribute that its name says")]
pub enum Field {
    Vus,
    Iterations,
    Duration,
    Rate,
    Per,
    MaxVus,
    WhenFull,
    Arrivals,
    WarmUp,
    StartRate,
    StartVus,
    GracefulRampDown,
    MaxDuration,
    StartAfter,
    GracefulStop,
    Pace,
    Start,
    Factor,
    Increment,
    Max,
    Precision,
    Hold,
    Until,
}

impl Field {
    const ALL: [Self; 23] = [
        Self::Vus,
        Self::Iterations,
        Self::Duration,
        Self::Rate,
        Self::Per,
        Self::MaxVus,
        Self::WhenFull,
        Self::Arrivals,
        Self::WarmUp,
        Self::StartRate,
        Self::StartVus,
        Self::GracefulRampDown,
        Self::MaxDuration,
        Self::StartAfter,
        Self::GracefulStop,
        Self::Pace,
        Self::Start,
        Self::Factor,
        Self::Increment,
        Self::Max,
        Self::Precision,
        Self::Hold,
        Self::Until,
    ];

    /// As a grid writes it.
    pub fn name(self) -> &'static str {
        self.described().0
    }

    /// The one that a grid calls so.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    /// The type of its value.
    pub fn ty(self) -> Type {
        self.described().1
    }

    /// A value of it, as a grid writes it.
    pub fn example(self) -> &'static str {
        self.described().2
    }

    /// The words of which it has one, the first where nothing is said; empty where it has other values.
    pub const fn words(self) -> &'static [&'static str] {
        match self {
            Self::WhenFull => &["wait", "drop"],
            Self::Arrivals => &["even", "poisson"],
            _ => &[],
        }
    }

    /// Its name, the type of its value, and an example.
    const fn described(self) -> (&'static str, Type, &'static str) {
        const LENGTH: &str = "\"30s\"";
        match self {
            Self::Vus => ("vus", Type::Number, "10"),
            Self::Iterations => ("iterations", Type::Number, "100"),
            Self::Duration => ("duration", Type::Duration, LENGTH),
            Self::Rate => ("rate", Type::Number, "100"),
            Self::Per => ("per", Type::Duration, "\"1m\""),
            Self::MaxVus => ("max_vus", Type::Number, "1000"),
            Self::WhenFull => ("when_full", Type::String, "\"drop\""),
            Self::Arrivals => ("arrivals", Type::String, "\"poisson\""),
            Self::WarmUp => ("warm_up", Type::Duration, LENGTH),
            Self::StartRate => ("start_rate", Type::Number, "100"),
            Self::StartVus => ("start_vus", Type::Number, "10"),
            Self::GracefulRampDown => ("graceful_ramp_down", Type::Duration, LENGTH),
            Self::MaxDuration => ("max_duration", Type::Duration, LENGTH),
            Self::StartAfter => ("start_after", Type::Duration, LENGTH),
            Self::GracefulStop => ("graceful_stop", Type::Duration, LENGTH),
            Self::Pace => ("pace", Type::Duration, LENGTH),
            Self::Start => ("start", Type::Number, "100"),
            Self::Factor => ("factor", Type::Number, "1.5"),
            Self::Increment => ("increment", Type::Number, "50"),
            Self::Max => ("max", Type::Number, "5000"),
            Self::Precision => ("precision", Type::String, "\"5%\""),
            Self::Hold => ("hold", Type::Duration, LENGTH),
            Self::Until => ("until", Type::String, "threshold.NAME"),
        }
    }
}

impl Profile {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Once,
        Self::SharedIterations,
        Self::PerVuIterations,
        Self::ConstantVus,
        Self::RampingVus,
        Self::ConstantArrivalRate,
        Self::RampingArrivalRate,
        Self::Search,
    ];

    /// As a grid writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Once => "once",
            Self::SharedIterations => "shared_iterations",
            Self::PerVuIterations => "per_vu_iterations",
            Self::ConstantVus => "constant_vus",
            Self::RampingVus => "ramping_vus",
            Self::ConstantArrivalRate => "constant_arrival_rate",
            Self::RampingArrivalRate => "ramping_arrival_rate",
            Self::Search => "search",
        }
    }

    /// The one that a grid calls so.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }

    /// Whether iterations begin by the clock, and not when a user is free.
    pub const fn is_open(self) -> bool {
        matches!(
            self,
            Self::ConstantArrivalRate | Self::RampingArrivalRate | Self::Search
        )
    }

    /// The fields of its block `load`.
    pub const fn fields(self) -> &'static [Field] {
        match self {
            Self::Once => &[Field::MaxDuration],
            Self::SharedIterations | Self::PerVuIterations => &[
                Field::Vus,
                Field::Iterations,
                Field::MaxDuration,
                Field::WarmUp,
            ],
            Self::ConstantVus => &[Field::Vus, Field::Duration, Field::WarmUp],
            Self::RampingVus => &[Field::StartVus, Field::GracefulRampDown, Field::WarmUp],
            Self::ConstantArrivalRate => &[
                Field::Rate,
                Field::Per,
                Field::Duration,
                Field::Vus,
                Field::MaxVus,
                Field::WhenFull,
                Field::Arrivals,
                Field::WarmUp,
            ],
            Self::RampingArrivalRate => &[
                Field::StartRate,
                Field::Per,
                Field::Vus,
                Field::MaxVus,
                Field::WhenFull,
                Field::Arrivals,
                Field::WarmUp,
            ],
            Self::Search => &[
                Field::Start,
                Field::Factor,
                Field::Increment,
                Field::Max,
                Field::Per,
                Field::Precision,
                Field::Hold,
                Field::Until,
                Field::Vus,
                Field::MaxVus,
                Field::WhenFull,
                Field::Arrivals,
            ],
        }
    }

    /// The fields of its blocks `stage`; none where it has no stages.
    pub const fn stage_fields(self) -> &'static [Field] {
        match self {
            Self::RampingVus => &[Field::Duration, Field::Vus],
            Self::RampingArrivalRate => &[Field::Duration, Field::Rate],
            _ => &[],
        }
    }

    /// An example of a stage.
    pub(super) const fn stage_form(self) -> &'static str {
        match self {
            Self::RampingVus => {
                "write `stage {`, `duration = \"30s\"`, `vus = 50` and `}`, each on a line of its own"
            }
            _ => {
                "write `stage {`, `duration = \"30s\"`, `rate = 500` and `}`, each on a line of its own"
            }
        }
    }
}
